/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: an unmap takes away what the mapping added, and nothing else.
 *
 * An attacker who could unmap a read-only mapping through a writable entry, end one handle at the address of another, or
 * have a page-table entry cleared by hand count as an unmap, would make the hypervisor let go of a reference that is
 * not there, and keep a mapping of a page that is given to somebody else (XSA-224, XSA-234).
 *
 * covers: grant_table_op.unmap_grant_ref bad
 * covers: grant_table_op.unmap_and_replace good
 * covers: grant_table_op.unmap_and_replace bad
 * config: domains=2
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grant_table_op: handles, addresses and rights that do not belong together";

enum { REF_A = 10, REF_B = 11 };

static char window[3][PAGE_SIZE] PAGE_ALIGNED;

static void lend(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc();

	a[0] = 0xa;
	b[0] = 0xb;
	grant_v1(REF_A, peer_id(), va_mfn(a), GTF_permit_access);
	grant_v1(REF_B, peer_id(), va_mfn(b), GTF_permit_access);
	peer_put("granted", 1);
	peer_get("cleared");
	answer("lend.flags-after-clearing", grant_table()[REF_A].flags);
	answer("lend.flags-b", grant_table()[REF_B].flags);
	peer_put("seen", 1);
	peer_get("unmapped");
	answer("lend.flags-at-the-end", grant_table()[REF_B].flags);
	peer_put("done", 1);
}

static struct gnttab_map_grant_ref map_at(unsigned i, unsigned ref, unsigned flags)
{
	struct gnttab_map_grant_ref m = { .host_addr = (uint64_t)window[i], .flags = GNTMAP_host_map | flags,
					  .ref = ref, .dom = peer_id() };

	if (grant_map(&m))
		test_error("reference %u cannot be mapped: %d", ref, m.status);
	return m;
}

static uint64_t unmap(uint32_t handle, unsigned i)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (uint64_t)window[i], .handle = handle };

	return grant_unmap(&u);
}

static uint64_t replace(uint32_t handle, unsigned i, const void *from)
{
	struct gnttab_unmap_and_replace r = { .host_addr = (uint64_t)window[i], .new_addr = (uint64_t)from,
					      .handle = handle };
	long ret = gnttab(GNTTABOP_unmap_and_replace, &r, 1);

	return (uint64_t)(ret ? ret : -r.status);
}

static void borrow(void)
{
	struct gnttab_map_grant_ref rw, ro, b;
	uint64_t *own = page_alloc();

	peer_get("granted");
	rw = map_at(0, REF_A, 0);
	ro = map_at(1, REF_A, GNTMAP_readonly);
	b = map_at(2, REF_B, 0);
	answer("unmap.ro-handle-at-rw", unmap(ro.handle, 0));
	answer("unmap.rw-handle-at-ro", unmap(rw.handle, 1));
	answer("unmap.other-frame", unmap(rw.handle, 2));
	answer("update.foreign-frame", (uint64_t)map_va(window[0], (*pte_of(window[2], 1) & ~0xfffUL) | PTE_KERNEL));
	answer("update.ro-to-rw", (uint64_t)map_va(window[1], *pte_of(window[1], 1) | PTE_RW));
	/* Clearing the entry by hand: the grant stays in use. */
	answer("clear.rw", (uint64_t)map_va(window[0], 0));
	answer("clear.unmap", unmap(rw.handle, 0));
	answer("unmap.ro", unmap(ro.handle, 1));
	peer_put("cleared", 1);
	peer_get("seen");
	own[0] = 0x99;
	answer("replace.bad-address", replace(b.handle, 2, (void *)0x400000000000));
	answer("replace", replace(b.handle, 2, own));
	HC(mmuext_op, (long)&(struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL }, 1L, 0L, (long)DOMID_SELF);
	answer("replace.content", *(volatile uint64_t *)window[2]);
	answer("replace.old-entry", *pte_of(own, 1));
	answer("replace.again", replace(b.handle, 2, own));
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
