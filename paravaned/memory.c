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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/lender.h"
#include "paravaned/machine.h"

/* How much of a dead domain's memory is punched before others get their turn. */
#define PUNCH_STEP_FRAMES	(16UL << 10)

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

void memory_punch(int fd, uint64_t first, uint64_t nr)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(first << PVN_PAGE_SHIFT),
		      (off_t)(nr << PVN_PAGE_SHIFT)) != 0)
		pvn_log(LOG_ERR, "cannot give back memory of a domain: %m");
}

bool memory_owned(const struct domain *d, uint64_t mfn)
{
	uint64_t i = mfn - d->range.base - PVN_HEAP_FRAMES;

	return i < ram_frames(d) && frame_test(d, i) && !lender_gave_back(d->lender, i);
}

/* Frames that nobody has mapped go now. */
static void release_run(struct domain *d, uint64_t i, uint64_t nr)
{
	uint64_t k;

	for (k = i; k < i + nr; k++)
		d->populated[k / 64] &= ~(1ULL << (k % 64));
	if (i < d->populate_hint)
		d->populate_hint = i;
	d->tot_pages -= nr;
	machine.used_pages -= nr;
	memory_punch(d->mem_fd, i, nr);
}

int memory_release(struct domain *d, uint64_t mfn, uint64_t nr)
{
	uint64_t first = d->range.base + PVN_HEAP_FRAMES, i, k, run, *m2p;

	if (!nr || mfn < first || mfn - first >= ram_frames(d) || ram_frames(d) - (mfn - first) < nr)
		return -EINVAL;
	i = mfn - first;
	for (k = i; k < i + nr; k++)
		if (!memory_owned(d, first + k))
			return -EINVAL;
	m2p = (uint64_t *)(d->shared + PVN_M2P_OFFSET) + PVN_HEAP_FRAMES;
	for (k = i; k < i + nr; k++)
		m2p[k] = ~0ULL;
	for (k = i; k < i + nr; k += run ? run : 1) {
		for (run = 0; k + run < i + nr && !lender_has(d->lender, k + run); run++)
			continue;
		if (run)
			release_run(d, k, run);
		else
			lender_give_back(d->lender, k);
	}
	/* After the punch: who sees the new number and pins again pins what is there now. */
	__atomic_fetch_add(&((struct pvn_header *)(d->shared + PVN_HEADER_OFFSET))->mem_generation, 1,
			   __ATOMIC_RELEASE);
	return 0;
}

int memory_exchange(struct domain *d, const uint32_t *give, uint32_t n, uint64_t mfn, uint64_t nr)
{
	uint64_t first = d->range.base + PVN_HEAP_FRAMES, i = mfn - first, k, missing = 0;
	uint64_t *m2p = (uint64_t *)(d->shared + PVN_M2P_OFFSET) + PVN_HEAP_FRAMES;
	uint32_t g;

	if (mfn < first || i >= ram_frames(d) || ram_frames(d) - i < nr)
		return -EINVAL;
	for (k = i; k < i + nr; k++)
		missing += !frame_test(d, k);
	/* Those given are marked as gone at once: a frame cannot be given twice. */
	for (g = 0; g < n && give[g] - i >= nr && memory_owned(d, first + give[g]) && !lender_has(d->lender, give[g]); g++)
		d->populated[give[g] / 64] &= ~(1ULL << (give[g] % 64));
	if (g < n || missing != n) {
		while (g--)
			d->populated[give[g] / 64] |= 1ULL << (give[g] % 64);
		return -EINVAL;
	}
	for (g = 0; g < n; g++) {
		m2p[give[g]] = PVN_PFN_NONE;
		if (give[g] < d->populate_hint)
			d->populate_hint = give[g];
		memory_punch(d->mem_fd, give[g], 1);
	}
	for (k = i; k < i + nr; k++)
		d->populated[k / 64] |= 1ULL << (k % 64);
	__atomic_fetch_add(&((struct pvn_header *)(d->shared + PVN_HEADER_OFFSET))->mem_generation, 1,
			   __ATOMIC_RELEASE);
	return 0;
}

/* What is left to be punched of a domain that is no more. */
struct remains {
	int fd;
	uint64_t next, frames;		/* to be punched */
	uint64_t pages;			/* on the machine's account */
	struct lender *lender;		/* of frames that others have mapped; NULL: none */
};

static void remains_punch(struct remains *r, uint64_t n)
{
	uint64_t end = r->next + n, run;

	if (!r->lender) {
		if (n)
			memory_punch(r->fd, r->next, n);
		r->next = end;
		return;
	}
	for (; r->next < end; r->next += run + 1) {
		for (run = 0; r->next + run < end && !lender_has(r->lender, r->next + run); run++)
			continue;
		if (run)
			memory_punch(r->fd, r->next, run);
	}
	r->next = end;
}

static void remains_end(struct remains *r)
{
	machine.used_pages -= r->pages;
	if (r->lender)
		lender_swept(r->lender);
	else
		close(r->fd);
}

static void remains_step(void *arg)
{
	struct remains *r = arg;
	uint64_t left = r->frames - r->next;

	remains_punch(r, left < PUNCH_STEP_FRAMES ? left : PUNCH_STEP_FRAMES);
	if (r->next < r->frames && !pvn_loop_add_deferred(machine.loop, remains_step, r))
		return;
	if (r->next < r->frames)
		remains_punch(r, r->frames - r->next);
	remains_end(r);
	free(r);
}

void memory_release_all(struct domain *d)
{
	struct remains now = { .fd = d->mem_fd, .frames = d->mem_bytes >> PVN_PAGE_SHIFT,
			       .pages = d->tot_pages + d->claimed_pages, .lender = d->lender };
	struct remains *r = malloc(sizeof(*r));

	/* The page set goes with the last mapping; what the domain could fill most of goes now. */
	if (d->shared_fd >= 0)
		memory_punch(d->shared_fd, 0, d->shared_bytes >> PVN_PAGE_SHIFT);
	d->tot_pages = d->claimed_pages = 0;
	d->mem_fd = -1;
	if (d->lender)
		lender_orphan(d->lender, now.fd);
	d->lender = NULL;
	if (r) {
		*r = now;
		remains_step(r);
		return;
	}
	remains_punch(&now, now.frames);
	remains_end(&now);
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
