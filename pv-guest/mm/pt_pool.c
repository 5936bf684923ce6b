/* SPDX-License-Identifier: MIT */
/*
 * Pages for user page tables. A page can only become a table while nothing maps it writable, and
 * changing how the direct map sees it is dear; so a page that was made read-only stays so when its
 * table is gone, and waits here for the next one. Its contents are then what they were: the
 * hypervisor clears or fills it (MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE).
 */
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/user_mm.h>

#define POOL_MAX	256U

static uint32_t head = PFN_NONE;	/* by pages[].next */
static unsigned int count;
static spinlock_t pool_lock = SPINLOCK_INIT;

/* Without a flush: the hypervisor forgets old translations itself before a page changes its type. */
static int direct_map_set(void *page, uint64_t flags)
{
	return (int)HYPERVISOR_update_va_mapping(page, (virt_to_mfn(page) << PAGE_SHIFT) | flags,
						 UVMF_NONE);
}

static void *pool_take(void)
{
	unsigned long flags = spin_lock_irqsave(&pool_lock);
	void *page = NULL;

	if (head != PFN_NONE) {
		page = pfn_to_virt(head);
		head = pages[head].next;
		count--;
	}
	spin_unlock_irqrestore(&pool_lock, flags);
	return page;
}

static void *fresh(void)
{
	void *page = user_page_alloc();

	if (page == NULL)
		return NULL;
	memset(page, 0, PAGE_SIZE);
	if (direct_map_set(page, PTE_RO | PTE_NX) != 0) {
		user_page_put(page);
		return NULL;
	}
	return page;
}

/* from NULL: zeroes. */
static int fill(void *page, const void *from)
{
	struct mmuext_op op = { .cmd = from != NULL ? MMUEXT_COPY_PAGE : MMUEXT_CLEAR_PAGE };

	op.arg1.mfn = virt_to_mfn(page);
	if (from != NULL)
		op.arg2.src_mfn = virt_to_mfn(from);
	return (int)HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* A page the hypervisor has not quite let go of on another vCPU waits in the pool a little longer. */
void *pt_page_get(const void *from)
{
	void *page = pool_take();

	if (page != NULL) {
		if (fill(page, from) == 0)
			return page;
		pt_page_put(page);
	}
	page = fresh();
	if (page != NULL && from != NULL && fill(page, from) != 0) {
		pt_page_put(page);
		page = NULL;
	}
	return page;
}

void pt_page_put(void *page)
{
	unsigned long flags = spin_lock_irqsave(&pool_lock);
	uint32_t pfn = virt_to_pfn(page);

	/* The same here: refused, it stays. */
	if (count >= POOL_MAX && direct_map_set(page, PTE_RAM | PTE_NX) == 0) {
		spin_unlock_irqrestore(&pool_lock, flags);
		pages[pfn].next = 1;
		user_page_put(page);
		return;
	}
	pages[pfn].next = head;
	head = pfn;
	count++;
	spin_unlock_irqrestore(&pool_lock, flags);
}
