/* SPDX-License-Identifier: MIT */
/*
 * Direct paging: frames, their types, and the guest's page tables.
 *
 * Invariants (Xen's, see ARCHITECTURE.md "PV memory"):
 *  1. A frame has at most one type at a time; type_count is the number of uses as that
 *     type, count the number of all references; count >= type_count.
 *  2. A frame is writable (mapped RW somewhere) or a page table, never both.
 *  3. A frame of a page-table type has been validated: every present entry in it holds
 *     a reference on a frame the domain owns, of the type that entry needs (an entry that
 *     maps its own table read-only holds a plain reference).
 *  4. The type changes only while type_count is 0, after stale translations are gone.
 */
#ifndef HV_MM_H
#define HV_MM_H

#include <hv/hv.h>

#define _PAGE_PRESENT	0x001UL
#define _PAGE_RW	0x002UL
#define _PAGE_USER	0x004UL
#define _PAGE_PWT	0x008UL
#define _PAGE_PCD	0x010UL
#define _PAGE_ACCESSED	0x020UL
#define _PAGE_DIRTY	0x040UL
#define _PAGE_PAT	0x080UL		/* PSE in L2 and L3 */
#define _PAGE_GLOBAL	0x100UL
#define _PAGE_NX	(1UL << 63)
#define _PAGE_GUEST_KERNEL (1UL << 52)	/* Xen's software bit: the guest wrote no US */
#define PTE_MFN_MASK	0x000ffffffffff000UL
#define PTE_FLAGS(e)	((e) & ~PTE_MFN_MASK)
#define PTE_MFN(e)	(((e) & PTE_MFN_MASK) >> PAGE_SHIFT)
#define XEN_ERESTART	85	/* the hypervisor's own: no guest ever sees it */
#define INVALID_MFN_BITS (PTE_MFN_MASK >> PAGE_SHIFT)

enum page_type { PGT_none, PGT_l1, PGT_l2, PGT_l3, PGT_l4, PGT_seg, PGT_writable };

struct page_info {
	uint32_t count;			/* all references */
	uint32_t type : 4;		/* enum page_type */
	uint32_t pinned : 1;
	uint32_t released : 1;		/* given back: not the domain's (see slot_owned) */
	uint32_t type_count : 26;
	/* Tables: > 0 entries of this one that name another of its level, < 0 uses of it so. */
	int16_t linear;
	uint16_t validated : 1;		/* a table whose every entry holds its reference */
	uint16_t freeing : 1;		/* given back while in use: goes with the last reference */
};
#define PAGE_TYPE_COUNT_MAX	((1U << 26) - 1)

/* Per frame: struct page_info and the base of the region its translations serve, and whose they are. */
#define FRAME_TABLE_BYTES	(sizeof(struct page_info) + sizeof(uint64_t))

/* frames.c */
void frame_table_init(uint64_t va);
struct page_info *mfn_slot(uint64_t mfn);	/* RAM of the range, owned or not; else NULL */
struct page_info *mfn_page(uint64_t mfn);	/* NULL if not RAM of the domain */
int mfn_is_heap(uint64_t mfn);			/* shared_info, grant and status frames the guest may map */
/* Page-table entries that name a status frame keep the table's version; of others nothing is counted. */
void status_frame_ref(uint64_t mfn, int by);
/* Status frames that go with so many grant frames of 256 entries. */
#define GRANT_STATUS_FRAMES(n)	(((n) * 256UL + PVN_STATUS_PER_FRAME - 1) / PVN_STATUS_PER_FRAME)
void *mfn_ptr(uint64_t mfn);			/* through the direct map; NULL if neither */

/* What changes frames holds mm_lock.  mm_enter() also completes what a preempted
 * operation left (validate.c), so that no half-typed table is ever seen; mm_leave()
 * gives frames that went out of use back to the machine. */
void mm_enter(void);
void mm_leave(void);

void page_become(uint64_t mfn, enum page_type type);	/* untyped so far; its first use as type */
int page_get(uint64_t mfn);
void page_put(uint64_t mfn);
int page_get_type(uint64_t mfn, enum page_type type);	/* and a reference */
void page_put_type(uint64_t mfn);
/* The balloon: the frame leaves the domain with its last reference. */
void page_release(uint64_t mfn);
void frames_flush_released(void);

/*
 * validate.c: typing a tree of tables, and undoing it, in steps of bounded length.  At most
 * one such work is under way in a domain.  -XEN_ERESTART says that it goes on with the
 * next call for the same frame and type.
 */
int page_get_type_preemptible(uint64_t mfn, enum page_type type);
void page_put_type_deferred(uint64_t mfn);	/* what it starts, pt_work_step() ends */
int pt_work_pending(void);
int pt_work_step(void);				/* 0 when nothing is left, else -XEN_ERESTART */
void pt_work_new_operation(void);		/* the caller does not resume: drop what it kept */

/* Where the translations of a page table lie, and who has them: set when a walk goes through it. */
#define VA_HINT_NONE	0UL
#define VA_HINT_MANY	0x3fffffffUL		/* these bits: the region + 1, or more than one */
#define VA_HINT_KERNEL	(1UL << 30)
#define VA_HINT_USER	(1UL << 31)		/* behind the L4 that the upper half names: */
#define VA_HINT_L4(mfn)	(((mfn) - this_domain.ram_mfn + 1) << 32)
#define VA_HINT_L4_MFN(h) (((h) >> 32) - 1 + this_domain.ram_mfn)
#define VA_HINT_L4_MANY	(0xffffffffUL << 32)
uint64_t *page_va_hint(uint64_t mfn);

/* pagetable.c: level 1..4 */
#define PT_PUSHED	1	/* pt_get_entry: the table it names is to be validated first */
int pt_get_entry(uint64_t e, uint64_t table_mfn, int level);	/* 0, PT_PUSHED, or -errno */
/* Drop what a present entry holds: 0, or PT_PUSHED if the table it names is to be undone. */
int pt_put_entry(uint64_t e, uint64_t table_mfn, int level);
uint64_t pt_adjust(uint64_t e, int level);	/* what the hypervisor adds to an entry */
int pt_slot_reserved(int level, unsigned int slot);
/* Store one entry with Xen's checks; returns 0 or -errno of mmu_update, -XEN_ERESTART. */
int pt_write_entry(uint64_t mfn, int level, unsigned int slot, uint64_t val, int preserve_ad);
/* The same for an L1 entry whose new frame is another domain's, mapped by a grant: the machine has
 * checked and counts it, and taking the entry away by itself changes nothing there. */
void pt_write_foreign(uint64_t mfn, unsigned int slot, uint64_t val);
/* Take an L1 entry as it is out of a table, with its references. */
uint64_t pt_steal_entry(uint64_t mfn, unsigned int slot);

/* tlb.c: present entries that were changed and may still be cached. */
void tlb_stale_entry(uint64_t table_mfn, int level, unsigned int slot);
void tlb_stale_table(uint64_t mfn, int level);	/* it stops being a table */
void tlb_flush_stale(void);		/* what a full flush of this vCPU must forget */
/* The same on all vCPUs whose bit is set; when it returns none of them runs guest code with an old
 * translation any more.  Under mm_lock. */
#define TLB_EVERYWHERE	(~0UL)
void tlb_flush_stale_on(uint64_t vcpus);
void tlb_flush_one_on(uint64_t va, uint64_t vcpus);
/* Leaving and entering the guest, by the code that knows the platform's way. */
void tlb_enter_guest(void);
void tlb_leave_guest(void);
void tlb_acknowledge(void);		/* in the image, which does not leave without tlb_enter_guest() */
void tlb_new_tables(uint64_t old_l4, uint64_t new_l4);	/* the kernel's, from now on */
void tlb_flush_one(uint64_t va);

/* walk.c: the guest's address space by software. */
struct walk {
	uint64_t table_mfn[5];		/* [1] = the L1 table ... [4] = the L4 */
	uint64_t pte;			/* the L1 entry */
	uint64_t flags;			/* P RW US ANDed, NX ORed over all levels */
};
int guest_walk(uint64_t va, struct walk *w);	/* 0, or -EFAULT (level in w not complete) */
void *guest_ptr(uint64_t va, int write);	/* NULL = fault */
/* 0, or -EFAULT having copied a prefix. */
int copy_from_guest(void *dst, uint64_t va, size_t n);
int copy_to_guest(uint64_t va, const void *src, size_t n);
int guest_handle_ok(uint64_t va);
int guest_range_ok(uint64_t va, uint64_t first, uint64_t end);	/* 8-byte elements first..end-1 of a list */

#endif
