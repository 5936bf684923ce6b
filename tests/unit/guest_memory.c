/* SPDX-License-Identifier: MIT */
/*
 * The guest kernel's allocators on an array of host pages: blocks are aligned and never overlap,
 * everything given back merges again, kmalloc objects keep their content, misuse is caught.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>

#define NR_PAGES	2048

static struct page page_array[NR_PAGES];
static unsigned char *arena;
struct page *pages = page_array;
static jmp_buf *on_panic;

pfn_t virt_to_pfn(const void *va)
{
	return ((const unsigned char *)va - arena) / PAGE_SIZE;
}

void *pfn_to_virt(pfn_t pfn)
{
	return arena + pfn * PAGE_SIZE;
}

void *page_alloc(unsigned int order)
{
	long pfn = buddy_take(order);

	return pfn < 0 ? NULL : pfn_to_virt(pfn);
}

void page_free(void *va, unsigned int order)
{
	cr_assert_eq(pages[virt_to_pfn(va)].order, order);
	buddy_give(virt_to_pfn(va), order);
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
	cr_assert_eq(l->locked, 0);
	l->locked = 1;
	return 0;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
	l->locked = 0;
}

void panic(const char *fmt, ...)
{
	if (on_panic != NULL)
		longjmp(*on_panic, 1);
	cr_assert_fail("panic: %s", fmt);
	abort();
}

static void setup(void)
{
	arena = aligned_alloc(PAGE_SIZE, NR_PAGES * PAGE_SIZE);
	memset(page_array, 0, sizeof(page_array));
	buddy_init(page_array, NR_PAGES);
	/* Page 0 and a hole stay reserved. */
	buddy_add(1, 700);
	buddy_add(701, NR_PAGES);
	srand(1);
}

static void teardown(void)
{
	free(arena);
}

TestSuite(guest_memory, .init = setup, .fini = teardown);

/* Largest order left tells whether everything merged. */
static unsigned int blocks_of(unsigned int order)
{
	long taken[NR_PAGES];
	unsigned int n = 0;

	while ((taken[n] = buddy_take(order)) >= 0)
		n++;
	for (unsigned int i = 0; i < n; i++)
		buddy_give(taken[i], order);
	return n;
}

Test(guest_memory, buddy_splits_and_merges)
{
	static bool used[NR_PAGES];
	struct { long pfn; unsigned int order; } live[256];
	unsigned int n = 0, before = blocks_of(PAGE_MAX_ORDER);
	unsigned long free_before = buddy_free_pages();

	cr_assert_eq(free_before, NR_PAGES - 2);
	cr_assert_eq(before, 2);	/* [512,1024) has the hole */
	for (int step = 0; step < 20000; step++) {
		if (n < 256 && (n == 0 || rand() % 2)) {
			unsigned int order = rand() % 5;
			long pfn = buddy_take(order);

			if (pfn < 0)
				continue;
			cr_assert_eq(pfn & ((1L << order) - 1), 0);
			for (long p = pfn; p < pfn + (1L << order); p++) {
				cr_assert(!used[p] && p != 0 && p != 700);
				used[p] = true;
			}
			live[n].pfn = pfn;
			live[n++].order = order;
		} else {
			unsigned int i = rand() % n;

			memset(&used[live[i].pfn], 0, 1UL << live[i].order);
			buddy_give(live[i].pfn, live[i].order);
			live[i] = live[--n];
		}
	}
	while (n-- > 0)
		buddy_give(live[n].pfn, live[n].order);
	cr_assert_eq(buddy_free_pages(), free_before);
	cr_assert_eq(blocks_of(PAGE_MAX_ORDER), before);
}

Test(guest_memory, buddy_runs_out)
{
	cr_assert_eq(blocks_of(0), NR_PAGES - 2);
	cr_assert_eq(blocks_of(PAGE_MAX_ORDER), 2);
}

Test(guest_memory, kmalloc_objects_are_apart)
{
	struct { unsigned char *p; size_t size; unsigned char fill; } live[400];
	unsigned long free_before = buddy_free_pages();
	unsigned int n = 0;

	for (int step = 0; step < 20000; step++) {
		if (n < 400 && (n == 0 || rand() % 2)) {
			size_t size = rand() % 3 ? (size_t)rand() % 300 : (size_t)rand() % 9000;
			unsigned char *p = kmalloc(size);

			if (p == NULL)
				continue;
			cr_assert_eq((uintptr_t)p & 15, 0);
			memset(p, step, size);
			live[n].p = p;
			live[n].size = size;
			live[n++].fill = step;
		} else {
			unsigned int i = rand() % n;

			for (size_t b = 0; b < live[i].size; b++)
				cr_assert_eq(live[i].p[b], live[i].fill);
			kfree(live[i].p);
			live[i] = live[--n];
		}
	}
	while (n-- > 0)
		kfree(live[n].p);
	/* At most one empty slab of each of the eight classes is kept. */
	cr_assert_geq(buddy_free_pages() + 8, free_before);
}

Test(guest_memory, krealloc_keeps_content)
{
	char *p = kstrdup("content");

	p = krealloc(p, 5000);
	cr_assert_str_eq(p, "content");
	cr_assert_eq((uintptr_t)p % PAGE_SIZE, 0);
	kfree(p);
	kfree(NULL);
	cr_assert_null(kmalloc(PAGE_SIZE << (PAGE_MAX_ORDER + 1)));
}

Test(guest_memory, kfree_of_a_stranger_panics)
{
	jmp_buf env;
	char *p = kmalloc(64);

	on_panic = &env;
	if (setjmp(env) == 0) {
		kfree(p + 8);
		cr_assert_fail("an address inside an object was taken");
	}
	on_panic = NULL;
}
