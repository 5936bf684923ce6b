/* SPDX-License-Identifier: MIT */
/*
 * update_descriptor: machine addresses, frames and descriptors it takes.
 *
 * covers: update_descriptor good
 * covers: update_descriptor bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "update_descriptor: what it stores";

static uint64_t page[512] PAGE_ALIGNED;

static uint64_t update(uint64_t maddr, uint64_t desc)
{
	return (uint64_t)HC(update_descriptor, (long)maddr, (long)desc);
}

void test_main(void)
{
	uint64_t frame = va_mfn(page), at = frame << 12;

	answer("plain-page", update(at + 24, 0x00cf93000000ffff));
	answer("plain-page.stored", page[3]);
	answer("unaligned", update(at + 4, 0));
	answer("no-frame", update(0xfffffffff000, 0));
	answer("page-table", update(va_mfn((void *)si->pt_base) << 12, 0));
	page_protect(page, false);
	answer("read-only-page", update(at + 32, 0x00affb000000ffff));
	answer("set_gdt", (uint64_t)HC(set_gdt, (long)&frame, 512L));
	answer("gdt", update(at + 40, 0x00af9b000000ffff));
	answer("gdt.stored", page[5]);
	answer("gdt.null", update(at + 40, 0));
	answer("gdt.tss", update(at + 40, 0x000089000000ffff));
	answer("gdt.ldt", update(at + 40, 0x000082000000ffff));
	answer("gdt.gate", update(at + 40, 0x0000ec0000331234));
	answer("gdt.gate.stored", page[5]);
	answer("gdt.gate-to-the-hypervisor", update(at + 40, 0x0000ec00e0081234));
	answer("gdt.interrupt-gate", update(at + 40, 0x0000ee0000331234));
	answer("gdt.not-present", update(at + 40, 0x000009000000ffff));
	answer("gdt.not-present.stored", page[5]);
	HC(set_gdt, 0L, 0L);
	test_success("");
}
