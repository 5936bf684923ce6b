/* SPDX-License-Identifier: MIT */
/*
 * grants: a mapping that names its page-table entry: an entry that is not aligned, not in a table, or not the domain's.
 *
 * What an attacker would gain: eight bytes across two entries, or anywhere, written by the hypervisor (advisory 227).
 *
 * covers: grant_table_op.map_grant_ref good
 * covers: grant_table_op.map_grant_ref bad
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grants: mapping by the address of a page-table entry";

static char page[PAGE_SIZE] PAGE_ALIGNED, window[2 * PAGE_SIZE] PAGE_ALIGNED;

static grant_handle_t map(const char *key, uint64_t entry)
{
	struct gnttab_map_grant_ref op = { .flags = GNTMAP_host_map | GNTMAP_contains_pte, .ref = 9, .dom = self_id(),
					   .host_addr = entry };

	answer_gnttab(key, map_grant_ref, op);
	return op.handle;
}

static void unmap(const char *key, grant_handle_t h, uint64_t entry)
{
	struct gnttab_unmap_grant_ref op = { .handle = h, .host_addr = entry };

	answer_gnttab(key, unmap_grant_ref, op);
}

void test_main(void)
{
	uint64_t entry = pte_maddr(window);
	grant_handle_t h;

	grant_v1(9, self_id(), va_mfn(page), GTF_permit_access);
	page[5] = 77;
	map_va(window, 0);
	map("unaligned.4", entry + 4);
	map("unaligned.1", entry + 1);
	map("l2", (va_mfn(pte_of(window, 2)) << 12) + ((uint64_t)pte_of(window, 2) & 0xff8));
	map("no-table", va_mfn(stack) << 12);
	map("hypervisor", 0x1000);
	map("beyond", 0xffffffffff000);
	h = map("good", entry);
	answer("good.read", (uint64_t)((volatile char *)window)[5]);
	unmap("unmap.unaligned", h, entry + 4);
	unmap("unmap.other", h, entry + 8);
	unmap("unmap", h, entry);
	test_success("");
}
