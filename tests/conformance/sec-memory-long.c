/* SPDX-License-Identifier: MIT */
/*
 * memory_op: orders and counts beyond what a domain may ask for at once.
 *
 * What an attacker would gain: seconds of the hypervisor's time in one call (advisories 45, 97, 158).
 *
 * covers: memory_op.exchange bad
 * covers: memory_op.populate_physmap bad
 * covers: memory_op.decrease_reservation bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: what would take too long is refused";

static xen_pfn_t list[2];

static uint64_t reserve(long cmd, unsigned long nr, unsigned order)
{
	struct xen_memory_reservation r = { .nr_extents = nr, .extent_order = order, .domid = DOMID_SELF };

	r.extent_start.p = list;
	list[0] = list[1] = 0xffffff;
	return (uint64_t)HC(memory_op, cmd, (long)&r);
}

static uint64_t exchange(unsigned in_order, unsigned out_order, unsigned long in_nr, unsigned long out_nr)
{
	struct xen_memory_exchange x = { .in = { .nr_extents = in_nr, .extent_order = in_order, .domid = DOMID_SELF },
					 .out = { .nr_extents = out_nr, .extent_order = out_order, .domid = DOMID_SELF } };

	x.in.extent_start.p = list;
	x.out.extent_start.p = list;
	list[0] = list[1] = 0xffffff;
	return (uint64_t)HC(memory_op, (long)XENMEM_exchange, (long)&x);
}

void test_main(void)
{
	answer("populate.order9", reserve(XENMEM_populate_physmap, 1, 9));
	answer("populate.order10", reserve(XENMEM_populate_physmap, 1, 10));
	answer("populate.order18", reserve(XENMEM_populate_physmap, 1, 18));
	answer("populate.order63", reserve(XENMEM_populate_physmap, 1, 63));
	answer("increase.order32", reserve(XENMEM_increase_reservation, 1, 32));
	answer("decrease.order40", reserve(XENMEM_decrease_reservation, 1, 40));
	answer("decrease.count", reserve(XENMEM_decrease_reservation, 1UL << 63, 0));
	answer("exchange.order18", exchange(18, 0, 1, 1UL << 18));
	answer("exchange.order40", exchange(0, 40, 1UL << 40, 1));
	answer("exchange.order64", exchange(0, 64, 1, 1));
	answer("exchange.mismatch", exchange(0, 1, 3, 1));
	answer("exchange.count", exchange(0, 0, 1UL << 62, 1UL << 62));
	test_success("");
}
