/* SPDX-License-Identifier: MIT */
/*
 * user mode: SYSCALL goes to the callback with the program's registers; without a callback it is #UD.
 *
 * Every program of a guest relies on it: a register lost here is a program that computes nonsense.
 *
 * covers: iret good
 * covers: callback_op.register good
 * covers: stack_switch good
 * covers: mmuext_op.new_user_baseptr good
 */
#include "tests/conformance/lib/user.h"

const char test_title[] = "user mode: the system call callback";

static bool kept(const struct regs *a, const struct regs *b)
{
	return a->r15 == b->r15 && a->r14 == b->r14 && a->r13 == b->r13 && a->r12 == b->r12 && a->r10 == b->r10 &&
	       a->r9 == b->r9 && a->r8 == b->r8 && a->rbp == b->rbp && a->rdi == b->rdi && a->rsi == b->rsi &&
	       a->rdx == b->rdx && a->rbx == b->rbx && a->rax == b->rax;
}

void test_main(void)
{
	struct user_gates g = { .dpl80 = 3, .dpl3 = 3 };
	struct regs r = user_fresh();

	USER_RUN("\x0f\x05\x0f\x0b", &r, &g);			/* syscall; ud2 */
	user_answer("syscall");
	answer("registers", kept(&user_in.r, &r));
	answer("rcx-is-rip", user_in.r.rcx == user_in.r.rip);
	answer("r11-is-rflags", (user_in.r.r11 & 0xfff) == (user_in.r.rflags & 0xfff));
	answer("rsp", user_in.r.rsp - USTACK);
	answer("rflags", user_in.r.rflags & 0xfff);
	r = user_fresh();
	USER_RUN("\xfd\x0f\x05\x0f\x0b", &r, &g);		/* std; syscall */
	user_answer("df");
	answer("df.rflags", user_in.r.rflags & 0xfff);
	/* Back by an iret that says that it is in a system call: the selectors do not matter. */
	r = user_fresh();
	r.error = VGCF_in_syscall;
	r.cs = 3;
	r.ss = 3;
	r.rcx = r.r11 = 0x77;
	USER_RUN("\x48\x89\xc8\x4c\x89\xda\x0f\x05", &r, &g);	/* mov %rcx,%rax; mov %r11,%rdx; syscall */
	user_answer("in-syscall");
	answer("in-syscall.rcx", user_in.r.rax - UCODE);
	answer("in-syscall.r11", user_in.r.rdx);
	/* A program that is not there to be interrupted: IF is shown, whatever it asks for. */
	r = user_fresh();
	r.rflags = 2;
	USER_RUN("\x0f\x05", &r, &g);
	answer("if-clear.rflags", user_in.r.rflags & 0xfff);
	answer("if-clear.saved-mask", REGS_SAVED_MASK(&user_in.r));
	events_unmask();
	g.no_syscall = true;
	r = user_fresh();
	USER_RUN("\x90\x0f\x05", &r, &g);			/* nop; syscall */
	user_answer("no-callback");
	test_success("");
}
