/* SPDX-License-Identifier: MIT */
/*
 * traps: each exception a program in ring 3 can raise, with its error code.
 *
 * A kernel turns these into signals; a wrong vector or error code is a wrong signal, or a wrong repair.
 *
 * covers: set_trap_table good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "traps: exceptions and their error codes";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


INSN(divide, "xor %edx, %edx; mov $1, %eax; xor %ecx, %ecx; div %ecx");
INSN(overflow, "int $4");
INSN(int3, "int3");
INSN(int3_long, ".byte 0xcd, 3");
INSN(ud2, "ud2");
INSN(lock_nop, ".byte 0xf0, 0x90");
INSN(noncanonical, "mov $0x8000000000000000, %rax; mov (%rax), %rax");
INSN(noncanonical_rbp, "push %rbp; mov $0x8000000000000000, %rbp; mov (%rbp), %rax; pop %rbp");
INSN(hlt, "hlt");
INSN(ss_null, "xor %eax, %eax; mov %eax, %ss");
INSN(fpu, "fninit; pushq $0x37b; fldcw (%rsp); pop %rax; fld1; fldz; fdivrp; fwait; fninit");
INSN(sse, "pushq $0x1d80; ldmxcsr (%rsp); mov $1, %eax; cvtsi2ss %eax, %xmm0; xorps %xmm1, %xmm1; divss %xmm1, %xmm0; pop %rax");
INSN(align, "pushfq; orl $0x40000, (%rsp); popfq; mov %rsp, %rax; mov 1(%rax), %ecx; pushfq; andl $~0x40000, (%rsp); popfq");
INSN(read_hole, "mov 0x20000128, %rax");
INSN(write_hole, "movl $1, 0x20000128");
INSN(exec_hole, "mov $0x20000000, %eax; jmp *%rax");
INSN(jump_noncanonical, "mov $0x8000000000000000, %rax; jmp *%rax");

static void one(const char *name, void (*fn)(void *))
{
	char key[40];
	size_t n = strlen(name);

	answer_caught(name, fn, NULL);
	memcpy(key, name, n);
	memcpy(key + n, ".frame", 7);
	answer_trap(key, &last_trap);
	memset(&last_trap, 0, sizeof(last_trap));
	/* RBP, AC and the floating-point state are as the faulting instruction found them. */
	__asm__ volatile("pushq $2; popfq; fninit; pushq $0x1f80; ldmxcsr (%%rsp); addq $8, %%rsp" ::: "memory");
}

void test_main(void)
{
	one("divide", divide);
	one("overflow", overflow);
	one("int3", int3);
	one("int3-long", int3_long);
	one("ud2", ud2);
	one("lock-nop", lock_nop);
	one("noncanonical", noncanonical);
	one("noncanonical-rbp", noncanonical_rbp);
	one("hlt", hlt);
	one("ss-null", ss_null);
	one("fpu", fpu);
	one("sse", sse);
	one("align", align);
	one("read-hole", read_hole);
	one("write-hole", write_hole);
	one("exec-hole", exec_hole);
	one("jump-noncanonical", jump_noncanonical);
	test_success("");
}
