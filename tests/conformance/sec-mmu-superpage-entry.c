/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: an L2 or L3 entry that maps a superpage, an L4 entry with that bit, and reserved bits are refused.
 *
 * What an attacker would gain: two megabytes mapped of which only the first page was looked at (advisories 148, 182); the
 * fast path for changed flags must look at that bit, too.
 *
 * covers: mmu_update.normal_pt_update bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update: no superpages, by no path";

static uint64_t set(const uint64_t *entry, uint64_t v)
{
	mmu_update_t u = { (va_mfn(entry) << 12) + ((uint64_t)entry & 0xff8), v };

	return (uint64_t)HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF);
}

void test_main(void)
{
	uint64_t *l2 = pte_of((void *)BASE, 2), *l3 = pte_of((void *)BASE, 3), *l4 = pte_of((void *)BASE, 4);
	uint64_t big = (va_mfn(stack) & ~511UL) << 12;

	answer("l2.new", set(l2 + 7, big | 0xe7));
	answer("l2.change", set(l2, *l2 | 0x80));
	answer("l3.new", set(l3 + 7, big | 0xe7));
	answer("l3.change", set(l3, *l3 | 0x80));
	answer("l4.change", set(l4, *l4 | 0x80));
	answer("l2.high-bit", set(l2 + 7, (va_mfn(stack) << 12) | 1UL << 51 | 0x67));
	answer("l2.still-there", !(*l2 & 0x80) && (*l2 & 1));
	answer("l2.absent-anything", set(l2 + 7, 0x12345670));
	answer("l2.empty", set(l2 + 7, 0));
	test_success("");
}
