/* SPDX-License-Identifier: MIT */
/*
 * Page tables under the guest's hand and the hypervisor's eye.  What would break: isolation if
 * too much is allowed, real kernels if too little is.
 */
#include "tests/guests/lib/guest.h"

static long update(uint64_t ptr, uint64_t val, unsigned *done)
{
	struct mmu_update u = { .ptr = ptr, .val = val };

	return HC(mmu_update, (long)&u, 1L, (long)done, (long)DOMID_SELF);
}

static long ext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = arg1;
	op.arg2.nr_ents = (unsigned)arg2;
	return HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static void read_at(void *p)
{
	*(volatile uint64_t *)p;
}

static void write_at(void *p)
{
	*(volatile uint64_t *)p = 1;
}

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

TEST(mmu_update_changes_a_mapping)
{
	uint64_t *a = page_alloc(), *window = page_alloc();
	uint64_t old = ENTRY(window, PTE_KERNEL), where = pte_maddr(window);
	unsigned done = 9;

	*a = 0xaaaa;
	CHECK_EQ(update(where | MMU_NORMAL_PT_UPDATE, ENTRY(a, PTE_KERNEL), &done), 0);
	CHECK_EQ(done, 1);
	CHECK_EQ(ext(MMUEXT_INVLPG_LOCAL, (uint64_t)window, 0), 0);
	CHECK_EQ(*(volatile uint64_t *)window, 0xaaaa);
	*(volatile uint64_t *)window = 0xbbbb;
	CHECK_EQ(*(volatile uint64_t *)a, 0xbbbb);
	CHECK_EQ(update(where, old, NULL), 0);
	CHECK_EQ(ext(MMUEXT_INVLPG_LOCAL, (uint64_t)window, 0), 0);
	CHECK_EQ(*(volatile uint64_t *)window, 0);
}

TEST(mmu_update_va_mapping_changes_and_removes)
{
	uint64_t *a = page_alloc(), *window = page_alloc();

	*a = 0xcccc;
	CHECK_EQ(map_va(window, ENTRY(a, PTE_KERNEL)), 0);
	CHECK_EQ(*(volatile uint64_t *)window, 0xcccc);
	CHECK_EQ(map_va(window, ENTRY(a, PTE_KERNEL & ~PTE_RW)), 0);
	CHECK(catch_call(write_at, window), "read-only, and written");
	CHECK_EQ(map_va(window, 0), 0);
	CHECK(catch_call(read_at, window), "not present, and read");
	CHECK_EQ(last_trap.error, 0);
	/* Swap bits of a non-present entry are the guest's own. */
	CHECK_EQ(map_va(window, 0x123450000UL << 12 | 0x40), 0);
	CHECK_EQ(*pte_of(window, 1), 0x123450000UL << 12 | 0x40);
	CHECK_EQ(map_va(window, ENTRY(window, PTE_KERNEL)), 0);
}

TEST(mmu_update_of_an_ordinary_page_is_a_plain_store)
{
	uint64_t *page = page_alloc();

	CHECK_EQ(update((va_mfn(page) << 12) + 8 * 7, 0x1122334455667788, NULL), 0);
	CHECK_EQ(page[7], 0x1122334455667788);
}

TEST(mmu_update_errors)
{
	uint64_t *page = page_alloc();
	uint64_t where = pte_maddr(page), e = *pte_of(page, 1);
	struct mmu_update u[3] = { { where, e }, { where | 6, e }, { where, e } };
	unsigned done = 9;

	CHECK_EQ(update(where | 5, e, NULL), -XEN_ENOSYS);
	CHECK_EQ(HC(mmu_update, 0x3fffffff0000L, 1L, 0L, (long)DOMID_SELF), -XEN_EFAULT);
	CHECK_EQ(HC(mmu_update, (long)u, 1L, 0L, 0L), -XEN_EPERM);
	CHECK(no_such_domain(HC(mmu_update, (long)u, 1L, 0L, 0x7000L)), "nobody has page tables");
	CHECK_EQ(update(0xffffff0UL << 12, e, NULL), -XEN_EINVAL);
	/* Those before the bad one are done, and counted. */
	CHECK_EQ(HC(mmu_update, (long)u, 3L, (long)&done, (long)DOMID_SELF), -XEN_ENOSYS);
	CHECK_EQ(done, 1);
	done = 9;
	CHECK_EQ(HC(mmu_update, (long)u, 0L, (long)&done, (long)DOMID_SELF), 0);
}

TEST(mmu_refuses_writable_mappings_of_page_tables)
{
	uint64_t *window = page_alloc(), *l1 = pte_of(window, 1);
	void *l4 = (void *)si->pt_base;

	CHECK_EQ(map_va(window, ENTRY(l4, PTE_KERNEL)), -XEN_EBUSY);
	l1 = (uint64_t *)((uint64_t)l1 & ~4095UL);
	CHECK_EQ(map_va(window, ENTRY(l1, PTE_KERNEL)), -XEN_EBUSY);
	CHECK_EQ(update(pte_maddr(window), ENTRY(l1, PTE_KERNEL), NULL), -XEN_EBUSY);
	CHECK_EQ(page_protect(l1, true), -XEN_EBUSY);
	/* Nothing has changed. */
	*(volatile uint64_t *)window = 5;
	CHECK_EQ(*(volatile uint64_t *)window, 5);
	/* Read-only is fine. */
	CHECK_EQ(map_va(window, ENTRY(l1, PTE_KERNEL & ~PTE_RW)), 0);
	CHECK_EQ(map_va(window, ENTRY(window, PTE_KERNEL)), 0);
}

TEST(mmu_refuses_frames_of_others)
{
	uint64_t *window = page_alloc();
	static const uint64_t foreign[] = { 1, 2, 0x100, 0xffffff0, 0xfffffffe };
	long ret;

	for (unsigned i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		ret = map_va(window, foreign[i] << 12 | PTE_KERNEL);
		CHECK(ret == -XEN_EPERM || ret == -XEN_EBUSY || ret == -XEN_EINVAL, "mfn %#lx: %ld",
		      foreign[i], ret);
	}
	/* One past our own last frame, and one before our first. */
	ret = map_va(window, (pfn_mfn(si->nr_pages - 1) + 4096) << 12 | PTE_KERNEL);
	CHECK(ret < 0, "beyond our last frame: %ld", ret);
	ret = map_va(window, ((si->shared_info >> 12) - 1) << 12 | PTE_KERNEL);
	CHECK(ret < 0, "before our first frame: %ld", ret);
	*(volatile uint64_t *)window = 5;
	CHECK_EQ(*(volatile uint64_t *)window, 5);
}

TEST(mmu_refuses_bad_flags)
{
	uint64_t *window = page_alloc();

	CHECK_EQ(map_va(window, ENTRY(window, PTE_KERNEL | 0x80)), -XEN_EINVAL);	/* PAT */
	CHECK_EQ(map_va(window, ENTRY(window, PTE_KERNEL | 0x10)), -XEN_EINVAL);	/* PCD */
	CHECK_EQ(map_va(window, ENTRY(window, PTE_KERNEL | 0x08)), -XEN_EINVAL);	/* PWT */
	CHECK_EQ(update(va_mfn((void *)((uint64_t)pte_of(window, 2) & ~4095UL)) << 12 |
			((uint64_t)pte_of(window, 2) & 4095), *pte_of(window, 2) | 0x80, NULL),
		 -XEN_EINVAL);							/* PSE */
}

TEST(mmu_update_va_mapping_without_a_table_is_einval)
{
	CHECK_EQ(map_va((void *)0x30000000, 0), -XEN_EINVAL);
	CHECK_EQ(map_va((void *)0x7ff000000000, 0), -XEN_EINVAL);
	CHECK_EQ(map_va((void *)0xffff800000000000, 0), -XEN_EINVAL);
	CHECK_EQ(map_va((void *)0x8000000000000000, 0), -XEN_EINVAL);
}

TEST(mmu_pin_rules)
{
	uint64_t *page = page_alloc();
	uint64_t mfn = va_mfn(page);

	CHECK_EQ(ext(MMUEXT_PIN_L1_TABLE, mfn, 0), -XEN_EINVAL);	/* mapped writable */
	CHECK_EQ(page_protect(page, false), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L1_TABLE, mfn, 0), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L1_TABLE, mfn, 0), -XEN_EINVAL);	/* twice */
	CHECK_EQ(ext(MMUEXT_PIN_L2_TABLE, mfn, 0), -XEN_EINVAL);	/* another type */
	CHECK_EQ(page_protect(page, true), -XEN_EBUSY);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, mfn, 0), 0);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, mfn, 0), -XEN_EINVAL);
	CHECK_EQ(page_protect(page, true), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L1_TABLE, 0xffffff0, 0), -XEN_EINVAL);
	/* Content that may not be a table. */
	page[3] = 0xffffff0UL << 12 | PTE_KERNEL;
	CHECK_EQ(page_protect(page, false), 0);
	CHECK(ext(MMUEXT_PIN_L1_TABLE, mfn, 0) < 0, "a table of nobody's frames can be pinned");
	CHECK_EQ(page_protect(page, true), 0);
}

/* A new L1, hooked into a new place: the way every kernel grows its address space. */
TEST(mmu_grow_the_address_space)
{
	uint64_t *l1 = page_alloc(), *data = page_alloc();
	uint64_t va = BASE + (256UL << 20);	/* same L3 page, an L2 slot nobody uses */
	uint64_t *l2e = pte_of((void *)va, 2);

	CHECK(l2e && !(*l2e & PTE_P), "the place is taken");
	if (!l2e)
		return;
	*data = 0xdada;
	l1[va >> 12 & 511] = ENTRY(data, PTE_KERNEL);
	/* Still writable: it may not become a table. */
	CHECK_EQ(update(va_mfn(l2e) << 12 | ((uint64_t)l2e & 4095), ENTRY(l1, PTE_KERNEL), NULL),
		 -XEN_EINVAL);
	CHECK_EQ(page_protect(l1, false), 0);
	CHECK_EQ(update(va_mfn(l2e) << 12 | ((uint64_t)l2e & 4095), ENTRY(l1, PTE_KERNEL), NULL), 0);
	CHECK_EQ(*(volatile uint64_t *)va, 0xdada);
	/* Writes to the table fault, updates of it work. */
	CHECK(catch_call(write_at, l1), "a page table can be written");
	CHECK_EQ(last_trap.error, 3);
	CHECK_EQ(map_va((void *)(va + PAGE_SIZE), ENTRY(data, PTE_KERNEL & ~PTE_RW)), 0);
	CHECK_EQ(*(volatile uint64_t *)(va + PAGE_SIZE), 0xdada);
	/* Unhook: the place is empty again and the page ordinary. */
	CHECK_EQ(update(va_mfn(l2e) << 12 | ((uint64_t)l2e & 4095), 0, NULL), 0);
	CHECK_EQ(ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
	CHECK(catch_call(read_at, (void *)va), "the place can still be read");
	CHECK_EQ(page_protect(l1, true), 0);
	CHECK_EQ(page_protect(data, true), 0);
}

TEST(mmu_new_baseptr)
{
	uint64_t *l4 = page_alloc();
	uint64_t old = va_mfn((void *)si->pt_base), mfn = va_mfn(l4), cr3;

	memcpy(l4, (void *)si->pt_base, PAGE_SIZE);
	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, mfn, 0), -XEN_EINVAL);		/* writable, no table */
	CHECK_EQ(page_protect(l4, false), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L4_TABLE, mfn, 0), 0);
	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, mfn, 0), 0);
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	CHECK_EQ(cr3 >> 12, mfn);
	*(volatile uint64_t *)page_alloc() = 1;		/* the world is still there */
	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, old, 0), 0);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, mfn, 0), 0);
	CHECK_EQ(page_protect(l4, true), 0);
	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, va_mfn(si), 0), -XEN_EINVAL);
	CHECK_EQ(ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
}

TEST(mmu_l4_xen_slots_are_refused)
{
	uint64_t l4 = va_mfn((void *)si->pt_base) << 12, e = *(uint64_t *)si->pt_base;

	CHECK_EQ(update(l4 + 256 * 8, e, NULL), -XEN_EINVAL);
	CHECK_EQ(update(l4 + 271 * 8, e, NULL), -XEN_EINVAL);
}

TEST(mmu_linear_mapping_only_read_only)
{
	uint64_t l4 = va_mfn((void *)si->pt_base) << 12;

	CHECK_EQ(update(l4 + 300 * 8, l4 | PTE_KERNEL, NULL), -XEN_EINVAL);
	CHECK_EQ(update(l4 + 300 * 8, l4 | (PTE_KERNEL & ~PTE_RW), NULL), 0);
	CHECK_EQ(update(l4 + 300 * 8, 0, NULL), 0);
}

TEST(mmu_machphys_update)
{
	uint64_t mfn = va_mfn(page_alloc());
	uint64_t pfn = m2p ? m2p[mfn] : 0;

	CHECK_EQ(update(mfn << 12 | MMU_MACHPHYS_UPDATE, 0x4321, NULL), 0);
	if (m2p)
		CHECK_EQ(((volatile uint64_t *)m2p)[mfn], 0x4321);
	CHECK_EQ(update(mfn << 12 | MMU_MACHPHYS_UPDATE, pfn, NULL), 0);
	CHECK_EQ(update(0xffffff0UL << 12 | MMU_MACHPHYS_UPDATE, 1, NULL), -XEN_EINVAL);
}

TEST(mmu_preserve_ad)
{
	uint64_t *window = page_alloc();
	uint64_t where = pte_maddr(window);

	CHECK_EQ(update(where, ENTRY(window, PTE_KERNEL), NULL), 0);
	CHECK_EQ(update(where | MMU_PT_UPDATE_PRESERVE_AD, ENTRY(window, PTE_P | PTE_RW | PTE_US), NULL), 0);
	CHECK_EQ(*pte_of(window, 1) & (PTE_A | PTE_D), PTE_A | PTE_D);
}

TEST(mmuext_flushes)
{
	uint64_t vcpus = 1;
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_MULTI };

	CHECK_EQ(ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
	CHECK_EQ(ext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	CHECK_EQ(ext(MMUEXT_INVLPG_ALL, (uint64_t)si, 0), 0);
	CHECK_EQ(ext(MMUEXT_INVLPG_LOCAL, 0xffff800000000000, 0), 0);
	set_xen_guest_handle(op.arg2.vcpumask, (void *)&vcpus);
	CHECK_EQ(HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF), 0);
	set_xen_guest_handle(op.arg2.vcpumask, (void *)0x3fffffff0000);
	CHECK_EQ(HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF), -XEN_EINVAL);
}

TEST(mmuext_errors)
{
	CHECK_EQ(ext(99, 0, 0), -XEN_ENOSYS);
	CHECK_EQ(ext(MMUEXT_FLUSH_CACHE, 0, 0), -XEN_EACCES);
	CHECK_EQ(ext(MMUEXT_MARK_SUPER, va_mfn(si), 0), -XEN_EOPNOTSUPP);
	CHECK_EQ(HC(mmuext_op, 0x3fffffff0000L, 1L, 0L, (long)DOMID_SELF), -XEN_EFAULT);
}

TEST(mmuext_set_ldt)
{
	long none = ext(MMUEXT_SET_LDT, 0, 0);

	if (none == -XEN_ENOSYS) {
		test_skip("descriptor tables are not served");
		return;
	}
	CHECK_EQ(none, 0);
	CHECK_EQ(ext(MMUEXT_SET_LDT, 0x10000001, 1), -XEN_EINVAL);
	CHECK_EQ(ext(MMUEXT_SET_LDT, BASE, 9000), -XEN_EINVAL);
}

TEST(mmuext_clear_and_copy_page)
{
	uint64_t *a = page_alloc(), *b = page_alloc();
	struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE };

	a[9] = 0x99;
	op.arg1.mfn = va_mfn(b);
	op.arg2.src_mfn = va_mfn(a);
	CHECK_EQ(HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF), 0);
	CHECK_EQ(b[9], 0x99);
	CHECK_EQ(ext(MMUEXT_CLEAR_PAGE, va_mfn(b), 0), 0);
	CHECK_EQ(b[9], 0);
	/* A page table is no target. */
	CHECK_EQ(ext(MMUEXT_CLEAR_PAGE, va_mfn((void *)si->pt_base), 0), -XEN_EINVAL);
}

/* Many mappings made and dropped: the host's view must follow each. */
TEST(mmu_window_over_all_memory)
{
	volatile uint64_t *window = page_alloc();
	uint64_t first = va_pfn(_end) + 600, n = 0;

	for (uint64_t pfn = first > 1024 ? first : 1024; pfn < si->nr_pages; pfn += 3, n++) {
		if (map_va((void *)window, pfn_mfn(pfn) << 12 | PTE_KERNEL)) {
			CHECK(false, "pfn %#lx", pfn);
			break;
		}
		window[0] = pfn;
	}
	for (uint64_t pfn = first > 1024 ? first : 1024; pfn < si->nr_pages; pfn += 3) {
		if (map_va((void *)window, pfn_mfn(pfn) << 12 | PTE_KERNEL) || window[0] != pfn) {
			CHECK(false, "pfn %#lx shows %#lx", pfn, window[0]);
			break;
		}
	}
	CHECK(n > 0, "the domain has too little memory for this test");
	CHECK_EQ(map_va((void *)window, ENTRY((void *)window, PTE_KERNEL)), 0);
}
