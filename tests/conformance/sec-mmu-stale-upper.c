/* SPDX-License-Identifier: MIT */
/*
 * paging: an upper entry that is replaced takes what was below it along: through a linear table, and through the addresses below, the
 * old tables are not seen after a flush of one address.
 *
 * What an attacker would gain: a view of a page table that has become something else (advisory 286).
 *
 * covers: mmuext_op.invlpg_local good
 * covers: mmu_update.normal_pt_update good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "paging: nothing stale below a replaced upper entry";

#define SLOT	5UL			/* of the L3: addresses nobody uses */
#define VA	(SLOT << 30)

static uint64_t set(const uint64_t *t, unsigned i, uint64_t v)
{
	mmu_update_t u = { (va_mfn(t) << 12) + i * 8UL, v };

	return (uint64_t)HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF);
}

static uint64_t invlpg(uint64_t va)
{
	struct mmuext_op op = { .cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = va };

	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static void load(void *va)
{
	*(volatile uint64_t *)va;
}

#define ENTRY(p)	(va_mfn(p) << 12 | PTE_P | PTE_RW | PTE_US | PTE_A)

/* An L2 with an L1 that maps the page. */
static uint64_t *tree(const void *page)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc();

	l1[0] = ENTRY(page) | PTE_D;
	l2[0] = ENTRY(l1);
	CHECK_EQ(page_protect(l1, false), 0);
	CHECK_EQ(page_protect(l2, false), 0);
	return l2;
}

void test_main(void)
{
	uint64_t *l3 = (uint64_t *)((uint64_t)pte_of((void *)BASE, 3) & ~0xfffUL);
	uint64_t *a = page_alloc(), *b = page_alloc(), *l2a, *l2b;
	volatile uint64_t *seen = (volatile uint64_t *)VA;

	a[0] = 0xaaaa;
	b[0] = 0xbbbb;
	l2a = tree(a);
	l2b = tree(b);
	answer("hang.a", set(l3, SLOT, ENTRY(l2a)));
	answer("read.a", *seen);
	answer("replace", set(l3, SLOT, ENTRY(l2b)));
	answer("invlpg", invlpg(VA));
	answer("read.b", *seen);
	answer("take-out", set(l3, SLOT, 0));
	answer("invlpg.out", invlpg(VA));
	answer_caught("read.out", load, (void *)VA);
	/* The tables are free: what was an L2 may be written, and its contents are not followed. */
	answer("writable", (uint64_t)page_protect(l2a, true));
	answer("store", (l2a[0] = 0x1234));
	answer("hang.again", set(l3, SLOT, ENTRY(l2b)));
	answer("read.again", *seen);
	answer("out.again", set(l3, SLOT, 0));
	test_success("");
}
