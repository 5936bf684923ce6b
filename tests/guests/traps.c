/* SPDX-License-Identifier: MIT */
/*
 * Traps, their frames, and the way back.  What would break: a kernel's page-fault path, its
 * debugger and its signal delivery read these frames field by field.
 */
#include "tests/guests/lib/guest.h"

#define HOLE	((volatile uint64_t *)0x20000000UL)	/* nothing is ever mapped there */

/* Faulting instructions with known addresses and known rcx, r11. */
#define FAULT(name, before, insn)						\
	extern char name##_at[], name##_after[];				\
	void name(void *arg);							\
	__asm__(".text\n.globl " #name "\n" #name ":\n" before			\
		" mov $0x1111, %ecx\n mov $0x2222, %r11d\n mov %rsp, fault_rsp(%rip)\n"	\
		".globl " #name "_at\n" #name "_at: " insn			\
		"\n.globl " #name "_after\n" #name "_after: ret\n")
extern uint64_t fault_rsp;
uint64_t fault_rsp;

FAULT(do_divide, "xor %edx, %edx\n mov $1, %eax\n xor %edi, %edi\n", "div %edi");
FAULT(do_int3, "", "int3");
FAULT(do_ud2, "", "ud2");
FAULT(do_int4, "", "int $4");
FAULT(do_int99, "", "int $0x99");
FAULT(do_int0e, "", "int $14");
FAULT(do_noncanonical, "mov $0x8000000000000000, %rax\n", "mov (%rax), %rdx");
FAULT(do_read, "mov %rdi, %rax\n", "mov (%rax), %rdx");
FAULT(do_write, "mov %rdi, %rax\n", "movl $1, (%rax)");
FAULT(do_hlt, "", "hlt");
FAULT(do_in, "mov $0x80, %dx\n", "in %dx, %al");
FAULT(do_ud_xen_nop, "", "ud2; .ascii \"xen\"; nop");
FAULT(do_single_step, "pushfq\n orl $0x100, (%rsp)\n popfq\n", "nop");

static void jump_to(void *arg)
{
	((void (*)(void))arg)();
}

static void check_frame(const char *what, const void *rip, unsigned vector, uint64_t error)
{
	CHECK(last_trap.vector == vector, "%s: vector %lu", what, last_trap.vector);
	CHECK(last_trap.error == error, "%s: error %#lx", what, last_trap.error);
	CHECK(last_trap.rip == (uint64_t)rip, "%s: rip %#lx, want %p", what, last_trap.rip, rip);
	CHECK(last_trap.rcx == 0x1111 && last_trap.r11 == 0x2222, "%s: rcx %#lx r11 %#lx", what,
	      last_trap.rcx, last_trap.r11);
	CHECK(last_trap.rsp == fault_rsp, "%s: rsp %#lx, want %#lx", what, last_trap.rsp, fault_rsp);
	CHECK((last_trap.cs & 0xffff) == 0xe030, "%s: cs %#lx", what, last_trap.cs);
	CHECK((last_trap.ss & 0xffff) == 0xe02b, "%s: ss %#lx", what, last_trap.ss);
}

TEST(trap_divide_error)
{
	CHECK(catch_call(do_divide, NULL), "no trap");
	check_frame("div", do_divide_at, 0, 0);
}

TEST(trap_breakpoint_reports_the_next_instruction)
{
	CHECK(catch_call(do_int3, NULL), "no trap");
	check_frame("int3", do_int3_after, 3, 0);
}

TEST(trap_soft_interrupt_with_dpl_reports_the_next_instruction)
{
	CHECK(catch_call(do_int4, NULL), "no trap");
	check_frame("int $4", do_int4_after, 4, 0);
}

TEST(trap_soft_interrupt_refused_is_gp_with_selector)
{
	CHECK(catch_call(do_int99, NULL), "no trap");
	check_frame("int $0x99", do_int99_at, 13, 0x99 * 8 + 2);
	/* A gate with DPL 0 is closed to int $n. */
	CHECK(catch_call(do_int0e, NULL), "no trap");
	check_frame("int $14", do_int0e_at, 13, 14 * 8 + 2);
}

TEST(trap_invalid_opcode)
{
	CHECK(catch_call(do_ud2, NULL), "no trap");
	check_frame("ud2", do_ud2_at, 6, 0);
}

TEST(trap_general_protection)
{
	CHECK(catch_call(do_noncanonical, NULL), "no trap");
	check_frame("non-canonical", do_noncanonical_at, 13, 0);
	CHECK(catch_call(do_hlt, NULL), "no trap");
	check_frame("hlt", do_hlt_at, 13, 0);
}

TEST(trap_single_step)
{
	CHECK(catch_call(do_single_step, NULL), "no trap");
	CHECK_EQ(last_trap.vector, 1);
	/* The instruction after popf runs before the trap. */
	CHECK(last_trap.rflags & 0x100, "TF is not shown");
}

TEST(trap_page_fault_error_codes_and_cr2)
{
	char *page = page_alloc();

	CHECK(catch_call(do_read, (void *)((uint64_t)HOLE + 0x123)), "no trap");
	check_frame("read", do_read_at, 14, 0);
	CHECK_EQ(last_cr2, (uint64_t)HOLE + 0x123);
	CHECK(catch_call(do_write, (void *)((uint64_t)HOLE + 0x1456)), "no trap");
	check_frame("write", do_write_at, 14, 2);
	CHECK_EQ(last_cr2, (uint64_t)HOLE + 0x1456);
	CHECK_EQ(page_protect(page, false), 0);
	CHECK(catch_call(do_write, page + 8), "a read-only page can be written");
	check_frame("write to read-only", do_write_at, 14, 3);
	CHECK_EQ(last_cr2, (uint64_t)page + 8);
	CHECK(!catch_call(do_read, page + 8), "a read-only page cannot be read");
	CHECK_EQ(page_protect(page, true), 0);
	CHECK(!catch_call(do_write, page + 8), "a writable page cannot be written");
	CHECK(catch_call(jump_to, (void *)((uint64_t)HOLE + 0x88)), "no trap");
	CHECK_EQ(last_trap.vector, 14);
	CHECK_EQ(last_trap.error & ~0x10UL, 0);
	CHECK_EQ(last_trap.rip, (uint64_t)HOLE + 0x88);
}

/* The image, its windows and the hole above belong to nobody the guest knows. */
TEST(trap_page_tables_cannot_be_written)
{
	CHECK(catch_call(do_write, (void *)si->pt_base), "the L4 can be written");
	CHECK_EQ(last_trap.vector, 14);
	CHECK_EQ(last_trap.error, 3);
}

TEST(trap_frame_is_aligned_and_below_the_stack)
{
	CHECK(catch_call(do_read, (void *)HOLE), "no trap");
	CHECK_EQ(trap_frame_rsp % 16, 0);	/* eight words below a multiple of 16 */
	CHECK(trap_frame_rsp < fault_rsp && trap_frame_rsp > fault_rsp - 0x200, "frame at %#lx, rsp was %#lx",
	      trap_frame_rsp, fault_rsp);
}

/* Interrupt flag = !mask; gates with flag 4 mask events, others leave them. */
TEST(trap_mask_is_saved_and_set_as_the_gate_says)
{
	events_unmask();
	CHECK(catch_call(do_read, (void *)HOLE), "no trap");	/* #PF: flag 4 */
	CHECK_EQ(REGS_SAVED_MASK(&last_trap), 0);
	CHECK(last_trap.rflags & 0x200, "rflags %#lx", last_trap.rflags);
	CHECK_EQ(last_mask, 1);
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 0);		/* restored by iret */
	CHECK(catch_call(do_ud2, NULL), "no trap");		/* no flag */
	CHECK_EQ(last_mask, 0);
	events_mask();
	CHECK(catch_call(do_ud2, NULL), "no trap");
	CHECK_EQ(REGS_SAVED_MASK(&last_trap), 1);
	CHECK(!(last_trap.rflags & 0x200), "rflags %#lx", last_trap.rflags);
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 1);
}

static bool skip_ud2(struct regs *r)
{
	r->rip += 2;
	r->rdx = 0x77;
	r->rbx ^= 1;
	return true;
}

TEST(trap_iret_returns_with_the_changed_frame)
{
	uint64_t rdx = 1, rbx = 0x1000;

	trap_hook = skip_ud2;
	__asm__ volatile("ud2" : "+d"(rdx), "+b"(rbx) :: "memory");
	trap_hook = NULL;
	CHECK_EQ(rdx, 0x77);
	CHECK_EQ(rbx, 0x1001);
}

static unsigned depth;

static bool nest(struct regs *r)
{
	if (r->vector != 6)
		return false;
	if (++depth < 5)
		__asm__ volatile("ud2" ::: "memory");
	/* A fault of another kind inside, caught inside. */
	trap_hook = NULL;
	CHECK(catch_call(do_read, (void *)HOLE), "no trap in the handler");
	trap_hook = nest;
	r->rip += 2;
	return true;
}

TEST(trap_nested_faults_unwind)
{
	depth = 0;
	trap_hook = nest;
	__asm__ volatile("ud2" ::: "memory");
	trap_hook = NULL;
	CHECK_EQ(depth, 5);
}

TEST(trap_registers_survive_a_trap)
{
	uint64_t a, b, c, d;

	trap_hook = skip_ud2;
	__asm__ volatile("mov $0x101, %%r12\n mov $0x102, %%r13\n mov $0x103, %%r14\n mov $0x104, %%r15\n"
			 "ud2\n mov %%r12, %0\n mov %%r13, %1\n mov %%r14, %2\n mov %%r15, %3\n"
			 : "=&a"(a), "=&c"(b), "=&S"(c), "=&D"(d)
			 :: "r12", "r13", "r14", "r15", "rdx", "rbx", "memory");
	trap_hook = NULL;
	CHECK_EQ(a, 0x101);
	CHECK_EQ(b, 0x102);
	CHECK_EQ(c, 0x103);
	CHECK_EQ(d, 0x104);
}

TEST(trap_table_rules)
{
	struct trap_info bad[2] = { { 3, 0, FLAT_KERNEL_CS, 0x8000000000000000 } };

	CHECK_EQ(HC(set_trap_table, (long)bad), -XEN_EINVAL);
	CHECK_EQ(HC(set_trap_table, (long)0x3fffffff0000), -XEN_EFAULT);
	/* NULL clears them all; nothing may fault until they are back. */
	CHECK_EQ(HC(set_trap_table, 0L), 0);
	traps_install();
	CHECK(catch_call(do_ud2, NULL), "no trap");
}

TEST(emulate_forced_cpuid_shows_xen)
{
	uint32_t a = 0x40000000, b, c = 0, d;
	char name[13] = "";

	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	CHECK(!strcmp(name, "XenVMMXenVMM"), "%s", name);
	CHECK(a >= 0x40000002, "max leaf %#x", a);
	a = 0x40000001;
	c = 0;
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	CHECK_EQ(a, 4 << 16 | 17);
}

TEST(emulate_forced_prefix_before_other_instructions_is_ud)
{
	CHECK(catch_call(do_ud_xen_nop, NULL), "no trap");
	check_frame("ud2 xen nop", do_ud_xen_nop_at, 6, 0);
}

TEST(emulate_gs_base_by_msr)
{
	static uint64_t cell = 0xfeed;
	uint64_t got, base = (uint64_t)&cell;
	uint32_t lo, hi;

	__asm__ volatile("wrmsr" :: "c"(0xc0000101), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)));
	__asm__ volatile("mov %%gs:0, %0" : "=r"(got));
	CHECK_EQ(got, 0xfeed);
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000101));
	CHECK_EQ((uint64_t)hi << 32 | lo, base);
	__asm__ volatile("wrmsr" :: "c"(0xc0000101), "a"(0), "d"(0));
}

TEST(emulate_control_registers)
{
	uint64_t cr0, cr3, cr4;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	CHECK(cr0 & 1 && cr0 & 0x80000000, "cr0 %#lx", cr0);
	CHECK_EQ(cr3 >> 12, va_mfn((void *)si->pt_base));
	CHECK(cr4 & 0x20, "cr4 %#lx", cr4);
}

TEST(emulate_interrupt_flag_is_not_the_mask)
{
	struct physdev_set_iopl io = { .iopl = 1 };

	/* cli and sti need IOPL, and then do nothing. */
	CHECK_EQ(HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io), 0);
	events_unmask();
	__asm__ volatile("cli");
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 0);
	events_mask();
	__asm__ volatile("sti");
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 1);
	io.iopl = 0;
	CHECK_EQ(HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io), 0);
}

TEST(emulate_port_io_without_iopl_is_gp)
{
	struct physdev_set_iopl io = { .iopl = 0 };

	CHECK_EQ(HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io), 0);
	CHECK(catch_call(do_in, NULL), "no trap");
	check_frame("in", do_in_at, 13, 0);
	io.iopl = 1;
	CHECK_EQ(HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io), 0);
	CHECK(!catch_call(do_in, NULL), "a guest kernel with IOPL 1 may try");
	io.iopl = 0;
	HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io);
}
