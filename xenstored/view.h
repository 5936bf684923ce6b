/* SPDX-License-Identifier: MIT */
/*
 * A view: the tree that a request works on (the store's own, or a transaction's), with the
 * rules for changing it: permissions, quotas, inheritance, accounting, events.
 *
 * Every operation checks first and changes last: an error leaves the view as it was.
 * Errors: -EACCES; -ENOENT, told only to who may read the nearest existing ancestor;
 * -ENOSPC: a quota; -ENOMEM; -EINVAL.
 */
#ifndef XENSTORED_VIEW_H
#define XENSTORED_VIEW_H

#include "xenstored/perms.h"

#include <stddef.h>
#include <stdint.h>

struct changes;
struct conn;
struct node;
struct store;
struct tally;

struct view {
	struct store *s;
	struct node **root;
	struct tally *tally;
	struct changes *changes;	/* NULL: nobody asks for events */
};

/* The store's own tree; end with view_commit() or view_abort(). */
void view_direct(struct view *v, struct store *s);
void view_commit(struct view *v);		/* account, fire */
void view_abort(struct view *v);

/* The node of path, if c has all of want (PERM_*) on it. 0 or -errno as above. */
int view_find(const struct view *v, const struct conn *c, const char *path, unsigned want,
	      const struct node **n);

int view_write(struct view *v, const struct conn *c, const char *path, const char *data, uint32_t len);
/* *created may be NULL; false: it was there already. */
int view_mkdir(struct view *v, const struct conn *c, const char *path, bool *created);
/* Removes the subtree; of an absent node: 0 if its parent exists.  "/": -EINVAL. */
int view_rm(struct view *v, const struct conn *c, const char *path);
int view_rm_any(struct view *v, const char *path);	/* the same, nobody asks for permission */
/* Takes a reference of its own.  -EPERM: a guest changes the owner. */
int view_set_perms(struct view *v, const struct conn *c, const char *path, struct perms *p);

#endif
