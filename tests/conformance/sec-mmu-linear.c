/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: linear tables are read-only and one level deep.
 *
 * XSA-240, XSA-243: a chain or a circle of linear tables would let a guest take references that are never
 * given back, or write a table through one that is not counted.
 *
 * covers: mmu_update good
 * covers: mmu_update bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update: linear tables are read-only and one level deep";

static long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update u = { .ptr = ptr, .val = val };

	return HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF);
}

static long ext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = arg1;
	op.arg2.src_mfn = arg2;
	return HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

#define SET(table, slot, target, flags)	((uint64_t)update((va_mfn(table) << 12) + (slot) * 8, ENTRY(target, flags)))

void test_main(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc(), *c = page_alloc();
	uint64_t l4 = va_mfn((void *)si->pt_base) << 12;

	answer("own.rw", (uint64_t)update(l4 + 300 * 8, l4 | PTE_KERNEL));
	answer("own", (uint64_t)update(l4 + 300 * 8, l4 | PTE_P));
	answer("own.rw.later", (uint64_t)update(l4 + 300 * 8, l4 | PTE_P | PTE_RW));
	answer("own.off", (uint64_t)update(l4 + 300 * 8, 0));
	CHECK_EQ(page_protect(a, false), 0);
	CHECK_EQ(page_protect(b, false), 0);
	CHECK_EQ(page_protect(c, false), 0);
	answer("pin.a", (uint64_t)ext(MMUEXT_PIN_L2_TABLE, va_mfn(a), 0));
	answer("pin.b", (uint64_t)ext(MMUEXT_PIN_L2_TABLE, va_mfn(b), 0));
	answer("pin.c", (uint64_t)ext(MMUEXT_PIN_L2_TABLE, va_mfn(c), 0));
	answer("a.b.rw", SET(a, 0, b, PTE_P | PTE_RW));
	answer("a.b", SET(a, 0, b, PTE_P));
	answer("a.b.again", SET(a, 1, b, PTE_P));
	answer("b.c", SET(b, 0, c, PTE_P));
	answer("b.a", SET(b, 0, a, PTE_P));
	answer("c.a", SET(c, 0, a, PTE_P));
	answer("b.b", SET(b, 0, b, PTE_P));
	answer("c.b", SET(c, 0, b, PTE_P));
	answer("unpin.b", (uint64_t)ext(MMUEXT_UNPIN_TABLE, va_mfn(b), 0));
	answer("b.rw", (uint64_t)page_protect(b, true));
	answer("unpin.c", (uint64_t)ext(MMUEXT_UNPIN_TABLE, va_mfn(c), 0));
	answer("unpin.a", (uint64_t)ext(MMUEXT_UNPIN_TABLE, va_mfn(a), 0));
	answer("a.rw", (uint64_t)page_protect(a, true));
	answer("b.rw.now", (uint64_t)page_protect(b, true));
	answer("c.rw", (uint64_t)page_protect(c, true));
	test_success("");
}
