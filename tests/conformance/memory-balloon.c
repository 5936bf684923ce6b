/* SPDX-License-Identifier: MIT */
/*
 * memory_op: memory goes and comes back.
 *
 * decrease takes frames that are mapped as well: they stay usable until the last mapping goes.   Each call says how many extents were done.
 *
 * covers: memory_op.decrease_reservation good
 * covers: memory_op.decrease_reservation bad
 * covers: memory_op.increase_reservation good
 * covers: memory_op.increase_reservation bad
 * covers: memory_op.populate_physmap good
 * covers: memory_op.populate_physmap bad
 */
#define __XEN_TOOLS__ 1	/* what a domain may not call has its constants there */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: memory goes and comes back";

#define OP(cmd, arg)	((uint64_t)HC(memory_op, (long)(cmd), (long)(arg)))
#define BAD_PTR		0x3fffffff0000L		/* canonical, and nothing there */

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static uint64_t reservation(unsigned cmd, uint64_t *list, uint64_t nr, unsigned order, domid_t d)
{
	struct xen_memory_reservation r = { .nr_extents = nr, .extent_order = order, .domid = d };

	set_xen_guest_handle(r.extent_start, list);
	return OP(cmd, &r);
}

static uint64_t current(void)
{
	domid_t d = DOMID_SELF;

	return OP(XENMEM_current_reservation, &d);
}

static void read_at(void *p)
{
	*(volatile uint64_t *)p;
}

static void mapped(void)
{
	uint64_t *page = page_alloc(), list[1] = { va_mfn(page) }, before = current(), back;

	*page = 0x77;
	answer("mapped.decrease", reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF));
	answer("mapped.less", before - current());
	*(volatile uint64_t *)page += 1;
	answer("mapped.value", *page);
	answer("mapped.again", reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF));
	answer("mapped.again.less", before - current());
	answer("mapped.remap", (uint64_t)map_va(page, list[0] << 12 | PTE_KERNEL));
	answer("mapped.unmap", (uint64_t)map_va(page, 0));
	answer("mapped.unmap.less", before - current());
	answer_caught("mapped.read", read_at, page);
	answer("gone.map", (uint64_t)map_va(page, list[0] << 12 | PTE_KERNEL));
	answer("gone.decrease", reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF));
	back = va_pfn(page);
	list[0] = back;
	answer("back", reservation(XENMEM_populate_physmap, list, 1, 0, DOMID_SELF));
	answer("back.less", before - current());
	answer("back.map", (uint64_t)map_va(page, list[0] << 12 | PTE_KERNEL));
	CHECK_EQ(m2p[list[0]], back);
}

static void partial(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc(), list[3] = { va_mfn(a), 0xffffff0, va_mfn(b) };

	answer("unmap", (uint64_t)map_va(a, 0));
	answer("partial", reservation(XENMEM_decrease_reservation, list, 3, 0, DOMID_SELF));
	list[0] = va_pfn(a);
	answer("increase.nolist", reservation(XENMEM_increase_reservation, 0, 1, 0, DOMID_SELF));
}

void test_main(void)
{
	uint64_t list[2] = { 5, 6 };

	mapped();
	partial();
	answer("fault.decrease", OP(XENMEM_decrease_reservation, BAD_PTR));
	answer("fault.populate", OP(XENMEM_populate_physmap, BAD_PTR));
	answer("fault.start", OP(XENMEM_populate_physmap | 7 << 6, BAD_PTR));
	answer("list.decrease", reservation(XENMEM_decrease_reservation, (void *)BAD_PTR, 2, 0, DOMID_SELF));
	answer("list.populate", reservation(XENMEM_populate_physmap, (void *)BAD_PTR, 2, 0, DOMID_SELF));
	answer("foreign.decrease", reservation(XENMEM_decrease_reservation, list, 2, 0, 0));
	answer("foreign.populate", reservation(XENMEM_populate_physmap, list, 2, 0, 0));
	answer("none.populate", reservation(XENMEM_populate_physmap, list, 2, 0, 0x7000));
	answer("order.decrease", reservation(XENMEM_decrease_reservation, list, 1, 10, DOMID_SELF));
	answer("order.increase", reservation(XENMEM_increase_reservation, list, 1, 10, DOMID_SELF));
	answer("order.wide", reservation(XENMEM_increase_reservation, list, 1, 64, DOMID_SELF));
	answer("start.beyond", reservation(XENMEM_decrease_reservation | 9 << 6, list, 2, 0, DOMID_SELF));
	answer("nr.wide", reservation(XENMEM_decrease_reservation | 1 << 6, list, 1UL << 40, 0, DOMID_SELF));
	test_success("");
}
