/* SPDX-License-Identifier: MIT */
/*
 * segments: which selectors a kernel can load without a descriptor table of its own.
 *
 * covers: set_gdt good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "segments: loads of the flat selectors and of others";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


#define LOAD(name, seg)	static void name(void *s) { __asm__ volatile("mov %0, %%" seg :: "r"((uint32_t)(uint64_t)s)); }
LOAD(load_ds, "ds")
LOAD(load_es, "es")
LOAD(load_fs, "fs")
LOAD(load_gs, "gs")
LOAD(load_ss, "ss")
INSN(pop_fs, "pushq $0xe02b; .byte 0x0f, 0xa1");
INSN(mov_from_memory, "pushw $0xe02b; mov (%rsp), %es; add $2, %rsp");
INSN(lgs_pointer, "pushq $0; movw $0xe02b, 4(%rsp); movl $0x1234, (%rsp); lgs (%rsp), %eax; pop %rcx");
INSN(lretq_ring0, "mov %rsp, %rdx; pushq $0xe008; lea 1f(%rip), %rcx; push %rcx; lretq; 1: mov %rdx, %rsp");

void test_main(void)
{
	static const uint16_t sel[] = { 0, 3, 0xe008, 0xe010, 0xe02b, 0xe028, 0xe023, 0xe033, 0xe038, 0xdff8, 0xfff8, 0x7 };
	static const char *const name[] = { "0", "3", "e008", "e010", "e02b", "e028", "e023", "e033", "e038", "dff8",
					    "fff8", "7" };
	char key[20];

	for (unsigned i = 0; i < sizeof(sel) / sizeof(sel[0]); i++) {
		void *s = (void *)(uint64_t)sel[i];

		memcpy(key + 3, name[i], strlen(name[i]) + 1);
		memcpy(key, "ds.", 3);
		answer_caught(key, load_ds, s);
		memcpy(key, "fs.", 3);
		answer_caught(key, load_fs, s);
		memcpy(key, "ss.", 3);
		answer_caught(key, load_ss, s);
		load_fs(NULL);
		load_ds(NULL);
	}
	load_ss((void *)0xe02b);
	answer_caught("es.e02b", load_es, (void *)0xe02b);
	answer_caught("gs.e02b", load_gs, (void *)0xe02b);
	answer_caught("pop-fs", pop_fs, NULL);
	answer_caught("memory", mov_from_memory, NULL);
	answer_caught("lgs", lgs_pointer, NULL);
	load_es(NULL);
	load_fs(NULL);
	load_gs(NULL);
	answer_caught("lretq-ring0", lretq_ring0, NULL);
	test_success("");
}
