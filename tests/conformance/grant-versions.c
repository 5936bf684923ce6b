/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: version 2 and back: entries keep their place or the change is refused, status words live in frames of their own.
 *
 * covers: grant_table_op.set_version good
 * covers: grant_table_op.set_version bad
 * covers: grant_table_op.get_status_frames good
 * covers: grant_table_op.get_status_frames bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "grant_table_op: from version 1 to 2 and back";

static char window[PAGE_SIZE] PAGE_ALIGNED, status_window[PAGE_SIZE] PAGE_ALIGNED;

#define OP(cmd, s) ((uint64_t)HC(grant_table_op, (long)GNTTABOP_##cmd, (long)(s), 1L))

static uint64_t version(uint32_t n)
{
	struct gnttab_set_version v = { .version = n };

	return OP(set_version, &v);
}

static uint64_t current_version(void)
{
	struct gnttab_get_version g = { .dom = DOMID_SELF };

	OP(get_version, &g);
	return g.version;
}

void test_main(void)
{
	xen_pfn_t frames[1];
	uint64_t sframes[1] = { 0 };
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	struct gnttab_get_status_frames f = { .dom = DOMID_SELF, .nr_frames = 1 };
	volatile grant_entry_v1_t *v1 = (void *)window;
	volatile grant_entry_v2_t *v2 = (void *)window;

	set_xen_guest_handle(s.frame_list, frames);
	set_xen_guest_handle(f.frame_list, sframes);
	OP(setup_table, &s);
	if (s.status || map_va(window, frames[0] << 12 | PTE_KERNEL))
		test_error("no grant table");
	answer("console.flags", v1[0].flags & (GTF_type_mask | GTF_readonly));
	answer("store.flags", v1[1].flags & (GTF_type_mask | GTF_readonly));
	answer("to-2", version(2));
	answer("to-2.is", current_version());
	answer("to-2.console-kept", v2[0].full_page.frame != 0);
	answer("to-2.console-type", v2[0].hdr.flags & GTF_type_mask);
	answer("status-frames", OP(get_status_frames, &f));
	answer_status("status-frames.status", 0, f.status);
	answer("status-frames.map", (uint64_t)map_va(status_window, sframes[0] << 12 | PTE_KERNEL));
	f.nr_frames = 10000;
	OP(get_status_frames, &f);
	answer_status("status-frames.many", 0, f.status);
	f.nr_frames = 1;
	f.dom = 0;
	OP(get_status_frames, &f);
	answer_status("status-frames.foreign", 0, f.status);
	answer("status-frames.efault", OP(get_status_frames, 0x1000));
	answer("to-2.again", version(2));
	map_va(status_window, 0);
	answer("to-1", version(1));
	answer("to-1.is", current_version());
	answer("to-1.console-kept", v1[0].frame != 0);
	answer("to-1.console-type", v1[0].flags & GTF_type_mask);
	test_success("");
}
