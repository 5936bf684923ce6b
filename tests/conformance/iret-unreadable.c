/* SPDX-License-Identifier: MIT */
/*
 * iret: a frame that cannot be read ends the domain.
 *
 * covers: iret bad
 * config: expect=crash
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "iret: unreadable frame";

void test_main(void)
{
	test_crash_next("iret with rsp in unmapped memory");
	__asm__ volatile("mov $0x20000000, %%esp; mov $23, %%eax; syscall" ::: "memory");
	test_failure("the iret came back");
}
