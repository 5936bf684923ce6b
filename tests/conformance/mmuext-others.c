/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: base pointers, flushes, LDT, pages, and what is refused.
 *
 * Everything but pins.  CLEAR and COPY need a target that may be written; flushes of other vCPUs need a mask that can be read.
 *
 * covers: mmuext_op.NEW_BASEPTR good
 * covers: mmuext_op.NEW_BASEPTR bad
 * covers: mmuext_op.NEW_USER_BASEPTR good
 * covers: mmuext_op.NEW_USER_BASEPTR bad
 * covers: mmuext_op.TLB_FLUSH_MULTI good
 * covers: mmuext_op.TLB_FLUSH_MULTI bad
 * covers: mmuext_op.INVLPG_MULTI good
 * covers: mmuext_op.INVLPG_MULTI bad
 * covers: mmuext_op.SET_LDT good
 * covers: mmuext_op.SET_LDT bad
 * covers: mmuext_op.CLEAR_PAGE good
 * covers: mmuext_op.CLEAR_PAGE bad
 * covers: mmuext_op.COPY_PAGE good
 * covers: mmuext_op.COPY_PAGE bad
 * covers: mmuext_op.TLB_FLUSH_LOCAL good
 * covers: mmuext_op.TLB_FLUSH_ALL good
 * covers: mmuext_op.INVLPG_LOCAL good
 * covers: mmuext_op.INVLPG_ALL good
 * covers: mmuext_op.FLUSH_CACHE bad
 * covers: mmuext_op.FLUSH_CACHE_GLOBAL bad
 * covers: mmuext_op.MARK_SUPER bad
 * covers: mmuext_op.UNMARK_SUPER bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmuext_op: base pointers, flushes, LDT, pages, and what is refused";

static long ext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = arg1;
	op.arg2.src_mfn = arg2;
	return HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static uint64_t multi(unsigned cmd, uint64_t va, const void *mask)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.linear_addr = va;
	set_xen_guest_handle(op.arg2.vcpumask, mask);
	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static uint64_t ldt(uint64_t va, unsigned ents)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

	op.arg1.linear_addr = va;
	op.arg2.nr_ents = ents;
	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static void batches(void)
{
	struct mmuext_op op[3] = { { .cmd = MMUEXT_TLB_FLUSH_LOCAL }, { .cmd = 99 }, { .cmd = MMUEXT_TLB_FLUSH_LOCAL } };
	unsigned done = 9;

	answer("batch", (uint64_t)HC(mmuext_op, (long)op, 3L, (long)&done, (long)DOMID_SELF));
	answer("batch.done", done);
	answer("batch.none", (uint64_t)HC(mmuext_op, (long)op, 0L, (long)&done, (long)DOMID_SELF));
	answer("batch.none.done", done);
	answer("fault", (uint64_t)HC(mmuext_op, 0x3fffffff0000L, 1L, 0L, (long)DOMID_SELF));
	answer("dom0", (uint64_t)HC(mmuext_op, (long)op, 1L, 0L, 0L));
	answer("dom0.nothing", (uint64_t)HC(mmuext_op, (long)op, 0L, 0L, 0L));
	answer("none", (uint64_t)HC(mmuext_op, (long)op, 1L, 0L, 0x7000L));
	answer("io", (uint64_t)HC(mmuext_op, (long)op, 1L, 0L, (long)DOMID_IO));
}

static void base_pointers(void)
{
	uint64_t *l4 = page_alloc(), old = va_mfn((void *)si->pt_base), mfn = va_mfn(l4);

	memcpy(l4, (void *)si->pt_base, PAGE_SIZE);
	answer("base.writable", (uint64_t)ext(MMUEXT_NEW_BASEPTR, mfn, 0));
	CHECK_EQ(page_protect(l4, false), 0);
	answer("base", (uint64_t)ext(MMUEXT_NEW_BASEPTR, mfn, 0));
	answer("base.rw", (uint64_t)page_protect(l4, true));
	answer("base.back", (uint64_t)ext(MMUEXT_NEW_BASEPTR, old, 0));
	answer("base.zero", (uint64_t)ext(MMUEXT_NEW_BASEPTR, 0, 0));
	answer("base.nobody", (uint64_t)ext(MMUEXT_NEW_BASEPTR, 0xffffff0, 0));
	answer("base.l1", (uint64_t)ext(MMUEXT_NEW_BASEPTR, va_mfn((void *)((uint64_t)pte_of(l4, 1) & ~4095UL)), 0));
	answer("user", (uint64_t)ext(MMUEXT_NEW_USER_BASEPTR, mfn, 0));
	answer("user.again", (uint64_t)ext(MMUEXT_NEW_USER_BASEPTR, mfn, 0));
	answer("user.rw", (uint64_t)page_protect(l4, true));
	answer("user.bad", (uint64_t)ext(MMUEXT_NEW_USER_BASEPTR, va_mfn(si), 0));
	answer("user.zero", (uint64_t)ext(MMUEXT_NEW_USER_BASEPTR, 0, 0));
	answer("user.zero.rw", (uint64_t)page_protect(l4, true));
}

static void pages(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc(), l4 = va_mfn((void *)si->pt_base);

	a[5] = 7;
	answer("copy", (uint64_t)ext(MMUEXT_COPY_PAGE, va_mfn(b), va_mfn(a)));
	answer("copy.value", b[5]);
	answer("clear", (uint64_t)ext(MMUEXT_CLEAR_PAGE, va_mfn(a), 0));
	answer("clear.value", a[5]);
	answer("clear.table", (uint64_t)ext(MMUEXT_CLEAR_PAGE, l4, 0));
	answer("copy.table", (uint64_t)ext(MMUEXT_COPY_PAGE, l4, va_mfn(a)));
	answer("copy.from.table", (uint64_t)ext(MMUEXT_COPY_PAGE, va_mfn(b), l4));
	answer("clear.nobody", (uint64_t)ext(MMUEXT_CLEAR_PAGE, 0xffffff0, 0));
	answer("copy.nobody", (uint64_t)ext(MMUEXT_COPY_PAGE, va_mfn(b), 0xffffff0));
}

void test_main(void)
{
	uint64_t mask[2] = { 1, 0 };
	void *nowhere = (void *)0x3fffffff0000;

	batches();
	base_pointers();
	pages();
	answer("flush.local", (uint64_t)ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0));
	answer("flush.all", (uint64_t)ext(MMUEXT_TLB_FLUSH_ALL, 0, 0));
	answer("invlpg.local", (uint64_t)ext(MMUEXT_INVLPG_LOCAL, (uint64_t)si, 0));
	answer("invlpg.xen", (uint64_t)ext(MMUEXT_INVLPG_LOCAL, 0xffff800000000000, 0));
	answer("invlpg.noncanonical", (uint64_t)ext(MMUEXT_INVLPG_ALL, 0x1234567812345678, 0));
	answer("flush.multi", multi(MMUEXT_TLB_FLUSH_MULTI, 0, mask));
	answer("flush.multi.fault", multi(MMUEXT_TLB_FLUSH_MULTI, 0, nowhere));
	answer("invlpg.multi", multi(MMUEXT_INVLPG_MULTI, (uint64_t)si, mask));
	answer("invlpg.multi.fault", multi(MMUEXT_INVLPG_MULTI, (uint64_t)si, nowhere));
	answer("ldt", ldt((uint64_t)page_alloc(), 1));
	answer("ldt.none", ldt(0x123, 0));
	answer("ldt.odd", ldt(0x123008, 1));
	answer("ldt.many", ldt(0x123000, 8193));
	answer("ldt.xen", ldt(0xffff800000000000, 1));
	answer("cache", (uint64_t)ext(MMUEXT_FLUSH_CACHE, 0, 0));
	answer("cache.global", (uint64_t)ext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0));
	answer("super", (uint64_t)ext(MMUEXT_MARK_SUPER, 0, 0));
	answer("super.not", (uint64_t)ext(MMUEXT_UNMARK_SUPER, 0, 0));
	answer("fourteen", (uint64_t)ext(14, 0, 0));
	answer("unknown", (uint64_t)ext(21, 0, 0));
	test_success("");
}
