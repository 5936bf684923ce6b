/* SPDX-License-Identifier: MIT */
/*
 * The direct map, grown on demand. The builder maps the kernel and a little more; RAM above
 * that stays unmapped and untouched until the allocator runs dry, then one L1 table's worth
 * (2 MiB) at a time is mapped by two hypercalls. So boot costs the same for any memory size.
 *
 * Locking: the page allocator's lock, except at boot.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>

#define CHUNK_PAGES	TABLE_ENTRIES
/* One growth step may need an L1, an L2 and an L3. */
#define RESERVE_PAGES	3

struct page *pages;
static unsigned long map_end;		/* pfn */
static unsigned long early_next, early_end; /* boot: pages not yet the buddy's */
static void *reserve[RESERVE_PAGES];
static unsigned int nr_reserve;

unsigned long direct_map_end(void)
{
	return map_end;
}

void *table_page_alloc(void)
{
	if (early_next < early_end)
		return pfn_to_virt(early_next++);
	return nr_reserve > 0 ? reserve[--nr_reserve] : NULL;
}

static void reserve_refill(void)
{
	while (nr_reserve < RESERVE_PAGES) {
		long pfn = buddy_take(0);

		if (pfn < 0)
			break;
		reserve[nr_reserve++] = pfn_to_virt(pfn);
	}
}

static uint64_t ram_entry(unsigned long pfn)
{
	mfn_t mfn = pfn_to_mfn(pfn);

	return mfn == INVALID_MFN ? 0 : (mfn << PAGE_SHIFT) | PTE_RAM | PTE_NX;
}

/* The rest of an L1 table the builder began: its pages one by one. */
static int chunk_finish(unsigned long first, unsigned long end)
{
	for (unsigned long pfn = first; pfn < end; pfn++) {
		uint64_t e = ram_entry(pfn);
		long rc = HYPERVISOR_update_va_mapping(pfn_to_virt(pfn), e, 0);

		if (rc != 0)
			return (int)rc;
	}
	return 0;
}

/* Maps up to the next chunk boundary; *end says how far. The buddy does not know the pages yet. */
static int chunk_map(unsigned long *end)
{
	unsigned long first = map_end;
	unsigned long va = VIRT_BASE + (first << PAGE_SHIFT);
	uint64_t *l1;
	int rc;

	*end = MIN(ROUND_UP(first + 1, CHUNK_PAGES), max_pfn);
	if (table_lookup(va, 1) != NULL) {
		rc = chunk_finish(first, *end);
	} else {
		l1 = table_page_alloc();
		if (l1 == NULL)
			return -ENOMEM;
		for (unsigned long i = 0; i < CHUNK_PAGES; i++)
			l1[i] = first + i < *end ? ram_entry(first + i) : 0;
		rc = table_hook_l1(va, l1);
	}
	if (rc == 0)
		map_end = *end;
	return rc;
}

/* Runs of frames we really have become free blocks. */
static void chunk_give(unsigned long first, unsigned long end)
{
	memset(&pages[first], 0, (end - first) * sizeof(pages[0]));
	while (first < end) {
		unsigned long run = first;

		while (run < end && pfn_to_mfn(run) != INVALID_MFN)
			run++;
		buddy_add(first, run);
		first = run + 1;
	}
}

int direct_map_grow(void)
{
	unsigned long first = map_end, end;
	int rc;

	if (first >= max_pfn)
		return -ENOMEM;
	rc = chunk_map(&end);
	if (rc != 0) {
		printk("mm: cannot map RAM at pfn %lx: %d\n", first, rc);
		return rc;
	}
	chunk_give(first, end);
	reserve_refill();
	return 0;
}

/* Pages from start of day that are in use lie in [kernel, boot stack]; below and above is free. */
void direct_map_init(void)
{
	unsigned long kernel = virt_to_pfn(kernel_start);
	unsigned long used_end = virt_to_pfn((void *)start_info->pt_base) +
				 start_info->nr_pt_frames + 1;
	unsigned long array_pages, first_mapped, end;

	map_end = first_mapped = boot_mapped_end();
	BUG_ON(used_end >= map_end);
	early_next = used_end;
	early_end = map_end;
	array_pages = ROUND_UP(max_pfn * sizeof(struct page), PAGE_SIZE) / PAGE_SIZE;
	/* The array must be contiguous: it goes to the end of what is mapped, and beyond. */
	if (array_pages <= early_end - early_next - RESERVE_PAGES) {
		early_end -= array_pages;
		pages = pfn_to_virt(early_end);
		first_mapped = map_end;
	} else {
		unsigned long array = map_end;

		pages = pfn_to_virt(array);
		while (map_end < array + array_pages)
			BUG_ON(chunk_map(&end) != 0);
		first_mapped = array + array_pages;
	}
	buddy_init(pages, max_pfn);
	memset(pages, 0, map_end * sizeof(pages[0]));
	buddy_add(0, kernel);
	buddy_add(early_next, early_end);
	early_next = early_end;
	buddy_add(first_mapped, map_end);
	reserve_refill();
}
