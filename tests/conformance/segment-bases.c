/* SPDX-License-Identifier: MIT */
/*
 * set_segment_base, fpu_taskswitch, stack_switch: state of a virtual processor that a kernel sets at every switch of tasks.
 *
 * covers: set_segment_base.fs good
 * covers: set_segment_base.fs bad
 * covers: set_segment_base.gs_user good
 * covers: set_segment_base.gs_user bad
 * covers: set_segment_base.gs_kernel good
 * covers: set_segment_base.gs_kernel bad
 * covers: set_segment_base.gs_user_sel good
 * covers: fpu_taskswitch good
 * covers: stack_switch good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_segment_base, fpu_taskswitch, stack_switch: good and bad values";

static uint64_t there[2] = { 0x1111, 0x2222 };

static uint64_t base(long which, uint64_t value)
{
	return (uint64_t)HC(set_segment_base, which, (long)value);
}

static void use_fpu(void *arg)
{
	__asm__ volatile("fnop");
}

void test_main(void)
{
	static const char *const names[] = { "fs", "gs-user", "gs-kernel" };
	char key[40];
	uint64_t v = 0;

	for (long w = 0; w < 3; w++) {
		size_t n = strlen(names[w]);

		memcpy(key, names[w], n);
		memcpy(key + n, ".good", 6);
		answer(key, base(w, (uint64_t)there));
		memcpy(key + n, ".non-canonical", 15);
		answer(key, base(w, 0x800000000000));
		memcpy(key + n, ".hypervisors", 13);
		answer(key, base(w, 0xffff828000000000));
	}
	base(SEGBASE_FS, (uint64_t)&there[0]);
	__asm__ volatile("movq %%fs:0, %0" : "=r"(v));
	answer("fs.read", v);
	base(SEGBASE_GS_KERNEL, (uint64_t)&there[1]);
	__asm__ volatile("movq %%gs:0, %0" : "=r"(v));
	answer("gs-kernel.read", v);
	base(SEGBASE_GS_USER, (uint64_t)&there[0]);
	__asm__ volatile("movq %%gs:0, %0" : "=r"(v));
	answer("gs-kernel.read-after-user", v);
	answer("selector.null", base(SEGBASE_GS_USER_SEL, 0));
	answer("selector.flat", base(SEGBASE_GS_USER_SEL, FLAT_KERNEL_DS));
	answer("selector.none", base(SEGBASE_GS_USER_SEL, 0x7ff3));
	answer("which-4", base(4, 0));
	answer("fpu.set", (uint64_t)HC(fpu_taskswitch, 1L));
	answer_caught("fpu.set.use", use_fpu, NULL);
	answer_caught("fpu.set.use-again", use_fpu, NULL);
	answer("fpu.clear", (uint64_t)HC(fpu_taskswitch, 0L));
	answer_caught("fpu.clear.use", use_fpu, NULL);
	answer("stack", (uint64_t)HC(stack_switch, (long)FLAT_KERNEL_SS, (long)stack_end));
	answer("stack.non-canonical", (uint64_t)HC(stack_switch, (long)FLAT_KERNEL_SS, 0x800000000000L));
	answer("stack.null-ss", (uint64_t)HC(stack_switch, 0L, (long)stack_end));
	test_success("");
}
