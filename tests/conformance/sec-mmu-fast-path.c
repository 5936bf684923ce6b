/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: a changed flag is judged like a new entry.
 *
 * XSA-148, XSA-182: where only flags of a present entry change the frame is not looked at again; a flag that matters must
 * not slip through, or a superpage or a writable table is had for nothing.
 *
 * covers: mmu_update bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update: a changed flag is judged like a new entry";

static long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update u = { .ptr = ptr, .val = val };

	return HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF);
}

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))
#define MADDR(entry)		(va_mfn((void *)((uint64_t)(entry) & ~4095UL)) << 12 | ((uint64_t)(entry) & 4095))

void test_main(void)
{
	uint64_t *page = page_alloc(), *l1 = (uint64_t *)((uint64_t)pte_of(page, 1) & ~4095UL);
	uint64_t *l2e = pte_of(page, 2), where = pte_maddr(page), e = *pte_of(page, 1);

	answer("pse", (uint64_t)update(MADDR(l2e), *l2e | 0x80));
	answer("pse.clear", *l2e & 0x80);
	answer("table.ro", (uint64_t)update(where, ENTRY(l1, PTE_P)));
	answer("table.rw", (uint64_t)update(where, ENTRY(l1, PTE_P | PTE_RW)));
	answer("table.rw.ad", (uint64_t)update(where | MMU_PT_UPDATE_PRESERVE_AD, ENTRY(l1, PTE_P | PTE_RW)));
	answer("table.still", *pte_of(page, 1) & PTE_RW);
	answer("linear.ro", (uint64_t)update((va_mfn((void *)si->pt_base) << 12) + 300 * 8, ENTRY((void *)si->pt_base, PTE_P)));
	answer("linear.rw", (uint64_t)update((va_mfn((void *)si->pt_base) << 12) + 300 * 8,
					     ENTRY((void *)si->pt_base, PTE_P | PTE_RW)));
	answer("linear.off", (uint64_t)update((va_mfn((void *)si->pt_base) << 12) + 300 * 8, 0));
	answer("restore", (uint64_t)update(where, e));
	test_success("");
}
