/* SPDX-License-Identifier: MIT */
/*
 * user mode: faults of a program, with the address and the user bit in the error code; the kernel's pages and
 * privileged instructions are not for it.
 *
 * A kernel tells from the error code whether to load a page, copy it, or kill the program.
 *
 * covers: iret good
 * covers: mmuext_op.new_user_baseptr good
 */
#include "tests/conformance/lib/user.h"

const char test_title[] = "user mode: page faults and privileged instructions";

/* Four bytes of instructions: an access and ud2. */
static void touch(const char *insns, uint64_t rdi)
{
	struct user_gates g = { .dpl80 = 3, .dpl3 = 3 };
	struct regs r = user_fresh();

	r.rdi = rdi;
	user_run(insns, 4, &r, &g);
	events_unmask();
}

static void run(const char *key, const void *insns, size_t n, uint64_t rdi)
{
	struct user_gates g = { .dpl80 = 3, .dpl3 = 3 };
	struct regs r = user_fresh();

	r.rdi = rdi;
	r.rdx = 0x80;
	user_run(insns, n, &r, &g);
	user_answer(key);
	events_unmask();
}
#define RUN(key, s, rdi)	run(key, s, sizeof(s) - 1, rdi)
#define CR2(key, base)		answer(key ".cr2", user_in.cr2 - (base))

void test_main(void)
{
	RUN("read.hole", "\x8a\x07\x0f\x0b", UHOLE + 5);		/* mov (%rdi),%al */
	CR2("read.hole", UHOLE);
	RUN("write.hole", "\x88\x07\x0f\x0b", UHOLE + 0xfff);		/* mov %al,(%rdi) */
	CR2("write.hole", UHOLE);
	RUN("write.code", "\x88\x07\x0f\x0b", UCODE + 9);
	CR2("write.code", UCODE);
	RUN("read.kernel-image", "\x8a\x07\x0f\x0b", BASE);
	CR2("read.kernel-image", BASE);
	RUN("jump.hole", "\xff\xe7\x0f\x0b", UHOLE + 3);		/* jmp *%rdi */
	CR2("jump.hole", UHOLE);
	RUN("read.noncanonical", "\x8a\x07\x0f\x0b", 0x800000000000);
	RUN("divide", "\x31\xc9\xf7\xf1\x0f\x0b", 0);			/* xor %ecx,%ecx; div %ecx */
	RUN("ud2", "\x90\x0f\x0b", 0);
	RUN("hlt", "\x90\xf4\x0f\x0b", 0);
	RUN("cli", "\x90\xfa\x0f\x0b", 0);
	RUN("in", "\x90\xec\x0f\x0b", 0);				/* in (%dx),%al */
	RUN("out", "\x90\xe6\x80\x0f\x0b", 0);				/* out %al,$0x80 */
	RUN("rdmsr", "\x90\x0f\x32\x0f\x0b", 0);
	RUN("wrmsr", "\x90\x0f\x30\x0f\x0b", 0);
	RUN("mov-cr3", "\x90\x0f\x20\xd8\x0f\x0b", 0);
	RUN("mov-cr0", "\x90\x0f\x22\xc0\x0f\x0b", 0);
	RUN("clts", "\x90\x0f\x06\x0f\x0b", 0);
	RUN("wbinvd", "\x90\x0f\x09\x0f\x0b", 0);
	RUN("invlpg", "\x90\x0f\x01\x3f\x0f\x0b", UDATA);
	RUN("mov-dr7", "\x90\x0f\x21\xf8\x0f\x0b", 0);
	RUN("swapgs", "\x90\x0f\x01\xf8\x0f\x0b", 0);
	RUN("sysret", "\x90\x48\x0f\x07\x0f\x0b", 0);
	touch("\x8a\x07\x0f\x0b", UKERNEL);
	answer("kernel-page.read", user_in.vector == 6);
	touch("\x88\x07\x0f\x0b", UKERNEL + 8);
	answer("kernel-page.write", user_in.vector == 6);
	/* What of it is present depends on the machine. */
	touch("\x8a\x07\x0f\x0b", 0xffff830000000000);
	answer("hypervisor.vector", user_in.vector);
	answer("hypervisor.by-user", user_in.r.error >> 2 & 1);
	answer("hypervisor.cr2", user_in.cr2);
	test_success("");
}
