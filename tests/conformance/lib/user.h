/* SPDX-License-Identifier: MIT */
/* For cases about user mode: a page of instructions behind page tables of its own, run until something
 * brings the kernel back.  Included by one .c file of a case. */
#ifndef CONFORMANCE_USER_H
#define CONFORMANCE_USER_H

#include "tests/conformance/lib/conformance.h"
#include <xen/arch-x86/xen.h>

#define UBASE		0x40000000UL	/* code, data, stack */
#define UCODE		UBASE
#define UDATA		(UBASE + 0x1000)
#define USTACK		(UBASE + 0x3000)
#define UHOLE		(UBASE + 0x10000)
#define UKERNEL		(UBASE + 0x4000)	/* mapped without the user bit */

/* What the way into the kernel looked like. */
static struct {
	uint64_t vector;
	struct regs r;
	uint64_t cr2, mask;
} user_in;
uint64_t user_rsp_save;
static uint64_t user_l4_mfn, *user_l1;
static char *user_code, *user_data, *user_stack;
static char user_kstack[8192] __attribute__((aligned(16)));

extern char user_syscall_entry[], user_event_entry[], user_trap_0[], user_trap_1[], user_trap_3[], user_trap_4[],
	user_trap_6[], user_trap_13[], user_trap_14[], user_trap_17[], user_trap_80[];
void user_enter(struct regs *r);
void user_back(struct regs *r);

/* The callee-saved registers are kept, an iret frame is made of *rdi; an entry point pushes struct regs
 * and goes on behind user_enter. */
__asm__(".text\n.globl user_enter\nuser_enter:\n"
	" push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
	" mov %rsp, user_rsp_save(%rip)\n"
	" pushq 21*8(%rdi)\n pushq 20*8(%rdi)\n pushq 19*8(%rdi)\n pushq 18*8(%rdi)\n pushq 17*8(%rdi)\n"
	" pushq 16*8(%rdi)\n"		/* the error code's slot: flags of the iret */
	" pushq 14*8(%rdi)\n pushq 15*8(%rdi)\n pushq 12*8(%rdi)\n"
	" mov 0*8(%rdi), %r15\n mov 1*8(%rdi), %r14\n mov 2*8(%rdi), %r13\n mov 3*8(%rdi), %r12\n"
	" mov 4*8(%rdi), %r10\n mov 5*8(%rdi), %r9\n mov 6*8(%rdi), %r8\n mov 7*8(%rdi), %rbp\n"
	" mov 9*8(%rdi), %rsi\n mov 10*8(%rdi), %rdx\n mov 11*8(%rdi), %rbx\n mov 8*8(%rdi), %rdi\n"
	" mov $23, %eax\n syscall\n ud2\n");

#define USER_ENTRY(name, vec, has_error)						\
	__asm__(".globl " #name "\n.balign 16\n" #name ":\n"				\
		".if " #has_error " == 0\n"						\
		" sub $8, %rsp\n push %rax\n mov 16(%rsp), %rax\n mov %rax, 8(%rsp)\n"	\
		" mov 24(%rsp), %rax\n mov %rax, 16(%rsp)\n movq $0, 24(%rsp)\n pop %rax\n"	\
		".endif\n"								\
		" push $" STR_(vec) "\n jmp user_entry_common\n")
#define STR_(x)	STR__(x)
#define STR__(x) #x
__asm__("user_entry_common:\n push %rax\n push %rbx\n push %rdx\n push %rsi\n push %rdi\n push %rbp\n"
	" push %r8\n push %r9\n push %r10\n push %r12\n push %r13\n push %r14\n push %r15\n"
	" cld\n mov %rsp, %rdi\n call user_back\n"
	" mov user_rsp_save(%rip), %rsp\n"
	" pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");
USER_ENTRY(user_syscall_entry, 0x100, 0);
USER_ENTRY(user_event_entry, 0x101, 0);
USER_ENTRY(user_trap_0, 0, 0);
USER_ENTRY(user_trap_1, 1, 0);
USER_ENTRY(user_trap_3, 3, 0);
USER_ENTRY(user_trap_4, 4, 0);
USER_ENTRY(user_trap_6, 6, 0);
USER_ENTRY(user_trap_13, 13, 1);
USER_ENTRY(user_trap_14, 14, 1);
USER_ENTRY(user_trap_17, 17, 1);
USER_ENTRY(user_trap_80, 0x80, 0);

void user_back(struct regs *r)
{
	user_in.r = *r;
	user_in.vector = r->vector;
	user_in.cr2 = vcpu0()->arch.cr2;
	user_in.mask = vcpu0()->evtchn_upcall_mask;
}

static inline uint64_t user_pte(const void *page, uint64_t flags)
{
	return va_mfn(page) << 12 | flags;
}

static inline void user_set_pte(uint64_t va, uint64_t pte)
{
	mmu_update_t u = { (va_mfn(user_l1) << 12) + (va >> 12 & 511) * 8, pte };

	CHECK_EQ(HC(mmu_update, (long)&u, 1L, 0L, (long)DOMID_SELF), 0);
}

static long user_mmuext(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return HC(mmuext_op, (long)&op, 1L, 0L, (long)DOMID_SELF);
}

static void user_tables(void)
{
	uint64_t *l4 = page_alloc(), *l3 = page_alloc(), *l2 = page_alloc();

	user_l1 = page_alloc();
	user_l1[0] = user_pte(user_code, PTE_P | PTE_US | PTE_A);
	user_l1[1] = user_pte(user_data, PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D);
	user_l1[2] = user_pte(user_stack, PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D);
	user_l1[4] = user_pte(user_data, PTE_P | PTE_RW | PTE_A | PTE_D);
	l2[UBASE >> 21 & 511] = user_pte(user_l1, PTE_P | PTE_US | PTE_RW | PTE_A);
	l3[UBASE >> 30 & 511] = user_pte(l2, PTE_P | PTE_US | PTE_RW | PTE_A);
	l4[0] = user_pte(l3, PTE_P | PTE_US | PTE_RW | PTE_A);
	page_protect(user_l1, false);
	page_protect(l2, false);
	page_protect(l3, false);
	page_protect(l4, false);
	user_l4_mfn = va_mfn(l4);
	CHECK_EQ(user_mmuext(MMUEXT_PIN_L4_TABLE, user_l4_mfn), 0);
}

static void user_setup(void)
{
	if (user_l4_mfn)
		return;
	user_code = page_alloc();
	user_data = page_alloc();
	user_stack = page_alloc();
	user_tables();
	CHECK_EQ(HC(stack_switch, (long)FLAT_KERNEL_SS, (long)(user_kstack + sizeof(user_kstack))), 0);
	CHECK_EQ(user_mmuext(MMUEXT_NEW_USER_BASEPTR, user_l4_mfn), 0);
}

/* What privilege the gates of 0x80, int3 and 0x40 have, and which there are. */
struct user_gates {
	unsigned dpl80, dpl3, dpl40;
	bool no_gate80, no_syscall;
};

static void user_traps(const struct user_gates *g)
{
	static struct trap_info t[12];
	struct callback_register sc = { CALLBACKTYPE_syscall, CALLBACKF_mask_events, (unsigned long)user_syscall_entry };
	struct callback_register ev = { CALLBACKTYPE_event, 0, (unsigned long)user_event_entry };
	unsigned i, n = 0;

	memset(t, 0, sizeof(t));
	t[n++] = (struct trap_info){ 0, 0, 0, (unsigned long)user_trap_0 };
	t[n++] = (struct trap_info){ 1, 3, 0, (unsigned long)user_trap_1 };
	t[n++] = (struct trap_info){ 3, g->dpl3, 0, (unsigned long)user_trap_3 };
	t[n++] = (struct trap_info){ 6, 0, 0, (unsigned long)user_trap_6 };
	t[n++] = (struct trap_info){ 13, 0, 0, (unsigned long)user_trap_13 };
	t[n++] = (struct trap_info){ 14, 4, 0, (unsigned long)user_trap_14 };
	t[n++] = (struct trap_info){ 17, 0, 0, (unsigned long)user_trap_17 };
	t[n++] = (struct trap_info){ 0x40, g->dpl40, 0, (unsigned long)user_trap_4 };
	if (!g->no_gate80)
		t[n++] = (struct trap_info){ 0x80, g->dpl80, 0, (unsigned long)user_trap_80 };
	for (i = 0; i < n; i++)
		t[i].cs = FLAT_KERNEL_CS;
	HC(set_trap_table, 0L);
	HC(set_trap_table, (long)t);
	if (g->no_syscall)
		sc.address = 0;
	HC(callback_op, (long)CALLBACKOP_register, (long)&sc);
	HC(callback_op, (long)CALLBACKOP_register, (long)&ev);
}

static inline struct regs user_fresh(void)
{
	return (struct regs){ .r15 = 0xf15, .r14 = 0xf14, .r13 = 0xf13, .r12 = 0xf12, .r10 = 0xf10, .r9 = 0xf09,
			      .r8 = 0xf08, .rbp = 0xfb9, .rdi = 0xfd1, .rsi = 0xf51, .rdx = 0xfd3, .rbx = 0xfb3,
			      .rax = 0xfa3, .rcx = 0xfc3, .r11 = 0xf11, .rip = UCODE, .cs = FLAT_USER_CS64,
			      .rflags = 0x202, .rsp = USTACK, .ss = FLAT_USER_SS64 };
}

/* Instructions in user mode from *r, to the first way into the kernel. */
static inline void user_run(const void *insns, size_t n, struct regs *r, const struct user_gates *g)
{
	user_setup();
	memcpy(user_code, insns, n);
	memset(&user_in, 0xee, sizeof(user_in));
	user_traps(g);
	vcpu0()->evtchn_upcall_pending = 0;
	user_enter(r);
	traps_install();
	events_install();
}
#define USER_RUN(s, r, g)	user_run(s, sizeof(s) - 1, r, g)

/* KEY = what brought the kernel back: vector, error code, where. */
static inline void user_answer(const char *key)
{
	char k[64];
	unsigned n = 0;

	while (key[n] && n < 40) {
		k[n] = key[n];
		n++;
	}
	memcpy(k + n, ".vector", 8);
	answer(k, user_in.vector);
	memcpy(k + n, ".error", 7);
	answer(k, user_in.r.error & 0xffffffff);
	memcpy(k + n, ".offset", 8);
	answer(k, user_in.r.rip - UCODE);
	memcpy(k + n, ".cs", 4);
	answer(k, user_in.r.cs & 0xffff);
	memcpy(k + n, ".ss", 4);
	answer(k, user_in.r.ss & 0xffff);
	memcpy(k + n, ".mask", 6);
	answer(k, user_in.mask);
}

#endif
