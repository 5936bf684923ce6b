/* SPDX-License-Identifier: MIT */
/*
 * set_gdt: frames become descriptor pages; who can be one, and what a descriptor page may hold.
 *
 * covers: set_gdt good
 * covers: set_gdt bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_gdt: frames and descriptors";

static uint64_t page[512] PAGE_ALIGNED;
static uint64_t page2[512] PAGE_ALIGNED;

static uint64_t with(uint64_t desc)
{
	uint64_t frame = va_mfn(page), ret;

	HC(set_gdt, 0L, 0L);
	page_protect(page, true);
	page[3] = desc;
	page_protect(page, false);
	ret = (uint64_t)HC(set_gdt, (long)&frame, 512L);
	return ret;
}

void test_main(void)
{
	uint64_t frame[16] = { va_mfn(page), va_mfn(page2) };

	answer("too-many", (uint64_t)HC(set_gdt, (long)frame, 7169L));
	answer("writable", (uint64_t)HC(set_gdt, (long)frame, 16L));
	answer("no-pointer", (uint64_t)HC(set_gdt, 0L, 16L));
	answer("empty", (uint64_t)HC(set_gdt, 0L, 0L));
	answer("null", with(0));
	answer("code64", with(0x00affb000000ffff));
	answer("code64-dpl0", with(0x00af9b000000ffff));
	answer("code64-dpl0.mended", page[3]);
	answer("data-dpl1", with(0x00cfb3000000ffff));
	answer("data-dpl1.mended", page[3]);
	answer("tss", with(0x000089000000ffff));
	answer("ldt", with(0x000082000000ffff));
	answer("interrupt-gate", with(0x00008e0000331234));
	answer("trap-gate", with(0x00008f0000331234));
	answer("call-gate", with(0x0000ec0000331234));
	answer("call-gate.mended", page[3]);
	answer("call-gate-flat", with(0x00008c00e0331234));
	answer("call-gate-hypervisor", with(0x00008c00e0081234));
	answer("call-gate-reserved", with(0x00008c0100331234));
	answer("call-gate-ldt", with(0x00008c00e00c1234));
	answer("not-present", with(0x000009000000ffff));
	with(0);
	answer("in-use-cannot-be-writable", (uint64_t)page_protect(page, true));
	answer("second-frame-writable", (uint64_t)HC(set_gdt, (long)frame, 513L));
	answer("old-table-stays", (uint64_t)page_protect(page, true));
	frame[1] = va_mfn((void *)si->pt_base);
	answer("page-table", (uint64_t)HC(set_gdt, (long)frame, 513L));
	frame[1] = ~0UL;
	answer("no-frame", (uint64_t)HC(set_gdt, (long)frame, 513L));
	answer("clear", (uint64_t)HC(set_gdt, 0L, 0L));
	answer("writable-again", (uint64_t)page_protect(page, true));
	test_success("");
}
