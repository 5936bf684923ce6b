/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: what an entry may name.
 *
 * Frames of others, devices, tables and bad flags: each has its error, and the old entry stays.
 *
 * covers: mmu_update bad
 * covers: update_va_mapping bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update: what an entry may name";

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
	uint64_t *l2e = pte_of(page, 2), *l3e = pte_of(page, 3), *l4e = pte_of(page, 4), e = *pte_of(page, 1);
	static const uint64_t bad[] = { 0x08, 0x10, 0x80, 0x18 };
	char key[] = "flag0.l1";

	for (unsigned i = 0; i < 4; i++) {
		key[4] = (char)('0' + i);
		key[7] = '1';
		answer(key, (uint64_t)map_va(page, ENTRY(page, PTE_KERNEL | bad[i])));
		key[7] = '2';
		answer(key, (uint64_t)update(MADDR(l2e), *l2e | bad[i]));
		key[7] = '3';
		answer(key, (uint64_t)update(MADDR(l3e), *l3e | bad[i]));
		key[7] = '4';
		answer(key, (uint64_t)update(MADDR(l4e), *l4e | bad[i]));
	}
	answer("global.l2", (uint64_t)update(MADDR(l2e), *l2e | 0x100));
	answer("global.l4", (uint64_t)update(MADDR(l4e), *l4e | 0x100));
	answer("device", (uint64_t)map_va(page, 0xffffffff0UL << 12 | PTE_KERNEL));
	answer("invalid", (uint64_t)map_va(page, 0xfffffffffUL << 12 | PTE_KERNEL));
	answer("invalid.52", (uint64_t)map_va(page, 0x000ffffffffff000UL | PTE_KERNEL));
	answer("table.rw", (uint64_t)map_va(page, ENTRY(l1, PTE_KERNEL)));
	answer("table.ro", (uint64_t)map_va(page, ENTRY(l1, PTE_P)));
	answer("restore", (uint64_t)map_va(page, e));
	answer("l2.plain", (uint64_t)update(MADDR(l2e + 1 + 256), ENTRY(page, PTE_KERNEL)));
	answer("l2.l3p", (uint64_t)update(MADDR(l2e + 1 + 256), (va_mfn((void *)((uint64_t)l3e & ~4095UL)) << 12) | PTE_P));
	answer("l2.device", (uint64_t)update(MADDR(l2e + 1 + 256), 0xffffffff0UL << 12 | PTE_KERNEL));
	answer("l3.l1", (uint64_t)update(MADDR(l3e + 100), (va_mfn(l1) << 12) | PTE_P));
	answer("xen.first", (uint64_t)update((va_mfn((void *)si->pt_base) << 12) + 256 * 8, 0));
	answer("xen.last", (uint64_t)update((va_mfn((void *)si->pt_base) << 12) + 271 * 8, 0));
	answer("xen.after", (uint64_t)update((va_mfn((void *)si->pt_base) << 12) + 272 * 8, 0));
	CHECK_EQ(*pte_of(page, 1) & ~(uint64_t)(PTE_A | PTE_D), e & ~(uint64_t)(PTE_A | PTE_D));
	test_success("");
}
