/* SPDX-License-Identifier: MIT */
/*
 * set_trap_table: addresses that are none, lists that cannot be read, and NULL, which clears the table.
 *
 * covers: set_trap_table good
 * covers: set_trap_table bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_trap_table: rules of its entries";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


INSN(int40, "int $0x40");

void test_main(void)
{
	struct trap_info t[3] = { { 0x40, 3, 0, (unsigned long)trap_80 }, { 0x41, 3, 0, 0x8000000000000000 } };
	static char page[4096] PAGE_ALIGNED;
	struct trap_info *last = (struct trap_info *)(page + 4096 - sizeof(*last));

	answer("non-canonical", (uint64_t)HC(set_trap_table, (long)t));
	answer_caught("the-one-before-it-holds", int40, NULL);
	answer("cs", last_trap.cs & 3);
	t[1].address = 0;
	t[0].cs = 0;
	answer("cs-zero", (uint64_t)HC(set_trap_table, (long)t));
	answer_caught("cs-zero-works", int40, NULL);
	answer("hypervisor-pointer", (uint64_t)HC(set_trap_table, (long)0xffff800000000000));
	answer("unmapped", (uint64_t)HC(set_trap_table, 0x20000000L));
	*last = (struct trap_info){ 0x40, 0, FLAT_KERNEL_CS, (unsigned long)trap_80 };
	answer("null", (uint64_t)HC(set_trap_table, 0L));
	traps_install();
	answer_caught("cleared", int40, NULL);
	test_success("");
}
