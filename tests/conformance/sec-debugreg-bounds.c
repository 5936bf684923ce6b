/* SPDX-License-Identifier: MIT */
/*
 * set_debugreg: breakpoints on the hypervisor, the trap on debug registers themselves and I/O breakpoints without CR4.DE are
 * refused.
 *
 * An attacker would make the hypervisor trap at an address of his choice, in the middle of an entry path.
 *
 * covers: set_debugreg bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_debugreg: no breakpoint in the hypervisor";

static uint64_t set(long reg, uint64_t val)
{
	return (uint64_t)HC(set_debugreg, reg, (long)val);
}

void test_main(void)
{
	answer("hypervisor-start", set(0, 0xffff800000000000));
	answer("hypervisor-end", set(1, 0xffff87ffffffffff));
	answer("non-canonical", set(2, 0x800000000000));
	answer("last-low", set(3, 0x7fffffffffff));
	answer("general-detect", set(7, 0x2000));
	answer("io-without-de", set(7, 0x20001));
	answer("io-inactive", set(7, 0x20000));
	answer("upper-bits-dr6", set(6, 1UL << 40));
	answer("upper-bits-dr7", set(7, 1UL << 40));
	answer("reg8", set(8, 0));
	answer("reg-1", set(-1, 0));
	answer("get-reg8", (uint64_t)HC(get_debugreg, 8L));
	answer("dr7", (uint64_t)HC(get_debugreg, 7L));
	set(3, 0);
	set(7, 0);
	test_success("");
}
