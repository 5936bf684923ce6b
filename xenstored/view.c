/* SPDX-License-Identifier: MIT */
/*
 * The rules for changing the tree.  Called by the operations, directly or in a transaction, and
 * by the commit of a transaction, which does the logged changes once more on the store's tree.
 *
 * Tour: 62. What a WRITE, MKDIR, RM or SET_PERMS means.
 */
#include "xenstored/view-private.h"

#include "xenstored/account.h"
#include "xenstored/change.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/path.h"
#include "xenstored/store.h"
#include "xenstored/transaction.h"
#include "xenstored/watch.h"

#include <errno.h>
#include <string.h>

void view_direct(struct view *v, struct store *s)
{
	*v = (struct view){ .s = s, .root = &s->root, .tally = &s->tally,
			    .changes = s->nr_watches ? &s->changes : NULL };
	tally_reset(&s->tally);
	changes_reset(&s->changes);
}

void view_commit(struct view *v)
{
	tally_apply(v->s, v->tally);
	transactions_age(v->s);
	if (v->changes)
		watch_fire(v->s, v->changes);
}

void view_abort(struct view *v)
{
	tally_reset(v->tally);
	if (v->changes)
		changes_reset(v->changes);
}

int view_find(const struct view *v, const struct conn *c, const char *path, unsigned want,
	      const struct node **n)
{
	size_t len;
	const struct node *near = tree_nearest(*v->root, path, &len);

	if ((perms_for(c, near->perms) & want) != want)
		return -EACCES;
	if (path[len])
		return -ENOENT;
	*n = near;
	return 0;
}

/* --- quotas of the domain that asks --- */

bool view_over_nodes(const struct view *v, const struct conn *c, int64_t more)
{
	const struct tally_row *r;

	if (c->privileged || more <= 0)
		return false;
	r = tally_row(v->tally, c->domain->domid);
	return quota_exceeded(v->s, QUOTA_NODES, (uint64_t)(c->domain->nodes + (r ? r->nodes : 0) + more));
}

bool view_over_memory(const struct view *v, const struct conn *c, int64_t more)
{
	const struct tally_row *r;
	int64_t all;

	if (c->privileged || more <= 0)
		return false;
	r = tally_row(v->tally, c->domain->domid);
	all = domain_memory(c->domain) + (r ? r->bytes : 0) + more;
	return all > 0 && quota_exceeded(v->s, QUOTA_MEMORY_HARD, (uint64_t)all);
}

bool view_over_size(const struct conn *c, const struct perms *p, uint32_t len)
{
	return !c->privileged &&
	       quota_exceeded(c->store, QUOTA_NODE_SIZE, len + p->nr * sizeof(struct perm));
}

/* --- events --- */

int view_note(struct view *v, const char *path, size_t len, struct change *what)
{
	return v->changes ? changes_add(v->changes, path, len, what) : 0;
}

/* Permissions of the parent of path: who may list it sees the node come and go. */
static struct perms *parent_perms(const struct view *v, const char *path)
{
	size_t len;
	path_buf parent;

	if (!path[1])
		return NULL;
	len = path_parent_len(path);
	memcpy(parent, path, len ? len : 1);
	parent[len ? len : 1] = 0;
	return tree_nearest(*v->root, parent, &len)->perms;
}

/* --- the operations --- */

static int view_overwrite(struct view *v, const struct conn *c, const char *path,
			  const struct node *old, const char *data, uint32_t len)
{
	int64_t more = (int64_t)len - node_len(old);
	struct change what = { .now = old->perms, .parent = parent_perms(v, path) };
	struct value *value = NULL;
	struct node *n;
	int rc;

	if (view_over_size(c, old->perms, len) || view_over_memory(v, c, more))
		return -ENOSPC;
	if (len && !(value = value_new(data, len)))
		return -ENOMEM;
	rc = tally_add(v->s, v->tally, old->perms, 0, more);
	if (!rc)
		rc = view_note(v, path, strlen(path), &what);
	n = rc ? NULL : tree_own(v->root, path, strlen(path));
	if (!n) {
		value_put(value);
		return -ENOMEM;
	}
	value_put(n->value);
	n->value = value;
	n->gen = ++v->s->gen;
	return 0;
}

int view_write(struct view *v, const struct conn *c, const char *path, const char *data, uint32_t len)
{
	size_t have;
	const struct node *near = tree_nearest(*v->root, path, &have);

	if (!(perms_for(c, near->perms) & PERM_WRITE))
		return -EACCES;
	if (path[have])
		return view_create(v, c, path, have, near, data, len);
	return view_overwrite(v, c, path, near, data, len);
}

int view_mkdir(struct view *v, const struct conn *c, const char *path, bool *created)
{
	size_t have;
	const struct node *near = tree_nearest(*v->root, path, &have);

	if (!(perms_for(c, near->perms) & PERM_WRITE))
		return -EACCES;
	if (created)
		*created = path[have];
	return path[have] ? view_create(v, c, path, have, near, NULL, 0) : 0;
}

struct rm_walk {
	struct view *v;
	path_buf path;
	size_t len;
	struct perms *parent;
};

/* Account for a deleted node below the one that RM named; its own watchers hear of it. */
static int rm_child(const struct kid *k, void *arg)
{
	struct rm_walk *w = arg, save = { .len = w->len, .parent = w->parent };
	struct change what = { .old = k->node->perms, .parent = w->parent, .exact = true };
	int rc;

	w->path[w->len++] = '/';
	memcpy(w->path + w->len, k->name, k->len + 1U);
	w->len += k->len;
	rc = tally_add(w->v->s, w->v->tally, k->node->perms, -1,
		       -node_cost(k->node->perms, k->len, node_len(k->node)));
	if (!rc && w->v->changes && watch_at(w->v->s, w->path, w->len))
		rc = changes_add(w->v->changes, w->path, w->len, &what);
	w->parent = k->node->perms;
	if (!rc)
		rc = kids_each(k->node->kids, rm_child, w);
	w->len = save.len;
	w->parent = save.parent;
	return rc;
}

static int rm_subtree(struct view *v, const char *path, const struct node *n)
{
	struct change what = { .old = n->perms, .parent = parent_perms(v, path) };
	size_t plen = path_parent_len(path), len = strlen(path);
	const char *name = path + plen + 1;
	struct rm_walk w;
	struct node *at;
	int rc;

	w.v = v;
	w.len = len;
	w.parent = n->perms;
	memcpy(w.path, path, len + 1);
	rc = tally_add(v->s, v->tally, n->perms, -1,
		       -node_cost(n->perms, (uint32_t)strlen(name), node_len(n)));
	if (!rc)
		rc = view_note(v, path, len, &what);
	if (!rc)
		rc = kids_each(n->kids, rm_child, &w);
	if (rc)
		return rc;
	at = tree_own(v->root, path, plen);
	if (!at || kids_remove(&at->kids, name, strlen(name)))
		return -ENOMEM;
	at->kids_gen = ++v->s->gen;
	return 0;
}

int view_rm_any(struct view *v, const char *path)
{
	const struct node *n = tree_find(*v->root, path);

	if (!path[1])
		return -EINVAL;
	return n ? rm_subtree(v, path, n) : -ENOENT;
}

int view_rm(struct view *v, const struct conn *c, const char *path)
{
	size_t have;
	const struct node *near = tree_nearest(*v->root, path, &have);

	if (!path[1])
		return -EINVAL;
	if (!(perms_for(c, near->perms) & PERM_WRITE))
		return -EACCES;
	if (path[have])
		return have == path_parent_len(path) ? 0 : -ENOENT;
	return rm_subtree(v, path, near);
}

int view_set_perms(struct view *v, const struct conn *c, const char *path, struct perms *p)
{
	const struct node *old;
	struct change what = { .now = p };
	const char *name = strrchr(path, '/') + 1;
	struct node *n;
	int64_t cost;
	int rc = view_find(v, c, path, PERM_WRITE | PERM_OWNER, &old);

	if (rc)
		return rc;
	if (!c->privileged && quota_exceeded(v->s, QUOTA_PERMS, p->nr))
		return -ENOSPC;
	if (!c->privileged && perms_owner(p) != perms_owner(old->perms))
		return -EPERM;
	cost = node_cost(p, (uint32_t)strlen(name), node_len(old));
	if (view_over_size(c, p, node_len(old)) || view_over_memory(v, c, cost))
		return -ENOSPC;
	what.old = old->perms;
	what.parent = parent_perms(v, path);
	rc = tally_add(v->s, v->tally, old->perms, -1,
		       -node_cost(old->perms, (uint32_t)strlen(name), node_len(old)));
	if (!rc)
		rc = tally_add(v->s, v->tally, p, 1, cost);
	if (!rc)
		rc = view_note(v, path, strlen(path), &what);
	n = rc ? NULL : tree_own(v->root, path, strlen(path));
	if (!n)
		return -ENOMEM;
	perms_put(n->perms);
	n->perms = perms_get(p);
	n->gen = ++v->s->gen;
	return 0;
}
