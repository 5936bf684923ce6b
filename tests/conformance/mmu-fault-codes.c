/* SPDX-License-Identifier: MIT */
/*
 * page faults: error codes, addresses, and what is not canonical.
 *
 * A fault tells whether the entry was there, whether it was a write, and an instruction fetch; the guest's own privilege, not the processor's.
 *
 * covers: update_va_mapping good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "page faults: error codes, addresses, and what is not canonical";

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static void load(void *p)
{
	*(volatile uint64_t *)p;
}

static void store(void *p)
{
	*(volatile uint64_t *)p = 1;
}

static void jump(void *p)
{
	((void (*)(void))p)();
}

void test_main(void)
{
	uint64_t *w = page_alloc(), e = *pte_of(w, 1);

	answer("absent", (uint64_t)map_va(w, 0));
	answer_caught("absent.read", load, w);
	CHECK_EQ(last_cr2, w);
	answer_caught("absent.write", store, w);
	answer_caught("absent.jump", jump, w);
	answer("ro", (uint64_t)map_va(w, ENTRY(w, PTE_P)));
	answer_caught("ro.read", load, w);
	answer_caught("ro.write", store, w);
	CHECK_EQ(last_cr2, w);
	answer("nx", (uint64_t)map_va(w, ENTRY(w, PTE_KERNEL) | 1UL << 63));
	answer_caught("nx.read", load, w);
	answer_caught("nx.jump", jump, w);
	answer("us", (uint64_t)map_va(w, ENTRY(w, PTE_P | PTE_RW | PTE_US)));
	answer_caught("us.write", store, w);
	answer_caught("table.write", store, (void *)si->pt_base);
	answer_caught("nowhere.read", load, (void *)0x500000000000);
	answer_caught("noncanonical.read", load, (void *)0x8000000000000000);
	answer_caught("noncanonical.jump", jump, (void *)0x800000000000);
	answer("restore", (uint64_t)map_va(w, e));
	test_success("");
}
