/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: the version of a table does not change under its users.
 *
 * An attacker who could change it while a peer has an entry mapped, or keep a status frame mapped over the change
 * back to version 1, would hold a page that the hypervisor has given to somebody else, and could read or write
 * what is put there (XSA-255, XSA-379).
 *
 * covers: grant_table_op.set_version bad
 * covers: grant_table_op.get_status_frames good
 * config: domains=2
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grant_table_op: no change of version under a mapping or a mapped status frame";

enum { REF = 10 };

static char window[PAGE_SIZE] PAGE_ALIGNED;

static void lend(void)
{
	uint64_t *page = page_alloc();
	uint16_t *status;

	grant_v1(REF, peer_id(), va_mfn(page), GTF_permit_access);
	peer_put("granted", 1);
	peer_get("mapped");
	answer("version.in-use", (uint64_t)grant_version(2));
	answer("version.entry-stays", grant_table()[REF].flags);
	peer_put("tried", 1);
	peer_get("unmapped");
	answer("version.free", (uint64_t)grant_version(2));
	answer("version.entry-gone", grant_table_v2()[REF].hdr.flags);
	status = grant_status();
	answer("version.status", status[REF]);
	answer("version.status-mapped", (uint64_t)grant_version(1));
	map_va(status, 0);
	answer("version.status-unmapped", (uint64_t)grant_version(1));
	peer_put("done", 1);
}

static void borrow(void)
{
	struct gnttab_map_grant_ref m = { .host_addr = (uint64_t)window, .flags = GNTMAP_host_map, .ref = REF,
					  .dom = peer_id() };
	struct gnttab_unmap_grant_ref u = { .host_addr = (uint64_t)window };

	peer_get("granted");
	answer("map", grant_map(&m));
	peer_put("mapped", 1);
	peer_get("tried");
	u.handle = m.handle;
	answer("unmap", grant_unmap(&u));
	peer_put("unmapped", 1);
	peer_get("done");
}

void test_main(void)
{
	if (role())
		borrow();
	else
		lend();
	test_success("");
}
