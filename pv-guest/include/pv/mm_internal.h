/* SPDX-License-Identifier: MIT */
/* Between the files of mm/. */
#ifndef PV_MM_INTERNAL_H
#define PV_MM_INTERNAL_H

#include <pv/mm.h>

#define PTE_P		0x001ULL
#define PTE_RW		0x002ULL
#define PTE_US		0x004ULL
#define PTE_A		0x020ULL
#define PTE_D		0x040ULL
#define PTE_SHARED	0x200ULL	/* ours: fork leaves it writable */
#define PTE_NONE	0x400ULL	/* ours: not present because of PROT_NONE, the page is held */
#define PTE_HELD	(PTE_P | PTE_NONE)
#define PTE_NX		(1ULL << 63)
#define PTE_FRAME(e)	(((e) & 0x000ffffffffff000ULL) >> PAGE_SHIFT)
#define PTE_TABLE	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PTE_RAM		(PTE_P | PTE_RW | PTE_A | PTE_D)
#define PTE_RO		(PTE_P | PTE_A)
#define TABLE_ENTRIES	512UL

enum page_state {
	PAGE_RESERVED = 0,	/* boot structures, holes */
	PAGE_FREE,		/* head of a free block of `order` */
	PAGE_USED,		/* head of an allocated block of `order` */
	PAGE_SLAB,		/* one page of kmalloc objects; `order` is the size class */
	PAGE_TAIL,		/* inside a block */
};

#define PFN_NONE	0xffffffffU

/* One per pfn. Free memory itself is never written, so it costs the host nothing. */
struct page {
	uint8_t state;
	uint8_t order;
	uint16_t used;		/* slab: objects out */
	uint16_t free_head;	/* slab: index + 1 of the first free object, 0 = none */
	uint16_t untouched;	/* slab: objects from this index on were never out */
	/* Free list of the order, or partial list of the class: pfns. Of a page of user memory:
	 * next counts who holds it. */
	uint32_t next, prev;
};

extern struct page *pages;
extern unsigned long *p2m;
extern unsigned long max_pfn;

/* buddy.c: blocks of an array of struct page; the caller has the lock. */
void buddy_init(struct page *array, unsigned long nr);
void buddy_add(unsigned long first, unsigned long end);
long buddy_take(unsigned int order);
void buddy_give(unsigned long pfn, unsigned int order);
unsigned long buddy_free_pages(void);

/* page_alloc.c: free pages, mapped or not, without the lock; may be a little old. */
unsigned long page_free_estimate(void);

/* frames.c */
void frames_init(void);
/* The page of an entry in a table of ours: the frame is known to be the domain's. */
void *table_entry_page(uint64_t entry);

/* page_table.c */
void page_table_init(void);
unsigned long boot_mapped_end(void);
/* The table that holds the entry of va at level (1..4), in VA; NULL if upper levels are missing. */
uint64_t *table_lookup(unsigned long va, unsigned int level);
/* Makes the tables above va's L1 entry (down_to = 1) or L2 entry (2), from pages of alloc.
 * 0 or -errno. */
int table_make(unsigned long va, unsigned int down_to, void *(*alloc)(void));
/* Hooks a filled L1 table page (ours, mapped RW) in for va; makes it read-only first. */
int table_hook_l1(unsigned long va, void *l1);
extern unsigned long nr_table_pages;

/* direct_map.c */
void direct_map_init(void);
void *table_page_alloc(void);	/* from the reserve growth needs; the allocator's lock held */
/* Maps the next 2 MiB of RAM and gives them to the buddy. 0 or -ENOMEM. Lock held. */
int direct_map_grow(void);
unsigned long direct_map_end(void);	/* pfn */

#endif
