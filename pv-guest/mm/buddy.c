/* SPDX-License-Identifier: MIT */
/*
 * The buddy allocator: power-of-two blocks of pages. It knows nothing of memory, only an array
 * of struct page, and never touches the pages themselves. Called under the lock of
 * page_alloc.c. Host-tested (tests/unit/guest_buddy.c).
 *
 * Invariants: a PAGE_FREE page heads a free block, is on the list of its order, and is
 * aligned to it; a block and its buddy are never both free (they merge), except at the top order.
 */
#include <pv/mm_internal.h>
#include <pv/printk.h>

static struct page *array;
static unsigned long nr_pages;
static unsigned long nr_free;
static uint32_t heads[PAGE_MAX_ORDER + 1];

void buddy_init(struct page *pages_array, unsigned long nr)
{
	array = pages_array;
	nr_pages = nr;
	nr_free = 0;
	for (unsigned int o = 0; o <= PAGE_MAX_ORDER; o++)
		heads[o] = PFN_NONE;
}

static void block_push(unsigned long pfn, unsigned int order)
{
	struct page *p = &array[pfn];

	p->state = PAGE_FREE;
	p->order = order;
	p->prev = PFN_NONE;
	p->next = heads[order];
	if (p->next != PFN_NONE)
		array[p->next].prev = pfn;
	heads[order] = pfn;
}

static void block_remove(unsigned long pfn)
{
	struct page *p = &array[pfn];

	if (p->prev == PFN_NONE)
		heads[p->order] = p->next;
	else
		array[p->prev].next = p->next;
	if (p->next != PFN_NONE)
		array[p->next].prev = p->prev;
	p->state = PAGE_TAIL;
}

void buddy_give(unsigned long pfn, unsigned int order)
{
	nr_free += 1UL << order;
	for (; order < PAGE_MAX_ORDER; order++) {
		unsigned long other = pfn ^ (1UL << order);

		if (other >= nr_pages || array[other].state != PAGE_FREE ||
		    array[other].order != order)
			break;
		block_remove(other);
		array[pfn].state = PAGE_TAIL;
		pfn &= ~(1UL << order);
	}
	block_push(pfn, order);
}

/* Hands over [first, end), in the largest aligned blocks. */
void buddy_add(unsigned long first, unsigned long end)
{
	while (first < end) {
		unsigned int order = 0;

		while (order < PAGE_MAX_ORDER && (first & (1UL << order)) == 0 &&
		       first + (2UL << order) <= end)
			order++;
		buddy_give(first, order);
		first += 1UL << order;
	}
}

/* The pfn of a block now PAGE_USED, or -1. */
long buddy_take(unsigned int order)
{
	unsigned int o = order;
	unsigned long pfn;

	while (o <= PAGE_MAX_ORDER && heads[o] == PFN_NONE)
		o++;
	if (o > PAGE_MAX_ORDER)
		return -1;
	pfn = heads[o];
	block_remove(pfn);
	while (o-- > order)
		block_push(pfn + (1UL << o), o);
	array[pfn].state = PAGE_USED;
	array[pfn].order = order;
	nr_free -= 1UL << order;
	return pfn;
}

unsigned long buddy_free_pages(void)
{
	return nr_free;
}
