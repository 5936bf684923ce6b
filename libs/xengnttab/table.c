/* SPDX-License-Identifier: MIT */
/* The mappings of a handle by address: a hash that grows with them. */
#include "config.h"
#include "libs/xengnttab/private.h"

#include <errno.h>
#include <stdlib.h>

static struct mapping **bucket_of(const struct xengntdev_handle *h, const void *addr)
{
	uint64_t page = (uintptr_t)addr >> PVN_PAGE_SHIFT;

	return &h->hash[(page * 0x9e3779b97f4a7c15ULL >> 32) & (h->nr_buckets - 1)];
}

static int table_grow(struct xengntdev_handle *h)
{
	uint32_t n = h->nr_buckets ? 2 * h->nr_buckets : 64;
	struct mapping **hash = calloc(n, sizeof(*hash)), **b, *m;

	if (!hash)
		return -ENOMEM;
	free(h->hash);
	h->hash = hash;
	h->nr_buckets = n;
	LIST_FOREACH(m, &h->mappings, entry) {
		b = bucket_of(h, m->addr);
		m->next = *b;
		*b = m;
	}
	return 0;
}

int mapping_insert(struct xengntdev_handle *h, struct mapping *m)
{
	struct mapping **b;

	if (h->nr_mappings >= h->nr_buckets && table_grow(h))
		return -ENOMEM;
	b = bucket_of(h, m->addr);
	m->next = *b;
	*b = m;
	LIST_INSERT_HEAD(&h->mappings, m, entry);
	h->nr_mappings++;
	h->nr_grants += m->count;
	return 0;
}

struct mapping *mapping_find(const struct xengntdev_handle *h, const void *addr)
{
	struct mapping *m = h->nr_buckets ? *bucket_of(h, addr) : NULL;

	while (m && m->addr != addr)
		m = m->next;
	return m;
}

void mapping_remove(struct xengntdev_handle *h, struct mapping *m)
{
	struct mapping **p = bucket_of(h, m->addr);

	while (*p != m)
		p = &(*p)->next;
	*p = m->next;
	LIST_REMOVE(m, entry);
	h->nr_mappings--;
	h->nr_grants -= m->count;
}
