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

#include <sys/resource.h>

#include "libs/util/loop.h"

#define MAX_NS		50000u
#define GROW_START_NS	5000u
#define SLICE_NS	2000u

static long preemptions(void)
{
	struct rusage ru;

	return getrusage(RUSAGE_THREAD, &ru) ? 0 : ru.ru_nivcsw;
}

bool blk_poll(struct blkback *bb)
{
	uint64_t end;
	long before;

	if (bb->no_poll || !events_can_poll())
		return false;
	if (bb->poll_ns) {
		before = preemptions();
		end = pvn_now_ns() + bb->poll_ns;
		do {
			if (blk_uring_ready(bb) || events_poll(bb->events, SLICE_NS))
				return true;
		} while (pvn_now_ns() < end);
		bb->poll_ns = preemptions() != before ? 0 : bb->poll_ns / 2;
		if (bb->poll_ns < GROW_START_NS)
			bb->poll_ns = 0;
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
