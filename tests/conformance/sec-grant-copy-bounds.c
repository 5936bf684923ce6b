/* SPDX-License-Identifier: MIT */
/*
 * grants: a copy that leaves its page, names a frame it does not have, or a reference beyond the table.
 *
 * What an attacker would gain: bytes of the page behind (advisories 226, 236), or its own bytes there.
 *
 * covers: grant_table_op.copy good
 * covers: grant_table_op.copy bad
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grants: copies within their pages only";

static char from[2 * PAGE_SIZE] PAGE_ALIGNED, to[2 * PAGE_SIZE] PAGE_ALIGNED;

static struct gnttab_copy by_frame(unsigned src_offset, unsigned dst_offset, unsigned len)
{
	struct gnttab_copy c = { .len = (uint16_t)len };

	c.source.u.gmfn = va_mfn(from);
	c.source.domid = c.dest.domid = DOMID_SELF;
	c.source.offset = (uint16_t)src_offset;
	c.dest.offset = (uint16_t)dst_offset;
	c.dest.u.gmfn = va_mfn(to);
	return c;
}

void test_main(void)
{
	struct gnttab_copy c;

	memset(from, 'a', sizeof(from));
	c = by_frame(0, 0, 4096);
	answer_gnttab("whole", copy, c);
	answer("whole.copied", to[0] == 'a' && to[4095] == 'a' && to[4096] == 0);
	memset(to, 0, sizeof(to));
	c = by_frame(1, 0, 4096);
	answer_gnttab("source-over", copy, c);
	c = by_frame(0, 1, 4096);
	answer_gnttab("dest-over", copy, c);
	c = by_frame(4096, 0, 1);
	answer_gnttab("source-offset", copy, c);
	c = by_frame(0, 0xffff, 1);
	answer_gnttab("dest-offset", copy, c);
	c = by_frame(0xffff, 0xffff, 0xffff);
	answer_gnttab("all-ones", copy, c);
	c = by_frame(4096, 4096, 0);
	answer_gnttab("nothing-at-the-end", copy, c);
	c = by_frame(5, 6, 0);
	answer_gnttab("nothing", copy, c);
	answer("nothing-written", to[0] == 0 && to[1] == 0 && to[4095] == 0 && to[4096] == 0);
	c = by_frame(0, 0, 16);
	c.source.u.gmfn = ~0UL;
	answer_gnttab("source-frame", copy, c);
	c = by_frame(0, 0, 16);
	c.dest.u.gmfn = 0;
	answer_gnttab("dest-hypervisor", copy, c);
	c = by_frame(0, 0, 16);
	c.flags = GNTCOPY_source_gref;
	c.source.domid = self_id();
	c.source.u.ref = 0x7fffffff;
	answer_gnttab("source-ref", copy, c);
	c = by_frame(0, 0, 16);
	c.flags = GNTCOPY_dest_gref;
	c.dest.domid = self_id();
	c.dest.u.ref = 100;
	answer_gnttab("dest-ref.empty", copy, c);
	grant_v1(9, self_id(), va_mfn(to), GTF_permit_access | GTF_readonly);
	c.dest.u.ref = 9;
	answer_gnttab("dest-ref.readonly", copy, c);
	c = by_frame(0, 0, 16);
	c.dest.u.gmfn = va_mfn(pte_of(from, 1));
	answer_gnttab("dest-page-table", copy, c);
	c = by_frame(0, 0, 16);
	c.source.domid = 30000;
	answer_gnttab("source-nobody", copy, c);
	c.source.domid = 0;
	answer_gnttab("source-other", copy, c);
	c.source.domid = DOMID_SELF;
	c.dest.domid = 30000;
	answer_gnttab("dest-nobody", copy, c);
	c.dest.domid = 0;
	answer_gnttab("dest-other", copy, c);
	c = by_frame(0, 0, 16);
	c.flags = 0x80;
	answer_gnttab("flags", copy, c);
	test_success("");
}
