/* SPDX-License-Identifier: MIT */
/*
 * traps: a breakpoint in the guest kernel arrives with Xen's frame: selectors with RPL 0 in CS, the saved upcall mask
 * above it, IF as its inverse.  A kernel that saw another CS would take it for user mode.
 *
 * covers: set_trap_table good
 * covers: iret good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "traps: int3 in kernel mode, its frame, and the return from it";

static struct regs seen;
static uint8_t mask_inside;

static bool hook(struct regs *r)
{
	seen = *r;
	mask_inside = vcpu0()->evtchn_upcall_mask;
	return true;
}

void test_main(void)
{
	trap_hook = hook;
	__asm__ volatile("int3" ::: "memory");
	answer_trap("masked", &seen);
	answer("masked.mask-inside", mask_inside);
	vcpu0()->evtchn_upcall_mask = 0;
	__asm__ volatile("int3" ::: "memory");
	answer_trap("unmasked", &seen);
	answer("unmasked.mask-inside", mask_inside);
	answer("unmasked.mask-after", vcpu0()->evtchn_upcall_mask);
	trap_set(3, 4, trap_3);
	__asm__ volatile("int3" ::: "memory");
	answer_trap("masking-gate", &seen);
	answer("masking-gate.mask-inside", mask_inside);
	answer("masking-gate.mask-after", vcpu0()->evtchn_upcall_mask);
	test_success("");
}
