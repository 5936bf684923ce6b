/* SPDX-License-Identifier: MIT */
/*
 * Ranges of machine frame numbers.  Called by pageset.c when a domain gets its memory ceiling
 * and when it is destroyed.
 *
 * Next fit over a list in order of base: numbers given back are seldom handed out again soon,
 * so that an mfn that somebody kept by mistake names nothing, and the common case looks at one
 * gap, whatever the number of domains.
 */
#include "config.h"
#include "paravaned/frames.h"

#include <errno.h>
#include <stddef.h>
#include <paravane/shared.h>

#define RANGE_ALIGN	512UL
/* Below lie the numbers people mistake for small integers. */
#define RANGE_FIRST	0x100000UL

TAILQ_HEAD(range_list, frame_range);
static struct range_list ranges = TAILQ_HEAD_INITIALIZER(ranges);
/* The range after which the search begins; NULL: at the start of the space. */
static struct frame_range *rover;

static uint64_t gap_start(const struct frame_range *prev)
{
	uint64_t start = prev ? prev->base + prev->frames : RANGE_FIRST;

	return (start + RANGE_ALIGN - 1) & ~(RANGE_ALIGN - 1);
}

static uint64_t gap_end(const struct frame_range *prev)
{
	const struct frame_range *next = prev ? TAILQ_NEXT(prev, entry) : TAILQ_FIRST(&ranges);

	return next ? next->base : PVN_MAX_MFN;
}

int frame_range_reserve(struct frame_range *r, uint64_t frames)
{
	struct frame_range *prev = rover;

	if (!frames || frames > PVN_MAX_MFN)
		return -ENOMEM;
	do {
		uint64_t start = gap_start(prev), end = gap_end(prev);

		if (start < end && end - start >= frames) {
			r->base = start;
			r->frames = frames;
			if (prev)
				TAILQ_INSERT_AFTER(&ranges, prev, r, entry);
			else
				TAILQ_INSERT_HEAD(&ranges, r, entry);
			rover = r;
			return 0;
		}
		/* After the last range comes the start of the space. */
		prev = prev ? TAILQ_NEXT(prev, entry) : TAILQ_FIRST(&ranges);
	} while (prev != rover);
	return -ENOMEM;
}

void frame_range_release(struct frame_range *r)
{
	if (!r->frames)
		return;
	if (rover == r) {
		rover = TAILQ_NEXT(r, entry);
		if (!rover)
			rover = TAILQ_PREV(r, range_list, entry);
	}
	TAILQ_REMOVE(&ranges, r, entry);
	r->frames = 0;
}

void frame_range_move(struct frame_range *to, struct frame_range *from)
{
	to->base = from->base;
	to->frames = from->frames;
	if (!from->frames)
		return;
	TAILQ_INSERT_AFTER(&ranges, from, to, entry);
	TAILQ_REMOVE(&ranges, from, entry);
	if (rover == from)
		rover = to;
	from->frames = 0;
}

uint64_t frame_range_end(void)
{
	const struct frame_range *last = TAILQ_LAST(&ranges, range_list);

	return last ? last->base + last->frames : RANGE_FIRST;
}
