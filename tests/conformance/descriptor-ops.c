/* SPDX-License-Identifier: MIT */
/*
 * set_gdt, update_descriptor, set_ldt: descriptor tables are pages the guest cannot write, and hold only descriptors that cannot
 * reach ring 0.
 *
 * covers: set_gdt good
 * covers: set_gdt bad
 * covers: update_descriptor good
 * covers: update_descriptor bad
 * covers: mmuext_op.set_ldt good
 * covers: mmuext_op.set_ldt bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_gdt, update_descriptor, SET_LDT: what a descriptor table may be";

static uint64_t gdt[512] PAGE_ALIGNED, ldt[512] PAGE_ALIGNED, bad_table[512] PAGE_ALIGNED;

static uint64_t set_gdt(uint64_t mfn, long entries)
{
	unsigned long frames[16] = { mfn };

	return (uint64_t)HC(set_gdt, (long)frames, entries);
}

static uint64_t update(uint64_t maddr, uint64_t d)
{
	return (uint64_t)HC(update_descriptor, (long)maddr, (long)d);
}

static uint64_t set_ldt(uint64_t va, unsigned entries)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = va, .arg2.nr_ents = entries };

	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

void test_main(void)
{
	uint64_t maddr = va_mfn(gdt) << 12, flat_data = 0x00cff3000000ffff;

	answer("gdt.writable", set_gdt(va_mfn(gdt), 512));
	answer("protect", (uint64_t)page_protect(gdt, false));
	answer("gdt", set_gdt(va_mfn(gdt), 512));
	answer("gdt.again", set_gdt(va_mfn(gdt), 8));
	answer("gdt.unprotect", (uint64_t)page_protect(gdt, true));
	answer("gdt.7168", set_gdt(va_mfn(gdt), 7168));
	answer("gdt.7169", set_gdt(va_mfn(gdt), 7169));
	answer("gdt.no-frame", set_gdt(0xfffffffffffUL, 512));
	answer("gdt.a-table", set_gdt(va_mfn((void *)si->pt_base), 512));
	answer("gdt.efault", (uint64_t)HC(set_gdt, 0x1000L, 8L));
	answer("update.flat-data", update(maddr + 8, flat_data));
	answer("update.flat-data.readback", gdt[1]);
	answer("update.dpl0", update(maddr + 16, flat_data & ~(3UL << 45)));
	answer("update.dpl0.readback", gdt[2]);
	answer("update.null", update(maddr + 8, 0));
	answer("update.not-present", update(maddr + 8, flat_data & ~(1UL << 47)));
	answer("update.tss", update(maddr + 8, 0x00008b0000000067));
	answer("update.ldt", update(maddr + 8, 0x0000820000000067));
	answer("update.interrupt-gate", update(maddr + 8, 0x0000ee00e0330000));
	answer("update.call-gate", update(maddr + 8, 0x0000ec00e0330000));
	answer("update.call-gate.readback", gdt[1]);
	answer("update.misaligned", update(maddr + 4, 0));
	answer("update.no-frame", update(0xfffffffffff000, 0));
	answer("update.a-table", update(va_mfn((void *)si->pt_base) << 12, 0));
	answer("update.plain-page", update(va_mfn(bad_table) << 12, flat_data));
	answer("gdt.none", set_gdt(0, 0));
	answer("gdt.none.unprotect", (uint64_t)page_protect(gdt, true));
	answer("ldt.protect", (uint64_t)page_protect(ldt, false));
	answer("ldt", set_ldt((uint64_t)ldt, 512));
	answer("ldt.misaligned", set_ldt((uint64_t)ldt + 8, 8));
	answer("ldt.8193", set_ldt((uint64_t)ldt, 8193));
	answer("ldt.hypervisors", set_ldt(0xffff828000000000, 8));
	answer("ldt.none", set_ldt(0, 0));
	test_success("");
}
