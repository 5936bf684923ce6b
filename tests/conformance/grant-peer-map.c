/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: one domain maps what another has granted: by address and by page-table entry, for
 * reading and for writing; each sees what the other writes.  What is not granted, or not so, is refused.
 * The marks in the lender's entry come with the first mapping and go with the last.
 *
 * covers: grant_table_op.map_grant_ref good
 * covers: grant_table_op.map_grant_ref bad
 * covers: grant_table_op.unmap_grant_ref good
 * covers: grant_table_op.unmap_grant_ref bad
 * config: domains=2
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grant_table_op: mapping another domain's frames, and the end of it";

enum { REF_RW = 10, REF_RO = 11, REF_OTHER = 12, REF_NONE = 13, REF_BAD_FRAME = 14 };

static char window[3][PAGE_SIZE] PAGE_ALIGNED;

static void lend(void)
{
	volatile uint64_t *rw = page_alloc(), *ro = page_alloc();
	grant_entry_v1_t *t = grant_table();

	rw[0] = 0x1111;
	ro[0] = 0x2222;
	grant_v1(REF_RW, peer_id(), va_mfn((void *)rw), GTF_permit_access);
	grant_v1(REF_RO, peer_id(), va_mfn((void *)ro), GTF_permit_access | GTF_readonly);
	grant_v1(REF_OTHER, 0x7000, va_mfn((void *)rw), GTF_permit_access);
	grant_v1(REF_BAD_FRAME, peer_id(), 0x7fffffff, GTF_permit_access);
	answer("lend.flags-before", t[REF_RW].flags);
	peer_put("granted", 1);
	peer_get("mapped");
	answer("lend.flags-mapped-rw", t[REF_RW].flags);
	answer("lend.flags-mapped-ro", t[REF_RO].flags);
	answer("lend.sees-write", rw[1]);
	rw[0] = 0x3333;
	peer_put("written", 1);
	peer_get("unmapped");
	answer("lend.flags-after-rw", t[REF_RW].flags);
	answer("lend.flags-after-ro", t[REF_RO].flags);
	answer("lend.flags-never", t[REF_OTHER].flags | t[REF_NONE].flags | t[REF_BAD_FRAME].flags);
	peer_put("done", 1);
}

static void touch(void *p)
{
	*(volatile uint64_t *)p = 1;
}

static void look(void *p)
{
	(void)*(volatile uint64_t *)p;
}

static void refusals(void)
{
	struct gnttab_map_grant_ref m = { .host_addr = (uint64_t)window[2], .flags = GNTMAP_host_map,
					  .ref = REF_RO, .dom = peer_id() };

	answer("map.ro-for-writing", grant_map(&m));
	m.ref = REF_OTHER;
	answer("map.not-for-us", grant_map(&m));
	m.ref = REF_NONE;
	answer("map.not-granted", grant_map(&m));
	m.ref = REF_BAD_FRAME;
	answer("map.no-such-frame", grant_map(&m));
	m.ref = 5000000;
	answer("map.ref-beyond", grant_map(&m));
	m.ref = REF_RW;
	m.dom = 0x7000;
	answer("map.no-such-domain", grant_map(&m));
	m.dom = DOMID_SELF;
	answer("map.domid-self", grant_map(&m));
	m.dom = peer_id();
	m.flags = GNTMAP_readonly;
	answer("map.no-use", grant_map(&m));
	m.flags = GNTMAP_host_map;
	m.host_addr = 0x400000000000;
	answer("map.no-table", grant_map(&m));
	m.flags |= GNTMAP_contains_pte;
	m.host_addr = pte_maddr(window[2]) + 4;
	answer("map.pte-misaligned", grant_map(&m));
	m.host_addr = va_mfn(window[2]) << 12;
	answer("map.pte-in-no-table", grant_map(&m));
}

static void borrow(void)
{
	struct gnttab_map_grant_ref rw = { .host_addr = (uint64_t)window[0], .flags = GNTMAP_host_map,
					   .ref = REF_RW, .dom = peer_id() };
	struct gnttab_map_grant_ref ro = { .host_addr = pte_maddr(window[1]), .ref = REF_RO, .dom = peer_id(),
					   .flags = GNTMAP_host_map | GNTMAP_readonly | GNTMAP_contains_pte };
	struct gnttab_unmap_grant_ref u = { 0 };
	volatile uint64_t *w = (uint64_t *)window[0], *r = (uint64_t *)window[1];

	peer_get("granted");
	answer("map.rw", grant_map(&rw));
	answer("map.ro-by-pte", grant_map(&ro));
	HC(mmuext_op, (long)&(struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL }, 1L, 0L, (long)DOMID_SELF);
	answer("map.reads-rw", w[0]);
	answer("map.reads-ro", r[0]);
	w[1] = 0x4444;
	answer_caught("map.write-ro", touch, window[1]);
	answer("map.pte-flags-rw", *pte_of(window[0], 1) & 0xe67);
	answer("map.pte-flags-ro", *pte_of(window[1], 1) & 0xe67);
	refusals();
	peer_put("mapped", 1);
	peer_get("written");
	answer("map.sees-write", w[0]);

	u.handle = 123456;
	u.host_addr = rw.host_addr;
	answer("unmap.bad-handle", grant_unmap(&u));
	u.handle = rw.handle;
	u.host_addr = (uint64_t)window[2];
	answer("unmap.wrong-address", grant_unmap(&u));
	u.host_addr = 0;
	answer("unmap.nothing", grant_unmap(&u));
	u.host_addr = rw.host_addr;
	u.dev_bus_addr = 0x1000;
	answer("unmap.wrong-bus-address", grant_unmap(&u));
	u.dev_bus_addr = 0;
	answer("unmap.rw", grant_unmap(&u));
	answer("unmap.twice", grant_unmap(&u));
	answer_caught("unmap.read-after", look, window[0]);
	u.handle = ro.handle;
	u.host_addr = ro.host_addr;
	answer("unmap.ro-by-pte", grant_unmap(&u));
	answer("unmap.pte-after", *pte_of(window[1], 1));
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
