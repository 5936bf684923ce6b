/* SPDX-License-Identifier: MIT */
/*
 * A world for backends in one process: a store, grants and event channels that are tables, linked in
 * place of libxenstore, libxengnttab and libxenevtchn.  The test plays the frontend.
 */
#ifndef PVN_TESTS_BACKENDS_FAKE_H
#define PVN_TESTS_BACKENDS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_DOMID	7
#define FAKE_PAGES	2048
#define FAKE_GREFS	1024
#define FAKE_PAGE(n)	(fake_mem + (size_t)(n) * 4096)

extern char *fake_mem;		/* the memory of domain FAKE_DOMID */

void fake_init(void);

/* The store, written as the toolstack or the frontend would. */
void fake_set(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *fake_get(const char *path);		/* NULL: no such node */
void fake_remove(const char *path);		/* with all below it */
int fake_count_below(const char *path);		/* nodes at or below path */
void fake_special(const char *name);		/* fire @releaseDomain and the like */
void fake_store_restart(void);			/* all forgotten, connections broken */
extern bool fake_introduced;
extern int fake_conflicts;			/* so many transactions will end in EAGAIN */
extern void (*fake_before_commit)(void);	/* runs once, before the next commit */

/* Grants: gref -> page. */
void fake_grant(uint32_t gref, unsigned int page, bool readonly);
extern int fake_mapped;				/* pages mapped now */
extern uint64_t fake_generation;
extern void (*fake_before_map)(void);		/* runs once, before the next grant is mapped */

/* Events: the frontend kicks its port, and counts what it is told. */
void fake_kick(uint32_t remote_port);
extern unsigned int fake_notified;
extern int fake_bound;				/* ports bound now */

#endif
