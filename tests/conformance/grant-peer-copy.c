/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: copies between two domains in every form: from a grant, to a grant, grant to grant, parts of
 * pages, sub-page and transitive grants of version 2; and what is refused: beyond a page, beyond a sub-page, somebody
 * else's frame by number, writing to what is granted for reading.
 *
 * covers: grant_table_op.copy good
 * covers: grant_table_op.copy bad
 * config: domains=2
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grant_table_op: copy between two domains";

enum { REF_A = 10, REF_B = 11, REF_RO = 12, REF_SUB = 13, REF_TRANS = 14, REF_MINE = 20 };

static uint64_t page_a[512] PAGE_ALIGNED, page_b[512] PAGE_ALIGNED, page_ro[512] PAGE_ALIGNED;

static void lend(void)
{
	volatile grant_entry_v2_t *t;

	grant_table();
	answer("lend.version2", (uint64_t)grant_version(2));
	t = grant_table_v2();
	page_a[0] = 0xaaaa;
	page_a[256] = 0xbbbb;
	page_ro[0] = 0xcccc;
	grant_v2(REF_A, peer_id(), va_mfn(page_a), GTF_permit_access);
	grant_v2(REF_B, peer_id(), va_mfn(page_b), GTF_permit_access);
	grant_v2(REF_RO, peer_id(), va_mfn(page_ro), GTF_permit_access | GTF_readonly);
	t[REF_SUB].sub_page.page_off = 2048;
	t[REF_SUB].sub_page.length = 64;
	grant_v2(REF_SUB, peer_id(), va_mfn(page_a), GTF_permit_access | GTF_sub_page);
	/* What the peer has granted us, passed on to the peer itself. */
	peer_get("mine");
	t[REF_TRANS].transitive.trans_domid = peer_id();
	t[REF_TRANS].transitive.gref = REF_MINE;
	t[REF_TRANS].hdr.domid = peer_id();
	mb();
	t[REF_TRANS].hdr.flags = GTF_transitive;
	peer_put("granted", 1);
	peer_get("copied");
	answer("lend.b-first", page_b[0]);
	answer("lend.b-offset", page_b[3]);
	answer("lend.b-rest", page_b[4]);
	answer("lend.ro", page_ro[0]);
	answer("lend.status-a", grant_status()[REF_A] | grant_status()[REF_B] | grant_status()[REF_SUB] |
	       grant_status()[REF_TRANS]);
	peer_put("done", 1);
}

static struct gnttab_copy from(unsigned ref, unsigned off, void *to, unsigned to_off, unsigned len)
{
	struct gnttab_copy c = { .len = (uint16_t)len, .flags = GNTCOPY_source_gref };

	c.source.u.ref = ref;
	c.source.domid = peer_id();
	c.source.offset = (uint16_t)off;
	c.dest.u.gmfn = va_mfn(to);
	c.dest.domid = DOMID_SELF;
	c.dest.offset = (uint16_t)to_off;
	return c;
}

static struct gnttab_copy to(unsigned ref, unsigned off, void *src, unsigned src_off, unsigned len)
{
	struct gnttab_copy c = { .len = (uint16_t)len, .flags = GNTCOPY_dest_gref };

	c.source.u.gmfn = va_mfn(src);
	c.source.domid = DOMID_SELF;
	c.source.offset = (uint16_t)src_off;
	c.dest.u.ref = ref;
	c.dest.domid = peer_id();
	c.dest.offset = (uint16_t)off;
	return c;
}

static uint64_t run(struct gnttab_copy c)
{
	return grant_copy(&c);
}

static void mistakes(uint64_t *mine)
{
	struct gnttab_copy c;

	answer("copy.beyond-source", run(from(REF_A, 4090, mine, 0, 8)));
	answer("copy.beyond-dest", run(from(REF_A, 0, mine, 4090, 8)));
	answer("copy.to-read-only", run(to(REF_RO, 0, mine, 0, 8)));
	answer("copy.sub-page-before", run(from(REF_SUB, 2040, mine, 0, 16)));
	answer("copy.sub-page-behind", run(from(REF_SUB, 2104, mine, 0, 16)));
	answer("copy.not-granted", run(from(40, 0, mine, 0, 8)));
	answer("copy.ref-beyond", run(from(5000000, 0, mine, 0, 8)));
	c = from(REF_A, 0, mine, 0, 8);
	c.source.domid = 0x7000;
	answer("copy.no-such-domain", run(c));
	c = from(REF_A, 0, mine, 0, 8);
	c.flags = 0;
	answer("copy.foreign-by-frame", run(c));
	c = from(REF_A, 0, mine, 0, 8);
	c.dest.u.gmfn = 0x7fffffff;
	answer("copy.no-such-frame", run(c));
	c = from(REF_A, 0, mine, 0, 8);
	c.dest.u.gmfn = pte_maddr(mine) >> 12;
	answer("copy.to-a-page-table", run(c));
	c = from(REF_A, 0, mine, 0, 0);
	answer("copy.nothing", run(c));
	answer("copy.bad-pointer", (uint64_t)gnttab(GNTTABOP_copy, (void *)0x400000000000, 1));
	answer("copy.count-0", (uint64_t)gnttab(GNTTABOP_copy, (void *)0x400000000000, 0));
	answer("copy.count-negative", (uint64_t)gnttab(GNTTABOP_copy, &c, 0x80000000));
}

static void borrow(void)
{
	uint64_t *mine = page_alloc();
	struct gnttab_copy c, two[2];

	mine[0] = 0x1234;
	grant_v1(REF_MINE, peer_id(), va_mfn(mine), GTF_permit_access);
	peer_put("mine", 1);
	peer_get("granted");
	answer("copy.from", run(from(REF_A, 0, mine, 8, 8)));
	answer("copy.from-value", mine[1]);
	answer("copy.to", run(to(REF_B, 24, mine, 0, 8)));
	c = from(REF_A, 0, mine, 0, 8);
	c.flags |= GNTCOPY_dest_gref;
	c.dest.u.ref = REF_B;
	c.dest.domid = peer_id();
	answer("copy.grant-to-grant", run(c));
	answer("copy.sub-page", run(from(REF_SUB, 2048, mine, 16, 8)));
	answer("copy.sub-page-value", mine[2]);
	answer("copy.transitive", run(from(REF_TRANS, 0, mine, 24, 8)));
	answer("copy.transitive-value", mine[3]);
	two[0] = from(REF_A, 4090, mine, 0, 8);
	two[1] = from(REF_RO, 0, mine, 32, 8);
	answer("copy.two", (uint64_t)gnttab(GNTTABOP_copy, two, 2));
	answer("copy.two-first", (uint64_t)-two[0].status);
	answer("copy.two-second", (uint64_t)-two[1].status);
	answer("copy.two-value", mine[4]);
	mistakes(mine);
	peer_put("copied", 1);
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
