/* SPDX-License-Identifier: MIT */
/*
 * iret: to user mode without user page tables ends the domain.
 *
 * covers: iret bad
 * config: expect=crash
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/iret.h"

const char test_title[] = "iret: to user mode without tables for it";

void test_main(void)
{
	iret_fill(0, 0x202);
	iret_frame.cs = FLAT_USER_CS;
	test_crash_next("iret to user mode, no user base pointer");
	iret_now(NULL);
	test_failure("the iret came back");
}
