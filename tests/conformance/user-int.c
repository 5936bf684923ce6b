/* SPDX-License-Identifier: MIT */
/*
 * user mode: INT n goes to a gate of privilege 3 and to no other; what is refused is #GP at the instruction.
 *
 * A gate of privilege 0 is how a kernel keeps programs from raising its own exceptions.
 *
 * covers: set_trap_table good
 * covers: set_trap_table bad
 */
#include "tests/conformance/lib/user.h"

const char test_title[] = "user mode: int 0x80 and others by the privilege of their gates";

static void run(const char *key, const void *insns, size_t n, const struct user_gates *g)
{
	struct regs r = user_fresh();

	user_run(insns, n, &r, g);
	user_answer(key);
}
#define RUN(key, s, ...)	run(key, s, sizeof(s) - 1, &(struct user_gates){ __VA_ARGS__ })

void test_main(void)
{
	RUN("int80.dpl3", "\x90\xcd\x80\x0f\x0b", .dpl80 = 3, .dpl3 = 3);
	RUN("int80.masks", "\x90\xcd\x80\x0f\x0b", .dpl80 = 7, .dpl3 = 3);
	events_unmask();
	RUN("int80.dpl0", "\x90\xcd\x80\x0f\x0b", .dpl80 = 0, .dpl3 = 3);
	RUN("int80.dpl1", "\x90\xcd\x80\x0f\x0b", .dpl80 = 1, .dpl3 = 3);
	RUN("int80.none", "\x90\xcd\x80\x0f\x0b", .no_gate80 = true, .dpl3 = 3);
	RUN("int3.dpl3", "\x90\xcc\x0f\x0b", .dpl80 = 3, .dpl3 = 3);
	RUN("int3.dpl0", "\x90\xcc\x0f\x0b", .dpl80 = 3, .dpl3 = 0);
	RUN("cd03.dpl0", "\x90\xcd\x03\x0f\x0b", .dpl80 = 3, .dpl3 = 0);
	RUN("int40.dpl3", "\x90\xcd\x40\x0f\x0b", .dpl40 = 3, .dpl3 = 3);
	RUN("int40.dpl1", "\x90\xcd\x40\x0f\x0b", .dpl40 = 1, .dpl3 = 3);
	RUN("int41.none", "\x90\xcd\x41\x0f\x0b", .dpl40 = 3, .dpl3 = 3);
	RUN("int14", "\x90\xcd\x0e\x0f\x0b", .dpl40 = 3, .dpl3 = 3);
	RUN("int82", "\x90\xcd\x82\x0f\x0b", .dpl40 = 3, .dpl3 = 3);
	test_success("");
}
