/* SPDX-License-Identifier: MIT */
/* Watches: who wants to hear of which path. */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include "xenstored/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct changes;
struct conn;
struct store;

struct watch {
	TAILQ_ENTRY(watch) of_conn;
	TAILQ_ENTRY(watch) of_point;
	struct conn *conn;
	struct watch_point *point;
	uint32_t prefix;	/* bytes of the path that a relative watch does not show */
	char token[];
};

TAILQ_HEAD(watch_list, watch);

/* All watches of one path. */
struct watch_point {
	struct strmap_entry entry;
	struct watch_list watches;
	char path[];
};

/* path: absolute or "@...". relative: events show paths below the domain's home.
 * 0; -EEXIST: the same path and token; -ENOSPC: quota; -ENOMEM. */
int watch_add(struct conn *c, const char *path, bool relative, const char *token, struct watch **w);
int watch_del(struct conn *c, const char *path, const char *token);	/* 0, -ENOENT */
void watch_del_all(struct conn *c);
/* The event every new watch begins with. */
void watch_fire_first(struct watch *w);

/* Is there a watch of exactly this path? */
bool watch_at(const struct store *s, const char *path, size_t len);
/* Tell everybody who may know of these changes, then forget them. */
void watch_fire(struct store *s, struct changes *changes);
/* @introduceDomain (SPECIAL_INTRODUCE), @releaseDomain: of domid. */
void watch_fire_special(struct store *s, int special, uint16_t domid);

#endif
