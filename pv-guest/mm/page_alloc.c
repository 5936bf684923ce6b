/* SPDX-License-Identifier: MIT */
/* Pages for everybody: the buddy under a lock, growing the direct map when it runs dry. */
#include <pv/boot.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>

static spinlock_t page_lock = SPINLOCK_INIT;
extern unsigned long kmalloc_live_bytes;

void mm_init(void)
{
	frames_init();
	page_table_init();
	direct_map_init();
}

void *page_alloc(unsigned int order)
{
	unsigned long flags;
	long pfn;

	if (order > PAGE_MAX_ORDER)
		return NULL;
	flags = spin_lock_irqsave(&page_lock);
	do {
		pfn = buddy_take(order);
	} while (pfn < 0 && direct_map_grow() == 0);
	spin_unlock_irqrestore(&page_lock, flags);
	return pfn < 0 ? NULL : pfn_to_virt(pfn);
}

void page_free(void *va, unsigned int order)
{
	unsigned long flags, pfn = virt_to_pfn(va);

	flags = spin_lock_irqsave(&page_lock);
	BUG_ON(pfn >= direct_map_end() || pages[pfn].state != PAGE_USED ||
	       pages[pfn].order != order);
	buddy_give(pfn, order);
	spin_unlock_irqrestore(&page_lock, flags);
}

void *page_alloc_zeroed(void)
{
	void *p = page_alloc(0);

	if (p != NULL)
		memset(p, 0, PAGE_SIZE);
	return p;
}

unsigned long page_free_estimate(void)
{
	return buddy_free_pages() + max_pfn - direct_map_end();
}

void mem_stats(struct mem_stats *s)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);

	s->total_pages = max_pfn;
	s->mapped_pages = direct_map_end();
	s->free_pages = buddy_free_pages() + max_pfn - direct_map_end();
	s->table_pages = nr_table_pages;
	s->kmalloc_bytes = kmalloc_live_bytes;
	spin_unlock_irqrestore(&page_lock, flags);
}
