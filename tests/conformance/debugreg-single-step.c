/* SPDX-License-Identifier: MIT */
/*
 * Single-stepping: #DB behind the instruction, DR6.BS says why; an emulated instruction is stepped over like any other.
 *
 * A debugger in the guest sees each instruction once, none twice.
 *
 * covers: get_debugreg good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "single step: DR6, also over an emulated instruction";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


INSN(step_nop, "pushfq; orl $0x100, (%rsp); popfq; nop; .globl step_nop_after; step_nop_after: nop");
INSN(step_cr2, "pushfq; orl $0x100, (%rsp); popfq; mov %cr2, %rax; .globl step_cr2_after; step_cr2_after: nop");
INSN(icebp, ".byte 0xf1");
extern char step_nop_after[], step_cr2_after[];

void test_main(void)
{
	HC(set_debugreg, 6L, 0L);
	answer_caught("nop", step_nop, NULL);
	answer("nop.at-the-next", last_trap.rip == (uint64_t)step_nop_after);
	answer("nop.dr6", (uint64_t)HC(get_debugreg, 6L));
	HC(set_debugreg, 6L, 0L);
	answer_caught("mov-cr2", step_cr2, NULL);
	answer("mov-cr2.at-the-next", last_trap.rip == (uint64_t)step_cr2_after);
	answer("mov-cr2.dr6", (uint64_t)HC(get_debugreg, 6L));
	HC(set_debugreg, 6L, 0L);
	answer_caught("icebp", icebp, NULL);
	answer("icebp.dr6", (uint64_t)HC(get_debugreg, 6L));
	test_success("");
}
