/* SPDX-License-Identifier: MIT */
/*
 * traps: INT n from kernel mode needs a gate of privilege 1, else it is #GP with the vector; 0x80 needs none.
 *
 * covers: set_trap_table good
 * covers: set_trap_table bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "traps: int n by the privilege of its gate";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


INSN(int40, "int $0x40; .globl int40_after; int40_after: nop");
INSN(int80, "int $0x80; .globl int80_after; int80_after: nop");
INSN(int82, "int $0x82");
INSN(int0e, "int $14");
extern char int40_after[], int80_after[];

void test_main(void)
{
	answer_caught("int40.no-gate", int40, NULL);
	answer("int40.at-the-instruction", last_trap.rip == (uint64_t)int40);
	trap_set(0x40, 0, trap_80);
	answer_caught("int40.privilege0", int40, NULL);
	trap_set(0x40, 1, trap_80);
	answer_caught("int40.privilege1", int40, NULL);
	answer("int40.behind-it", last_trap.rip == (uint64_t)int40_after);
	trap_set(0x40, 3, trap_80);
	answer_caught("int40.privilege3", int40, NULL);
	answer("int40.mask", last_mask);
	events_unmask();
	trap_set(0x40, 7, trap_80);
	answer_caught("int40.masks-events", int40, NULL);
	answer("int40.mask-inside", last_mask);
	answer_caught("int80.no-gate", int80, NULL);
	answer("int80.at-the-instruction", last_trap.rip == (uint64_t)int80);
	trap_set(0x80, 0, trap_80);
	answer_caught("int80.privilege0", int80, NULL);
	answer("int80.behind-it", last_trap.rip == (uint64_t)int80_after);
	answer_caught("int82.no-gate", int82, NULL);
	trap_set(0x82, 3, trap_80);
	answer_caught("int82.privilege3", int82, NULL);
	answer_caught("int0e", int0e, NULL);
	test_success("");
}
