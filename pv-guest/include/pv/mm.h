/* SPDX-License-Identifier: MIT */
/*
 * Memory: pages (buddy allocator over the direct map), kmalloc, and a window for
 * frames that are not our RAM.
 *
 * The direct map has pfn i at VIRT_BASE + i * 4096 once it is mapped; it grows as the allocator
 * needs it, so memory nobody asked for is never touched. Every pointer from page_alloc and
 * kmalloc lies in it; virt_to_pfn and virt_to_mfn are for such pointers and the kernel image.
 */
#ifndef PV_MM_H
#define PV_MM_H

#include <pv/types.h>

#define VIRT_BASE	0x10000000UL
#define PAGE_MAX_ORDER	9

typedef unsigned long pfn_t;
typedef unsigned long mfn_t;
#define INVALID_MFN	(~0UL)

/* 2^order pages, contiguous in VA and pfn (never assume so of mfn), NOT zeroed; NULL if there are none.
 * Thread or upcall context. */
void *page_alloc(unsigned int order);
void page_free(void *va, unsigned int order);
/* One zeroed page. */
void *page_alloc_zeroed(void);

/* Any size; 16-byte aligned; size >= 4096 is page aligned. NULL if there is no memory. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void *krealloc(void *p, size_t size);
void kfree(void *p);	/* NULL is fine */
char *kstrdup(const char *s);

pfn_t virt_to_pfn(const void *va);
void *pfn_to_virt(pfn_t pfn);
mfn_t pfn_to_mfn(pfn_t pfn);
mfn_t virt_to_mfn(const void *va);
/* By the M2P table; INVALID if the frame is not ours. */
pfn_t mfn_to_pfn(mfn_t mfn);

/* Maps n frames read-write, one after another; NULL if out of space. vunmap takes the same n. */
void *vmap(const mfn_t *mfns, unsigned int n);
void vunmap(void *va, unsigned int n);

struct mem_stats {
	unsigned long total_pages;	/* given by the domain builder */
	unsigned long free_pages;	/* free, mapped or not */
	unsigned long mapped_pages;	/* in the direct map so far */
	unsigned long kmalloc_bytes;	/* live */
	unsigned long table_pages;	/* page tables, boot's and ours */
};
void mem_stats(struct mem_stats *s);

/* Reads or writes memory that may not be there. 0 or -EFAULT, nothing printed. */
int probe_read(void *dst, const void *src, size_t n);
int probe_write(void *dst, const void *src, size_t n);

#endif
