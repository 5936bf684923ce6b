/* SPDX-License-Identifier: MIT */
/*
 * memory_op: counts and orders whose product overflows, lists that end in the hypervisor, the continuation index set by hand.
 *
 * What an attacker would gain: a bound computed in too few bits lets the hypervisor read or write frame numbers behind the list:
 * a write of chosen values at a chosen place.
 *
 * covers: memory_op.increase_reservation bad
 * covers: memory_op.decrease_reservation bad
 * covers: memory_op.populate_physmap bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: counts that overflow, lists that leave the guest";

static xen_pfn_t list[16];

static uint64_t op(unsigned long cmd, void *frames, unsigned long n, unsigned order)
{
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)frames);
	return (uint64_t)HC(memory_op, (long)cmd, (long)&r);
}

void test_main(void)
{
	static const unsigned long cmds[] = { XENMEM_increase_reservation, XENMEM_decrease_reservation,
					      XENMEM_populate_physmap };
	static const char *const names[] = { "increase", "decrease", "populate" };
	char key[40];

	for (unsigned i = 0; i < 3; i++) {
		size_t n = strlen(names[i]);

		memcpy(key, names[i], n);
		for (unsigned k = 0; k < 16; k++)
			list[k] = 0xfffffffffffUL;
		memcpy(key + n, ".2-to-the-61", 13);
		answer(key, op(cmds[i], list, 1UL << 61, 0));
		memcpy(key + n, ".order-52", 10);
		answer(key, op(cmds[i], list, 1, 52));
		memcpy(key + n, ".order-last", 12);
		answer(key, op(cmds[i], list, 1, 0xffffffff));
		memcpy(key + n, ".end-of-memory", 15);
		answer(key, op(cmds[i], (void *)-64, 16, 0));
		memcpy(key + n, ".hypervisor", 12);
		answer(key, op(cmds[i], (void *)0xffff828000000000, 16, 0));
		/* Says that 3 of 2 have been done. */
		memcpy(key + n, ".started", 9);
		answer(key, op(cmds[i] | 3UL << 6, list, 2, 0));
	}
	test_success("");
}
