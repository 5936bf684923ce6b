/* SPDX-License-Identifier: MIT */
/*
 * The persistent tree: nodes and the way along a path.  Called by the view (all changes), the
 * operations (reads) and the transactions (comparisons).  Paths were checked by path.c.
 *
 * Tour: 61. The store's data structure; kids.c is the other half.
 */
#include "xenstored/tree.h"

#include "xenstored/perms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct value *value_new(const char *data, uint32_t len)
{
	struct value *v = malloc(sizeof(*v) + len + 1);

	if (!v)
		return NULL;
	v->refs = 1;
	v->len = len;
	if (len)
		memcpy(v->data, data, len);
	v->data[len] = 0;
	return v;
}

void value_put(struct value *v)
{
	if (v && !--v->refs)
		free(v);
}

struct node *node_new(struct perms *perms, struct value *value, uint64_t gen)
{
	struct node *n = malloc(sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct node){ .refs = 1, .gen = gen, .kids_gen = gen, .perms = perms_get(perms),
			    .value = value };
	return n;
}

struct node *node_get(struct node *n)
{
	n->refs++;
	return n;
}

void node_put(struct node *n)
{
	if (!n || --n->refs)
		return;
	kids_put(n->kids);
	perms_put(n->perms);
	value_put(n->value);
	free(n);
}

static int node_own(struct node **slot)
{
	struct node *old = *slot, *n;

	if (old->refs == 1)
		return 0;
	n = malloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	*n = *old;
	n->refs = 1;
	perms_get(n->perms);
	if (n->value)
		n->value->refs++;
	if (n->kids)
		n->kids->refs++;
	old->refs--;
	*slot = n;
	return 0;
}

/* The component of path that begins at *at (behind its '/'), at most up to len; false: no more. */
static bool path_next(const char *path, size_t len, size_t *at, size_t *n)
{
	if (*at + 1 >= len)
		return false;
	*at += 1;
	for (*n = 0; *at + *n < len && path[*at + *n] != '/'; (*n)++)
		;
	return true;
}

const struct node *tree_nearest(const struct node *root, const char *path, size_t *len)
{
	size_t all = strlen(path), at = 0, n;
	const struct kid *k;

	while (path_next(path, all, &at, &n)) {
		k = kids_find(root->kids, path + at, n);
		if (!k) {
			*len = at - 1;
			return root;
		}
		root = k->node;
		at += n;
	}
	*len = all;
	return root;
}

const struct node *tree_find(const struct node *root, const char *path)
{
	size_t len;
	const struct node *n = tree_nearest(root, path, &len);

	return path[len] ? NULL : n;
}

struct node *tree_own(struct node **root, const char *path, size_t len)
{
	struct node **slot = root;
	size_t at = 0, n;

	if (node_own(slot))
		return NULL;
	while (path_next(path, len, &at, &n)) {
		if (kids_own(&(*slot)->kids, path + at, n, &slot) || node_own(slot))
			return NULL;
		at += n;
	}
	return *slot;
}

static int kids_check(const struct kid *k, uint32_t prio)
{
	int rc;

	if (!k)
		return 0;
	if (k->prio > prio || !k->refs || !k->node ||
	    k->count != 1 + kids_count(k->left) + kids_count(k->right) ||
	    k->bytes != k->len + 1U + kids_bytes(k->left) + kids_bytes(k->right))
		return -EIO;
	if ((k->left && strcmp(k->left->name, k->name) >= 0) ||
	    (k->right && strcmp(k->right->name, k->name) <= 0))
		return -EIO;
	rc = tree_check(k->node);
	if (!rc)
		rc = kids_check(k->left, k->prio);
	return rc ? rc : kids_check(k->right, k->prio);
}

int tree_check(const struct node *root)
{
	return root->refs && root->perms ? kids_check(root->kids, UINT32_MAX) : -EIO;
}
