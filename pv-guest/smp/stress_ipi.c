/* SPDX-License-Identifier: MIT */
/*
 * Stress: events between vCPUs. Each round calls a function on a set of vCPUs: it must have
 * run exactly once on each of them, on itself, and on no other, when the call returns.
 */
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/thread.h>

#include "stress.h"

struct calls {
	uint64_t seen;		/* vCPUs that ran it */
	uint32_t runs;
};

static void note(void *arg)
{
	struct calls *c = arg;

	__atomic_fetch_or(&c->seen, 1UL << this_cpu()->id, __ATOMIC_ACQ_REL);
	__atomic_fetch_add(&c->runs, 1, __ATOMIC_ACQ_REL);
}

/* Every set of vCPUs has its turn. The ones online may change while vCPUs come and go. */
static bool ipi_round(struct stress *s, unsigned int w)
{
	uint64_t before = cpus_online_mask();
	uint64_t want = w == 0 ? before : before & (s->operations * 0x9e3779b97f4a7c15UL >> 7);
	struct calls c = { 0 };

	smp_call(want, note, &c);
	if (before != cpus_online_mask())
		return true;
	if (c.seen != want || c.runs != mask_count(want))
		return stress_fail(s, "called %lx, came to %lx in %u calls", want, c.seen, c.runs);
	return true;
}

struct stress stress_ipi = { .name = "ipi", .workers = 2, .round = ipi_round };
