/* SPDX-License-Identifier: MIT */
/*
 * paging: a page that becomes a page table cannot be written through a mapping that was writable before, flushed or not.
 *
 * What an attacker would gain: a page table it writes itself maps every frame of the machine.
 *
 * covers: mmuext_op.pin_l1_table good
 * covers: mmuext_op.unpin_table good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "paging: no stale writable mapping of a page table";

static uint64_t table[512] PAGE_ALIGNED;

static void store(void *p)
{
	*(volatile uint64_t *)p = 0x123;
}

static uint64_t mmuext(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

void test_main(void)
{
	uint64_t mfn = va_mfn(table), entry = mfn << 12 | PTE_KERNEL;
	mmu_update_t u = { .ptr = pte_maddr(table) | MMU_NORMAL_PT_UPDATE, .val = entry & ~PTE_RW };
	unsigned n;

	table[0] = 0;
	answer("pin.writable", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
	/* No flush: the writable translation may still be in the TLB. */
	answer("protect", (uint64_t)HC(mmu_update, (long)&u, 1L, (long)&n, (long)DOMID_SELF));
	answer("pin", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
	answer_caught("store", store, &table[5]);
	answer("store.nothing-written", table[5] == 0);
	u.val = entry;
	answer("unprotect", (uint64_t)HC(mmu_update, (long)&u, 1L, (long)&n, (long)DOMID_SELF));
	answer("unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn));
	answer("unprotect.unpinned", (uint64_t)HC(mmu_update, (long)&u, 1L, (long)&n, (long)DOMID_SELF));
	answer_caught("store.unpinned", store, &table[5]);
	answer("store.unpinned.written", table[5]);
	test_success("");
}
