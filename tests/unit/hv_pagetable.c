/* SPDX-License-Identifier: MIT */
/*
 * Direct paging: the rules a guest must not get round.  If one of these goes, a guest can hold a
 * writable mapping of its own page table, or lose count of a frame.
 */
#include <criterion/criterion.h>
#include <hypercalls/dispatch.h>
#include "hv_mm_check.h"
#include "hv_shim.h"

#define P _PAGE_PRESENT
#define RW (_PAGE_PRESENT | _PAGE_RW)
#define FREE_PFN 40		/* a plain frame */

static void pinned(void)
{
	shim_reset();
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
}

TestSuite(pagetable, .init = pinned);

Test(pagetable, validation_types_every_level)
{
	cr_expect_eq(mfn_page(SHIM_L4)->type, PGT_l4);
	cr_expect_eq(mfn_page(SHIM_L3)->type, PGT_l3);
	cr_expect_eq(mfn_page(SHIM_L2)->type, PGT_l2);
	cr_expect_eq(mfn_page(SHIM_L1)->type, PGT_l1);
	cr_expect_eq(mfn_page(RAM(FREE_PFN))->type, PGT_writable);
	cr_expect_eq(mfn_page(RAM(FREE_PFN))->type_count, 1);
}

Test(pagetable, release_gives_every_reference_back)
{
	unsigned int i;

	page_put_type(SHIM_L4);
	for (i = 0; i < SHIM_PAGES; i++) {
		cr_assert_eq(mfn_page(RAM(i))->count, 0, "frame %u still has %u", i, mfn_page(RAM(i))->count);
		cr_assert_eq(mfn_page(RAM(i))->type_count, 0);
	}
}

Test(pagetable, table_cannot_be_mapped_writable)
{
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(SHIM_L1, RW), 0), -XEN_EBUSY);
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(SHIM_L4, RW), 0), -XEN_EBUSY);
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(SHIM_L1, P), 0), 0, "read-only is fine");
}

Test(pagetable, writable_frame_cannot_become_table)
{
	cr_expect_eq(page_get_type(RAM(FREE_PFN), PGT_l1), -XEN_EINVAL);
	cr_expect_eq(pt_write_entry(SHIM_L2, 2, 5, PTE(RAM(FREE_PFN), RW), 0), -XEN_EINVAL);
	cr_expect_eq(mfn_page(RAM(FREE_PFN))->count, 1, "a refused entry leaves no reference");
}

Test(pagetable, read_only_first_then_table)
{
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, FREE_PFN, PTE(RAM(FREE_PFN), P), 0), 0);
	cr_assert_eq(pt_write_entry(SHIM_L2, 2, 5, PTE(RAM(FREE_PFN), RW), 0), 0);
	cr_expect_eq(mfn_page(RAM(FREE_PFN))->type, PGT_l1);
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, FREE_PFN, PTE(RAM(FREE_PFN), RW), 0), -XEN_EBUSY);
	cr_assert_eq(pt_write_entry(SHIM_L2, 2, 5, 0, 0), 0);
	cr_expect_eq(pt_work_step(), 0, "the table is undone");
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, FREE_PFN, PTE(RAM(FREE_PFN), RW), 0), 0);
}

Test(pagetable, foreign_and_invalid_frames)
{
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(RAM(SHIM_PAGES), P), 0), -XEN_EBUSY, "never given");
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(5, P), 0), -XEN_EBUSY, "another's");
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(PVN_MAX_MFN + 1, P), 0), -XEN_EPERM);
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE_MFN_MASK | P, 0), -XEN_EINVAL, "INVALID_MFN");
}

Test(pagetable, bad_flags_are_refused)
{
	static const uint64_t bad[] = { _PAGE_PWT, _PAGE_PCD, _PAGE_PAT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(RAM(50), P | bad[i]), 0), -XEN_EINVAL);
	cr_expect_eq(pt_write_entry(SHIM_L2, 2, 9, PTE(SHIM_L1, P | _PAGE_PAT), 0), -XEN_EINVAL, "PSE");
}

Test(pagetable, xen_slots_are_reserved)
{
	cr_expect_eq(pt_write_entry(SHIM_L4, 4, 256, PTE(SHIM_L3, P), 0), -XEN_EINVAL);
	cr_expect_eq(pt_write_entry(SHIM_L4, 4, 271, 0, 0), -XEN_EINVAL);
	cr_expect_eq(pt_write_entry(SHIM_L4, 4, 272, PTE(SHIM_L3, P), 0), 0);
}

Test(pagetable, linear_table_read_only_only)
{
	cr_expect_eq(pt_write_entry(SHIM_L4, 4, 300, PTE(SHIM_L4, P), 0), 0);
	cr_expect_eq(pt_write_entry(SHIM_L4, 4, 301, PTE(SHIM_L4, RW), 0), -XEN_EINVAL);
}

Test(pagetable, shared_info_is_mappable)
{
	uint64_t si = SHIM_MFN_BASE + PVN_HEAP_SHARED_INFO;

	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(si, RW), 0), 0);
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 301, PTE(si + 1, RW), 0), -XEN_EBUSY, "other heap frames are not");
}

Test(pagetable, guest_reads_back_what_xen_adds)
{
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, 300, PTE(RAM(50), P), 0), 0);
	cr_expect_eq(shim_table(SHIM_L1)[300], PTE(RAM(50), P | _PAGE_USER | _PAGE_GUEST_KERNEL));
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, 301, PTE(RAM(51), P | _PAGE_USER), 0), 0);
	cr_expect_eq(shim_table(SHIM_L1)[301], PTE(RAM(51), P | _PAGE_USER | _PAGE_GLOBAL));
}

Test(pagetable, mmu_update_plain_store_to_untyped_frame)
{
	struct mmu_update *u = mfn_ptr(RAM(60));
	uint32_t *done = mfn_ptr(RAM(61));

	cr_assert_eq(pt_write_entry(SHIM_L1, 1, FREE_PFN, 0, 0), 0);
	*u = (struct mmu_update){ .ptr = RAM(FREE_PFN) << PAGE_SHIFT | 8, .val = 0x1234 };
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 1, 61 << PAGE_SHIFT, DOMID_SELF, 0), 0);
	cr_expect_eq(*done, 1);
	cr_expect_eq(shim_table(RAM(FREE_PFN))[1], 0x1234);
}

Test(pagetable, mmu_update_stops_at_the_first_error_and_counts)
{
	struct mmu_update *u = mfn_ptr(RAM(60));
	uint32_t *done = mfn_ptr(RAM(61));

	u[0] = (struct mmu_update){ .ptr = (SHIM_L1 << PAGE_SHIFT) + 300 * 8, .val = PTE(RAM(70), P) };
	u[1] = (struct mmu_update){ .ptr = (SHIM_L1 << PAGE_SHIFT) + 301 * 8, .val = PTE(SHIM_L4, RW) };
	u[2] = u[0];
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 3, 61 << PAGE_SHIFT, DOMID_SELF, 0), -XEN_EBUSY);
	cr_expect_eq(*done, 1);
	cr_expect_eq(do_mmu_update(0x700000UL << PAGE_SHIFT, 1, 0, DOMID_SELF, 0), -XEN_EFAULT);
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 1, 0, 3, 0), -XEN_EPERM, "foreign domain");
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 0, 0, 3, 0), 0, "no request, no question");
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 1, 0, 7, 0), -XEN_ESRCH, "itself by number");
	shim_machine_ret = -XEN_ESRCH;
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 1, 0, 3, 0), -XEN_ESRCH, "no such domain");
	shim_machine_ret = 0;
	u[0].ptr = (SHIM_L1 << PAGE_SHIFT) + 300 * 8 + 4;
	cr_expect_eq(do_mmu_update(60 << PAGE_SHIFT, 1, 0, DOMID_SELF, 0), -XEN_ENOSYS);
}

Test(pagetable, pin_rules)
{
	struct mmuext_op *op = mfn_ptr(RAM(60));
	uint64_t va = 60 << PAGE_SHIFT;

	*op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = SHIM_L4 };
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), 0);
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_EINVAL, "twice");
	op->cmd = MMUEXT_UNPIN_TABLE;
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), 0);
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_EINVAL, "not pinned");
	op->cmd = MMUEXT_PIN_L1_TABLE;
	op->arg1.mfn = RAM(FREE_PFN);
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_EINVAL, "wrong type");
	op->cmd = MMUEXT_NEW_BASEPTR;
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_EINVAL);
	op->cmd = MMUEXT_FLUSH_CACHE;
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_EACCES);
	op->cmd = MMUEXT_MARK_SUPER;
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_EOPNOTSUPP);
	op->cmd = 77;
	cr_expect_eq(do_mmuext_op(va, 1, 0, DOMID_SELF, 0), -XEN_ENOSYS);
}

Test(pagetable, flush_forgets_only_what_changed)
{
	uint64_t *hint = page_va_hint(SHIM_L1);

	*hint = 1 | VA_HINT_KERNEL; /* a walk has gone through the L1: it serves VA 0 */
	shim.flush_range = 0;
	cr_assert_eq(do_update_va_mapping(300 << PAGE_SHIFT, PTE(RAM(50), P), UVMF_TLB_FLUSH, 0, 0), 0);
	cr_expect_eq(shim.flush_range + shim.flush_all, 0, "nothing was present there");
	cr_assert_eq(do_update_va_mapping(300 << PAGE_SHIFT, 0, UVMF_TLB_FLUSH, 0, 0), 0);
	cr_expect_eq(shim.flush_range, 1);
	cr_expect_eq(shim.flushed_va, 300 << PAGE_SHIFT);
	cr_expect_eq(shim.flushed_pages, 1);
	cr_expect_eq(shim.flush_all, 0);
}

/* A program's pages change: the kernel's mappings stay, and so do those of other programs. */
Test(pagetable, flush_forgets_only_whose_it_was)
{
	*page_va_hint(SHIM_L1) = 1 | VA_HINT_USER | VA_HINT_L4(RAM(80));
	cr_assert_eq(do_update_va_mapping(40 << PAGE_SHIFT, 0, UVMF_TLB_FLUSH, 0, 0), 0);
	cr_expect_eq(shim.flush_range + shim.flush_all, 0);
	cr_expect_eq(shim.flush_user, 1);
	cr_expect_eq(shim.flushed_l4, RAM(80));
	*page_va_hint(SHIM_L1) = 1 | VA_HINT_USER | VA_HINT_KERNEL | VA_HINT_L4_MANY;
	cr_assert_eq(do_update_va_mapping(41 << PAGE_SHIFT, 0, UVMF_TLB_FLUSH, 0, 0), 0);
	cr_expect_eq(shim.flush_range, 1);
	cr_expect_eq(shim.flush_user, 2);
	cr_expect_eq(shim.flushed_l4, 0, "any");
	*page_va_hint(SHIM_L1) = VA_HINT_MANY | VA_HINT_USER | VA_HINT_L4(RAM(80));
	cr_assert_eq(do_update_va_mapping(42 << PAGE_SHIFT, 0, UVMF_TLB_FLUSH, 0, 0), 0);
	cr_expect_eq(shim.flush_all, 0);
	cr_expect_eq(shim.flush_user, 3);
}

/* More changes than are looked at one by one. */
Test(pagetable, many_changes_of_a_program_leave_the_kernel_alone)
{
	uint64_t i;

	*page_va_hint(SHIM_L1) = 1 | VA_HINT_USER | VA_HINT_L4(RAM(80));
	for (i = 100; i < 200; i++)
		cr_assert_eq(do_update_va_mapping(i << PAGE_SHIFT, 0, UVMF_NONE, 0, 0), 0);
	tlb_flush_stale();
	cr_expect_eq(shim.flush_range + shim.flush_all, 0);
	cr_expect_eq(shim.flush_user, 1);
	cr_expect_eq(shim.flushed_l4, 0);
	*page_va_hint(SHIM_L1) |= VA_HINT_KERNEL;
	for (i = 100; i < 200; i++)
		cr_assert_eq(do_update_va_mapping(i << PAGE_SHIFT, PTE(RAM(i), P), UVMF_NONE, 0, 0), 0);
	for (i = 100; i < 200; i++)
		cr_assert_eq(do_update_va_mapping(i << PAGE_SHIFT, 0, UVMF_NONE, 0, 0), 0);
	tlb_flush_stale();
	cr_expect_eq(shim.flush_all, 1);
}

Test(pagetable, other_tables_keep_what_both_have)
{
	uint64_t *other = shim_table(RAM(70));
	unsigned int i;

	memcpy(other, shim_table(SHIM_L4), PAGE_SIZE);
	other[0] ^= _PAGE_ACCESSED;
	tlb_new_tables(SHIM_L4, RAM(70));
	cr_expect_eq(shim.flush_range + shim.flush_all, 0, "the same translations");
	other[5] = other[6] = other[0];
	tlb_new_tables(SHIM_L4, RAM(70));
	cr_expect_eq(shim.flush_range + shim.flush_all, 0, "nothing was there before");
	tlb_new_tables(RAM(70), SHIM_L4);
	cr_expect_eq(shim.flush_range, 1);
	cr_expect_eq(shim.flushed_va, 5UL << 39);
	cr_expect_eq(shim.flushed_pages, 2UL << 27);
	for (i = 8; i < 192; i += 2)
		other[i] = other[0];
	tlb_new_tables(RAM(70), SHIM_L4);
	cr_expect_eq(shim.flush_all, 1, "too many to go one by one");
}

Test(pagetable, invalid_table_leaves_no_references, .init = shim_reset)
{
	unsigned int i;

	shim_table(SHIM_L1)[200] = PTE(SHIM_L2, RW); /* a writable mapping of a table to be */
	cr_assert_neq(page_get_type(SHIM_L4, PGT_l4), 0);
	for (i = 0; i < SHIM_PAGES; i++)
		cr_assert_eq(mfn_page(RAM(i))->count, 0, "frame %u still has %u", i, mfn_page(RAM(i))->count);
}

Test(pagetable, linear_tables_are_one_level_deep)
{
	uint64_t a = RAM(50), b = RAM(51), c = RAM(52);
	unsigned int i;

	for (i = 50; i < 53; i++) {
		cr_assert_eq(pt_write_entry(SHIM_L1, 1, i, PTE(RAM(i), P), 0), 0);
		cr_assert_eq(page_get_type(RAM(i), PGT_l2), 0);
	}
	cr_expect_eq(pt_write_entry(a, 2, 0, PTE(a, P), 0), 0, "itself");
	cr_expect_eq(pt_write_entry(a, 2, 1, PTE(b, RW), 0), -XEN_EINVAL, "writable");
	cr_expect_eq(pt_write_entry(a, 2, 1, PTE(b, P), 0), 0, "another");
	cr_expect_eq(pt_write_entry(a, 2, 2, PTE(b, P), 0), 0, "again");
	cr_expect_eq(mfn_page(b)->type_count, 3);
	cr_expect_eq(pt_write_entry(b, 2, 0, PTE(c, P), 0), -XEN_EINVAL, "b is used as one");
	cr_expect_eq(pt_write_entry(c, 2, 0, PTE(a, P), 0), -XEN_EINVAL, "a has linear entries");
	cr_expect_eq(pt_write_entry(b, 2, 0, PTE(a, P), 0), -XEN_EINVAL, "a circle");
	cr_expect_eq(pt_write_entry(b, 2, 0, PTE(b, P), 0), 0, "itself takes no reference");
	mm_check(0);
	/* b lives as long as a names it, and goes with it. */
	page_put_type(b);
	cr_expect_eq(mfn_page(b)->type, PGT_l2);
	page_put_type(a);
	cr_expect_eq(mfn_page(b)->type, PGT_none);
	page_put_type(c);
	for (i = 50; i < 53; i++)
		cr_expect_eq(mfn_page(RAM(i))->count, 1, "the read-only mapping alone");
	mm_check(0);
}

Test(pagetable, reserved_slots_are_cleared, .init = shim_reset)
{
	shim_table(SHIM_L4)[256] = PTE(SHIM_L3, RW);
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
	cr_expect_eq(shim_table(SHIM_L4)[256], 0);
}

Test(pagetable, loading_the_same_tables_flushes)
{
	struct mmuext_op *op = mfn_ptr(RAM(60));

	*page_va_hint(SHIM_L1) = 1 | VA_HINT_KERNEL;
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, 70, PTE(RAM(71), P), 0), 0);
	*op = (struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = SHIM_L4 };
	cr_assert_eq(do_mmuext_op(60 << PAGE_SHIFT, 1, 0, DOMID_SELF, 0), 0);
	cr_expect_eq(shim.flush_range, 1);
	cr_expect_eq(shim.flushed_va, 70 << PAGE_SHIFT);
}
