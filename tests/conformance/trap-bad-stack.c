/* SPDX-License-Identifier: MIT */
/*
 * traps: a trap that finds no stack to be delivered on ends the domain.
 *
 * covers: set_trap_table bad
 * config: expect=crash
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "traps: ud2 with an unmapped stack crashes the domain";

void test_main(void)
{
	static const struct trap_info bad[2] = { { 6, 0, FLAT_KERNEL_CS, 0x800000000000 } };

	answer("non-canonical-handler", (uint64_t)HC(set_trap_table, (long)bad));
	answer("no-table", (uint64_t)HC(set_trap_table, 0x1000L));
	traps_install();
	test_crash_next("ud2 at rsp 0x1000");
	__asm__ volatile("movl $0x1000, %%esp; ud2" ::: "memory");
	test_failure("the trap came back");
}
