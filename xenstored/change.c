/* SPDX-License-Identifier: MIT */
/* The list of what a change touched.  Filled by the view, read by the watches at commit. */
#include "xenstored/change.h"

#include "xenstored/perms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct perms *ref(struct perms *p)
{
	return p ? perms_get(p) : NULL;
}

int changes_add(struct changes *c, const char *path, size_t len, const struct change *what)
{
	struct change *n;
	char *copy;

	if (c->nr == c->size) {
		uint32_t size = c->size ? c->size * 2 : 8;

		n = reallocarray(c->list, size, sizeof(*n));
		if (!n)
			return -ENOMEM;
		c->list = n;
		c->size = size;
	}
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, path, len);
	copy[len] = 0;
	n = &c->list[c->nr++];
	*n = (struct change){ .now = ref(what->now), .old = ref(what->old),
			      .parent = ref(what->parent), .exact = what->exact, .path = copy };
	return 0;
}

static struct change *change_of(struct strmap_entry *e)
{
	return (struct change *)((char *)e - offsetof(struct change, entry));
}

/* The later state goes into the first mention; a node deleted and made again is not exact. */
static void change_fold(struct change *first, struct change *later)
{
	struct perms *t = first->now;

	first->now = later->now;
	later->now = t;
	if (!first->old) {
		first->old = later->old;
		later->old = NULL;
	}
	first->exact = first->exact && later->exact;
	later->dup = true;
}

void changes_merge(struct changes *c)
{
	struct strmap seen = { 0 };
	struct strmap_entry *e;
	uint32_t i;

	if (c->nr < 2)
		return;
	for (i = 0; i < c->nr; i++) {
		struct change *n = &c->list[i];

		e = strmap_find(&seen, n->path, strlen(n->path));
		if (e)
			change_fold(change_of(e), n);
		else if (strmap_add(&seen, &n->entry, n->path, strlen(n->path)))
			break;	/* events too many are no harm */
	}
	strmap_free(&seen);
}

void changes_reset(struct changes *c)
{
	uint32_t i;

	for (i = 0; i < c->nr; i++) {
		perms_put(c->list[i].now);
		perms_put(c->list[i].old);
		perms_put(c->list[i].parent);
		free(c->list[i].path);
	}
	c->nr = 0;
}

void changes_free(struct changes *c)
{
	changes_reset(c);
	free(c->list);
	*c = (struct changes){ 0 };
}
