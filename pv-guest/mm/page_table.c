/* SPDX-License-Identifier: MIT */
/*
 * Page tables under Xen's rules: a page becomes a table only when nothing maps it writable, so
 * a new one is filled, mapped read-only, and then hooked into its parent by mmu_update. Entries
 * hold mfns. Tables are never taken away again.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>

unsigned long nr_table_pages;

static unsigned int table_index(unsigned long va, unsigned int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

void page_table_init(void)
{
	nr_table_pages = start_info->nr_pt_frames;
}

uint64_t *table_lookup(unsigned long va, unsigned int level)
{
	uint64_t *table = (uint64_t *)start_info->pt_base;

	for (unsigned int l = 4; l > level; l--) {
		uint64_t e = table[table_index(va, l)];
		pfn_t pfn;

		if (!(e & PTE_P))
			return NULL;
		pfn = mfn_to_pfn(PTE_FRAME(e));
		BUG_ON(pfn == INVALID_MFN);
		table = pfn_to_virt(pfn);
	}
	return table;
}

/* First pfn the builder's direct map does not have. */
unsigned long boot_mapped_end(void)
{
	unsigned long pfn = 0;
	const uint64_t *l1 = NULL;

	for (; pfn < max_pfn; pfn++) {
		unsigned long va = VIRT_BASE + (pfn << PAGE_SHIFT);

		if (l1 == NULL || table_index(va, 1) == 0)
			l1 = table_lookup(va, 1);
		if (l1 == NULL || !(l1[table_index(va, 1)] & PTE_P))
			break;
	}
	return pfn;
}

/* Table page -> read-only -> entry of va at level in its parent. The table is never ours to write again. */
static int table_hook(unsigned long va, unsigned int level, void *table)
{
	uint64_t *parent = table_lookup(va, level);
	mfn_t mfn = virt_to_mfn(table);
	struct mmu_update req;
	long rc;

	rc = HYPERVISOR_update_va_mapping(table, (mfn << PAGE_SHIFT) | PTE_RO | PTE_NX,
					  UVMF_INVLPG);
	if (rc != 0)
		return (int)rc;
	req.ptr = (virt_to_mfn(parent) << PAGE_SHIFT) + table_index(va, level) * 8;
	req.ptr |= MMU_NORMAL_PT_UPDATE;
	req.val = (mfn << PAGE_SHIFT) | PTE_TABLE;
	rc = HYPERVISOR_mmu_update(&req, 1, NULL, DOMID_SELF);
	if (rc == 0)
		nr_table_pages++;
	return (int)rc;
}

int table_make(unsigned long va, unsigned int down_to, void *(*alloc)(void))
{
	for (unsigned int level = 4; level > down_to; level--) {
		void *table;
		int rc;

		if (table_lookup(va, level)[table_index(va, level)] & PTE_P)
			continue;
		table = alloc();
		if (table == NULL)
			return -ENOMEM;
		memset(table, 0, PAGE_SIZE);
		rc = table_hook(va, level, table);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int table_hook_l1(unsigned long va, void *l1)
{
	int rc = table_make(va, 2, table_page_alloc);

	return rc != 0 ? rc : table_hook(va, 2, l1);
}
