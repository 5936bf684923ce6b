/* SPDX-License-Identifier: MIT */
/*
 * vm_assist: which assists can be turned on and off.  Linux turns on three and panics without writable_pagetables.
 *
 * covers: vm_assist.enable good
 * covers: vm_assist.enable bad
 * covers: vm_assist.disable good
 * covers: vm_assist.disable bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vm_assist: each type on and off, types and commands that are none";

void test_main(void)
{
	char key[16] = "enable-00", *d = key + 7;

	for (unsigned i = 0; i < 40; i++) {
		memcpy(key, "enable-", 7);
		d = key + 7;
		d[0] = (char)('0' + i / 10), d[1] = (char)('0' + i % 10), d[2] = 0;
		answer(key, (uint64_t)HC(vm_assist, (long)VMASST_CMD_enable, (long)i));
		memcpy(key, "disable-", 8);
		d = key + 8;
		d[0] = (char)('0' + i / 10), d[1] = (char)('0' + i % 10), d[2] = 0;
		answer(key, (uint64_t)HC(vm_assist, (long)VMASST_CMD_disable, (long)i));
	}
	answer("enable-64", (uint64_t)HC(vm_assist, (long)VMASST_CMD_enable, 64L));
	answer("enable-last", (uint64_t)HC(vm_assist, (long)VMASST_CMD_enable, -1L));
	answer("command-2", (uint64_t)HC(vm_assist, 2L, 0L));
	test_success("");
}
