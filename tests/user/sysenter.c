/* SPDX-License-Identifier: MIT */
/* sysenter has no handler: the program that tries is killed, and nothing else happens. */
#define USER_NAME "sysenter"
#include "user.h"

static void tries(void)
{
	__asm__ volatile("movq %%rsp, %%rbp\n sysenter" : : "a"(20) : "rcx", "rdx", "memory");
}

int user_main(long argc, char **argv, char **envp)
{
	int status = in_child(tries);

	CHECK((status & 0x7f) == SIGSEGV || (status & 0x7f) == SIGILL);
	say("user sysenter: ok\n");
	return 0;
}
