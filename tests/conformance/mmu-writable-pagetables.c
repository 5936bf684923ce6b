/* SPDX-License-Identifier: MIT */
/*
 * vm_assist writable_pagetables: stores to a page table are emulated.
 *
 * A kernel that enabled the assist stores to its read-only L1 tables as if it could.  One aligned store within one
 * entry is checked and done; everything else is the page fault it was.
 *
 * covers: vm_assist good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vm_assist writable_pagetables: stores to a page table are emulated";

#define ENTRY(page, flags)	(va_mfn(page) << 12 | (flags))

static uint64_t *l1e, val;

#define STORE(name, insn)								\
	static void name(void *p)							\
	{										\
		__asm__ volatile(insn : : "D"(p), "S"(val), "a"(val), "d"(0UL), "b"(0UL), "c"(3UL) : "memory", "cc"); \
	}
STORE(mov, "movq %%rsi, (%%rdi)")
STORE(mov_imm, "movq $0, (%%rdi)")
STORE(mov32, "movl %%esi, (%%rdi)")
STORE(mov8, "movb $0, (%%rdi)")
STORE(mov_odd, "movl $0, 2(%%rdi)")
STORE(mov_cross, "movq $0, 4(%%rdi)")
STORE(lock_and, "lock andq $-3, (%%rdi)")
STORE(lock_or, "lock orq %%rsi, (%%rdi)")
STORE(add, "addq $0, (%%rdi)")
STORE(btr, "lock btrq $5, (%%rdi)")
STORE(bts, "lock btsl $6, (%%rdi)")
STORE(bts_reg, "btsq %%rcx, (%%rdi)")
STORE(stos, "stosq")
STORE(sse, "lock cmpxchg16b (%%rdi)")
STORE(not, "notq (%%rdi)")

static uint64_t flags(void)
{
	return *(volatile uint64_t *)l1e & 0xfff0000000000fffUL;
}

static void do_store(const char *key, void (*fn)(void *), uint64_t v)
{
	char k[40];
	unsigned i = 0;

	val = v;
	answer_caught(key, fn, l1e);
	for (; key[i] && i < 30; i++)
		k[i] = key[i];
	memcpy(k + i, ".flags", 7);
	answer(k, flags());
}

static void exchanges(uint64_t e)
{
	uint64_t old = e & ~2UL, now = *(volatile uint64_t *)l1e;
	uint8_t ok;

	__asm__ volatile("xchgq %0, (%1)" : "+r"(old) : "r"(l1e) : "memory");
	answer("xchg.old", old == now);
	answer("xchg.flags", flags());
	now = *(volatile uint64_t *)l1e;
	old = now;
	__asm__ volatile("lock cmpxchgq %3, (%2); sete %1" : "+a"(old), "=q"(ok) : "r"(l1e), "r"(e) : "memory", "cc");
	answer("cmpxchg", ok);
	answer("cmpxchg.flags", flags());
	old = 0x1234;
	now = *(volatile uint64_t *)l1e;
	__asm__ volatile("lock cmpxchgq %3, (%2); sete %1" : "+a"(old), "=q"(ok) : "r"(l1e), "r"(0UL) : "memory", "cc");
	answer("cmpxchg.miss", ok);
	answer("cmpxchg.miss.old", old == now);
	answer("cmpxchg.miss.flags", flags());
	old = 0;
	__asm__ volatile("lock xaddq %0, (%1)" : "+r"(old) : "r"(l1e) : "memory", "cc");
	answer("xadd.old", old == now);
}

void test_main(void)
{
	uint64_t *page = page_alloc(), *other = page_alloc(), e;

	l1e = pte_of(page, 1);
	e = *l1e | PTE_A | PTE_D;
	do_store("off", mov, e);
	answer("enable", (uint64_t)HC(vm_assist, (long)VMASST_CMD_enable, (long)VMASST_TYPE_writable_pagetables));
	do_store("mov", mov, e);
	do_store("mov.other", mov, ENTRY(other, PTE_KERNEL));
	do_store("mov.adds", mov, ENTRY(other, PTE_P));
	do_store("mov.absent", mov, 0xfff0000000000ffeUL);
	do_store("mov_imm", mov_imm, 0);
	do_store("mov.back", mov, e);
	do_store("and", lock_and, 0);
	do_store("or", lock_or, 2);
	do_store("add", add, 0);
	do_store("btr", btr, 0);
	do_store("bts", bts, 0);
	do_store("bts_reg", bts_reg, 0);
	do_store("stos", stos, e);
	exchanges(e);
	do_store("mov8", mov8, 0);
	do_store("mov.back2", mov, e);
	do_store("mov.back3", mov, e);
	do_store("mov32", mov32, 0);
	do_store("mov.back4", mov, e);
	do_store("mov_odd", mov_odd, 0);
	do_store("mov_cross", mov_cross, 0);
	do_store("cmpxchg16b", sse, 0);
	do_store("bad.flags", mov, ENTRY(other, PTE_KERNEL | 0x80));
	do_store("bad.frame", mov, 0xffffffff0UL << 12 | PTE_KERNEL);
	do_store("bad.table", mov, ENTRY((void *)si->pt_base, PTE_KERNEL));
	val = *pte_of(page, 2);
	answer_caught("l2", mov, pte_of(page, 2));
	answer_caught("l4", mov, (void *)si->pt_base);
	do_store("not", not, 0);
	answer("disable", (uint64_t)HC(vm_assist, (long)VMASST_CMD_disable, (long)VMASST_TYPE_writable_pagetables));
	do_store("off.again", mov, e);
	test_success("");
}
