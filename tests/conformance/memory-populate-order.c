/* SPDX-License-Identifier: MIT */
/*
 * memory_op: populate_physmap returns how many extents it did, never an errno, so an order no domain may have,
 * a foreign domain and a bad pointer all give 0.  A kernel that took -EINVAL for a count would add 4 billion pages.
 *
 * covers: memory_op.populate_physmap bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: populate_physmap of order 10, of nobody's, of no memory adds nothing";

static uint64_t pfn = 100000;

static long populate(unsigned order, domid_t domid, uint64_t *list)
{
	struct xen_memory_reservation r = { .extent_order = order, .nr_extents = 1, .domid = domid };

	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)list);
	return HC(memory_op, (long)XENMEM_populate_physmap, (long)&r);
}

void test_main(void)
{
	answer("order-10", (uint64_t)populate(10, DOMID_SELF, &pfn));
	answer("order-64", (uint64_t)populate(64, DOMID_SELF, &pfn));
	answer("foreign", (uint64_t)populate(0, 0, &pfn));
	answer("no-list", (uint64_t)populate(0, DOMID_SELF, (void *)0x1000));
	answer("hypervisors-list", (uint64_t)populate(0, DOMID_SELF, (void *)0xffff828000000000));
	answer("no-structure", (uint64_t)HC(memory_op, (long)XENMEM_populate_physmap, 0x1000L));
	test_success("");
}
