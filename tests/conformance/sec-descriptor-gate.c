/* SPDX-License-Identifier: MIT */
/*
 * set_gdt, update_descriptor: no gate into the hypervisor's segments and no system segment gets into a table.
 *
 * An attacker would call through the gate into the hypervisor at an address of his choice, or load a task segment.
 *
 * covers: set_gdt bad
 * covers: update_descriptor bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "descriptors: no way into the hypervisor";

static uint64_t page[512] PAGE_ALIGNED;

void test_main(void)
{
	static const uint16_t sel[] = { 0xe008, 0xe00b, 0xe010, 0xe033, 0xe030, 0xe023, 0xe040, 0xdff8, 0x8 };
	uint64_t at = va_mfn(page) << 12, accepted = 0, types = 0;

	for (unsigned i = 0; i < sizeof(sel) / sizeof(sel[0]); i++)
		if (!HC(update_descriptor, (long)at, (long)(0x0000ec0000001234UL | (uint64_t)sel[i] << 16)))
			accepted |= 1UL << i;
	answer("gate-selectors-accepted", accepted);
	for (unsigned t = 0; t < 16; t++)
		if (!HC(update_descriptor, (long)at, (long)(0x0000e00000331234UL | (uint64_t)t << 40)))
			types |= 1UL << t;
	answer("system-types-accepted", types);
	test_success("");
}
