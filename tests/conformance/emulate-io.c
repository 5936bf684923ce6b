/* SPDX-License-Identifier: MIT */
/*
 * emulator: IN and OUT of guest-kernel mode without an I/O privilege level are #GP; with it, ports the domain does not have read as
 * all ones and swallow what is written.
 *
 * Kernels probe for hardware; what they find must be nothing, and not an end.
 *
 * covers: physdev_op.set_iopl good
 * covers: physdev_op.set_iobitmap good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "emulator: port I/O by the I/O privilege level";

static uint64_t got;

#define PORT(name, insn)							\
	static void name(void *arg)						\
	{									\
		uint64_t rax = 0x1122334455667788;				\
										\
		__asm__ volatile(insn : "+a"(rax) : "d"(0x123UL) : "memory");	\
		got = rax;							\
	}
PORT(in8, "inb %%dx, %%al")
PORT(in16, "inw %%dx, %%ax")
PORT(in32, "inl %%dx, %%eax")
PORT(in_imm, "inb $0x71, %%al")
PORT(out8, "outb %%al, %%dx")
PORT(out32, "outl %%eax, %%dx")
PORT(out_imm, "outb %%al, $0x80")
PORT(cli_, "cli")
PORT(sti_, "sti")
static char area[8];
static void ins_(void *arg)
{
	void *p = area;
	uint64_t n = 2;

	__asm__ volatile("rep insb" : "+D"(p), "+c"(n) : "d"(0x123UL) : "memory");
	got = (uint64_t)((char *)p - area);
}
static void outs_(void *arg)
{
	const void *p = area;
	uint64_t n = 2;

	__asm__ volatile("rep outsb" : "+S"(p), "+c"(n) : "d"(0x123UL) : "memory");
	got = (uint64_t)((const char *)p - area);
}

static const struct {
	const char *none, *granted, *value;
	void (*fn)(void *);
} insns[] = {
	{ "none.in8", "iopl.in8", "iopl.in8.rax", in8 }, { "none.in16", "iopl.in16", "iopl.in16.rax", in16 },
	{ "none.in32", "iopl.in32", "iopl.in32.rax", in32 }, { "none.in-imm", "iopl.in-imm", "iopl.in-imm.rax", in_imm },
	{ "none.out8", "iopl.out8", "iopl.out8.rax", out8 }, { "none.out32", "iopl.out32", "iopl.out32.rax", out32 },
	{ "none.out-imm", "iopl.out-imm", "iopl.out-imm.rax", out_imm }, { "none.ins", "iopl.ins", "iopl.ins.moved", ins_ },
	{ "none.outs", "iopl.outs", "iopl.outs.moved", outs_ }, { "none.cli", "iopl.cli", "iopl.cli.rax", cli_ },
	{ "none.sti", "iopl.sti", "iopl.sti.rax", sti_ },
};

void test_main(void)
{
	struct physdev_set_iopl iopl = { 1 };
	struct physdev_set_iobitmap none = { .nr_ports = 0 };
	unsigned i;

	for (i = 0; i < sizeof(insns) / sizeof(insns[0]); i++)
		answer_caught(insns[i].none, insns[i].fn, NULL);
	answer("set_iopl", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	for (i = 0; i < sizeof(insns) / sizeof(insns[0]); i++) {
		got = 0;
		answer_caught(insns[i].granted, insns[i].fn, NULL);
		answer(insns[i].value, got);
	}
	answer("ins.bytes", *(uint64_t *)area);
	answer("mask", vcpu0()->evtchn_upcall_mask);
	iopl.iopl = 0;
	answer("set_iopl.0", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&iopl));
	answer_caught("again.in8", in8, NULL);
	answer("set_iobitmap", (uint64_t)HC(physdev_op, (long)PHYSDEVOP_set_iobitmap, (long)&none));
	test_success("");
}
