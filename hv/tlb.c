/* SPDX-License-Identifier: MIT */
/*
 * What the platform may still have cached of entries that changed.
 *
 * A full flush need not forget everything: only translations whose entries were present
 * and changed since the last flush can be wrong.  Their addresses are known when the
 * table has served exactly one region since it became a table (its "hint", noted by the
 * walk that filled the cache); a table no walk went through has nothing cached.
 */
#include <hv/mm.h>
#include <hv/platform.h>

#define STALE_MAX	64

static struct {
	uint64_t va;
	uint64_t pages;
} stale[STALE_MAX];
static unsigned int nr_stale;
static int stale_all;

void tlb_stale_entry(uint64_t table_mfn, int level, unsigned int slot)
{
	uint32_t hint = *page_va_hint(table_mfn);
	unsigned int shift = PAGE_SHIFT + 9 * (level - 1);

	if (hint == VA_HINT_NONE)
		return;
	if (hint == VA_HINT_MANY || level > 2 || nr_stale == STALE_MAX) {
		stale_all = 1;
		return;
	}
	stale[nr_stale].va = ((uint64_t)(hint - 1) << 21) + ((uint64_t)slot << shift);
	stale[nr_stale].pages = 1UL << (9 * (level - 1));
	nr_stale++;
}

void tlb_stale_table(uint64_t mfn)
{
	if (*page_va_hint(mfn) == VA_HINT_NONE)
		return;
	stale_all = 1;
}

void tlb_flush_stale(void)
{
	unsigned int i;

	if (stale_all) {
		platform_flush_all();
	} else {
		for (i = 0; i < nr_stale; i++)
			platform_flush_range(stale[i].va, stale[i].pages);
	}
	stale_all = 0;
	nr_stale = 0;
}

void tlb_flush_all(void)
{
	stale_all = 1;
	tlb_flush_stale();
}

void tlb_flush_one(uint64_t va)
{
	platform_flush_page(va & PAGE_MASK);
}
