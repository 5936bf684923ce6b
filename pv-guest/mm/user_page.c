/* SPDX-License-Identifier: MIT */
/*
 * Pages of user memory: single pages with a count of who maps them. Processes cannot take the
 * last memory: a reserve stays with the kernel, so that it can go on when they have used up theirs.
 */
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/user_mm.h>

#define RESERVE_PAGES	256UL
#define RESERVE_SHARE	32		/* or one part of the memory in so many, what is less */

/* The count is where the allocator keeps its list while the page is free. */
static uint32_t *refs_of(const void *page)
{
	return &pages[virt_to_pfn(page)].next;
}

bool user_page_room(void)
{
	return page_free_estimate() >= MIN(RESERVE_PAGES, max_pfn / RESERVE_SHARE);
}

void *user_page_alloc(void)
{
	void *page;

	if (!user_page_room())
		return NULL;
	page = page_alloc(0);
	if (page != NULL)
		__atomic_store_n(refs_of(page), 1, __ATOMIC_RELAXED);
	return page;
}

void user_page_get(void *page)
{
	__atomic_fetch_add(refs_of(page), 1, __ATOMIC_RELAXED);
}

void user_page_put(void *page)
{
	uint32_t old = __atomic_fetch_sub(refs_of(page), 1, __ATOMIC_ACQ_REL);

	BUG_ON(old == 0);
	if (old == 1)
		page_free(page, 0);
}

uint32_t user_page_refs(const void *page)
{
	return __atomic_load_n(refs_of(page), __ATOMIC_ACQUIRE);
}
