/* SPDX-License-Identifier: MIT */
/* The timer takes the CPU from programs that never give it up, and brings all registers back. */
#define USER_NAME "preempt"
#include "user.h"

#define CHILDREN 3

/* Counts in registers only; returns rounds, or 0 if one changed under it. */
static uint64_t spin(uint64_t tag)
{
	uint64_t n = 0, sum;

	__asm__ volatile("movq %2, %%r12\n leaq 1(%2), %%r13\n leaq 2(%2), %%r14\n leaq 3(%2), %%r15\n"
			 "1: incq %0\n"
			 "cmpq %2, %%r12\n jne 2f\n subq $1, %%r13\n cmpq %2, %%r13\n jne 2f\n"
			 "addq $1, %%r13\n cmpq $300000000, %0\n jb 1b\n jmp 3f\n"
			 "2: xorl %k0, %k0\n 3: leaq (%%r14, %%r15), %1\n"
			 : "+&r"(n), "=&r"(sum) : "r"(tag) : "r12", "r13", "r14", "r15", "cc");
	return sum == 2 * tag + 5 ? n : 0;
}

int user_main(long argc, char **argv, char **envp)
{
	uint64_t begin = now_ns(), short_sleep[2] = { 0, 1000000 };
	long pid[CHILDREN];
	int status, woke = 0;

	for (int i = 0; i < CHILDREN; i++) {
		pid[i] = sys0(SYS_fork);
		CHECK(pid[i] >= 0);
		if (pid[i] == 0)
			die(spin(0x1000 * (i + 1)) != 0 ? 0 : 1);
	}
	/* We run again and again while they spin. */
	for (int i = 0; i < 20; i++) {
		CHECK(sys2(SYS_nanosleep, short_sleep, 0) == 0);
		woke++;
	}
	CHECK(now_ns() - begin >= 20000000);
	for (int i = 0; i < CHILDREN; i++) {
		if (argc > 1)
			sys2(SYS_kill, pid[i], SIGKILL);
		CHECK(sys4(SYS_wait4, pid[i], &status, 0, 0) == pid[i]);
		CHECK(status == (argc > 1 ? SIGKILL : 0));
	}
	say("user preempt: ok\n");
	return 0;
}
