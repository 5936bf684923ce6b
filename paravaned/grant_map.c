/* SPDX-License-Identifier: MIT */
/*
 * Grants from the side of the domain that maps them: its handles, and what is put into its address
 * space on their account.
 *
 * The domain is hostile: what it could touch it may be touching until its mapper has said that the
 * mapping is gone (mapper.c), or until its processes are dead.  Only then is the lender's frame
 * let go.
 */
#include "config.h"
#include "paravaned/grant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xen/grant_table.h>

#include "paravaned/domain.h"
#include "paravaned/lender.h"
#include "paravaned/mapper.h"

#define NONE			UINT32_MAX
#define HANDLES_PER_FRAME	256U	/* PAGE_SIZE / sizeof(struct grant_mapping) of Xen */
#define USES			(GNTMAP_host_map | GNTMAP_device_map)

static uint32_t nr_handles;

uint32_t borrowers_handles(void)
{
	return nr_handles;
}

struct borrower *borrower_of(struct domain *d)
{
	struct borrower *b = d->borrower;

	if (b)
		return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->refs = 1;
	b->domid = d->domid;
	b->max = d->max_maptrack_frames * HANDLES_PER_FRAME;
	b->first_free = NONE;
	memset(b->bucket, 0xff, sizeof(b->bucket));
	d->borrower = b;
	return b;
}

void borrower_get(struct borrower *b)
{
	b->refs++;
}

static uint32_t *bucket_of(struct borrower *b, uint64_t mfn)
{
	return &b->bucket[mfn % FOREIGN_BUCKETS];
}

static void handle_insert(struct borrower *b, uint32_t h)
{
	uint32_t *p = bucket_of(b, b->v[h].mfn);

	b->v[h].next = *p;
	*p = h;
	nr_handles++;
}

static void handle_remove(struct borrower *b, uint32_t h)
{
	uint32_t *p = bucket_of(b, b->v[h].mfn);

	while (*p != h)
		p = &b->v[*p].next;
	*p = b->v[h].next;
	b->v[h].flags = 0;
	b->v[h].next = b->first_free;
	b->first_free = h;
	nr_handles--;
}

/* A free handle, or NONE. */
static uint32_t handle_take(struct borrower *b)
{
	uint32_t h = b->first_free, nr;
	struct foreign *v;

	if (h != NONE) {
		b->first_free = b->v[h].next;
		return h;
	}
	if (b->used == b->nr) {
		nr = b->nr ? 2 * b->nr : HANDLES_PER_FRAME;
		if (nr > b->max)
			nr = b->max;
		v = nr > b->nr ? realloc(b->v, nr * sizeof(*v)) : NULL;
		if (!v)
			return NONE;
		b->v = v;
		b->nr = nr;
	}
	return b->used++;
}

static void handle_give_back(struct borrower *b, uint32_t h)
{
	b->v[h].flags = 0;
	b->v[h].next = b->first_free;
	b->first_free = h;
}

/* Nobody of the domain is alive to touch anything. */
void borrower_put(struct borrower *b)
{
	uint32_t h, i;

	if (!b || --b->refs)
		return;
	for (i = 0; i < PVN_MAX_VCPUS; i++)
		mapper_close(b->mapper[i]);
	for (h = 0; h < b->used; h++) {
		struct foreign f = b->v[h];

		if (!f.flags)
			continue;
		handle_remove(b, h);
		grant_release(f.l, f.ref, f.flags, f.mfn);
	}
	free(b->v);
	free(b);
}

static int map_one(struct domain *d, struct pvn_grant_map *g)
{
	struct borrower *b = borrower_of(d);
	struct domain *rd;
	struct foreign f = { .flags = g->flags & (USES | GNTMAP_readonly | GNTMAP_contains_pte |
						  GNTMAP_application_map),
			     .ref = g->ref, .domid = g->domid };
	uint32_t h;
	int rc;

	if (!(f.flags & USES))
		return GNTST_bad_gntref;
	rd = domain_by_id(g->domid);
	if (!rd)
		return GNTST_bad_domain;
	h = b ? handle_take(b) : NONE;
	if (h == NONE)
		return GNTST_no_space;
	rc = grant_acquire(rd, g->ref, d->domid, f.flags, &f.l, &f.mfn);
	if (rc) {
		handle_give_back(b, h);
		return rc;
	}
	b->v[h] = f;
	handle_insert(b, h);
	g->handle = h;
	g->mfn = f.mfn;
	return 0;
}

void grant_map(struct domain *d, struct pvn_grant_map *g, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		g[i].status = (int16_t)map_one(d, &g[i]);
}

static struct foreign *handle_find(struct domain *d, uint32_t h)
{
	struct borrower *b = d->borrower;

	return b && h < b->used && b->v[h].flags ? &b->v[h] : NULL;
}

/* What a handle stands for: the image compares it with its page tables before it asks for the end. */
void grant_lookup(struct domain *d, struct pvn_grant_map *g, uint32_t n)
{
	const struct foreign *f;
	uint32_t i;

	for (i = 0; i < n; i++) {
		f = handle_find(d, g[i].handle);
		g[i].status = f ? GNTST_okay : GNTST_bad_handle;
		if (!f)
			continue;
		g[i].flags = f->flags;
		g[i].mfn = f->mfn;
		g[i].ref = f->ref;
		g[i].domid = f->domid;
	}
}

/* In each of its processes. */
static int forget(struct domain *d, struct borrower *b, uint64_t mfn)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < d->max_vcpus; i++)
		rc = mapper_forget(d, b->mapper[i], mfn);
	return rc;
}

static int unmap_one(struct domain *d, struct pvn_grant_map *g)
{
	struct foreign *f = handle_find(d, g->handle);
	struct borrower *b = d->borrower;
	uint32_t end;
	struct foreign was;

	if (!f)
		return GNTST_bad_handle;
	end = f->flags & g->flags & USES;
	/* If that fails the domain is being killed, and its death ends the mapping. */
	if ((end & GNTMAP_host_map) && forget(d, b, f->mfn))
		return GNTST_general_error;
	was = *f;
	if (!(f->flags & ~end & USES))
		handle_remove(b, g->handle);
	else
		f->flags &= ~end;
	if (end)
		grant_release(was.l, was.ref, end | (was.flags & GNTMAP_readonly), was.mfn);
	return 0;
}

void grant_unmap(struct domain *d, struct pvn_grant_map *g, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		g[i].status = (int16_t)unmap_one(d, &g[i]);
}

/* The mapping of mfn that allows most. */
static const struct foreign *foreign_find(struct borrower *b, uint64_t mfn)
{
	const struct foreign *best = NULL;
	uint32_t h;

	for (h = b ? *bucket_of(b, mfn) : NONE; h != NONE; h = b->v[h].next) {
		if (b->v[h].mfn != mfn || !(b->v[h].flags & GNTMAP_host_map))
			continue;
		if (!(b->v[h].flags & GNTMAP_readonly))
			return &b->v[h];
		best = &b->v[h];
	}
	return best;
}

/* 0; -EINVAL: no such mapping, or not for that; else -errno. */
int grant_foreign_map(struct vcpu *v, uint64_t va, uint64_t mfn, uint64_t prot)
{
	struct domain *d = v->d;
	const struct foreign *f = foreign_find(d->borrower, mfn);
	struct place p = { .va = va, .mfn = mfn, .prot = (uint32_t)prot };

	if (!f || va % PVN_PAGE_SIZE || va >= PVN_GUEST_END || (prot & ~(uint64_t)MAPPER_PROT))
		return -EINVAL;
	if ((prot & MAPPER_WRITE) && (f->flags & GNTMAP_readonly))
		return -EINVAL;
	return mapper_map(d, d->borrower->mapper[v->id], &p, f->l->mem_fd,
			  (mfn - f->l->ram_mfn) << PVN_PAGE_SHIFT);
}
