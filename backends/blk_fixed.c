/* SPDX-License-Identifier: MIT */
/*
 * Registered buffers over a domain's memory, in chunks of 1 MiB.
 *
 * Registering pins: so a chunk is registered only when it has been used often, when all of it is in
 * memory already (pinning would fill holes and take memory the domain has given back), and
 * when the host lets us lock memory.  At most a quarter of a domain is ever pinned.
 *
 * A frame the domain gives back is punched out of its memory object; a registered buffer would
 * keep the old page and read and write what nobody sees any more.  The window's generation, which
 * changes with every frame given back, tells: then all chunks of the domain are dropped, before the
 * next use or within a second.  What is in flight meanwhile is on granted pages, and those are not
 * given back.
 *
 * All of this is advice.  Whatever fails here, the request takes the ordinary way.
 */
#include "config.h"
#include "backends/blk_uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libs/paravane-ext.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define CHUNK_SHIFT	20
#define CHUNK_BYTES	(1ul << CHUNK_SHIFT)
#define HOT		64		/* uses before a chunk is registered */
#define CHECK_NS	1000000000ull

struct chunk {
	uint16_t uses;
	int16_t slot;	/* -1: not registered */
};

/* One per domain, shared by its disks. */
struct blk_domain {
	struct blk_domain *next;
	struct blkback *bb;
	unsigned int disks;
	domid_t domid;
	char *base;
	size_t nr_chunks;
	size_t nr_registered;
	uint64_t generation;
	struct pvn_timer *check;
	struct chunk chunks[];
};

static void chunk_drop(struct blk_domain *d, struct chunk *c)
{
	struct blk_uring *u = d->bb->uring;
	struct iovec none = { NULL, 0 };
	__u64 tag = 0;

	if (c->slot < 0)
		return;
	io_uring_register_buffers_update_tag(&u->ring, (unsigned int)c->slot, &none, &tag, 1);
	u->slot_used[c->slot] = false;
	c->slot = -1;
	c->uses = 0;
	d->nr_registered--;
}

static void domain_drop(struct blk_domain *d)
{
	size_t i;

	for (i = 0; i < d->nr_chunks; i++)
		chunk_drop(d, &d->chunks[i]);
}

/* Have frames been given back since we registered? */
static void generation_check(struct blk_domain *d)
{
	uint64_t now;

	if (xengnttab_window_generation(d->bb->xgt, d->domid, &now) == 0 && now == d->generation)
		return;
	domain_drop(d);
	d->generation = now;
}

/* An idle disk must not keep pages that the domain gave back. */
static void check_timer(void *arg)
{
	struct blk_domain *d = arg;

	d->check = NULL;
	generation_check(d);
	if (d->nr_registered)
		pvn_loop_add_timer(d->bb->loop, CHECK_NS, check_timer, d, &d->check);
}

static bool all_resident(const void *addr)
{
	unsigned char vec[CHUNK_BYTES / 4096];
	size_t i;

	if (mincore((void *)(uintptr_t)addr, CHUNK_BYTES, vec))
		return false;
	for (i = 0; i < sizeof(vec); i++)
		if (!(vec[i] & 1))
			return false;
	return true;
}

static int slot_find(struct blk_uring *u)
{
	int i;

	for (i = 0; i < BLK_FIXED_SLOTS; i++)
		if (!u->slot_used[i])
			return i;
	return -1;
}

static void chunk_register(struct blk_domain *d, size_t index)
{
	struct blk_uring *u = d->bb->uring;
	struct iovec iov = { d->base + (index << CHUNK_SHIFT), CHUNK_BYTES };
	int slot = slot_find(u), rc;
	__u64 tag = 0;

	if (slot < 0 || d->nr_registered >= d->nr_chunks / 4 + 1 || !all_resident(iov.iov_base))
		return;
	rc = io_uring_register_buffers_update_tag(&u->ring, (unsigned int)slot, &iov, &tag, 1);
	if (rc != 1) {
		/* RLIMIT_MEMLOCK, most likely: it will not get better, so do not ask again. */
		pvn_log(LOG_INFO, "no registered buffers: %s", strerror(rc < 0 ? -rc : EIO));
		u->fixed = false;
		return;
	}
	u->slot_used[slot] = true;
	d->chunks[index].slot = (int16_t)slot;
	d->nr_registered++;
	if (!d->check)
		pvn_loop_add_timer(d->bb->loop, CHECK_NS, check_timer, d, &d->check);
}

int blk_fixed_slot(struct blkback *bb, struct blk_domain *d, const void *addr, size_t len)
{
	size_t offset, index;
	struct chunk *c;

	if (!d || !len)
		return -1;
	offset = (size_t)((const char *)addr - d->base);	/* huge if below it */
	index = offset >> CHUNK_SHIFT;
	if (index >= d->nr_chunks || (offset + len - 1) >> CHUNK_SHIFT != index)
		return -1;
	c = &d->chunks[index];
	if (c->slot >= 0)
		generation_check(d);
	else if (bb->uring->fixed && ++c->uses >= HOT) {
		c->uses = 0;	/* so that what was refused is not asked for each time */
		generation_check(d);
		chunk_register(d, index);
	}
	return c->slot;
}

static struct blk_domain *domain_new(struct blkback *bb, domid_t domid, char *base, size_t bytes)
{
	size_t nr = bytes >> CHUNK_SHIFT, i;
	struct blk_domain *d = calloc(1, sizeof(*d) + nr * sizeof(d->chunks[0]));

	if (!d)
		return NULL;
	d->bb = bb;
	d->domid = domid;
	d->base = base;
	d->nr_chunks = nr;
	for (i = 0; i < nr; i++)
		d->chunks[i].slot = -1;
	d->next = bb->domains;
	bb->domains = d;
	return d;
}

int blk_fixed_open(struct blkback *bb, struct blk_domain **out, domid_t domid)
{
	struct blk_domain *d;
	size_t bytes;
	void *base;

	*out = NULL;
	if (!bb->uring || !bb->uring->fixed || !xengnttab_window || !xengnttab_window_generation)
		return -EOPNOTSUPP;
	if (xengnttab_window(bb->xgt, domid, &base, &bytes))
		return -errno;
	for (d = bb->domains; d; d = d->next)
		if (d->domid == domid && d->base == base)	/* not an earlier bearer of the number */
			break;
	if (!d)
		d = domain_new(bb, domid, base, bytes);
	if (!d)
		return -ENOMEM;
	d->disks++;
	*out = d;
	return 0;
}

void blk_fixed_close(struct blkback *bb, struct blk_domain *d)
{
	struct blk_domain **p;

	if (!d || --d->disks)
		return;
	domain_drop(d);
	pvn_loop_del_timer(d->check);
	for (p = &bb->domains; *p != d; p = &(*p)->next)
		;
	*p = d->next;
	xengnttab_window(bb->xgt, d->domid, NULL, NULL);
	free(d);
}
