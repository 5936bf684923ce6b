/* SPDX-License-Identifier: MIT */
/* Frames and page tables as a guest sees them: the p2m list, the M2P, and the initial mapping,
 * in which pfn p is at BASE + p * 4096. */
#include "tests/guests/lib/guest.h"

shared_info_t *shared;
vcpu_info_t *vcpu_area;
const uint64_t *m2p;
static char shared_page[PAGE_SIZE] PAGE_ALIGNED;
static uint64_t next_page, end_page;	/* free pfns of the initial mapping */

uint64_t pfn_mfn(uint64_t pfn)
{
	return ((uint64_t *)si->mfn_list)[pfn];
}

uint64_t va_pfn(const void *va)
{
	return ((uint64_t)va - BASE) >> 12;
}

/* By the p2m list, not the M2P: it must work before anything has been tested. */
void *mfn_va(uint64_t mfn)
{
	static uint64_t hint;

	for (uint64_t n = 0; n < end_page; n++) {
		uint64_t pfn = (hint + n) % end_page;

		if (pfn_mfn(pfn) == mfn) {
			hint = pfn;
			return (void *)(BASE + (pfn << 12));
		}
	}
	return NULL;
}

uint64_t *pte_of(const void *va, unsigned level)
{
	uint64_t *table = (uint64_t *)si->pt_base;

	for (unsigned l = 4; table; l--) {
		uint64_t *e = table + ((uint64_t)va >> (12 + 9 * (l - 1)) & 511);

		if (l == level)
			return e;
		table = *e & PTE_P ? mfn_va(PTE_MFN(*e)) : NULL;
	}
	return NULL;
}

uint64_t pte_maddr(const void *va)
{
	uint64_t *e = pte_of(va, 1);

	return va_mfn(e) << 12 | ((uint64_t)e & 4095);
}

long map_va(const void *va, uint64_t pte)
{
	return HC(update_va_mapping, (long)va, (long)pte, (long)(UVMF_INVLPG | UVMF_LOCAL));
}

long page_protect(const void *va, bool writable)
{
	uint64_t pte = va_mfn(va) << 12 | PTE_KERNEL;

	return map_va(va, writable ? pte : pte & ~PTE_RW);
}

void *page_alloc(void)
{
	if (next_page >= end_page) {
		print("not ok - the guest ran out of pages\n");
		guest_shutdown(SHUTDOWN_crash);
	}
	return memset((void *)(BASE + (next_page++ << 12)), 0, PAGE_SIZE);
}

static void m2p_find(void)
{
	struct xen_machphys_mapping m;

	if (HC(memory_op, (long)XENMEM_machphys_mapping, (long)&m) == 0)
		m2p = (const uint64_t *)m.v_start;
}

void mm_init(void)
{
	uint64_t stack_pfn = va_pfn((void *)si->pt_base) + si->nr_pt_frames;

	next_page = stack_pfn + 1;
	/* The builder maps at least 512 KiB behind the boot stack, up to a multiple of 4 MiB. */
	end_page = (next_page + 128 + 1023) & ~1023UL;
	if (map_va(shared_page, si->shared_info | PTE_KERNEL) == 0)
		shared = (shared_info_t *)shared_page;
	vcpu_area = &((shared_info_t *)shared_page)->vcpu_info[0];
	m2p_find();
	if (!shared) {
		print("not ok - shared_info could not be mapped\n");
		guest_shutdown(SHUTDOWN_crash);
	}
}
