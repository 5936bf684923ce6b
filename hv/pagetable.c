/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries: which are allowed, and what each one references.
 *
 * The rules are those of xen/arch/x86/mm.c as a PV guest sees them: flags, ownership,
 * one type per frame.  Of linear tables the one that guests use is allowed: an entry of a
 * table that names the table itself, read-only.  (Xen allows one foreign level as well.)
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

static int slot_reserved(int level, unsigned int slot)
{
	return level == 4 && slot >= XEN_SLOT_FIRST && slot <= XEN_SLOT_LAST;
}

/* What the hypervisor adds to an entry before it is stored (guests read it back). */
static uint64_t adjust(uint64_t e, int level)
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
	return rc ? -XEN_EBUSY : 0;
}

/* A self-map holds a reference but no type: the table has the type it needs by itself. */
static int is_self_map(uint64_t e, uint64_t table_mfn, int level)
{
	return level > 1 && PTE_MFN(e) == table_mfn;
}

static int get_target(uint64_t e, uint64_t table_mfn, int level)
{
	if (!(e & _PAGE_PRESENT))
		return 0;
	if (PTE_FLAGS(e) & ~allowed_flags(level))
		return -XEN_EINVAL;
	if (level == 1)
		return get_l1_target(e);
	if (is_self_map(e, table_mfn, level))
		return (e & _PAGE_RW) ? -XEN_EINVAL : page_get(table_mfn);
	return page_get_type(PTE_MFN(e), PGT_l1 + level - 2) ? -XEN_EINVAL : 0;
}

static void put_target(uint64_t e, uint64_t table_mfn, int level)
{
	uint64_t mfn = PTE_MFN(e);

	if (!(e & _PAGE_PRESENT) || !mfn_page(mfn))
		return;
	if (is_self_map(e, table_mfn, level) || (level == 1 && !(e & _PAGE_RW)))
		page_put(mfn);
	else
		page_put_type(mfn);
}

int pt_validate(uint64_t mfn, int level)
{
	uint64_t *table = mfn_ptr(mfn);
	unsigned int i;

	for (i = 0; i < 512; i++) {
		uint64_t e = table[i];
		int rc;

		if (slot_reserved(level, i)) {
			table[i] = 0; /* Xen puts its own entries there */
			continue;
		}
		if (!(e & _PAGE_PRESENT))
			continue;
		rc = get_target(e, mfn, level);
		if (rc) {
			while (i-- > 0)
				if (!slot_reserved(level, i))
					put_target(table[i], mfn, level);
			return rc;
		}
		table[i] = adjust(e, level);
	}
	return 0;
}

void pt_invalidate(uint64_t mfn, int level)
{
	uint64_t *table = mfn_ptr(mfn);
	unsigned int i;

	for (i = 0; i < 512; i++)
		if ((table[i] & _PAGE_PRESENT) && !slot_reserved(level, i))
			put_target(table[i], mfn, level);
}

int pt_write_entry(uint64_t mfn, int level, unsigned int slot, uint64_t val, int preserve_ad)
{
	uint64_t *entry = (uint64_t *)mfn_ptr(mfn) + slot;
	uint64_t old = READ_ONCE(*entry);
	int rc;

	if (slot_reserved(level, slot))
		return -XEN_EINVAL;
	if (preserve_ad)
		val |= old & (_PAGE_ACCESSED | _PAGE_DIRTY);

	/* Same frame, same right to write: only flags change. */
	if ((old & val & _PAGE_PRESENT) && PTE_MFN(old) == PTE_MFN(val) &&
	    !((old ^ val) & _PAGE_RW)) {
		if (PTE_FLAGS(val) & ~allowed_flags(level))
			return -XEN_EINVAL;
	} else {
		rc = get_target(val, mfn, level);
		if (rc)
			return rc;
		WRITE_ONCE(*entry, adjust(val, level));
		if (old & _PAGE_PRESENT) {
			tlb_stale_entry(mfn, level, slot);
			put_target(old, mfn, level);
		}
		return 0;
	}
	WRITE_ONCE(*entry, adjust(val, level));
	tlb_stale_entry(mfn, level, slot);
	return 0;
}
