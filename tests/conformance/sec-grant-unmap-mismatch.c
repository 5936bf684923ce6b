/* SPDX-License-Identifier: MIT */
/*
 * grants: an unmap must name the mapping the handle stands for: same address, same frame, same access, once.
 *
 * What an attacker would gain: a hypervisor that drops the grant's reference though the page-table entry stays (or drops it
 * twice) leaves a mapping of a frame whose owner has taken it back: all of another domain's secrets in turn.
 *
 * covers: grant_table_op.unmap_grant_ref bad
 * covers: grant_table_op.unmap_and_replace bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "grants: an unmap that does not fit its handle";

static char window[PAGE_SIZE] PAGE_ALIGNED, at[PAGE_SIZE] PAGE_ALIGNED, plain[PAGE_SIZE] PAGE_ALIGNED,
	data[PAGE_SIZE] PAGE_ALIGNED;

#define OP(cmd, s) ((uint64_t)HC(grant_table_op, (long)GNTTABOP_##cmd, (long)(s), 1L))

static void unmap(const char *key, uint32_t handle, const void *va)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (uint64_t)va, .handle = handle };
	uint64_t ret = OP(unmap_grant_ref, &u);

	answer_status(key, ret, u.status);
}

void test_main(void)
{
	xen_pfn_t frames[1];
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	struct gnttab_map_grant_ref m = { .host_addr = (uint64_t)at, .flags = GNTMAP_host_map, .ref = 20,
					  .dom = self_id() };
	volatile grant_entry_v1_t *table = (void *)window;

	set_xen_guest_handle(s.frame_list, frames);
	OP(setup_table, &s);
	if (s.status || map_va(window, frames[0] << 12 | PTE_KERNEL))
		test_error("no grant table");
	table[20].domid = m.dom;
	table[20].frame = (uint32_t)va_mfn(data);
	mb();
	table[20].flags = GTF_permit_access;
	OP(map_grant_ref, &m);
	if (m.status)
		test_error("the grant could not be mapped");
	unmap("no-address", m.handle, (void *)0);
	answer("no-address.flags", table[20].flags);
	unmap("hypervisors-address", m.handle, (void *)0xffff828000000000);
	unmap("other-page", m.handle, plain);
	unmap("other-handle", m.handle + 1, at);
	unmap("last-handle", 0xffffffff, at);
	answer("flags-after", table[20].flags);
	test_success("");
}
