/* SPDX-License-Identifier: MIT */
/*
 * Stress: the clock. What one vCPU has read is never later than what another reads afterwards, though
 * each computes it from its own copy of the time parameters.
 */
#include <pv/smp.h>
#include <pv/thread.h>
#include <pv/time.h>

#include "stress.h"

#define READS	1000U

static uint64_t latest;		/* that anybody has read */

static bool clock_round(struct stress *s, unsigned int w)
{
	for (unsigned int i = 0; i < READS; i++) {
		uint64_t before = __atomic_load_n(&latest, __ATOMIC_SEQ_CST), now = clock_raw_ns();

		if (now < before)
			return stress_fail(s, "vCPU %u reads %lu ns after %lu ns was read", this_cpu()->id,
					   now, before);
		while (now > before && !__atomic_compare_exchange_n(&latest, &before, now, false,
								    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
	}
	/* The others have work to do: a flush waits for every vCPU that computes. */
	sleep_ns(NSEC_PER_MSEC);
	return true;
}

struct stress stress_clock = { .name = "clock", .round = clock_round };
