/* SPDX-License-Identifier: MIT */
/*
 * Frame numbers: pfn (ours, linear) to mfn (the machine's) by the p2m list in start_info, and
 * back by the machine's M2P table, which is readable where XENMEM_machphys_mapping says.
 */
#include <pv/boot.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>

unsigned long *p2m;
unsigned long max_pfn;

static const unsigned long *m2p;
static unsigned long m2p_max;

void frames_init(void)
{
	struct xen_machphys_mapping map = { 0 };

	p2m = (unsigned long *)start_info->mfn_list;
	max_pfn = start_info->nr_pages;
	if (HYPERVISOR_memory_op(XENMEM_machphys_mapping, &map) == 0) {
		m2p = (const unsigned long *)map.v_start;
		m2p_max = map.max_mfn;
	} else {
		m2p = (const unsigned long *)HYPERVISOR_VIRT_START;
		m2p_max = (HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START) / 8 - 1;
	}
}

pfn_t virt_to_pfn(const void *va)
{
	return ((unsigned long)va - VIRT_BASE) >> PAGE_SHIFT;
}

void *pfn_to_virt(pfn_t pfn)
{
	return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

mfn_t pfn_to_mfn(pfn_t pfn)
{
	return pfn < max_pfn ? p2m[pfn] : INVALID_MFN;
}

mfn_t virt_to_mfn(const void *va)
{
	mfn_t mfn = pfn_to_mfn(virt_to_pfn(va));

	BUG_ON(mfn == INVALID_MFN);
	return mfn;
}

/* The table is the machine's and has holes: a probed read, and believed only if our own list agrees. */
pfn_t mfn_to_pfn(mfn_t mfn)
{
	unsigned long pfn;

	if (mfn > m2p_max || probe_read(&pfn, &m2p[mfn], sizeof(pfn)) != 0)
		return INVALID_MFN;
	if (pfn >= max_pfn || p2m[pfn] != mfn)
		return INVALID_MFN;
	return pfn;
}

void *table_entry_page(uint64_t entry)
{
	unsigned long pfn = m2p[PTE_FRAME(entry)];

	BUG_ON(pfn >= max_pfn || p2m[pfn] != PTE_FRAME(entry));
	return pfn_to_virt(pfn);
}

/* For the pages start_info names by mfn: like mfn_to_pfn, but a machine without a readable M2P
 * still gets an answer, as these pages lie in the builder's small map. */
pfn_t boot_mfn_to_pfn(mfn_t mfn)
{
	pfn_t end = virt_to_pfn((void *)start_info->pt_base) + start_info->nr_pt_frames;
	pfn_t pfn = end;

	while (pfn-- > 0) {
		if (((unsigned long *)start_info->mfn_list)[pfn] == mfn)
			return pfn;
	}
	return INVALID_MFN;
}
