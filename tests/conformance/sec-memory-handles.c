/* SPDX-License-Identifier: MIT */
/*
 * memory_op: lists in the hypervisor's range are no lists.
 *
 * XSA-212: nr_exchanged moves the list's start behind the check, and the result is stored where an attacker
 * wants it: the hypervisor's own memory.
 *
 * covers: memory_op.exchange bad
 * covers: memory_op.increase_reservation bad
 * covers: memory_op.populate_physmap bad
 */
#define __XEN_TOOLS__ 1	/* what a domain may not call has its constants there */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: lists in the hypervisor's range are no lists";

#define OP(cmd, arg)	((uint64_t)HC(memory_op, (long)(cmd), (long)(arg)))
#define BAD_PTR		0x3fffffff0000L		/* canonical, and nothing there */

#define XEN_RANGE	0xffff820000000000UL

void test_main(void)
{
	struct xen_memory_exchange x = { .in = { .nr_extents = 1, .domid = DOMID_SELF }, .out = { .nr_extents = 1, .domid = DOMID_SELF } };
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	uint64_t in = 5, far;

	set_xen_guest_handle(x.in.extent_start, &in);
	set_xen_guest_handle(x.out.extent_start, (void *)XEN_RANGE);
	answer("out", OP(XENMEM_exchange, &x));
	set_xen_guest_handle(x.in.extent_start, (void *)XEN_RANGE);
	set_xen_guest_handle(x.out.extent_start, &in);
	answer("in", OP(XENMEM_exchange, &x));
	/* The start is fine, the entry that would be used is not. */
	far = (XEN_RANGE - (uint64_t)&in) / 8;
	x.in.nr_extents = x.out.nr_extents = far + 2;
	x.nr_exchanged = far;
	set_xen_guest_handle(x.in.extent_start, &in);
	answer("far", OP(XENMEM_exchange, &x));
	answer("far.unchanged", x.nr_exchanged == far);
	set_xen_guest_handle(r.extent_start, (void *)XEN_RANGE);
	answer("increase", OP(XENMEM_increase_reservation, &r));
	answer("populate", OP(XENMEM_populate_physmap, &r));
	answer("struct", OP(XENMEM_exchange, XEN_RANGE));
	answer("struct.map", OP(XENMEM_memory_map, XEN_RANGE));
	test_success("");
}
