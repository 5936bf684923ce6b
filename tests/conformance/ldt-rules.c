/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: MMUEXT_SET_LDT: addresses and counts it takes; a selector of it can be loaded, and is checked.
 *
 * covers: mmuext_op.set_ldt good
 * covers: mmuext_op.set_ldt bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mmuext_op: SET_LDT and a load from it";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


static uint64_t ldt[512] PAGE_ALIGNED;

static uint64_t set(uint64_t va, uint32_t n)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = va, .arg2.nr_ents = n };

	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static void load_es(void *sel)
{
	__asm__ volatile("mov %0, %%es" :: "r"((uint32_t)(uint64_t)sel));
}

static void load_fs(void *sel)
{
	__asm__ volatile("mov %0, %%fs" :: "r"((uint32_t)(uint64_t)sel));
}

void test_main(void)
{
	uint32_t lo, hi;

	answer("unaligned", set((uint64_t)ldt + 8, 8));
	answer("too-many", set((uint64_t)ldt, 8193));
	answer("hypervisor", set(0xffff800000000000, 8));
	answer("empty-unaligned", set((uint64_t)ldt + 8, 0));
	answer_caught("no-ldt", load_es, (void *)0xf);
	ldt[1] = 0x00cff3000000ffff;
	ldt[2] = 0x20cff3345678ffff;
	ldt[3] = 0x00cf73000000ffff;
	page_protect(ldt, false);
	answer("set", set((uint64_t)ldt, 8));
	answer_caught("load", load_es, (void *)0xf);
	answer_caught("load-null-descriptor", load_es, (void *)0x7);
	answer_caught("load-not-present", load_es, (void *)0x1f);
	answer_caught("load-beyond", load_es, (void *)0x47);
	answer_caught("load-fs", load_fs, (void *)0x17);
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000100));
	answer("fs-base", (uint64_t)hi << 32 | lo);
	answer("in-use-cannot-be-writable", (uint64_t)page_protect(ldt, true));
	load_es(NULL);
	load_fs(NULL);
	answer("clear", set(0, 0));
	answer("writable-again", (uint64_t)page_protect(ldt, true));
	test_success("");
}
