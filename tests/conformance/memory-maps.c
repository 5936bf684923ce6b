/* SPDX-License-Identifier: MIT */
/*
 * memory_op: the machine-to-physical table and the memory map.
 *
 * Kernels find the M2P by machphys_mapping; the memory map is what the toolstack set, and a domain may set its own.
 *
 * covers: memory_op.machphys_mapping good
 * covers: memory_op.machphys_mapping bad
 * covers: memory_op.machphys_mfn_list good
 * covers: memory_op.machphys_mfn_list bad
 * covers: memory_op.memory_map good
 * covers: memory_op.memory_map bad
 * covers: memory_op.set_memory_map good
 * covers: memory_op.set_memory_map bad
 */
#define __XEN_TOOLS__ 1	/* what a domain may not call has its constants there */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "memory_op: the machine-to-physical table and the memory map";

#define OP(cmd, arg)	((uint64_t)HC(memory_op, (long)(cmd), (long)(arg)))
#define BAD_PTR		0x3fffffff0000L		/* canonical, and nothing there */

static uint8_t e820[3][20];

static void maps(void)
{
	struct xen_memory_map m = { .nr_entries = 2 };
	struct xen_foreign_memory_map f = { .domid = DOMID_SELF };
	uint8_t back[3][20] = { { 0 } };

	set_xen_guest_handle(m.buffer, back);
	answer("map.fault", OP(XENMEM_memory_map, BAD_PTR));
	for (unsigned i = 0; i < 60; i++)
		((uint8_t *)e820)[i] = (uint8_t)i;
	f.map.nr_entries = 3;
	set_xen_guest_handle(f.map.buffer, e820);
	answer("set.self", OP(XENMEM_set_memory_map, &f));
	answer("map.two", OP(XENMEM_memory_map, &m));
	answer("map.two.nr", m.nr_entries);
	CHECK(!memcmp(back, e820, 40) && back[2][0] == 0);
	m.nr_entries = 99;
	answer("map.all", OP(XENMEM_memory_map, &m));
	answer("map.all.nr", m.nr_entries);
	CHECK(!memcmp(back, e820, 60));
	set_xen_guest_handle(m.buffer, (void *)BAD_PTR);
	answer("map.buffer", OP(XENMEM_memory_map, &m));
	set_xen_guest_handle(f.map.buffer, (void *)BAD_PTR);
	answer("set.buffer", OP(XENMEM_set_memory_map, &f));
	answer("set.fault", OP(XENMEM_set_memory_map, BAD_PTR));
	f.domid = 0;
	answer("set.dom0", OP(XENMEM_set_memory_map, &f));
	f.domid = 0x7000;
	answer("set.none", OP(XENMEM_set_memory_map, &f));
	f.map.nr_entries = 100000;
	answer("set.many", OP(XENMEM_set_memory_map, &f));
	f.domid = DOMID_SELF;
	f.map.nr_entries = 0;
	answer("set.empty", OP(XENMEM_set_memory_map, &f));
	set_xen_guest_handle(m.buffer, back);
	answer("map.empty", OP(XENMEM_memory_map, &m));
}

void test_main(void)
{
	struct xen_machphys_mapping p;
	struct xen_machphys_mfn_list l = { .max_extents = 0 };
	static uint64_t list[4];

	answer("mapping", OP(XENMEM_machphys_mapping, &p));
	CHECK(((uint64_t *)p.v_start)[va_mfn(&p)] == va_pfn(&p));
	CHECK(p.max_mfn >= va_mfn(&p) && p.v_end > p.v_start + va_mfn(&p) * 8);
	answer("mapping.start", p.v_start);
	answer("mapping.fault", OP(XENMEM_machphys_mapping, BAD_PTR));
	answer("list.none", OP(XENMEM_machphys_mfn_list, &l));
	answer("list.none.nr", l.nr_extents);
	l.max_extents = 1;
	set_xen_guest_handle(l.extent_start, list);
	answer("list.one", OP(XENMEM_machphys_mfn_list, &l));
	answer("list.one.nr", l.nr_extents);
	answer("list.fault", OP(XENMEM_machphys_mfn_list, BAD_PTR));
	set_xen_guest_handle(l.extent_start, (void *)BAD_PTR);
	answer("list.buffer", OP(XENMEM_machphys_mfn_list, &l));
	maps();
	test_success("");
}
