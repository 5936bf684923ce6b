/* SPDX-License-Identifier: MIT */
/*
 * How long to look for work before sleeping.
 *
 * A wake from another CPU costs two orders of magnitude more than seeing a bit in shared memory.
 * So after work we look on for a while, as haltpoll does in a guest: the window grows when the
 * next event comes soon after we slept, shrinks when we looked in vain, and closes at once when
 * somebody else wants our CPU, for that may be the very domain we are waiting for.
 */
#include "config.h"
#include "backends/blk.h"

#include "libs/util/loop.h"

#define MAX_NS		50000u
#define GROW_START_NS	5000u
#define SLICE_NS	2000u
#define PREEMPTED_NS	20000u

/* Look for at most ns: events, and completions where some are due.  *preempted: we were not on the
 * CPU all the time. */
static bool look(struct blkback *bb, uint64_t ns, bool *preempted)
{
	uint64_t now = pvn_now_ns(), end = now + ns, last;

	*preempted = false;
	if (!blk_uring_busy(bb))	/* the library watches for preemption itself */
		return events_poll(bb->events, ns);
	do {
		if (blk_uring_ready(bb) || events_poll(bb->events, SLICE_NS))
			return true;
		last = now;
		now = pvn_now_ns();
		*preempted = now - last > SLICE_NS + PREEMPTED_NS;
	} while (now < end && !*preempted);
	return false;
}

bool blk_poll(struct blkback *bb)
{
	bool preempted;

	if (bb->no_poll || !events_can_poll())
		return false;
	if (bb->poll_ns) {
		if (look(bb, bb->poll_ns, &preempted))
			return true;
		bb->poll_ns = preempted || bb->poll_ns < 2 * GROW_START_NS ? 0 : bb->poll_ns / 2;
	}
	bb->slept_at_ns = pvn_now_ns();
	return false;
}

void blk_poll_woken(struct blkback *bb)
{
	if (!bb->slept_at_ns)
		return;
	if (pvn_now_ns() - bb->slept_at_ns <= MAX_NS) {
		bb->poll_ns = bb->poll_ns ? bb->poll_ns * 2 : GROW_START_NS;
		if (bb->poll_ns > MAX_NS)
			bb->poll_ns = MAX_NS;
	}
	bb->slept_at_ns = 0;
}
