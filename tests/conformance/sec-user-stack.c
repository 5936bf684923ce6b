/* SPDX-License-Identifier: MIT */
/*
 * user mode: a system call whose kernel stack lies in the hypervisor's range ends the domain.
 *
 * What an attacker would gain: a frame of its own choice written over the hypervisor (advisory 202 and its like).
 *
 * covers: stack_switch bad
 * config: expect=crash
 */
#include "tests/conformance/lib/user.h"

const char test_title[] = "user mode: a kernel stack in the hypervisor's range";

void test_main(void)
{
	struct user_gates g = { .dpl80 = 3, .dpl3 = 3 };
	struct regs r = user_fresh();

	USER_RUN("\x0f\x05", &r, &g);
	answer("before", user_in.vector);
	answer("stack_switch", (uint64_t)HC(stack_switch, (long)FLAT_KERNEL_SS, (long)0xffff830000001000));
	r = user_fresh();
	test_crash_next("a system call onto the hypervisor's memory");
	USER_RUN("\x0f\x05", &r, &g);
	test_failure("the domain lives on");
}
