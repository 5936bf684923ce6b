/* SPDX-License-Identifier: MIT */
/*
 * mmu_update, mmuext_op: each command of the low bits, and flushes on behalf of another domain.
 *
 * PRESERVE_AD must not lose an accessed or dirty bit that the processor set meanwhile: a kernel that swaps would drop a page
 * it believes clean.
 *
 * covers: mmu_update.normal_pt_update good
 * covers: mmu_update.normal_pt_update bad
 * covers: mmu_update.machphys_update good
 * covers: mmu_update.machphys_update bad
 * covers: mmu_update.pt_update_preserve_ad good
 * covers: mmu_update.pt_update_preserve_ad bad
 * covers: mmu_update.pt_update_no_translate good
 * covers: mmu_update.pt_update_no_translate bad
 * covers: mmuext_op.tlb_flush_local bad
 * covers: mmuext_op.tlb_flush_all bad
 * covers: mmuext_op.invlpg_local bad
 * covers: mmuext_op.invlpg_all bad
 * covers: mmuext_op.tlb_flush_multi bad
 * covers: mmuext_op.invlpg_multi bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmu_update, mmuext_op: each command, and for whom";

static char page[PAGE_SIZE] PAGE_ALIGNED;

static uint64_t update(uint64_t ptr, unsigned cmd, uint64_t val, domid_t dom)
{
	mmu_update_t u = { .ptr = ptr | cmd, .val = val };
	unsigned done;

	return (uint64_t)HC(mmu_update, (long)&u, 1L, (long)&done, (long)dom);
}

static uint64_t flush(unsigned cmd, domid_t dom)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = (uint64_t)page };

	set_xen_guest_handle(op.arg2.vcpumask, (void *)0x1000);
	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)dom);
}

void test_main(void)
{
	struct mmuext_op local = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };
	uint64_t at = pte_maddr(page), mfn = va_mfn(page), entry = mfn << 12 | PTE_KERNEL, psize = 0x80;
	const uint64_t *e = pte_of(page, 1);
	char key[] = "cmd-0";

	answer("normal", update(at, MMU_NORMAL_PT_UPDATE, entry & ~(PTE_A | PTE_D), DOMID_SELF));
	answer("normal.flags", *e & 0xfff & ~PTE_US & ~0x100UL);
	answer("normal.bad-flags", update(at, MMU_NORMAL_PT_UPDATE, entry | psize, DOMID_SELF));
	answer("normal.no-ram", update(at, MMU_NORMAL_PT_UPDATE, 0xfffffffff000 | PTE_KERNEL, DOMID_SELF));
	/* Without a flush a processor may go on with what it knows, and set neither bit again. */
	HC(mmuext_op, (long)&local, 1L, 0L, (long)DOMID_SELF);
	*(volatile char *)page = 1;
	answer("preserve", update(at, MMU_PT_UPDATE_PRESERVE_AD, entry & ~(PTE_A | PTE_D), DOMID_SELF));
	answer("preserve.kept", *e & (PTE_A | PTE_D));
	answer("preserve.bad-flags", update(at, MMU_PT_UPDATE_PRESERVE_AD, entry | psize, DOMID_SELF));
	answer("no-translate", update(at, MMU_PT_UPDATE_NO_TRANSLATE, entry, DOMID_SELF));
	answer("no-translate.bad-flags", update(at, MMU_PT_UPDATE_NO_TRANSLATE, entry | psize, DOMID_SELF));
	answer("machphys", update(mfn << 12, MMU_MACHPHYS_UPDATE, 12345, DOMID_SELF));
	answer("machphys.reads", m2p ? m2p[mfn] : 0);
	answer("machphys.back", update(mfn << 12, MMU_MACHPHYS_UPDATE, va_pfn(page), DOMID_SELF));
	answer("machphys.no-frame", update(0xfffffffff000, MMU_MACHPHYS_UPDATE, 1, DOMID_SELF));
	answer("machphys.hypervisors", update(0x1000, MMU_MACHPHYS_UPDATE, 1, DOMID_SELF));
	for (unsigned i = 4; i < 8; i++) {
		key[4] = (char)('0' + i);
		answer(key, update(at, i, entry, DOMID_SELF));
	}
	answer("foreign", update(at, MMU_NORMAL_PT_UPDATE, entry, 0));
	answer("nobody", update(at, MMU_NORMAL_PT_UPDATE, entry, 30000));
	answer("flush-local.foreign", flush(MMUEXT_TLB_FLUSH_LOCAL, 0));
	answer("flush-all.foreign", flush(MMUEXT_TLB_FLUSH_ALL, 0));
	answer("invlpg-local.foreign", flush(MMUEXT_INVLPG_LOCAL, 0));
	answer("invlpg-all.foreign", flush(MMUEXT_INVLPG_ALL, 0));
	answer("flush-all.nobody", flush(MMUEXT_TLB_FLUSH_ALL, 30000));
	answer("flush-multi.no-mask", flush(MMUEXT_TLB_FLUSH_MULTI, DOMID_SELF));
	answer("invlpg-multi.no-mask", flush(MMUEXT_INVLPG_MULTI, DOMID_SELF));
	test_success("");
}
