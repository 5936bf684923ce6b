/* SPDX-License-Identifier: MIT */
/*
 * traps: a kernel stack in the hypervisor's addresses.
 *
 * What an attacker would gain: the frame of a trap is written by the hypervisor; without a check of the address it would be written
 * over the hypervisor.
 *
 * covers: set_trap_table bad
 * config: expect=crash
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "traps: no frame is written to the hypervisor's addresses";

void test_main(void)
{
	test_crash_next("int3 with rsp at the hypervisor");
	__asm__ volatile("movq $0xffff828000001000, %%rax; movq %%rax, %%rsp; int3" ::: "memory", "rax");
	test_failure("the trap came back");
}
