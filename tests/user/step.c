/* SPDX-License-Identifier: MIT */
/* Single steps: with TF set every instruction ends in a SIGTRAP, over a system call too. */
#define USER_NAME "step"
#include "user.h"

static volatile int steps;
static volatile uint64_t last, past;

static void on_trap(int sig, struct siginfo *si, struct ucontext *uc)
{
	steps++;
	past |= uc->greg[REG_RIP] < last;
	last = uc->greg[REG_RIP];
}

int user_main(long argc, char **argv, char **envp)
{
	long pid;

	on_signal(SIGTRAP, on_trap);
	__asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n"
			 "nop\n nop\n nop\n movl $39, %%eax\n syscall\n nop\n"
			 "pushfq\n andq $~0x100, (%%rsp)\n popfq\n"
			 : "=a"(pid) : : "rcx", "r11", "memory", "cc");
	CHECK(pid == sys0(SYS_getpid));
	/* Nine instructions after the first popfq. The one after a syscall may be stepped over:
	 * the processor looks at TF before the flags are back. */
	CHECK(steps == 9 || steps == 8);
	CHECK(!past);
	last = 0;
	steps = 0;
	__asm__ volatile("nop\n nop");
	CHECK(steps == 0);
	say("user step: ok\n");
	return 0;
}
