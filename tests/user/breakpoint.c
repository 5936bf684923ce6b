/* SPDX-License-Identifier: MIT */
/* int3 and ud2: the handler sees the address, and may move it. Without one the program is killed. */
#define USER_NAME "breakpoint"
#include "user.h"

static volatile int count;
static volatile uint64_t at;

static void on_trap(int sig, struct siginfo *si, struct ucontext *uc)
{
	count++;
	at = uc->greg[REG_RIP];
	if (sig == SIGILL)
		uc->greg[REG_RIP] += 2;
}

static void breaks(void)
{
	__asm__ volatile("int3");
}

static void divides(void)
{
	__asm__ volatile("xorl %%ecx, %%ecx\n xorl %%edx, %%edx\n divl %%ecx" : : "a"(1) : "rcx", "rdx");
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

int user_main(long argc, char **argv, char **envp)
{
	uint64_t here;

	CHECK(in_child(breaks) == SIGTRAP);
	CHECK(in_child(divides) == 8);
	CHECK(in_child(privileged) == SIGSEGV);
	on_signal(SIGTRAP, on_trap);
	on_signal(SIGILL, on_trap);
	__asm__ volatile("leaq 1f(%%rip), %0\n int3\n 1:" : "=r"(here));
	CHECK(count == 1 && at == here);
	__asm__ volatile("leaq 1f(%%rip), %0\n 1: ud2" : "=r"(here));
	CHECK(count == 2 && at == here);
	say("user breakpoint: ok\n");
	return 0;
}
