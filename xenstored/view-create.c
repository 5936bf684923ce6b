/* SPDX-License-Identifier: MIT */
/*
 * Making nodes: the missing part of a path is built aside, complete with value and permissions,
 * and then hung into the tree in one step.  Called by view.c.
 */
#include "xenstored/view-private.h"

#include "xenstored/account.h"
#include "xenstored/change.h"
#include "xenstored/conn.h"
#include "xenstored/store.h"

#include <errno.h>
#include <string.h>

/* The missing nodes of path behind the first have bytes, as a tree of its own: *top is the node
 * for the first missing component. */
static int chain_build(struct view *v, const struct conn *c, const char *path, size_t have,
		       struct node **top, struct value *leaf, struct perms *perms)
{
	struct node *n = node_new(perms, leaf, ++v->s->gen), *up;
	const char *end = path + strlen(path), *name;
	int rc;

	if (!n) {
		value_put(leaf);
		return -ENOMEM;
	}
	for (;;) {
		for (name = end; name[-1] != '/'; name--)
			;
		if (name - 1 == path + have)
			break;
		up = node_new(perms, NULL, v->s->gen);
		if (!up || kids_insert(&up->kids, name, (size_t)(end - name), n)) {
			node_put(up);
			rc = -ENOMEM;
			goto fail;
		}
		n = up;
		end = name - 1;
	}
	*top = n;
	return 0;
fail:
	node_put(n);
	return rc;
}

static int create_charge(struct view *v, const struct conn *c, const char *missing, uint32_t len,
			 struct perms *p)
{
	uint32_t name = 0;
	int64_t nodes = 0, bytes = 0;
	const char *s;

	for (s = missing + 1;; s++) {
		if (*s && *s != '/') {
			name++;
			continue;
		}
		nodes++;
		bytes += node_cost(p, name, *s ? 0 : len);
		name = 0;
		if (!*s)
			break;
	}
	if (view_over_nodes(v, c, nodes) || view_over_memory(v, c, bytes))
		return -ENOSPC;
	return tally_add(v->s, v->tally, p, nodes, bytes);
}

/* Make path, of which the first have bytes exist as near. */
int view_create(struct view *v, const struct conn *c, const char *path, size_t have,
		       const struct node *near, const char *data, uint32_t len)
{
	const char *name = path + have + 1;
	struct perms *p = perms_inherit(c, near->perms);
	struct change what = { .now = p, .parent = near->perms };
	struct node *top = NULL, *at;
	struct value *value = NULL;
	int rc = -ENOMEM;

	if (!p)
		return -ENOMEM;
	rc = view_over_size(c, p, len) ? -ENOSPC : create_charge(v, c, path + have, len, p);
	if (rc)
		goto out;
	rc = -ENOMEM;
	if (len && !(value = value_new(data, len)))
		goto out;
	rc = chain_build(v, c, path, have, &top, value, p);
	if (!rc)
		rc = view_note(v, path, strlen(path), &what);
	if (rc)
		goto out;
	rc = -ENOMEM;
	at = tree_own(v->root, path, have);
	if (!at || kids_insert(&at->kids, name, strcspn(name, "/"), top))
		goto out;
	at->kids_gen = v->s->gen;
	top = NULL;
	rc = 0;
out:
	node_put(top);
	perms_put(p);
	return rc;
}
