/* SPDX-License-Identifier: MIT */
/*
 * set_debugreg, get_debugreg: registers, reserved bits, addresses of the hypervisor.
 *
 * covers: set_debugreg good
 * covers: set_debugreg bad
 * covers: get_debugreg good
 * covers: get_debugreg bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_debugreg, get_debugreg: values and errors";

static uint64_t set(long reg, uint64_t v)
{
	return (uint64_t)HC(set_debugreg, reg, (long)v);
}

static uint64_t get(long reg)
{
	return (uint64_t)HC(get_debugreg, reg);
}

void test_main(void)
{
	answer("dr6.start", get(6));
	answer("dr7.start", get(7));
	answer("dr0", set(0, 0x10000000));
	answer("dr0.get", get(0));
	answer("dr3", set(3, 0x7fffffffffff));
	answer("dr0.hypervisors", set(0, 0xffff828000000000));
	answer("dr0.non-canonical", set(0, 0x800000000000));
	answer("dr0.after", get(0));
	answer("dr4", set(4, 0));
	answer("dr4.get", get(4));
	answer("dr5.get", get(5));
	answer("dr8", set(8, 0));
	answer("dr8.get", get(8));
	answer("dr6", set(6, 0xffff0ff1));
	answer("dr6.get", get(6));
	answer("dr6.zero", set(6, 0));
	answer("dr6.zero.get", get(6));
	answer("dr6.upper", set(6, 1UL << 32));
	answer("dr7", set(7, 0x401));
	answer("dr7.get", get(7));
	answer("dr7.gd", set(7, 1 << 13));
	answer("dr7.upper", set(7, 1UL << 32));
	answer("dr7.io", set(7, 0x20401));
	answer("dr7.general-detect.get", get(7));
	answer("dr7.off", set(7, 0x400));
	test_success("");
}
