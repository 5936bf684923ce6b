/* SPDX-License-Identifier: MIT */
/*
 * traps: a trap whose handler is not there ends the domain; it does not run what is at address 0, nor go round in circles.
 *
 * What an attacker would gain: user mode could make its kernel execute the page it mapped at 0.
 *
 * covers: set_trap_table good
 * config: expect=crash
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "traps: no handler, no domain";

void test_main(void)
{
	answer("clear", (uint64_t)HC(set_trap_table, 0L));
	test_crash_next("ud2 without a handler");
	__asm__ volatile("ud2");
	test_failure("the trap came back");
}
