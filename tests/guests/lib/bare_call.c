/* SPDX-License-Identifier: MIT */
/* A bare SYSCALL from wherever the compiler puts it. */
#include "tests/guests/lib/guest.h"

long hcall_bare(unsigned nr, long a1, long a2, long a3, long a4, long a5)
{
	register long r10 __asm__("r10") = a4;
	register long r8 __asm__("r8") = a5;
	long ret = nr;

	__asm__ volatile("syscall" : "+a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : : "rcx", "r11", "memory");
	return ret;
}
