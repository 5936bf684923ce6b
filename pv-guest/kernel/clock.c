/* SPDX-License-Identifier: MIT */
/*
 * Time: Xen's pvclock (TSC scaled by what vcpu_info says, under its version rule) and the wall
 * clock of shared_info. The structures are the hypervisor's; it may rewrite them any time.
 */
#include <pv/boot.h>
#include <pv/cpu.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

static uint64_t entry_ns;

static uint64_t scale(uint64_t delta, uint32_t mul, int shift)
{
	if (shift >= 0)
		delta <<= shift;
	else
		delta >>= -shift;
	return ((unsigned __int128)delta * mul) >> 32;
}

/* System time at a TSC value not long ago. */
static uint64_t tsc_to_ns(volatile struct vcpu_time_info *t, bool use_now, uint64_t tsc)
{
	uint32_t version;
	uint64_t ns;

	do {
		version = t->version & ~1U;
		rmb();
		if (use_now)
			tsc = rdtsc_ordered();
		if (tsc >= t->tsc_timestamp)
			ns = t->system_time + scale(tsc - t->tsc_timestamp, t->tsc_to_system_mul,
						    t->tsc_shift);
		else
			ns = t->system_time - scale(t->tsc_timestamp - tsc, t->tsc_to_system_mul,
						    t->tsc_shift);
		rmb();
	} while (t->version != version);
	return ns;
}

/* Clocks of two vCPUs may differ by a little: what was seen once is not gone back behind. */
uint64_t clock_raw_ns(void)
{
	uint64_t ns;

	preempt_disable();
	ns = tsc_to_ns(&this_cpu()->info->time, true, 0);
	preempt_enable();
	return ns;
}

uint64_t now_ns(void)
{
	static uint64_t latest;
	uint64_t ns = clock_raw_ns(), seen;

	if (cpus_online_mask() == 1)
		return ns;
	seen = __atomic_load_n(&latest, __ATOMIC_RELAXED);
	do {
		if (seen >= ns)
			return seen;
	} while (!__atomic_compare_exchange_n(&latest, &seen, ns, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return ns;
}

void clock_init(uint64_t entry_tsc)
{
	entry_ns = tsc_to_ns(&this_cpu()->info->time, false, entry_tsc);
}

uint64_t boot_ns(void)
{
	return entry_ns;
}

uint64_t wallclock_ns(void)
{
	volatile struct shared_info *s = &shared_info;
	uint32_t version;
	uint64_t sec, nsec;

	do {
		version = s->wc_version & ~1U;
		rmb();
		sec = (uint64_t)s->wc_sec_hi << 32 | s->wc_sec;
		nsec = s->wc_nsec;
		rmb();
	} while (s->wc_version != version);
	return sec * NSEC_PER_SEC + nsec + now_ns();
}
