/* SPDX-License-Identifier: MIT */
/*
 * emulator: control registers, CLTS, WBINVD and the like from guest-kernel mode, and those that are #GP.
 *
 * Kernels of before the pv-ops use them; those of today do when they forget that they are on Xen.
 *
 * covers: fpu_taskswitch good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "emulator: control registers and system instructions";

static uint64_t value;

#define INSN(name, insn)						\
	static void name(void *arg)					\
	{								\
		uint64_t rax = value;					\
									\
		__asm__ volatile(insn : "+a"(rax) : : "rcx", "rdx", "rbx", "memory");	\
		value = rax;						\
	}
INSN(clts, "clts")
INSN(hlt, "hlt")
INSN(wbinvd, "wbinvd")
INSN(invd, "invd")
INSN(invlpg, "invlpg (%%rsp)")
INSN(lgdt, "lgdt (%%rsp)")
INSN(lidt, "lidt (%%rsp)")
INSN(lldt, "lldt %%ax")
INSN(ltr, "ltr %%ax")
INSN(lmsw, "lmsw %%ax")
INSN(read_cr0, "mov %%cr0, %%rax")
INSN(read_cr2, "mov %%cr2, %%rax")
INSN(read_cr3, "mov %%cr3, %%rax")
INSN(read_cr4, "mov %%cr4, %%rax")
INSN(read_cr8, "mov %%cr8, %%rax")
INSN(write_cr0, "mov %%rax, %%cr0")
INSN(write_cr2, "mov %%rax, %%cr2")
INSN(write_cr3, "mov %%rax, %%cr3")
INSN(write_cr4, "mov %%rax, %%cr4")
INSN(write_cr8, "mov %%rax, %%cr8")
INSN(swapgs, "swapgs")
INSN(rdpmc, "xor %%ecx, %%ecx; rdpmc")
INSN(xsetbv_bad, "mov $1, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; xsetbv")
INSN(monitor, "xor %%ecx, %%ecx; xor %%edx, %%edx; lea (%%rsp), %%rax; monitor")

static void run(const char *key, void (*fn)(void *), uint64_t rax)
{
	value = rax;
	answer_caught(key, fn, NULL);
}

void test_main(void)
{
	uint64_t cr0, cr4;

	run("clts", clts, 0);
	run("hlt", hlt, 0);
	run("wbinvd", wbinvd, 0);
	run("invd", invd, 0);
	run("invlpg", invlpg, 0);
	run("lgdt", lgdt, 0);
	run("lidt", lidt, 0);
	run("lldt", lldt, 0);
	run("ltr", ltr, 0);
	run("lmsw", lmsw, 1);
	run("swapgs", swapgs, 0);
	run("rdpmc", rdpmc, 0);
	run("xsetbv.1", xsetbv_bad, 0);
	run("monitor", monitor, 0);
	run("read-cr8", read_cr8, 0);
	run("write-cr8", write_cr8, 0);
	run("read-cr0", read_cr0, 0);
	cr0 = value;
	answer("cr0.pe-pg-wp", (cr0 & 1) && (cr0 >> 31 & 1) && (cr0 >> 16 & 1));
	answer("cr0.ts", cr0 >> 3 & 1);
	answer("taskswitch", (uint64_t)HC(fpu_taskswitch, 1L));
	run("read-cr0.ts", read_cr0, 0);
	answer("cr0.ts.set", value >> 3 & 1);
	run("clts.again", clts, 0);
	run("read-cr0.cleared", read_cr0, 0);
	answer("cr0.ts.cleared", value >> 3 & 1);
	run("write-cr0.same", write_cr0, cr0);
	run("write-cr0.ts", write_cr0, cr0 | 8);
	run("read-cr0.written", read_cr0, 0);
	answer("cr0.ts.written", value >> 3 & 1);
	run("write-cr0.back", write_cr0, cr0);
	run("write-cr0.no-wp", write_cr0, cr0 & ~0x10000UL);
	run("write-cr2", write_cr2, 0x1234567);
	run("read-cr2", read_cr2, 0);
	answer("cr2", value);
	answer("cr2.vcpu-info", vcpu0()->arch.cr2);
	run("read-cr3", read_cr3, 0);
	answer("cr3.is-the-table", value >> 12 == va_mfn((void *)si->pt_base));
	run("write-cr3.same", write_cr3, va_mfn((void *)si->pt_base) << 12);
	run("write-cr3.bad", write_cr3, va_mfn(stack) << 12);
	run("read-cr4", read_cr4, 0);
	cr4 = value;
	answer("cr4.pae", cr4 >> 5 & 1);
	run("write-cr4.same", write_cr4, cr4);
	run("write-cr4.no-pae", write_cr4, cr4 & ~0x20UL);
	test_success("");
}
