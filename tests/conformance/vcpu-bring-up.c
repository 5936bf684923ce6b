/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: a second vCPU is given its registers, started, seen to run, and takes itself down.
 *
 * covers: vcpu_op.initialise good
 * covers: vcpu_op.initialise bad
 * covers: vcpu_op.up good
 * covers: vcpu_op.up bad
 * covers: vcpu_op.down good
 * config: vcpus=2
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vcpu_op: initialise, up, is_up, down of a second vCPU";

static struct vcpu_guest_context ctx;
static char stack2[4 * PAGE_SIZE] PAGE_ALIGNED;
static volatile unsigned running;
static volatile uint64_t seen_rdi;

static void second(uint64_t rdi)
{
	seen_rdi = rdi;
	running = 1;
	HC(vcpu_op, (long)VCPUOP_down, 1L, 0L);
	running = 2;
	for (;;)
		HC(vcpu_op, (long)VCPUOP_down, 1L, 0L);
}

static uint64_t op(int cmd, long vcpu, void *arg)
{
	return (uint64_t)HC(vcpu_op, (long)cmd, vcpu, (long)arg);
}

/* Wait until is_up of vCPU 1 is what, at most 10 s. */
static uint64_t becomes(uint64_t what)
{
	uint64_t stop = now_ns() + 10000000000, is;

	do {
		is = op(VCPUOP_is_up, 1, NULL);
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	} while (is != what && now_ns() < stop);
	return is;
}

void test_main(void)
{
	uint64_t cr3 = va_mfn((void *)si->pt_base) << 12;

	answer("up.before", op(VCPUOP_up, 1, NULL));
	answer("is_up.before", op(VCPUOP_is_up, 1, NULL));
	ctx.flags = VGCF_in_kernel;
	ctx.user_regs.rip = (uint64_t)second;
	ctx.user_regs.rsp = (uint64_t)stack2 + sizeof(stack2) - 8;
	ctx.user_regs.rdi = 0x1234;
	ctx.user_regs.cs = FLAT_KERNEL_CS;
	ctx.user_regs.ss = FLAT_KERNEL_SS;
	ctx.user_regs.rflags = 2;
	ctx.kernel_ss = FLAT_KERNEL_SS;
	ctx.kernel_sp = ctx.user_regs.rsp;
	ctx.ctrlreg[3] = 0xfffffffff000;
	answer("initialise.bad-cr3", op(VCPUOP_initialise, 1, &ctx));
	ctx.ctrlreg[3] = cr3;
	answer("initialise.efault", op(VCPUOP_initialise, 1, (void *)0x1000));
	answer("initialise", op(VCPUOP_initialise, 1, &ctx));
	answer("initialise.twice", op(VCPUOP_initialise, 1, &ctx));
	answer("is_up.initialised", op(VCPUOP_is_up, 1, NULL));
	answer("up", op(VCPUOP_up, 1, NULL));
	for (uint64_t stop = now_ns() + 10000000000; !running && now_ns() < stop;)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	answer("ran", running);
	answer("ran.rdi", seen_rdi);
	answer("down", becomes(0));
	answer("up.again", op(VCPUOP_up, 1, NULL));
	for (uint64_t stop = now_ns() + 10000000000; running != 2 && now_ns() < stop;)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	answer("ran.again", running);
	answer("down.again", becomes(0));
	test_success("");
}
