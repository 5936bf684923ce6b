/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping: addresses without tables, flushes and their masks.
 *
 * The entry is changed before the flush mask is read: a bad mask is an error of a call that took effect.
 *
 * covers: update_va_mapping good
 * covers: update_va_mapping bad
 * covers: update_va_mapping_otherdomain bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "update_va_mapping: addresses without tables, flushes and their masks";

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static uint64_t map(const void *va, uint64_t pte, uint64_t flags)
{
	return (uint64_t)HC(update_va_mapping, (long)va, (long)pte, (long)flags);
}

static uint64_t other(const void *va, uint64_t pte, uint64_t domid)
{
	return (uint64_t)HC(update_va_mapping_otherdomain, (long)va, (long)pte, (long)UVMF_INVLPG, (long)domid);
}

void test_main(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc(), *w = page_alloc(), mask[2] = { 1, 0 };

	*a = 1, *b = 2;
	answer("none.l2", map((void *)0x30000000, 0, 0));
	answer("none.l4", map((void *)0x7ff000000000, 0, 0));
	answer("xen", map((void *)0xffff800000000000, 0, 0));
	answer("noncanonical", map((void *)0x8000000000000000, 0, 0));
	answer("local", map(w, ENTRY(a, PTE_KERNEL), UVMF_INVLPG));
	answer("local.value", *(volatile uint64_t *)w);
	answer("all", map(w, ENTRY(b, PTE_KERNEL), UVMF_INVLPG | UVMF_ALL));
	answer("all.value", *(volatile uint64_t *)w);
	answer("mask", map(w, ENTRY(a, PTE_KERNEL), UVMF_TLB_FLUSH | (uint64_t)mask));
	answer("mask.value", *(volatile uint64_t *)w);
	answer("mask.fault", map(w, ENTRY(b, PTE_KERNEL), UVMF_TLB_FLUSH | 0x3fffffff0000UL));
	answer("mask.fault.flush", map(w, ENTRY(b, PTE_KERNEL), UVMF_TLB_FLUSH));
	answer("mask.fault.value", *(volatile uint64_t *)w);
	answer("mask.noflush", map(w, ENTRY(a, PTE_KERNEL), UVMF_NONE | 0x3fffffff0000UL));
	answer("type3", map(w, ENTRY(a, PTE_KERNEL), 3));
	answer("unmap", map(w, 0, UVMF_TLB_FLUSH | UVMF_ALL));
	answer("other.dom0", other(w, ENTRY(a, PTE_KERNEL), 0));
	answer("other.none", other(w, ENTRY(a, PTE_KERNEL), 0x7000));
	answer("other.io", other(w, ENTRY(a, PTE_KERNEL), DOMID_IO));
	answer("other.self", other(w, ENTRY(a, PTE_KERNEL), DOMID_SELF));
	answer("other.self.value", *(volatile uint64_t *)w);
	test_success("");
}
