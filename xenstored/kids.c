/* SPDX-License-Identifier: MIT */
/*
 * The children of a node: a persistent treap sorted by name, with random priorities, so that
 * a hostile choice of names cannot unbalance it.  Called by tree.c and the view.
 *
 * A change has two halves.  First the entries it will touch are made our own (copied if shared),
 * which may fail and changes nothing that anyone can see; then they are relinked, which cannot.
 */
#include "xenstored/tree.h"

#include "xenstored/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int name_cmp(const char *name, size_t len, const struct kid *k)
{
	size_t n = len < k->len ? len : k->len;
	int c = memcmp(name, k->name, n);

	return c ? c : (len > k->len) - (len < k->len);
}

static void kid_sum(struct kid *k)
{
	k->count = 1 + kids_count(k->left) + kids_count(k->right);
	k->bytes = k->len + 1U + kids_bytes(k->left) + kids_bytes(k->right);
}

void kids_put(struct kid *k)
{
	if (!k || --k->refs)
		return;
	kids_put(k->left);
	kids_put(k->right);
	node_put(k->node);
	free(k);
}

static int kid_own(struct kid **slot)
{
	struct kid *old = *slot, *k;

	if (old->refs == 1)
		return 0;
	k = malloc(sizeof(*k) + old->len + 1U);
	if (!k)
		return -ENOMEM;
	memcpy(k, old, sizeof(*k) + old->len + 1U);
	k->refs = 1;
	if (k->left)
		k->left->refs++;
	if (k->right)
		k->right->refs++;
	node_get(k->node);
	old->refs--;
	*slot = k;
	return 0;
}

const struct kid *kids_find(const struct kid *k, const char *name, size_t len)
{
	int c;

	while (k && (c = name_cmp(name, len, k)))
		k = c < 0 ? k->left : k->right;
	return k;
}

int kids_own(struct kid **slot, const char *name, size_t len, struct node ***n)
{
	int c;

	*n = NULL;
	for (; *slot; slot = c < 0 ? &(*slot)->left : &(*slot)->right) {
		if (kid_own(slot))
			return -ENOMEM;
		c = name_cmp(name, len, *slot);
		if (!c) {
			*n = &(*slot)->node;
			break;
		}
	}
	return 0;
}

static void kids_split(struct kid *t, const struct kid *at, struct kid **l, struct kid **r)
{
	if (!t) {
		*l = *r = NULL;
		return;
	}
	if (name_cmp(at->name, at->len, t) > 0) {
		*l = t;
		kids_split(t->right, at, &t->right, r);
	} else {
		*r = t;
		kids_split(t->left, at, l, &t->left);
	}
	kid_sum(t);
}

static struct kid *kids_link(struct kid *t, struct kid *k)
{
	if (!t)
		return k;
	if (k->prio > t->prio) {
		kids_split(t, k, &k->left, &k->right);
		kid_sum(k);
		return k;
	}
	if (name_cmp(k->name, k->len, t) < 0)
		t->left = kids_link(t->left, k);
	else
		t->right = kids_link(t->right, k);
	kid_sum(t);
	return t;
}

int kids_insert(struct kid **kids, const char *name, size_t len, struct node *n)
{
	struct kid *k = malloc(sizeof(*k) + len + 1);
	struct node **there;

	if (!k || kids_own(kids, name, len, &there)) {
		free(k);
		return -ENOMEM;
	}
	*k = (struct kid){ .refs = 1, .prio = random_u32(), .node = n, .len = (uint16_t)len };
	memcpy(k->name, name, len);
	k->name[len] = 0;
	kid_sum(k);
	*kids = kids_link(*kids, k);
	return 0;
}

/* The entries kids_join() will touch. */
static int own_spines(struct kid *k)
{
	struct kid **slot;

	for (slot = &k->left; *slot; slot = &(*slot)->right)
		if (kid_own(slot))
			return -ENOMEM;
	for (slot = &k->right; *slot; slot = &(*slot)->left)
		if (kid_own(slot))
			return -ENOMEM;
	return 0;
}

static struct kid *kids_join(struct kid *l, struct kid *r)
{
	if (!l || !r)
		return l ? l : r;
	if (l->prio > r->prio) {
		l->right = kids_join(l->right, r);
		kid_sum(l);
		return l;
	}
	r->left = kids_join(l, r->left);
	kid_sum(r);
	return r;
}

static struct kid *kids_unlink(struct kid *t, const struct kid *k)
{
	if (t == k)
		return kids_join(t->left, t->right);
	if (name_cmp(k->name, k->len, t) < 0)
		t->left = kids_unlink(t->left, k);
	else
		t->right = kids_unlink(t->right, k);
	kid_sum(t);
	return t;
}

int kids_remove(struct kid **kids, const char *name, size_t len)
{
	struct node **slot;
	struct kid *k;

	if (kids_own(kids, name, len, &slot))
		return -ENOMEM;
	if (!slot)
		return -ENOENT;
	k = (struct kid *)((char *)slot - offsetof(struct kid, node));
	if (own_spines(k))
		return -ENOMEM;
	*kids = kids_unlink(*kids, k);
	k->left = k->right = NULL;
	kids_put(k);
	return 0;
}

struct names {
	char *buf;
	size_t used, max;
	uint32_t skip;		/* bytes still to leave out */
};

/* Non-zero: full. */
static int names_fill(const struct kid *k, struct names *out)
{
	uint32_t own;

	if (!k)
		return 0;
	if (out->skip >= k->bytes) {
		out->skip -= k->bytes;
		return 0;
	}
	if (names_fill(k->left, out))
		return 1;
	own = k->len + 1U;
	if (out->skip >= own) {
		out->skip -= own;
	} else {
		own -= out->skip;
		if (out->used + own > out->max)
			return 1;
		memcpy(out->buf + out->used, k->name + out->skip, own);
		out->used += own;
		out->skip = 0;
	}
	return names_fill(k->right, out);
}

size_t kids_names(const struct kid *k, uint32_t offset, char *buf, size_t max)
{
	struct names out = { .buf = buf, .max = max, .skip = offset };

	names_fill(k, &out);
	return out.used;
}

int kids_each(const struct kid *k, int (*fn)(const struct kid *k, void *arg), void *arg)
{
	int rc;

	if (!k)
		return 0;
	rc = kids_each(k->left, fn, arg);
	if (!rc)
		rc = fn(k, arg);
	return rc ? rc : kids_each(k->right, fn, arg);
}

