/* SPDX-License-Identifier: MIT */
/*
 * iret to user mode: of the flags a kernel asks for, a program gets those that are harmless, and always IF.
 *
 * What an attacker would gain: a program with IOPL 3 or virtual 8086 mode reaches the machine's ports; one without IF keeps the
 * CPU for itself (advisories 183, 202, 339).
 *
 * covers: iret good
 */
#include "tests/conformance/lib/user.h"

const char test_title[] = "iret to user mode: dangerous flags do not pass";

static void flags(const char *key, uint64_t rflags, uint64_t iret_flags)
{
	struct user_gates g = { .dpl80 = 3, .dpl3 = 3 };
	struct regs r = user_fresh();

	r.rflags = rflags;
	r.error = iret_flags;
	USER_RUN("\x9c\x58\x0f\x05", &r, &g);		/* pushfq; pop %rax; syscall */
	/* Not ID and RF, which no one depends on. */
	answer(key, user_in.vector == 0x100 ? user_in.r.rax & 0xffffULL : user_in.vector << 32);
	events_unmask();
}

void test_main(void)
{
	flags("plain", 0x202, 0);
	flags("no-if", 0x2, 0);
	flags("iopl3", 0x3202, 0);
	flags("nt", 0x4202, 0);
	flags("df", 0x602, 0);
	flags("iopl3.in-syscall", 0x3202, VGCF_in_syscall);
	flags("no-if.in-syscall", 0x2, VGCF_in_syscall);
	flags("vm", 0x20202, 0);
	test_success("");
}
