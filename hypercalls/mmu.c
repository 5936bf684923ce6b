/* SPDX-License-Identifier: MIT */
/*
 * Page tables: mmu_update, update_va_mapping, mmuext_op.  The rules of entries are in
 * hv/pagetable.c; here are the batches, their counts and their flushes.
 *
 * A batch stops for events as Xen's does: the count of what is done is written, and the
 * hypercall is made again with the rest (hypercall_continue).
 */
#include <hypercalls/dispatch.h>
#include <hv/descriptor.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define MMU_UPDATE_PREEMPTED	0x80000000U
#define LOCK_BATCH		64	/* requests between two chances for other vCPUs */

/* A batch of either kind, and where it stands. */
struct batch {
	uint64_t nr, handle, done_handle, foreign;
	uint32_t size;			/* of one request */
	uint32_t count, i, done;	/* done: before this call */
};

typedef long batch_fn(const struct batch *b, uint64_t request);

/*
 * Whose frames: DOMID_SELF is us; that a domain names itself by number is refused, as on Xen.
 * The frames of others are for privileged domains; dom_io owns nothing that we may map.
 */
enum owner { OWNER_SELF, OWNER_IO, OWNER_FOREIGN };

static int owner_of(uint64_t domid, enum owner *o)
{
	domid_t d = (domid_t)domid;

	*o = OWNER_SELF;
	if (d == DOMID_SELF)
		return 0;
	*o = d == DOMID_IO ? OWNER_IO : OWNER_FOREIGN;
	if (d == header.domid)
		return -XEN_ESRCH;
	return d == DOMID_IO || d == DOMID_XEN || domain_exists(d) ? 0 : -XEN_ESRCH;
}

/* One request, with all the rounds its tables need.  -XEN_ERESTART: an event is due first. */
static long one_request(const struct batch *b, batch_fn *fn)
{
	long rc;

	for (;;) {
		if (!pt_work_step()) {
			rc = fn(b, b->handle + (uint64_t)b->i * b->size);
			if (rc != -XEN_ERESTART)
				return rc;
		}
		if (hypercall_preempt_check())
			return -XEN_ERESTART;
		mm_leave();
		spin_lock(&this_domain.mm_lock);
	}
}

static long batch_run(struct batch *b, batch_fn *fn)
{
	uint32_t first = b->i;
	long rc = 0;

	for (; b->i < b->count; b->i++) {
		if (b->i != first && hypercall_preempt_check())
			return -XEN_ERESTART;
		if ((b->i - first) % LOCK_BATCH == LOCK_BATCH - 1) {
			mm_leave();
			spin_lock(&this_domain.mm_lock);
		}
		rc = one_request(b, fn);
		if (rc)
			return rc;
	}
	/* What the last one left to be undone. */
	while (pt_work_step())
		if (hypercall_preempt_check())
			return -XEN_ERESTART;
	return 0;
}

static long batch_do(struct batch *b, batch_fn *fn)
{
	long rc;

	if (b->count & MMU_UPDATE_PREEMPTED) {
		b->count &= ~MMU_UPDATE_PREEMPTED;
		if (b->done_handle && copy_from_guest(&b->done, b->done_handle, sizeof(b->done)))
			return -XEN_EFAULT;
		spin_lock(&this_domain.mm_lock);
	} else {
		spin_lock(&this_domain.mm_lock);
		pt_work_new_operation();
	}
	rc = batch_run(b, fn);
	mm_leave();
	if (rc == -XEN_ERESTART) {
		uint64_t left = b->count - b->i;

		rc = left ? hypercall_continue(b->nr, b->handle + (uint64_t)b->i * b->size,
					       left | MMU_UPDATE_PREEMPTED, b->done_handle, b->foreign) :
			    hypercall_continue(b->nr, 0, MMU_UPDATE_PREEMPTED, 0, 0);
	}
	if (b->done_handle) {
		b->done += b->i;
		copy_to_guest(b->done_handle, &b->done, sizeof(b->done));
	}
	return rc;
}

static long update_entry(uint64_t maddr, uint64_t val, int preserve_ad, enum owner o)
{
	uint64_t mfn = maddr >> PAGE_SHIFT;
	unsigned int slot = (maddr & ~PAGE_MASK) / 8;
	struct page_info *pg = mfn_page(mfn);

	if (!pg && !mfn_is_heap(mfn))
		return -XEN_EINVAL;
	if (!pg || pg->type_count == 0 || pg->type == PGT_writable) {
		WRITE_ONCE(((uint64_t *)mfn_ptr(mfn))[slot], val); /* not a table: a plain store */
		return 0;
	}
	if (pg->type == PGT_seg)
		return -XEN_EINVAL;
	if (o == OWNER_IO) {
		if (pg->type != PGT_l1)
			return -XEN_EINVAL;
		/* RAM is not dom_io's, and the rest is not for us; a change of flags asks nothing. */
		if ((val & _PAGE_PRESENT) && (val ^ ((uint64_t *)mfn_ptr(mfn))[slot]) &
						     (PTE_MFN_MASK | _PAGE_PRESENT | _PAGE_RW))
			return mfn_page(PTE_MFN(val)) || mfn_is_heap(PTE_MFN(val)) ? -XEN_EBUSY : -XEN_EPERM;
	}
	return pt_write_entry(mfn, pg->type - PGT_l1 + 1, slot, val, preserve_ad);
}

static long machphys_update(uint64_t maddr, uint64_t pfn)
{
	uint64_t mfn = maddr >> PAGE_SHIFT;

	if (!mfn_page(mfn) && !mfn_is_heap(mfn))
		return -XEN_EINVAL;
	m2p[mfn - this_domain.mfn_base] = pfn;
	return 0;
}

static long update_one(const struct batch *b, uint64_t request)
{
	uint64_t tables = b->foreign >> 16;
	struct mmu_update u;
	enum owner o;
	int cmd;

	if (copy_from_guest(&u, request, sizeof(u)))
		return -XEN_EFAULT;
	cmd = u.ptr & 7;
	if (cmd > MMU_PT_UPDATE_NO_TRANSLATE)
		return -XEN_ENOSYS;
	owner_of(b->foreign & 0xffff, &o);
	if (o == OWNER_FOREIGN || (tables && (domid_t)(tables - 1) != header.domid))
		return -XEN_EPERM;
	if (cmd == MMU_MACHPHYS_UPDATE)
		return o == OWNER_SELF ? machphys_update(u.ptr, u.val) : -XEN_EINVAL;
	return update_entry(u.ptr & ~7UL, u.val, cmd == MMU_PT_UPDATE_PRESERVE_AD, o);
}

long do_mmu_update(uint64_t reqs, uint64_t count, uint64_t done_h, uint64_t foreign, uint64_t a5)
{
	struct batch b = { __HYPERVISOR_mmu_update, reqs, done_h, (uint32_t)foreign, sizeof(struct mmu_update),
			   (uint32_t)count, 0, 0 };
	uint64_t tables = b.foreign >> 16;
	enum owner o;

	if (!guest_handle_ok(reqs))
		return -XEN_EFAULT;
	if (tables && (domid_t)(tables - 1) != header.domid && !domain_exists((domid_t)(tables - 1)))
		return -XEN_ESRCH;
	if (b.foreign != DOMID_SELF && !(b.count == MMU_UPDATE_PREEMPTED && !reqs) &&
	    owner_of(b.foreign & 0xffff, &o))
		return -XEN_ESRCH;
	return batch_do(&b, update_one);
}

/* The vCPUs a flush is for: as many bits as the domain may have vCPUs. */
static int read_vcpumask(uint64_t handle, uint64_t *mask)
{
	return copy_from_guest(mask, handle, sizeof(*mask));
}

static long flush_after(uint64_t va, uint64_t flags)
{
	uint64_t vcpus = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK, mask = 1UL << vcpu.id;

	if ((flags & UVMF_FLUSHTYPE_MASK) != UVMF_TLB_FLUSH && (flags & UVMF_FLUSHTYPE_MASK) != UVMF_INVLPG)
		return 0;
	if (vcpus == UVMF_ALL)
		mask = TLB_EVERYWHERE;
	else if (vcpus != UVMF_LOCAL && read_vcpumask(vcpus, &mask))
		return -XEN_EFAULT;
	if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_TLB_FLUSH)
		tlb_flush_stale_on(mask);
	else
		tlb_flush_one_on(va, mask);
	return 0;
}

long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags, uint64_t a4, uint64_t a5)
{
	struct walk w;
	struct page_info *pg;
	long rc = -XEN_EINVAL;

	mm_enter();
	w.table_mfn[1] = 0;
	if (guest_handle_ok(va))
		guest_walk(va, &w); /* the L1 is known even where its entry is not present */
	pg = w.table_mfn[1] ? mfn_page(w.table_mfn[1]) : NULL;
	if (pg && pg->type_count && pg->type == PGT_l1)
		rc = pt_write_entry(w.table_mfn[1], 1, (va >> PAGE_SHIFT) & 511, val, 0);
	if (!rc)
		rc = flush_after(va, flags);
	mm_leave();
	return rc;
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, uint64_t flags, uint64_t domid, uint64_t a5)
{
	enum owner o;

	if (owner_of(domid, &o))
		return -XEN_ESRCH;
	return o == OWNER_SELF ? do_update_va_mapping(va, val, flags, 0, 0) : -XEN_EPERM;
}

static long pin(uint64_t mfn, enum page_type type)
{
	struct page_info *pg = mfn_page(mfn);
	long rc;

	if (!pg)
		return -XEN_EINVAL;
	rc = page_get_type_preemptible(mfn, type);
	if (rc)
		return rc;
	if (pg->pinned) {
		page_put_type_deferred(mfn);
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
	page_put_type_deferred(mfn);
	return 0;
}

static long new_baseptr(uint64_t mfn, uint64_t *slot, int may_be_zero)
{
	uint64_t old = *slot;
	long rc;

	if (mfn == old) {
		if (slot == &vcpu.cr3_mfn)
			tlb_flush_stale(); /* loading cr3 is the flush, changed or not */
		return 0;
	}
	if (mfn || !may_be_zero) {
		rc = mfn_page(mfn) ? page_get_type_preemptible(mfn, PGT_l4) : -XEN_EINVAL;
		if (rc)
			return rc;
	}
	*slot = mfn;
	if (slot == &vcpu.cr3_mfn)
		tlb_new_tables(old, mfn);
	if (old)
		page_put_type_deferred(old);
	return 0;
}

/* MOV to CR3, from the emulator. */
long mmu_new_baseptr(uint64_t mfn)
{
	long rc;

	spin_lock(&this_domain.mm_lock);
	do /* an instruction is not left half-way: each piece is bounded, and so is their number */
		rc = new_baseptr(mfn, &vcpu.cr3_mfn, 0);
	while (rc == -XEN_ERESTART);
	spin_unlock(&this_domain.mm_lock);
	return rc;
}

static long clear_or_copy(const struct mmuext_op *op)
{
	uint64_t dst = op->arg1.mfn, src = op->arg2.src_mfn;
	int copy = op->cmd == MMUEXT_COPY_PAGE;

	if (copy && !mfn_page(src) && !mfn_is_heap(src))
		return -XEN_EINVAL;
	if (page_get_type(dst, PGT_writable))
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

	if (read_vcpumask((uint64_t)op->arg2.vcpumask.p, &mask))
		return -XEN_EINVAL;
	if (op->cmd == MMUEXT_TLB_FLUSH_MULTI)
		tlb_flush_stale_on(mask);
	else
		tlb_flush_one_on(op->arg1.linear_addr, mask);
	return 0;
}

static long set_ldt(uint64_t va, uint32_t entries)
{
	if (va & ~PAGE_MASK || !guest_handle_ok(va) || entries > 8192)
		return -XEN_EINVAL;
	if (va != vcpu.ldt_va || entries != vcpu.ldt_ents)
		ldt_set(va, entries);
	return 0;
}

static long ext_op(const struct mmuext_op *op)
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
		tlb_flush_stale();
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		tlb_flush_stale_on(TLB_EVERYWHERE);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		tlb_flush_one(op->arg1.linear_addr);
		return 0;
	case MMUEXT_INVLPG_ALL:
		tlb_flush_one_on(op->arg1.linear_addr, TLB_EVERYWHERE);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_multi(op);
	case MMUEXT_SET_LDT:
		return set_ldt(op->arg2.nr_ents ? op->arg1.linear_addr : 0, op->arg2.nr_ents);
	case MMUEXT_FLUSH_CACHE:
		return -XEN_EACCES;
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return -XEN_EINVAL;
	case MMUEXT_CLEAR_PAGE:
	case MMUEXT_COPY_PAGE:
		return clear_or_copy(op);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return -XEN_EOPNOTSUPP;
	}
	return -XEN_ENOSYS;
}

static long ext_one(const struct batch *b, uint64_t request)
{
	struct mmuext_op op;

	if (copy_from_guest(&op, request, sizeof(op)))
		return -XEN_EFAULT;
	return ext_op(&op);
}

long do_mmuext_op(uint64_t ops, uint64_t count, uint64_t done_h, uint64_t foreign, uint64_t a5)
{
	struct batch b = { __HYPERVISOR_mmuext_op, ops, done_h, (domid_t)foreign, sizeof(struct mmuext_op),
			   (uint32_t)count, 0, 0 };
	enum owner o;

	if (!guest_handle_ok(ops))
		return -XEN_EFAULT;
	if (!(b.count == MMU_UPDATE_PREEMPTED && !ops)) {
		if (owner_of(b.foreign, &o))
			return -XEN_ESRCH;
		if (o != OWNER_SELF)
			return -XEN_EPERM;
	}
	return batch_do(&b, ext_one);
}
