/* SPDX-License-Identifier: MIT */
/*
 * set_debugreg, get_debugreg: what may be put into a debug register and what is read back.
 *
 * A kernel's debugger saves and restores them with every task; reserved bits have to come back as the processor has them.
 *
 * covers: set_debugreg good
 * covers: set_debugreg bad
 * covers: get_debugreg good
 * covers: get_debugreg bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_debugreg: values, reserved bits, refusals";

static uint64_t set(long reg, uint64_t val)
{
	return (uint64_t)HC(set_debugreg, reg, (long)val);
}

static uint64_t get(long reg)
{
	return (uint64_t)HC(get_debugreg, reg);
}

void test_main(void)
{
	answer("start.dr0", get(0));
	answer("start.dr6", get(6));
	answer("start.dr7", get(7));
	answer("set.dr0", set(0, 0x1000));
	answer("get.dr0", get(0));
	answer("set.dr3", set(3, 0xffff888000000000));
	answer("get.dr3", get(3));
	answer("set.dr6-zero", set(6, 0));
	answer("get.dr6-zero", get(6));
	answer("set.dr6-ones", set(6, 0xffffffff));
	answer("get.dr6-ones", get(6));
	answer("get.dr4", get(4));
	answer("set.dr4", set(4, 0));
	answer("set.dr7-ones-but-gd", set(7, 0xffffdf00));
	answer("get.dr7-ones-but-gd", get(7));
	answer("set.dr5", set(5, 0));
	answer("get.dr7-zero", get(7));
	set(0, 0);
	set(3, 0);
	test_success("");
}
