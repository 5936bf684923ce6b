/* SPDX-License-Identifier: MIT */
/*
 * Page tables: mmu_update, update_va_mapping, mmuext_op.  The rules of entries are in
 * hv/pagetable.c; here are the batches, their counts and their flushes.
 */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define DOMID_OK(d)	((domid_t)(d) == DOMID_SELF || (domid_t)(d) == header.domid)

static void put_done(uint64_t done_handle, uint32_t done)
{
	if (done_handle)
		copy_to_guest(done_handle, &done, sizeof(done));
}

static long update_entry(uint64_t maddr, uint64_t val, int preserve_ad)
{
	uint64_t mfn = maddr >> PAGE_SHIFT;
	unsigned int slot = (maddr & ~PAGE_MASK) / 8;
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return -XEN_EINVAL;
	if (pg->type_count == 0 || pg->type == PGT_writable || pg->type == PGT_none) {
		((uint64_t *)mfn_ptr(mfn))[slot] = val; /* not a table: a plain store */
		return 0;
	}
	if (pg->type == PGT_seg)
		return -XEN_EINVAL;
	return pt_write_entry(mfn, pg->type - PGT_l1 + 1, slot, val, preserve_ad);
}

static long machphys_update(uint64_t maddr, uint64_t pfn)
{
	uint64_t mfn = maddr >> PAGE_SHIFT;

	if (!mfn_page(mfn))
		return -XEN_EINVAL;
	m2p[mfn - this_domain.mfn_base] = pfn;
	return 0;
}

static long update_one(const struct mmu_update *u)
{
	uint64_t ptr = u->ptr & ~7UL;

	switch (u->ptr & 7) {
	case MMU_NORMAL_PT_UPDATE:
		return update_entry(ptr, u->val, 0);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return update_entry(ptr, u->val, 1);
	case MMU_MACHPHYS_UPDATE:
		return machphys_update(ptr, u->val);
	}
	return -XEN_ENOSYS;
}

long do_mmu_update(uint64_t reqs, uint64_t count, uint64_t done_h, uint64_t foreign, uint64_t a5)
{
	struct mmu_update u;
	uint32_t i, n = (uint32_t)count;
	long rc = 0;

	foreign = (uint32_t)foreign;
	if (!DOMID_OK(foreign & 0xffff) || (foreign >> 16 && !DOMID_OK((foreign >> 16) - 1)))
		return -XEN_EPERM;
	spin_lock(&this_domain.mm_lock);
	for (i = 0; i < n; i++, reqs += sizeof(u)) {
		rc = copy_from_guest(&u, reqs, sizeof(u));
		if (!rc)
			rc = update_one(&u);
		if (rc)
			break;
	}
	spin_unlock(&this_domain.mm_lock);
	put_done(done_h, i);
	return rc;
}

static void flush_after(uint64_t va, uint64_t flags)
{
	if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_TLB_FLUSH)
		tlb_flush_stale();
	else if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_INVLPG)
		tlb_flush_one(va);
}

long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags, uint64_t a4, uint64_t a5)
{
	struct walk w;
	struct page_info *pg;
	long rc = -XEN_EINVAL;

	spin_lock(&this_domain.mm_lock);
	w.table_mfn[1] = 0;
	guest_walk(va, &w); /* the L1 is known even where its entry is not present */
	pg = w.table_mfn[1] ? mfn_page(w.table_mfn[1]) : NULL;
	if (pg && pg->type_count && pg->type == PGT_l1)
		rc = pt_write_entry(w.table_mfn[1], 1, (va >> PAGE_SHIFT) & 511, val, 0);
	if (!rc)
		flush_after(va, flags);
	spin_unlock(&this_domain.mm_lock);
	return rc;
}

static long pin(uint64_t mfn, enum page_type type)
{
	struct page_info *pg = mfn_page(mfn);
	long rc;

	if (!pg)
		return -XEN_EINVAL;
	rc = page_get_type(mfn, type);
	if (rc)
		return -XEN_EINVAL;
	if (pg->pinned) {
		page_put_type(mfn);
		return -XEN_EINVAL;
	}
	pg->pinned = 1;
	return 0;
}

static long unpin(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg || !pg->pinned)
		return -XEN_EINVAL;
	pg->pinned = 0;
	page_put_type(mfn);
	return 0;
}

static long new_baseptr(uint64_t mfn, uint64_t *slot, int may_be_zero)
{
	uint64_t old = *slot;

	if (mfn == old) {
		if (slot == &vcpu.cr3_mfn)
			tlb_flush_stale(); /* loading cr3 is the flush, changed or not */
		return 0;
	}
	if (mfn || !may_be_zero) {
		if (!mfn_page(mfn) || page_get_type(mfn, PGT_l4))
			return -XEN_EINVAL;
	}
	*slot = mfn;
	if (old)
		page_put_type(old);
	if (slot == &vcpu.cr3_mfn)
		tlb_flush_all();
	return 0;
}

static long clear_or_copy(const struct mmuext_op *op)
{
	uint64_t dst = op->arg1.mfn, src = op->arg2.src_mfn;
	int copy = op->cmd == MMUEXT_COPY_PAGE;

	if (copy && !mfn_page(src))
		return -XEN_EINVAL;
	if (!mfn_page(dst) || page_get_type(dst, PGT_writable))
		return -XEN_EINVAL;
	if (copy)
		memcpy(mfn_ptr(dst), mfn_ptr(src), PAGE_SIZE);
	else
		memset(mfn_ptr(dst), 0, PAGE_SIZE);
	page_put_type(dst);
	return 0;
}

static long flush_multi(const struct mmuext_op *op)
{
	uint64_t mask;

	if (copy_from_guest(&mask, (uint64_t)op->arg2.vcpumask.p, 1))
		return -XEN_EINVAL;
	if (op->cmd == MMUEXT_TLB_FLUSH_MULTI)
		tlb_flush_stale();
	else
		tlb_flush_one(op->arg1.linear_addr);
	return 0;
}

static long ext_one(const struct mmuext_op *op)
{
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return pin(op->arg1.mfn, PGT_l1 + (op->cmd - MMUEXT_PIN_L1_TABLE));
	case MMUEXT_UNPIN_TABLE:
		return unpin(op->arg1.mfn);
	case MMUEXT_NEW_BASEPTR:
		return new_baseptr(op->arg1.mfn, &vcpu.cr3_mfn, 0);
	case MMUEXT_NEW_USER_BASEPTR:
		return new_baseptr(op->arg1.mfn, &vcpu.user_cr3_mfn, 1);
	case MMUEXT_TLB_FLUSH_LOCAL:
	case MMUEXT_TLB_FLUSH_ALL:
		tlb_flush_stale();
		return 0;
	case MMUEXT_INVLPG_LOCAL:
	case MMUEXT_INVLPG_ALL:
		tlb_flush_one(op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_multi(op);
	case MMUEXT_SET_LDT: /* recorded nowhere: kernel mode never loads a selector from it */
		return (op->arg1.linear_addr & ~PAGE_MASK) || op->arg2.nr_ents > 8192 ? -XEN_EINVAL : 0;
	case MMUEXT_FLUSH_CACHE:
		return -XEN_EACCES;
	case MMUEXT_CLEAR_PAGE:
	case MMUEXT_COPY_PAGE:
		return clear_or_copy(op);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return -XEN_EOPNOTSUPP;
	}
	return -XEN_ENOSYS;
}

long do_mmuext_op(uint64_t ops, uint64_t count, uint64_t done_h, uint64_t foreign, uint64_t a5)
{
	struct mmuext_op op;
	uint32_t i, n = (uint32_t)count;
	long rc = 0;

	if (!DOMID_OK(foreign))
		return -XEN_EPERM;
	spin_lock(&this_domain.mm_lock);
	for (i = 0; i < n; i++, ops += sizeof(op)) {
		rc = copy_from_guest(&op, ops, sizeof(op));
		if (!rc)
			rc = ext_one(&op);
		if (rc)
			break;
	}
	spin_unlock(&this_domain.mm_lock);
	put_done(done_h, i);
	return rc;
}
