/* SPDX-License-Identifier: MIT */
/*
 * The syscall instruction: results and errors come back, every register but rax, rcx and r11 is
 * what it was, rcx is the next instruction; hostile pointers are -EFAULT, unknown calls -ENOSYS.
 */
#define USER_NAME "syscall"
#include "user.h"

static void registers(void)
{
	uint64_t bad, rcx, here, r11;

	__asm__ volatile("pushq %%rbp\n pushq %%rbx\n"
			 "movl $39, %%eax\n movl $0x101, %%edi\n movl $0x102, %%esi\n"
			 "movl $0x103, %%edx\n movl $0x104, %%ebx\n movl $0x105, %%ebp\n"
			 "movl $0x106, %%r8d\n movl $0x107, %%r9d\n movl $0x108, %%r10d\n"
			 "movl $0x109, %%r12d\n movl $0x10a, %%r13d\n movl $0x10b, %%r14d\n"
			 "movl $0x10c, %%r15d\n"
			 "syscall\n 1:\n"
			 "subq $0x101, %%rdi\n subq $0x102, %%rsi\n subq $0x103, %%rdx\n"
			 "subq $0x104, %%rbx\n subq $0x105, %%rbp\n subq $0x106, %%r8\n"
			 "subq $0x107, %%r9\n subq $0x108, %%r10\n subq $0x109, %%r12\n"
			 "subq $0x10a, %%r13\n subq $0x10b, %%r14\n subq $0x10c, %%r15\n"
			 "orq %%rsi, %%rdi\n orq %%rdx, %%rdi\n orq %%rbx, %%rdi\n orq %%rbp, %%rdi\n"
			 "orq %%r8, %%rdi\n orq %%r9, %%rdi\n orq %%r10, %%rdi\n orq %%r12, %%rdi\n"
			 "orq %%r13, %%rdi\n orq %%r14, %%rdi\n orq %%r15, %%rdi\n"
			 "leaq 1b(%%rip), %%rsi\n popq %%rbx\n popq %%rbp\n"
			 : "=D"(bad), "=c"(rcx), "=S"(here), "=&a"(r11)
			 : : "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
	CHECK(bad == 0);
	CHECK(rcx == here);
	CHECK(r11 == (uint64_t)sys0(SYS_getpid));
}

int user_main(long argc, char **argv, char **envp)
{
	long fd[2];

	registers();
	CHECK(argc >= 1 && argv[0] != NULL && argv[argc] == NULL);
	CHECK(sys0(SYS_getpid) > 0);
	CHECK(sys0(400) == -ENOSYS);
	CHECK(sys0(100000) == -ENOSYS);
	CHECK(sys0(-1) == -ENOSYS);
	CHECK(sys3(SYS_write, 1, 8, 1) == -EFAULT);
	CHECK(sys3(SYS_write, 1, 0x10100000, 1) == -EFAULT);
	CHECK(sys3(SYS_write, 1, 0xffff800000000000, 1) == -EFAULT);
	CHECK(sys3(SYS_write, 1, -1L, 2) == -EFAULT);
	CHECK(sys1(SYS_pipe, "read-only") == -EFAULT);
	CHECK(sys1(SYS_pipe, fd) == 0);
	say("user syscall: ok\n");
	return 0;
}
