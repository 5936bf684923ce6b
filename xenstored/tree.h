/* SPDX-License-Identifier: MIT */
/*
 * The persistent tree of nodes.
 *
 * A snapshot is a reference to the root.  A change first makes the nodes from the root down to
 * the changed one its own: those that somebody else refers to, too, are copied, the others are
 * used as they are.  So a store without open transactions changes in place, and a transaction
 * costs one reference plus copies of the paths it changes.
 *
 * Every function that can fail (-ENOMEM) fails before it changes anything.
 */
#ifndef XENSTORED_TREE_H
#define XENSTORED_TREE_H

#include <stddef.h>
#include <stdint.h>

struct perms;
struct kid;

struct value {
	uint32_t refs;
	uint32_t len;
	char data[];
};

struct node {
	uint32_t refs;
	uint64_t gen;		/* of the last change of value or permissions */
	uint64_t kids_gen;	/* of the last change of the list of children */
	struct perms *perms;
	struct value *value;	/* NULL: empty */
	struct kid *kids;	/* children, a treap sorted by name */
};

/* A child: one entry of the treap.  Shared like nodes are. */
struct kid {
	uint32_t refs;
	uint32_t prio;
	uint32_t count;		/* entries in this subtree of the treap */
	uint32_t bytes;		/* their names, each with its NUL */
	struct kid *left, *right;
	struct node *node;
	uint16_t len;
	char name[];
};

/* A new node with a reference to perms of its own and value (may be NULL) taken over. */
struct node *node_new(struct perms *perms, struct value *value, uint64_t gen);
struct node *node_get(struct node *n);
void node_put(struct node *n);		/* NULL is fine */

struct value *value_new(const char *data, uint32_t len);
void value_put(struct value *v);	/* NULL is fine */

static inline uint32_t node_len(const struct node *n)
{
	return n->value ? n->value->len : 0;
}

/* Children. */
const struct kid *kids_find(const struct kid *k, const char *name, size_t len);
int kids_insert(struct kid **kids, const char *name, size_t len, struct node *n); /* takes n over if 0 */
int kids_remove(struct kid **kids, const char *name, size_t len);	/* 0, -ENOENT, -ENOMEM */
static inline uint32_t kids_count(const struct kid *k) { return k ? k->count : 0; }
static inline uint32_t kids_bytes(const struct kid *k) { return k ? k->bytes : 0; }
/* Names with their NULs, in order, from byte offset on; at most max bytes, whole names at the
 * end.  Bytes written. */
size_t kids_names(const struct kid *k, uint32_t offset, char *buf, size_t max);
/* fn for each child in order until it returns non-zero, which is then returned. */
int kids_each(const struct kid *k, int (*fn)(const struct kid *k, void *arg), void *arg);
void kids_put(struct kid *k);	/* NULL is fine */
/* Make every entry on the way to name this tree's own; *n: the child's node slot, NULL: no such. */
int kids_own(struct kid **kids, const char *name, size_t len, struct node ***n);

/* Paths: absolute, checked by path.c. */
const struct node *tree_find(const struct node *root, const char *path);	/* NULL: none */
/* The longest existing part of path: its node, and its length in *len. */
const struct node *tree_nearest(const struct node *root, const char *path, size_t *len);
/* The node of the first len bytes of path, which exists, as *root's own. NULL: -ENOMEM. */
struct node *tree_own(struct node **root, const char *path, size_t len);

/* Are sums, order and priorities as they should be?  0 or -EIO. */
int tree_check(const struct node *root);

#endif
