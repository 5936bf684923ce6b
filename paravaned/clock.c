/* SPDX-License-Identifier: MIT */
/*
 * The machine's clock: how the TSC relates to CLOCK_MONOTONIC.
 *
 * The rate is the slope between the machine's start and now, so it gets better with the age of
 * the machine; every domain starts with what is known then.  System time is the time since the
 * machine started, and wallclock is said for system time 0, as in <xen/xen.h>.
 */
#include "config.h"
#include "paravaned/machine.h"

#include <time.h>
#include <x86intrin.h>

/* Shorter slopes are not worth having: two samples are 50 ns apart from the truth each. */
#define MIN_SLOPE_NS	10000000ULL
#define SAMPLE_TRIES	16

struct sample {
	uint64_t tsc, ns;
};

static struct sample first;

static uint64_t gettime(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* The tightest of several readings: TSC, clock, TSC. */
static struct sample sample_take(void)
{
	uint64_t best = UINT64_MAX;
	struct sample s = { 0, 0 };
	unsigned int aux;
	int i;

	for (i = 0; i < SAMPLE_TRIES; i++) {
		uint64_t t0 = __rdtscp(&aux), ns = gettime(CLOCK_MONOTONIC), t1 = __rdtscp(&aux);

		if (t1 - t0 < best) {
			best = t1 - t0;
			s = (struct sample){ t0 + (t1 - t0) / 2, ns };
		}
	}
	return s;
}

void clock_init(void)
{
	first = sample_take();
	machine.start_ns = first.ns;
}

/* ns = ((ticks << shift) * mul) >> 32 with mul in [2^31, 2^32), the most precise form. */
static void scale_set(struct pvn_clock *clk, uint64_t ns, uint64_t ticks)
{
	int shift = 0;

	while (ns >= ticks) {
		ticks <<= 1;
		shift++;
	}
	while (ns < ticks / 2) {
		ticks >>= 1;
		shift--;
	}
	clk->tsc_shift = shift;
	clk->tsc_to_system_mul = (uint32_t)(((__uint128_t)ns << 32) / ticks);
}

void clock_fill(struct pvn_clock *clk, int64_t time_offset_s)
{
	struct sample now = sample_take();
	uint64_t wall;

	while (now.ns - first.ns < MIN_SLOPE_NS) {
		struct timespec ts = { 0, (long)(MIN_SLOPE_NS - (now.ns - first.ns)) };

		nanosleep(&ts, NULL);
		now = sample_take();
	}
	scale_set(clk, now.ns - first.ns, now.tsc - first.tsc);
	clk->tsc_base = first.tsc;
	clk->tsc_khz = (uint32_t)((__uint128_t)(now.tsc - first.tsc) * 1000000 / (now.ns - first.ns));
	machine.cpu_khz = clk->tsc_khz;
	wall = gettime(CLOCK_REALTIME) - (now.ns - first.ns) + (uint64_t)(time_offset_s * 1000000000);
	clk->wc_sec = wall / 1000000000;
	clk->wc_nsec = (uint32_t)(wall % 1000000000);
}
