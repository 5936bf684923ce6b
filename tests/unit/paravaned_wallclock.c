/* SPDX-License-Identifier: MIT */
/*
 * The wallclock of a domain that runs.  What would break: a guest whose date stays where it was when
 * somebody sets the host's, or that reads half of an update or what it scribbled over.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>
#include <xen/xen.h>

#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"

static struct domain *d;
static struct shared_info *s;

static void setup(void)
{
	struct xen_domctl_createdomain cfg = { .max_vcpus = 1, .max_evtchn_port = 64, .max_grant_frames = 4,
					       .max_maptrack_frames = 1 };

	machine.usable_pages = machine.total_pages = 1 << 20;
	machine.nr_cpus = 1;
	clock_init();
	cr_assert(pvn_loop_new(&machine.loop) == 0);
	cr_assert(domain_table_init() == 0);
	cr_assert(domain_create(0, &cfg, &d) == 0);
	s = (struct shared_info *)(d->shared + PVN_HEAP_OFFSET + PVN_HEAP_SHARED_INFO * PVN_PAGE_SIZE);
	clock_fill(&d->clock, 0);
}

TestSuite(paravaned_wallclock, .init = setup);

static uint64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

/* As a guest reads it (<xen/xen.h>). */
static uint64_t guest_ns(void)
{
	const struct pvn_clock *c = &d->clock;
	__uint128_t t = __rdtsc() - c->tsc_base;

	t = c->tsc_shift < 0 ? t >> -c->tsc_shift : t << c->tsc_shift;
	return ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) * 1000000000U + s->wc_nsec +
	       (uint64_t)(t * c->tsc_to_system_mul >> 32);
}

Test(paravaned_wallclock, the_guest_has_the_hosts_time)
{
	uint64_t before, now;

	s->wc_sec = 12345;
	s->wc_version = 2;
	before = real_ns();
	wallclock_update(d);
	now = guest_ns();
	/* (A nanosecond is lost where the two clocks are rounded.) */
	cr_assert(now + 2 >= before && now <= real_ns() + 2, "%lu ns off", now - before);
	cr_assert_eq(s->wc_version, 4);
}

Test(paravaned_wallclock, its_own_offset_is_kept)
{
	uint64_t before;

	d->time_offset_s = -3600;
	before = real_ns();
	wallclock_update(d);
	cr_assert(guest_ns() + 3600 * 1000000000UL + 2 >= before);
	cr_assert(guest_ns() + 3600 * 1000000000UL <= real_ns() + 2);
}

Test(paravaned_wallclock, an_update_that_a_domain_left_open_ends_even)
{
	s->wc_version = 7;
	wallclock_update(d);
	cr_assert_eq(s->wc_version, 8);
	s->wc_version = UINT32_MAX;
	wallclock_update(d);
	cr_assert_eq(s->wc_version, 0);
}

Test(paravaned_wallclock, what_a_domain_does_to_its_copy_does_not_matter)
{
	uint64_t before;

	memset(&domain_header(d)->clock, 0xa5, sizeof(struct pvn_clock));
	before = real_ns();
	wallclock_update(d);
	cr_assert(guest_ns() + 2 >= before && guest_ns() <= real_ns() + 2);
}
