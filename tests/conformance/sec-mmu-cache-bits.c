/* SPDX-License-Identifier: MIT */
/*
 * paging: a domain without devices cannot choose how a page is cached; the mapping before stays as it was.
 *
 * What an attacker would gain: one frame mapped with two cache types is a page table checked through the cache and walked in
 * memory (advisory 402).
 *
 * covers: update_va_mapping good
 * covers: update_va_mapping bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "paging: cache types are not for a domain without devices";

#define PWT	0x008UL
#define PCD	0x010UL
#define PAT	0x080UL

static char page[PAGE_SIZE] PAGE_ALIGNED, alias[PAGE_SIZE] PAGE_ALIGNED;

static void type(const char *set, const char *read, const char *seen, uint64_t bits)
{
	volatile uint64_t *a = (uint64_t *)page, *b = (uint64_t *)alias;

	answer(set, (uint64_t)map_va(alias, va_mfn(page) << 12 | PTE_KERNEL | bits));
	answer(read, *pte_of(alias, 1) & (PWT | PCD | PAT));
	*a = 0x1111;
	*b = 0x2222;
	mb();
	answer(seen, *a);
}

void test_main(void)
{
	type("wb", "wb.bits", "wb.seen", 0);
	type("wt", "wt.bits", "wt.seen", PWT);
	type("uc-minus", "uc-minus.bits", "uc-minus.seen", PCD);
	type("uc", "uc.bits", "uc.seen", PCD | PWT);
	type("wc", "wc.bits", "wc.seen", PAT);
	type("wp", "wp.bits", "wp.seen", PAT | PWT);
	/* No page table is writable by any type. */
	answer("table.uc", (uint64_t)map_va(alias, va_mfn(pte_of(page, 1)) << 12 | PTE_KERNEL | PCD | PWT));
	answer("table.uc.read-only", (uint64_t)map_va(alias, va_mfn(pte_of(page, 1)) << 12 | PTE_P | PTE_US | PCD | PWT));
	test_success("");
}
