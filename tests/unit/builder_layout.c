/* SPDX-License-Identifier: MIT */
/*
 * The start-of-day layout against addresses observed under Xen 4.17 for three kernels.  What would
 * break: guests compute addresses from this order (boot stack behind the page tables, p2m behind
 * the kernel), and one that finds another order runs into the wrong page.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "toolstack/builder/layout.h"

static char error[256];
static struct report r = { .text = error, .size = sizeof(error), .path = "kernel" };

static struct kernel kernel_at(uint64_t base, uint64_t start, uint64_t end)
{
	struct kernel k = { .virt_base = base, .phys_start = start, .phys_end = end };

	kernel_notes_init(&k.notes);
	return k;
}

Test(builder_layout, small_guest_at_0)
{
	struct kernel k = kernel_at(0, 0x100000, 0x110f00);
	struct layout l;

	cr_assert_eq(layout_compute(&l, &k, 128 << 8, 0, &r), 0, "%s", error);
	cr_assert_eq(l.p2m.pfn, 0x111);
	cr_assert_eq(l.p2m_va, 0x111000);
	cr_assert_eq(l.start_info, 0x151);
	cr_assert_eq(l.xenstore, 0x152);
	cr_assert_eq(l.console, 0x153);
	cr_assert_eq(l.l4, 0x154);
	cr_assert_eq(l.map[0].tables.nr, 5);
	cr_assert_eq(l.stack, 0x159);
	cr_assert_eq(l.virt_end, 0x400000);
	cr_assert_eq(l.nr_maps, 1);
}

Test(builder_layout, grub)
{
	struct kernel k = kernel_at(0, 0, 0x613dc8);
	struct layout l;

	cr_assert_eq(layout_compute(&l, &k, 384 << 8, 0, &r), 0, "%s", error);
	cr_assert_eq(l.p2m_va, 0x614000);
	cr_assert_eq(l.start_info, 0x6d4);
	cr_assert_eq(l.l4, 0x6d7);
	cr_assert_eq(l.map[0].tables.nr, 7);
	cr_assert_eq(l.stack, 0x6de);
	cr_assert_eq(l.virt_end, 0x800000);
}

Test(builder_layout, linux_with_init_p2m_and_unmapped_ramdisk)
{
	struct kernel k = kernel_at(0xffffffff80000000, 0x1000000, 0x3e00000);
	struct layout l;

	k.notes.init_p2m = 0x8000000000;
	k.notes.mod_start_pfn = true;
	cr_assert_eq(layout_compute(&l, &k, 384 << 8, 0x212000, &r), 0, "%s", error);
	cr_assert_eq(layout_va(&l, l.start_info), 0xffffffff83e00000);
	cr_assert_eq(layout_va(&l, l.l4), 0xffffffff83e03000);
	cr_assert_eq(l.map[0].tables.nr, 35);
	cr_assert_eq(layout_va(&l, l.stack), 0xffffffff83e26000);
	cr_assert_eq(l.virt_end, 0xffffffff84000000);
	cr_assert_eq(l.ramdisk.pfn, 0x4000);
	cr_assert_not(l.ramdisk_mapped);
	cr_assert_eq(l.p2m.pfn, 0x4212);
	cr_assert_eq(l.p2m_va, 0x8000000000);
	cr_assert_eq(l.nr_maps, 2);
	cr_assert_eq(l.map[1].tables.nr, 3);	/* L3, L2, L1; the L4 is shared */
	cr_assert_eq(l.end, 0x4212 + 0xc0 + 3);
}

Test(builder_layout, mapped_ramdisk_follows_the_kernel)
{
	struct kernel k = kernel_at(0x10000000, 0x100000, 0x110f00);
	struct layout l;

	cr_assert_eq(layout_compute(&l, &k, 128 << 8, 0x5001, &r), 0, "%s", error);
	cr_assert_eq(l.ramdisk.pfn, 0x111);
	cr_assert_eq(l.ramdisk.nr, 6);
	cr_assert_eq(l.p2m.pfn, 0x117);
}

/* The mapping's slack is at least 512 KiB, whatever the kernel's size. */
Test(builder_layout, slack_is_kept)
{
	struct layout l;

	for (uint64_t end = 0x100000; end < 0x900000; end += 0x1000) {
		struct kernel k = kernel_at(0x10000000, 0x100000, end);

		cr_assert_eq(layout_compute(&l, &k, 64 << 8, 0, &r), 0, "%s", error);
		cr_assert_geq(l.virt_end, layout_va(&l, l.stack + 1) + 512 * 1024);
		cr_assert_lt(l.virt_end - (layout_va(&l, l.stack + 1) + 512 * 1024), 4 << 20);
		cr_assert_eq(l.virt_end % (4 << 20), 0);
	}
}

Test(builder_layout, too_little_memory_is_said)
{
	struct kernel k = kernel_at(0x10000000, 0x100000, 0x110f00);
	struct layout l;

	for (uint64_t nr = 1; nr < 1024; nr++)
		cr_assert_eq(layout_compute(&l, &k, nr, 0, &r), -ENOMEM, "%lu pages", nr);
	cr_assert_eq(layout_compute(&l, &k, 1024, 0, &r), 0, "%s", error);
	cr_assert_eq(layout_compute(&l, &k, 1024, UINT64_MAX, &r), -ENOMEM);
	cr_assert_eq(layout_compute(&l, &k, 0, 0, &r), -EINVAL);
	cr_assert_eq(layout_compute(&l, &k, UINT64_MAX, 0, &r), -EINVAL);
	k.phys_end = KERNEL_MAX_PHYS;
	cr_assert_eq(layout_compute(&l, &k, 1024, 0, &r), -ENOMEM);
}

/* INIT_P2M just below VIRT_BASE shares the L3 and L2 with the kernel's mapping. */
Test(builder_layout, p2m_next_to_the_kernel_shares_tables)
{
	struct kernel k = kernel_at(0x40000000 + (2 << 20), 0x100000, 0x110000);
	struct layout l;

	k.notes.init_p2m = 0x40000000;
	cr_assert_eq(layout_compute(&l, &k, 64 << 8, 0, &r), 0, "%s", error);
	cr_assert_eq(l.map[1].tables.nr, 1);
	cr_assert_eq(layout_table(&l, 2, 0x40000000), layout_table(&l, 2, k.virt_base));
	cr_assert_neq(layout_table(&l, 1, 0x40000000), layout_table(&l, 1, k.virt_base));
	k.notes.init_p2m = k.virt_base - 0x1000;
	cr_assert_eq(layout_compute(&l, &k, 64 << 8, 0, &r), -EINVAL);
}
