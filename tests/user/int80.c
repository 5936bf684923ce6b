/* SPDX-License-Identifier: MIT */
/* int $0x80: the old way in, with 32-bit Linux's numbers. Registers above eax keep their values. */
#define USER_NAME "int80"
#include "user.h"

static long int80(long nr, long b)
{
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(nr), "b"(b) : "memory");
	return rc;
}

static void exits(void)
{
	int80(1, 5);
}

static void other_vector(void)
{
	__asm__ volatile("int $0x81");
}

int user_main(long argc, char **argv, char **envp)
{
	CHECK(int80(20, 0) == sys0(SYS_getpid));
	CHECK(in_child(exits) == 5 << 8);
	CHECK(in_child(other_vector) == SIGSEGV);
	say("user int80: ok\n");
	return 0;
}
