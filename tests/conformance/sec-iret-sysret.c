/* SPDX-License-Identifier: MIT */
/*
 * iret: the SYSRET form with a return address at the edge of the canonical range.
 *
 * An attacker would have SYSRET fault in the hypervisor's privilege with the guest's stack pointer (Xen advisory 7).
 *
 * covers: iret bad
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/iret.h"

const char test_title[] = "iret: SYSRET form to the last canonical byte and behind it";

void test_main(void)
{
	iret_fill(VGCF_in_syscall, 0x202);
	iret_frame.rip = 0x800000000000;
	answer_caught("first-non-canonical", iret_now, NULL);
	answer("first-non-canonical.rip", last_trap.rip);
	iret_fill(VGCF_in_syscall, 0x202);
	iret_frame.rip = 0x7fffffffffff;
	answer_caught("last-canonical", iret_now, NULL);
	iret_fill(VGCF_in_syscall, 0x202);
	iret_frame.rip = 0xffff7fffffffffff;
	answer_caught("below-the-hole", iret_now, NULL);
	answer("alive", 1);
	test_success("");
}
