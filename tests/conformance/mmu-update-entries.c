/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: what entries read back as.
 *
 * The hypervisor adds bits to what a guest stores; entries that are not present are the guest's own, but for what
 * PRESERVE_AD keeps.  A frame that is no table takes any value.
 *
 * covers: mmu_update good
 * covers: update_va_mapping good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update: what entries read back as";

static long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update u = { .ptr = ptr, .val = val };

	return HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF);
}

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))
#define MADDR(entry)		(va_mfn((void *)((uint64_t)(entry) & ~4095UL)) << 12 | ((uint64_t)(entry) & 4095))

static uint64_t flags(uint64_t *l1e)
{
	return *(volatile uint64_t *)l1e & 0xfff0000000000fffUL;
}

void test_main(void)
{
	uint64_t *page = page_alloc(), *plain = page_alloc(), *l1e = pte_of(page, 1), e = *l1e, where = pte_maddr(page);
	uint64_t *l2e = pte_of(page, 2), old2 = *l2e, *l4e = pte_of(page, 4), old4 = *l4e;

	answer("p", (uint64_t)update(where, ENTRY(page, PTE_P)));
	answer("p.flags", flags(l1e));
	answer("us", (uint64_t)update(where, ENTRY(page, PTE_P | PTE_US)));
	answer("us.flags", flags(l1e));
	answer("global", (uint64_t)update(where, ENTRY(page, PTE_P | 0x100)));
	answer("global.flags", flags(l1e));
	answer("avail", (uint64_t)update(where, ENTRY(page, PTE_P | PTE_RW | 0xe00 | 0xffe0000000000000UL)));
	answer("avail.flags", flags(l1e));
	answer("ad", (uint64_t)update(where, ENTRY(page, PTE_P | PTE_RW | PTE_A | PTE_D)));
	answer("preserve", (uint64_t)update(where | MMU_PT_UPDATE_PRESERVE_AD, ENTRY(page, PTE_P | PTE_RW)));
	answer("preserve.flags", flags(l1e));
	answer("preserve.gone", (uint64_t)update(where | MMU_PT_UPDATE_PRESERVE_AD, 0));
	answer("preserve.gone.value", *(volatile uint64_t *)l1e);
	answer("absent", (uint64_t)update(where, 0x0000400000000ffeUL));
	answer("absent.value", *(volatile uint64_t *)l1e);
	answer("absent.high", (uint64_t)update(where, 0xfff0000000000000UL));
	answer("absent.high.value", *(volatile uint64_t *)l1e);
	answer("restore", (uint64_t)update(where, e));
	answer("l2", (uint64_t)update(MADDR(l2e), (old2 & ~0xfffUL) | PTE_P | PTE_RW));
	answer("l2.flags", flags(l2e) & ~(uint64_t)PTE_A);
	answer("l2.restore", (uint64_t)update(MADDR(l2e), old2));
	answer("l4", (uint64_t)update(MADDR(l4e), (old4 & ~0xfffUL) | PTE_P | PTE_RW));
	answer("l4.flags", flags(l4e));
	answer("l4.restore", (uint64_t)update(MADDR(l4e), old4));
	answer("plain", (uint64_t)update(va_mfn(plain) << 12 | 0x38, 0x1122334455667788));
	answer("plain.value", plain[7]);
	test_success("");
}
