/* SPDX-License-Identifier: MIT */
/*
 * The frames of domains.
 *
 * A frame is populated when its bit is set; populated pages count against the domain's ceiling
 * (max_pages) and against what the host can spare (machine.usable_pages).  A claim counts as if
 * it were populated, so that a toolstack can know early that a domain will fit.  Frames given
 * back are punched out of the memory object, so the host really has them again.
 */
#include "config.h"
#include "paravaned/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"

/* How much of a dead domain's memory is punched before others get their turn. */
#define PUNCH_STEP_BYTES	(64UL << 20)

static uint64_t ram_frames(const struct domain *d)
{
	return d->range.frames ? d->range.frames - PVN_HEAP_FRAMES : 0;
}

static bool frame_test(const struct domain *d, uint64_t i)
{
	return d->populated[i / 64] >> (i % 64) & 1;
}

static bool run_is_free(const struct domain *d, uint64_t i, uint64_t nr)
{
	if (i >= ram_frames(d) || ram_frames(d) - i < nr)
		return false;
	for (; nr; nr--, i++)
		if (frame_test(d, i))
			return false;
	return true;
}

/* The lowest free run of nr frames; ram_frames if there is none. */
static uint64_t run_find(struct domain *d, uint64_t nr)
{
	uint64_t i = d->populate_hint, end = ram_frames(d), run = 0;
	bool seen_free = false;

	while (i < end) {
		if (!(i % 64) && d->populated[i / 64] == ~0ULL) {
			i += 64;
			run = 0;
			continue;
		}
		if (frame_test(d, i++)) {
			run = 0;
			continue;
		}
		if (!seen_free)
			d->populate_hint = i - 1;
		seen_free = true;
		if (++run == nr)
			return i - nr;
	}
	if (!seen_free)
		d->populate_hint = end;
	return end;
}

int memory_set_max(struct domain *d, uint64_t pages)
{
	if (pages > machine.usable_pages)
		return -ENOMEM;
	if (d->range.frames) {
		if (pages > ram_frames(d))
			return -ENOMEM;
	} else if (pages) {
		int rc = pageset_reserve(d, pages);

		if (rc)
			return rc;
	}
	d->max_pages = pages;
	domain_header(d)->max_pages = pages;
	return 0;
}

/* Take nr pages from the host's share; those claimed before are taken already. */
static int account_take(struct domain *d, uint64_t nr)
{
	uint64_t claimed = d->claimed_pages < nr ? d->claimed_pages : nr, extra = nr - claimed;

	if (d->max_pages < d->tot_pages || d->max_pages - d->tot_pages < nr)
		return -ENOMEM;
	if (machine.usable_pages < machine.used_pages || machine.usable_pages - machine.used_pages < extra)
		return -ENOMEM;
	machine.used_pages += extra;
	d->claimed_pages -= claimed;
	d->tot_pages += nr;
	return 0;
}

/*
 * Frame i for pfn i where that is possible: then a freshly built domain has its memory in order,
 * as <paravane/shared.h> promises.
 */
int memory_populate(struct domain *d, uint64_t pfn, unsigned int order, uint64_t *mfn)
{
	uint64_t nr = 1UL << order, i = pfn, k, *m2p;

	if (!d->range.frames)
		return -ENOMEM;
	if (pfn == PVN_PFN_NONE || !run_is_free(d, i, nr))
		i = run_find(d, nr);
	if (i >= ram_frames(d) || account_take(d, nr))
		return -ENOMEM;
	m2p = (uint64_t *)(d->shared + PVN_M2P_OFFSET) + PVN_HEAP_FRAMES + i;
	for (k = 0; k < nr; k++) {
		d->populated[(i + k) / 64] |= 1ULL << ((i + k) % 64);
		m2p[k] = pfn == PVN_PFN_NONE ? pfn : pfn + k;
	}
	*mfn = d->range.base + PVN_HEAP_FRAMES + i;
	return 0;
}

static void punch(int fd, uint64_t offset, uint64_t bytes)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) != 0)
		pvn_log(LOG_ERR, "cannot give back memory of a domain: %m");
}

int memory_release(struct domain *d, uint64_t mfn, uint64_t nr)
{
	uint64_t first = d->range.base + PVN_HEAP_FRAMES, i, k, *m2p;

	if (!nr || mfn < first || mfn - first >= ram_frames(d) || ram_frames(d) - (mfn - first) < nr)
		return -EINVAL;
	i = mfn - first;
	for (k = i; k < i + nr; k++)
		if (!frame_test(d, k))
			return -EINVAL;
	m2p = (uint64_t *)(d->shared + PVN_M2P_OFFSET) + PVN_HEAP_FRAMES;
	for (k = i; k < i + nr; k++) {
		d->populated[k / 64] &= ~(1ULL << (k % 64));
		m2p[k] = ~0ULL;
	}
	if (i < d->populate_hint)
		d->populate_hint = i;
	d->tot_pages -= nr;
	machine.used_pages -= nr;
	punch(d->mem_fd, i << PVN_PAGE_SHIFT, nr << PVN_PAGE_SHIFT);
	/* After the punch: who sees the new number and pins again pins what is there now. */
	__atomic_fetch_add(&((struct pvn_header *)(d->shared + PVN_HEADER_OFFSET))->mem_generation, 1,
			   __ATOMIC_RELEASE);
	return 0;
}

/* What is left to be punched of a domain that is no more. */
struct remains {
	int fd;
	uint64_t offset, bytes, pages;
};

static void remains_step(void *arg)
{
	struct remains *r = arg;
	uint64_t n = r->bytes - r->offset < PUNCH_STEP_BYTES ? r->bytes - r->offset : PUNCH_STEP_BYTES;

	if (n)
		punch(r->fd, r->offset, n);
	r->offset += n;
	if (r->offset < r->bytes && !pvn_loop_add_deferred(machine.loop, remains_step, r))
		return;
	if (r->offset < r->bytes)
		punch(r->fd, r->offset, r->bytes - r->offset);
	machine.used_pages -= r->pages;
	close(r->fd);
	free(r);
}

void memory_release_all(struct domain *d)
{
	uint64_t pages = d->tot_pages + d->claimed_pages;
	struct remains *r = calloc(1, sizeof(*r));

	/* The page set goes with the last mapping; what the domain could fill most of goes now. */
	if (d->shared_fd >= 0)
		punch(d->shared_fd, 0, d->shared_bytes);
	d->tot_pages = d->claimed_pages = 0;
	if (!r) {
		if (d->mem_bytes)
			punch(d->mem_fd, 0, d->mem_bytes);
		machine.used_pages -= pages;
		return;
	}
	r->fd = d->mem_fd;
	r->bytes = d->mem_bytes;
	r->pages = pages;
	d->mem_fd = -1;
	remains_step(r);
}

int memory_claim(struct domain *d, uint64_t pages)
{
	uint64_t claim;

	if (!pages) {
		machine.used_pages -= d->claimed_pages;
		d->claimed_pages = 0;
		return 0;
	}
	if (pages < d->tot_pages || d->claimed_pages)
		return -EINVAL;
	if (pages > d->max_pages)
		return -EINVAL;
	claim = pages - d->tot_pages;
	if (machine.usable_pages < machine.used_pages || machine.usable_pages - machine.used_pages < claim)
		return -ENOMEM;
	machine.used_pages += claim;
	d->claimed_pages = claim;
	return 0;
}
