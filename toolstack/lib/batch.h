/* SPDX-License-Identifier: MIT */
/*
 * Store nodes gathered first and written in one transaction: a domain's nodes appear all at once
 * or not at all.  Used by layout.c.
 */
#ifndef PARAVANE_BATCH_H
#define PARAVANE_BATCH_H

#include "toolstack/lib/toolstack.h"

/* Whose node it is.  The words are what `xenstore-ls -p' shows for guest G, control domain 0. */
enum node_perms {
	PERMS_INHERIT,		/* as the parent's */
	PERMS_CONTROL,		/* n0: nobody else may see it */
	PERMS_READABLE,		/* n0,rG: the guest may read it */
	PERMS_GUEST,		/* nG: the guest's own */
	PERMS_FRONTEND,		/* nG,r0: the guest's own, the backend reads it */
};

struct batch;

struct batch *batch_new(uint32_t guest);		/* NULL: out of memory */
void batch_free(struct batch *b);			/* NULL is fine */
/* These remember a failure, batch_commit reports it. */
void batch_remove(struct batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* value: printf format is for the path; the value is taken as it is. */
void batch_write(struct batch *b, enum node_perms perms, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void batch_write_number(struct batch *b, enum node_perms perms, uint64_t value, const char *fmt,
			...) __attribute__((format(printf, 4, 5)));
/* All of it in one transaction, repeated when others interfere.  0 or -errno with t->error. */
int batch_commit(struct toolstack *t, struct batch *b);

#endif
