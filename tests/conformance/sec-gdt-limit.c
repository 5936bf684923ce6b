/* SPDX-License-Identifier: MIT */
/*
 * segments: a selector beyond the limit of its table, or of a table that is gone, is #GP, also where an instruction of the kernel is
 * carried out for it.
 *
 * What an attacker would gain: a descriptor read from behind the table it gave (advisory 298).
 *
 * covers: set_gdt good
 * covers: mmuext_op.set_ldt good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "segments: selectors beyond the limits of GDT and LDT";

#define DATA	0x00cff3000000ffffULL
#define CODE	0x00affb000000ffffULL

static uint64_t gdt[512] PAGE_ALIGNED, ldt[512] PAGE_ALIGNED;

static void load_fs(void *s)
{
	__asm__ volatile("mov %0, %%fs" : : "r"((uint32_t)(uint64_t)s));
}

static void far_return(void *s)
{
	__asm__ volatile("mov %%rsp, %%rdx; push %0; lea 1f(%%rip), %%rcx; push %%rcx; lretq; 1: mov %%rdx, %%rsp"
			 : : "a"((uint64_t)s) : "rcx", "rdx", "memory");
}

static uint64_t set_ldt(const void *base, unsigned long n)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (unsigned long)base, .arg2.nr_ents = n };

	return (uint64_t)HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

#define GDT_SEL(i)	((void *)((i) * 8UL + 3))
#define LDT_SEL(i)	((void *)((i) * 8UL + 7))

void test_main(void)
{
	unsigned long frame = va_mfn(gdt);
	unsigned i;

	for (i = 1; i < 512; i++)
		gdt[i] = ldt[i] = i & 1 ? DATA : CODE;
	CHECK_EQ(page_protect(gdt, false), 0);
	CHECK_EQ(page_protect(ldt, false), 0);
	answer("set_gdt", (uint64_t)HC(set_gdt, (long)&frame, 16L));
	answer_caught("gdt.inside", load_fs, GDT_SEL(15));
	answer_caught("gdt.beyond", load_fs, GDT_SEL(17));
	answer_caught("gdt.end-of-page", load_fs, GDT_SEL(511));
	answer_caught("gdt.next-page", load_fs, GDT_SEL(513));
	answer_caught("gdt.return.inside", far_return, GDT_SEL(14));
	answer_caught("gdt.return.beyond", far_return, GDT_SEL(510));
	answer_caught("gdt.return.data", far_return, GDT_SEL(15));
	answer_caught("ldt.none", load_fs, LDT_SEL(1));
	answer("set_ldt", set_ldt(ldt, 8));
	answer_caught("ldt.inside", load_fs, LDT_SEL(7));
	answer_caught("ldt.beyond", load_fs, LDT_SEL(9));
	answer_caught("ldt.far-beyond", load_fs, LDT_SEL(8191));
	answer_caught("ldt.return.beyond", far_return, LDT_SEL(10));
	load_fs(NULL);
	answer("set_ldt.none", set_ldt(NULL, 0));
	answer_caught("ldt.gone", load_fs, LDT_SEL(7));
	answer("set_gdt.none", (uint64_t)HC(set_gdt, 0L, 0L));
	answer_caught("gdt.gone", load_fs, GDT_SEL(15));
	answer("writable", (uint64_t)page_protect(gdt, true));
	test_success("");
}
