/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries: which are allowed, and what each one references.
 *
 * The rules are those of xen/arch/x86/mm.c as a PV guest sees them: flags, ownership,
 * one type per frame.  A linear entry names a table of its own level, read-only: the table
 * itself (it needs no reference then), or another one that has no linear entries in its turn.
 */
#include <hv/mm.h>

/* Flags an entry of a level may have: P RW US A D AVL NX and, at L1, G. */
#define ALLOW_COMMON	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY | \
			 0xe00UL | 0x7ff0000000000000UL | _PAGE_NX)
#define XEN_SLOT_FIRST	256
#define XEN_SLOT_LAST	271

static uint64_t allowed_flags(int level)
{
	return level == 1 ? ALLOW_COMMON | _PAGE_GLOBAL : ALLOW_COMMON;
}

int pt_slot_reserved(int level, unsigned int slot)
{
	return level == 4 && slot >= XEN_SLOT_FIRST && slot <= XEN_SLOT_LAST;
}

/* What the hypervisor adds to an entry before it is stored (guests read it back). */
uint64_t pt_adjust(uint64_t e, int level)
{
	if (!(e & _PAGE_PRESENT))
		return e;
	if (level > 1)
		return e | _PAGE_USER | (level == 4 ? _PAGE_ACCESSED : 0);
	if (!(e & _PAGE_USER))
		e |= _PAGE_GUEST_KERNEL;
	if (!(e & _PAGE_GUEST_KERNEL))
		e |= _PAGE_GLOBAL;
	return e | _PAGE_USER;
}

static int get_l1_target(uint64_t e)
{
	uint64_t mfn = PTE_MFN(e);
	int rc;

	if (mfn >= PVN_MAX_MFN)
		return mfn == INVALID_MFN_BITS ? -XEN_EINVAL : -XEN_EPERM;
	if (!mfn_page(mfn) && !mfn_is_heap(mfn))
		return -XEN_EBUSY; /* not the owner */
	rc = (e & _PAGE_RW) ? page_get_type(mfn, PGT_writable) : page_get(mfn);
	if (rc)
		return -XEN_EBUSY;
	status_frame_ref(mfn, 1);
	return 0;
}

/* One level of linear tables: a table has linear entries or serves as one, never both. */
static int get_linear(uint64_t e, uint64_t table_mfn, int level)
{
	struct page_info *pg = mfn_page(PTE_MFN(e)), *table = mfn_page(table_mfn);

	if (level == 1 || (e & _PAGE_RW))
		return -XEN_EINVAL;
	if (PTE_MFN(e) == table_mfn)
		return 0;
	if (pg->type != PGT_l1 + (unsigned int)level - 1 || !pg->validated ||
	    pg->type_count == PAGE_TYPE_COUNT_MAX)
		return -XEN_EINVAL;
	if (table->linear < 0 || pg->linear > 0 || pg->linear == INT16_MIN)
		return -XEN_EINVAL;
	table->linear++;
	pg->linear--;
	pg->type_count++;
	pg->count++;
	return 0;
}

static int get_child(uint64_t e, uint64_t table_mfn, int level)
{
	enum page_type want = PGT_l1 + (unsigned int)level - 2;
	struct page_info *pg = mfn_page(PTE_MFN(e));

	if (!pg || pg->count == 0xffffffffU)
		return -XEN_EINVAL;
	if (pg->type_count && pg->type != want)
		return get_linear(e, table_mfn, level);
	if (pg->type_count == PAGE_TYPE_COUNT_MAX)
		return -XEN_EINVAL;
	pg->count++;
	if (pg->type_count) {
		pg->type_count++;
		return 0;
	}
	page_become(PTE_MFN(e), want);
	return PT_PUSHED;
}

int pt_get_entry(uint64_t e, uint64_t table_mfn, int level)
{
	if (!(e & _PAGE_PRESENT))
		return 0;
	if (PTE_FLAGS(e) & ~allowed_flags(level))
		return -XEN_EINVAL;
	return level == 1 ? get_l1_target(e) : get_child(e, table_mfn, level);
}

int pt_put_entry(uint64_t e, uint64_t table_mfn, int level)
{
	uint64_t mfn = PTE_MFN(e);
	struct page_info *pg = mfn_page(mfn);

	if (!(e & _PAGE_PRESENT))
		return 0;
	if (!pg) { /* of the heap, or mapped by a grant, which is counted elsewhere */
		status_frame_ref(mfn, -1);
		return 0;
	}
	if (level == 1 && !(e & _PAGE_RW)) {
		page_put(mfn);
		return 0;
	}
	if (level > 1) {
		if (mfn == table_mfn)
			return 0;
		if (pg->type == PGT_l1 + (unsigned int)level - 1) {
			mfn_page(table_mfn)->linear--;
			pg->linear++;
		}
		if (pg->type_count == 1) {
			pg->type_count = 0; /* untype() drops the reference */
			return PT_PUSHED;
		}
	}
	BUG_ON(pg->type_count == 0);
	pg->type_count--;
	page_put(mfn);
	return 0;
}

/* The references of a new value of a live table's entry.  A table that must be validated
 * first is work that may take several rounds; it never names the table itself. */
static int get_target(uint64_t e, uint64_t table_mfn, int level)
{
	uint64_t mfn = PTE_MFN(e);
	struct page_info *pg;

	if (level == 1 || !(e & _PAGE_PRESENT))
		return pt_get_entry(e, table_mfn, level);
	if (PTE_FLAGS(e) & ~allowed_flags(level))
		return -XEN_EINVAL;
	pg = mfn_page(mfn);
	if (!pg)
		return -XEN_EINVAL;
	if (pg->type_count && pg->type != PGT_l1 + (unsigned int)level - 2)
		return get_linear(e, table_mfn, level);
	return page_get_type_preemptible(mfn, PGT_l1 + (unsigned int)level - 2);
}

static void put_target(uint64_t e, uint64_t table_mfn, int level)
{
	if (level > 1 && (e & _PAGE_PRESENT) && PTE_MFN(e) != table_mfn &&
	    mfn_page(PTE_MFN(e))->type_count == 1) {
		if (mfn_page(PTE_MFN(e))->type == PGT_l1 + (unsigned int)level - 1) {
			mfn_page(table_mfn)->linear--;
			mfn_page(PTE_MFN(e))->linear++;
		}
		page_put_type_deferred(PTE_MFN(e));
		return;
	}
	pt_put_entry(e, table_mfn, level);
}

static void store(uint64_t *entry, uint64_t val, int preserve_ad)
{
	uint64_t old = READ_ONCE(*entry), new;

	do
		new = preserve_ad ? val | (old & (_PAGE_ACCESSED | _PAGE_DIRTY)) : val;
	while (!__atomic_compare_exchange_n(entry, &old, new, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

int pt_write_entry(uint64_t mfn, int level, unsigned int slot, uint64_t val, int preserve_ad)
{
	uint64_t *entry = (uint64_t *)mfn_ptr(mfn) + slot;
	uint64_t old = READ_ONCE(*entry);
	int rc;

	if (pt_slot_reserved(level, slot))
		return -XEN_EINVAL;
	/* Same frame, same right to write: only flags change. */
	if ((old & val & _PAGE_PRESENT) && PTE_MFN(old) == PTE_MFN(val) && !((old ^ val) & _PAGE_RW)) {
		if (PTE_FLAGS(val) & ~allowed_flags(level))
			return -XEN_EINVAL;
		store(entry, pt_adjust(val, level), preserve_ad);
		tlb_stale_entry(mfn, level, slot);
		return 0;
	}
	rc = get_target(val, mfn, level);
	if (rc)
		return rc;
	store(entry, pt_adjust(val, level), preserve_ad);
	if (old & _PAGE_PRESENT) {
		tlb_stale_entry(mfn, level, slot);
		put_target(old, mfn, level);
	}
	return 0;
}

void pt_write_foreign(uint64_t mfn, unsigned int slot, uint64_t val)
{
	uint64_t *entry = (uint64_t *)mfn_ptr(mfn) + slot;
	uint64_t old = READ_ONCE(*entry);

	WRITE_ONCE(*entry, pt_adjust(val, 1));
	if (!(old & _PAGE_PRESENT))
		return;
	tlb_stale_entry(mfn, 1, slot);
	put_target(old, mfn, 1);
}

uint64_t pt_steal_entry(uint64_t mfn, unsigned int slot)
{
	uint64_t *entry = (uint64_t *)mfn_ptr(mfn) + slot;
	uint64_t old = READ_ONCE(*entry);

	WRITE_ONCE(*entry, 0);
	if (old & _PAGE_PRESENT)
		tlb_stale_entry(mfn, 1, slot);
	return old;
}
