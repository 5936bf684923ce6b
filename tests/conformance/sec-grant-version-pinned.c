/* SPDX-License-Identifier: MIT */
/*
 * grants: the version of the table cannot change under a mapped grant.
 *
 * What an attacker would gain: the status of an active entry moves between versions; a hypervisor that let the version change while
 * a grant is mapped would later clear bits in the wrong place, release the frame at the wrong time, and leave a mapping of a
 * frame that is somebody else's by then.
 *
 * covers: grant_table_op.set_version bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "grants: no change of version while a grant is mapped";

static char window[PAGE_SIZE] PAGE_ALIGNED, at[PAGE_SIZE] PAGE_ALIGNED, data[PAGE_SIZE] PAGE_ALIGNED;

#define OP(cmd, s) ((uint64_t)HC(grant_table_op, (long)GNTTABOP_##cmd, (long)(s), 1L))

static uint64_t version(uint32_t n)
{
	struct gnttab_set_version v = { .version = n };

	return OP(set_version, &v);
}

static uint64_t is(void)
{
	struct gnttab_get_version g = { .dom = DOMID_SELF };

	OP(get_version, &g);
	return g.version;
}

void test_main(void)
{
	xen_pfn_t frames[1];
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	struct gnttab_map_grant_ref m = { .host_addr = (uint64_t)at, .flags = GNTMAP_host_map, .ref = 20,
					  .dom = self_id() };
	struct gnttab_unmap_grant_ref u = { .host_addr = (uint64_t)at };
	volatile grant_entry_v1_t *table = (void *)window;

	set_xen_guest_handle(s.frame_list, frames);
	OP(setup_table, &s);
	if (s.status || map_va(window, frames[0] << 12 | PTE_KERNEL))
		test_error("no grant table");
	data[0] = 42;
	table[20].domid = m.dom;
	table[20].frame = (uint32_t)va_mfn(data);
	mb();
	table[20].flags = GTF_permit_access;
	answer_gnttab("map", map_grant_ref, m);
	if (m.status)
		test_error("the grant could not be mapped");
	answer("to-2.mapped", version(2));
	answer("version", is());
	answer("flags", table[20].flags);
	answer("still-mapped", (uint64_t)*(volatile char *)at);
	u.handle = m.handle;
	answer_gnttab("unmap", unmap_grant_ref, u);
	answer("flags-after", table[20].flags);
	answer("to-2", version(2));
	answer("version-after", is());
	test_success("");
}
