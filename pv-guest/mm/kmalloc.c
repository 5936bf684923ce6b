/* SPDX-License-Identifier: MIT */
/*
 * kmalloc: sizes up to 2048 come from one-page slabs of a power-of-two class, larger ones are
 * whole blocks. A slab's bookkeeping is in its struct page; a free object holds, in its first
 * two bytes, the number of the next free one. An empty slab goes back to the page allocator.
 *
 * Host-tested (tests/unit/guest_kmalloc.c) over a page allocator of its own.
 */
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>

#define MIN_SHIFT	4
#define NR_CLASSES	8	/* 16 .. 2048 */
#define MAX_SLAB	((size_t)1 << (MIN_SHIFT + NR_CLASSES - 1))

unsigned long kmalloc_live_bytes;
static spinlock_t kmalloc_lock = SPINLOCK_INIT;
/* Slabs with a free object, by class: pfn + 1 of the first, 0 = none. */
static uint32_t partial[NR_CLASSES];

static unsigned int size_class(size_t size)
{
	unsigned int c = 0;

	while (((size_t)1 << (MIN_SHIFT + c)) < size)
		c++;
	return c;
}

static unsigned int size_order(size_t size)
{
	unsigned int o = 0;

	while ((PAGE_SIZE << o) < size)
		o++;
	return o;
}

static void partial_push(unsigned int c, uint32_t pfn)
{
	struct page *p = &pages[pfn];

	p->prev = PFN_NONE;
	p->next = partial[c] != 0 ? partial[c] - 1 : PFN_NONE;
	if (p->next != PFN_NONE)
		pages[p->next].prev = pfn;
	partial[c] = pfn + 1;
}

static void partial_remove(unsigned int c, uint32_t pfn)
{
	struct page *p = &pages[pfn];

	if (p->prev == PFN_NONE)
		partial[c] = p->next == PFN_NONE ? 0 : p->next + 1;
	else
		pages[p->prev].next = p->next;
	if (p->next != PFN_NONE)
		pages[p->next].prev = p->prev;
}

static bool slab_new(unsigned int c)
{
	void *va = page_alloc(0);
	struct page *p;

	if (va == NULL)
		return false;
	p = &pages[virt_to_pfn(va)];
	p->state = PAGE_SLAB;
	p->order = c;
	p->used = p->free_head = p->untouched = 0;
	partial_push(c, virt_to_pfn(va));
	return true;
}

/* One object of the first partial slab of the class. */
static void *slab_take(unsigned int c)
{
	uint32_t pfn = partial[c] - 1;
	struct page *p = &pages[pfn];
	unsigned int nr = PAGE_SIZE >> (MIN_SHIFT + c);
	char *base = pfn_to_virt(pfn);
	void *obj;

	if (p->free_head != 0) {
		obj = base + ((size_t)(p->free_head - 1) << (MIN_SHIFT + c));
		p->free_head = *(uint16_t *)obj;
	} else {
		obj = base + ((size_t)p->untouched++ << (MIN_SHIFT + c));
	}
	if (++p->used == nr)
		partial_remove(c, pfn);
	return obj;
}

static void *kmalloc_large(size_t size)
{
	void *p = page_alloc(size_order(size));
	unsigned long flags = spin_lock_irqsave(&kmalloc_lock);

	if (p != NULL)
		kmalloc_live_bytes += PAGE_SIZE << size_order(size);
	spin_unlock_irqrestore(&kmalloc_lock, flags);
	return p;
}

void *kmalloc(size_t size)
{
	unsigned int c;
	unsigned long flags;
	void *obj = NULL;

	if (size > (PAGE_SIZE << PAGE_MAX_ORDER))
		return NULL;
	if (size > MAX_SLAB)
		return kmalloc_large(size);
	c = size_class(size);
	flags = spin_lock_irqsave(&kmalloc_lock);
	if (partial[c] != 0 || slab_new(c)) {
		obj = slab_take(c);
		kmalloc_live_bytes += (size_t)1 << (MIN_SHIFT + c);
	}
	spin_unlock_irqrestore(&kmalloc_lock, flags);
	return obj;
}

static size_t object_size(const void *obj)
{
	const struct page *p = &pages[virt_to_pfn(obj)];

	return p->state == PAGE_SLAB ? (size_t)1 << (MIN_SHIFT + p->order)
				     : PAGE_SIZE << p->order;
}

/* Returns true if the slab is empty now and the page is the caller's to free. */
static bool slab_put(void *obj)
{
	uint32_t pfn = virt_to_pfn(obj);
	struct page *p = &pages[pfn];
	unsigned int c = p->order, nr = PAGE_SIZE >> (MIN_SHIFT + c);
	size_t offset = (unsigned long)obj & (PAGE_SIZE - 1);

	BUG_ON(offset & (((size_t)1 << (MIN_SHIFT + c)) - 1) || p->used == 0);
	*(uint16_t *)obj = p->free_head;
	p->free_head = (offset >> (MIN_SHIFT + c)) + 1;
	if (p->used-- == nr)
		partial_push(c, pfn);
	/* Keep the class's only slab: the next kmalloc is likely near. */
	if (p->used != 0 || (p->prev == PFN_NONE && p->next == PFN_NONE))
		return false;
	partial_remove(c, pfn);
	p->state = PAGE_USED;
	p->order = 0;
	return true;
}

void kfree(void *obj)
{
	struct page *p;
	unsigned long flags;
	bool empty = true;
	unsigned int order = 0;

	if (obj == NULL)
		return;
	p = &pages[virt_to_pfn(obj)];
	flags = spin_lock_irqsave(&kmalloc_lock);
	BUG_ON(p->state != PAGE_SLAB && p->state != PAGE_USED);
	kmalloc_live_bytes -= object_size(obj);
	if (p->state == PAGE_SLAB)
		empty = slab_put(obj);
	else
		order = p->order;
	spin_unlock_irqrestore(&kmalloc_lock, flags);
	if (empty)
		page_free((void *)((unsigned long)obj & PAGE_MASK), order);
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *krealloc(void *old, size_t size)
{
	void *p;

	if (old != NULL && size <= object_size(old))
		return old;
	p = kmalloc(size);
	if (p != NULL && old != NULL) {
		memcpy(p, old, object_size(old));
		kfree(old);
	}
	return p;
}

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = kmalloc(n);

	return p == NULL ? NULL : memcpy(p, s, n);
}
