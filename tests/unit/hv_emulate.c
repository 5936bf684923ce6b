/* SPDX-License-Identifier: MIT */
/*
 * The emulator: its decoder byte by byte, and what the instructions do to the registers.
 * What would break: a wrong length resumes the guest in the middle of an instruction, a wrong
 * operand hands it another's value.
 */
#include <criterion/criterion.h>
#include <hv/descriptor.h>
#include <hv/emulate/emulate.h>
#include "hv_shim.h"

#define CODE	(40UL << PAGE_SHIFT)
#define DATA	(50UL << PAGE_SHIFT)
#define STACK	(100UL << PAGE_SHIFT)

static void running(void)
{
	shim_reset();
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
	vcpu.regs.rsp = STACK;
	vcpu.regs.rflags = 0x202;
	vcpu.cr4 = GUEST_CR4;
	vcpu.xcr0 = XCR0_FP;
	vcpu.traps[TRAP_GP] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	vcpu.traps[TRAP_PF] = (struct pv_trap){ 0xa000, 0xe033, 0 };
	vcpu.traps[TRAP_DB] = (struct pv_trap){ 0xb000, 0xe033, 0 };
	vcpu.traps[TRAP_UD] = (struct pv_trap){ 0xc000, 0xe033, 0 };
}

TestSuite(emulate, .init = running);

#define INSN(...)	((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

static struct insn decoded(const uint8_t *bytes, size_t n)
{
	struct insn i;

	memset(&i, 0, sizeof(i));
	i.available = (uint8_t)n;
	memcpy(i.bytes, bytes, n);
	if (!insn_decode(&i))
		i.length = 0;
	return i;
}

/* Put it at CODE, run it as the fault with this error code would. */
static int execute(uint32_t error_code, const uint8_t *bytes, size_t n)
{
	memcpy(guest_ptr(CODE, 1), bytes, n);
	vcpu.regs.rip = CODE;
	return emulate_privileged(error_code);
}

static uint64_t *frame(void)
{
	return guest_ptr(vcpu.regs.rsp, 0);
}

Test(emulate, decoder_lengths)
{
	static const struct {
		uint8_t bytes[INSN_MAX], n, length;
	} t[] = {
		{ { 0xfa }, 1, 1 },
		{ { 0xe4, 0x80 }, 2, 2 },
		{ { 0xe4 }, 1, 0 },				/* cut off */
		{ { 0x66, 0xed }, 2, 2 },
		{ { 0xf3, 0x6c }, 2, 2 },
		{ { 0x8e, 0xd8 }, 2, 2 },			/* mov %eax, %ds */
		{ { 0x8e, 0x1c, 0x24 }, 3, 3 },			/* mov (%rsp), %ds */
		{ { 0x8e, 0x5c, 0x24, 8 }, 4, 4 },
		{ { 0x8e, 0x9c, 0x24, 1, 2, 3, 4 }, 7, 7 },
		{ { 0x8e, 0x9c, 0x24, 1, 2, 3 }, 6, 0 },
		{ { 0x8e, 0x1d, 1, 2, 3, 4 }, 6, 6 },		/* rip-relative */
		{ { 0x8e, 0x1c, 0x25, 1, 2, 3, 4 }, 7, 7 },	/* disp32 without base */
		{ { 0x41, 0x8e, 0x5d, 0 }, 4, 4 },		/* 0(%r13) */
		{ { 0x41, 0x8e, 0x1c, 0x24 }, 4, 4 },		/* (%r12) */
		{ { 0x0f, 0x20, 0x00 }, 3, 3 },			/* the mode bits do not count */
		{ { 0x0f, 0x32 }, 2, 2 },
		{ { 0x0f }, 1, 0 },
		{ { 0x48, 0xcf }, 2, 2 },
		{ { 0x90 }, 1, 0 },
		{ { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xed }, 15, 15 },
		{ { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66 }, 15, 0 },
	};

	for (size_t k = 0; k < ARRAY_SIZE(t); k++)
		cr_expect_eq(decoded(t[k].bytes, t[k].n).length, t[k].length, "case %zu", k);
}

Test(emulate, decoder_operands)
{
	struct insn i = decoded(INSN(0x48, 0x66, 0xed));

	cr_expect_eq(i.rex, 0, "a REX before another prefix is void");
	cr_expect(i.opsize16);
	vcpu.regs.r12 = 0x1000, vcpu.regs.rcx = 0x20, vcpu.regs.rip = 0x400000, vcpu.fs_base = 0x7000;
	i = decoded(INSN(0x41, 0x8e, 0x5c, 0x8c, 0xf8)); /* -8(%r12,%rcx,4) */
	cr_expect_eq(insn_address(&i), 0x1000 + 0x80 - 8);
	i = decoded(INSN(0x8e, 0x1d, 0x10, 0, 0, 0));
	cr_expect_eq(insn_address(&i), 0x400016);
	i = decoded(INSN(0x64, 0x8e, 0x19)); /* %fs:(%rcx) */
	cr_expect_eq(insn_address(&i), 0x7020);
	vcpu.regs.rcx = 0xffffffff00000020;
	i = decoded(INSN(0x67, 0x8e, 0x19));
	cr_expect_eq(insn_address(&i), 0x20);
	i = decoded(INSN(0x45, 0x0f, 0x20, 0xc0)); /* mov %cr8, %r8 */
	cr_expect_eq(MODRM_REG(&i), 8);
	cr_expect_eq(MODRM_RM(&i), 8);
}

Test(emulate, interrupt_flag_needs_iopl)
{
	cr_expect_eq(execute(0, INSN(0xfa)), 0);
	cr_expect_eq(vcpu.regs.rip, CODE);
	vcpu.iopl = 1;
	cr_expect_eq(execute(0, INSN(0xfa)), 1);
	cr_expect_eq(vcpu.regs.rip, CODE + 1);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 0, "cli masks nothing");
	vcpu.in_user = 1;
	vcpu.user_cr3_mfn = vcpu.cr3_mfn;
	cr_expect_eq(execute(0, INSN(0xfa)), 0, "user mode needs 3");
	vcpu.in_user = 0, vcpu.iopl = 0;
	this_domain.vm_assist = 1UL << VMASST_TYPE_architectural_iopl;
	cr_expect_eq(execute(0, INSN(0xfa)), 1, "with the assist the kernel is ring 0");
}

Test(emulate, absent_ports_float)
{
	vcpu.iopl = 1;
	vcpu.regs.rax = 0x1122334455667788, vcpu.regs.rdx = 0x3f8;
	cr_expect_eq(execute(0, INSN(0xec)), 1);
	cr_expect_eq(vcpu.regs.rax, 0x11223344556677ff);
	cr_expect_eq(execute(0, INSN(0x66, 0xed)), 1);
	cr_expect_eq(vcpu.regs.rax, 0x112233445566ffff);
	cr_expect_eq(execute(0, INSN(0xe5, 0x80)), 1);
	cr_expect_eq(vcpu.regs.rax, 0xffffffff);
	cr_expect_eq(vcpu.regs.rip, CODE + 2);
	vcpu.regs.rax = 0x80000010, vcpu.regs.rdx = 0xcf8;
	cr_expect_eq(execute(0, INSN(0xef)), 1);
	vcpu.regs.rax = 0;
	cr_expect_eq(execute(0, INSN(0xed)), 1);
	cr_expect_eq(vcpu.regs.rax, 0x80000010, "the latch of configuration space");
}

Test(emulate, io_bitmap_opens_single_ports)
{
	uint8_t *map = guest_ptr(DATA, 1);

	memset(map, 0xff, PAGE_SIZE);
	map[0x80 / 8] = 0xfe;
	vcpu.iobmp_va = DATA, vcpu.iobmp_ports = 0x100;
	cr_expect_eq(execute(0, INSN(0xe4, 0x80)), 1);
	cr_expect_eq(execute(0, INSN(0xe4, 0x81)), 0);
	cr_expect_eq(execute(0, INSN(0xe5, 0x80)), 0, "four ports, one is open");
	vcpu.iobmp_ports = 0x80;
	cr_expect_eq(execute(0, INSN(0xe4, 0x80)), 0, "beyond the limit");
	vcpu.iobmp_ports = 0x100, vcpu.iobmp_va = 0x7000000;
	cr_expect_eq(execute(0, INSN(0xe4, 0x80)), 0, "a bitmap that is not there opens nothing");
}

Test(emulate, string_io_counts_and_faults)
{
	uint8_t *p = guest_ptr(DATA, 1);

	vcpu.iopl = 1;
	vcpu.regs.rdx = 0x3f8, vcpu.regs.rdi = DATA + 8, vcpu.regs.rcx = 3;
	cr_expect_eq(execute(0, INSN(0xf3, 0x6c)), 1); /* rep insb */
	cr_expect_eq(vcpu.regs.rcx, 0);
	cr_expect_eq(vcpu.regs.rdi, DATA + 11);
	cr_expect_eq(p[7], 0);
	cr_expect_eq(p[8], 0xff);
	cr_expect_eq(p[10], 0xff);
	cr_expect_eq(p[11], 0);
	vcpu.regs.rflags |= X86_EFLAGS_DF;
	vcpu.regs.rsi = DATA + 16;
	cr_expect_eq(execute(0, INSN(0x6f)), 1); /* outsl */
	cr_expect_eq(vcpu.regs.rsi, DATA + 12);
	vcpu.regs.rflags &= ~X86_EFLAGS_DF;
	vcpu.regs.rcx = 5000;
	vcpu.regs.rsi = DATA;
	cr_expect_eq(execute(0, INSN(0xf3, 0x6e)), 1);
	cr_expect_eq(vcpu.regs.rip, CODE, "a long one is done in parts");
	cr_expect_eq(vcpu.regs.rcx, 5000 - 1024);
	vcpu.regs.rcx = 2;
	vcpu.regs.rdi = 3UL << PAGE_SHIFT; /* a page table: read-only */
	cr_expect_eq(execute(0, INSN(0xf3, 0x6c)), 1);
	cr_expect_eq(vcpu.regs.rip, 0xa000);
	cr_expect_eq(frame()[2], PFEC_write | PFEC_present);
	cr_expect_eq(vcpu.cr2, 3UL << PAGE_SHIFT);
	cr_expect_eq(vcpu.regs.rcx, 2, "nothing was done");
}

Test(emulate, control_registers)
{
	vcpu.regs.r9 = 0xdead;
	cr_expect_eq(execute(0, INSN(0x41, 0x0f, 0x22, 0xd1)), 1); /* mov %r9, %cr2 */
	cr_expect_eq(vcpu.cr2, 0xdead);
	cr_expect_eq(vcpu_info_ptr->arch.cr2, 0xdead);
	vcpu.regs.rax = GUEST_CR0 | 8;
	cr_expect_eq(execute(0, INSN(0x0f, 0x22, 0xc0)), 1);
	cr_expect_eq(vcpu.cr0_ts, 8);
	cr_expect_eq(execute(0, INSN(0x0f, 0x06)), 1);
	cr_expect_eq(vcpu.cr0_ts, 0);
	vcpu.regs.rax = GUEST_CR0 & ~1UL;
	cr_expect_eq(execute(0, INSN(0x0f, 0x22, 0xc0)), 0, "only TS is the guest's");
	vcpu.regs.rax = ~0UL;
	cr_expect_eq(execute(0, INSN(0x0f, 0x22, 0xe0)), 1);
	cr_expect_eq(vcpu.cr4 & ~0x5000cUL, GUEST_CR4, "of CR4 only TSD, DE, FSGSBASE, OSXSAVE");
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, 60, 0, 0), 0);
	vcpu.regs.rax = (uint64_t)RAM(60) << 12;
	cr_expect_eq(execute(0, INSN(0x0f, 0x22, 0xd8)), 1, "an empty page is a valid top-level table");
	cr_expect_eq(vcpu.cr3_mfn, RAM(60));
}

Test(emulate, cr3_takes_tables_only)
{
	vcpu.regs.rax = (uint64_t)SHIM_L1 << 12;
	cr_expect_eq(execute(0, INSN(0x0f, 0x22, 0xd8)), 0);
	cr_expect_eq(vcpu.cr3_mfn, SHIM_L4);
}

Test(emulate, debug_registers)
{
	vcpu.regs.rax = 0x1234;
	cr_expect_eq(execute(0, INSN(0x0f, 0x23, 0xd8)), 1);
	cr_expect_eq(execute(0, INSN(0x0f, 0x21, 0xdb)), 1);
	cr_expect_eq(vcpu.regs.rbx, 0x1234);
	vcpu.regs.rax = 0xffff800000000000;
	cr_expect_eq(execute(0, INSN(0x0f, 0x23, 0xd8)), 0);
}

Test(emulate, single_step_sees_an_emulated_instruction)
{
	vcpu.regs.rflags |= X86_EFLAGS_TF;
	cr_expect_eq(execute(0, INSN(0x0f, 0x09)), 1);
	cr_expect_eq(vcpu.regs.rip, 0xb000);
	cr_expect_eq(frame()[2], CODE + 2);
	cr_expect(vcpu.dr6 & 0x4000);
}

Test(emulate, what_xen_refuses)
{
	vcpu.iopl = 3;
	cr_expect_eq(execute(0, INSN(0xf4)), 0, "hlt");
	cr_expect_eq(execute(0, INSN(0x0f, 0x08)), 0, "invd");
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0x1e)), 0, "lidt");
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0x3e)), 0, "invlpg");
	cr_expect_eq(execute(0, INSN(0xf0, 0xfa)), 0, "lock");
	vcpu.in_user = 1;
	vcpu.user_cr3_mfn = vcpu.cr3_mfn;
	cr_expect_eq(execute(0, INSN(0x0f, 0x06)), 0, "user mode");
}

Test(emulate, xsetbv_by_the_rules)
{
	vcpu.regs.rcx = 0, vcpu.regs.rdx = 0, vcpu.regs.rax = 3;
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0xd1)), 1);
	cr_expect_eq(vcpu.regs.rip, 0xc000, "#UD without OSXSAVE");
	vcpu.cr4 |= 1 << 18;
	if (!guest_xcr0_max())
		return;
	vcpu.regs.rsp = STACK;
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0xd1)), 1);
	cr_expect_eq(vcpu.xcr0, 3);
	vcpu.regs.rax = 2;
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0xd1)), 0, "x87 cannot be off");
	vcpu.regs.rax = 5;
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0xd1)), 0, "AVX needs SSE");
	vcpu.regs.rax = 3 | 1 << 9;
	cr_expect_eq(execute(0, INSN(0x0f, 0x01, 0xd1)), 0, "not for guests");
}

Test(emulate, msr_rules)
{
	uint64_t v;

	cr_expect_eq(msr_write(0xc0000101, 1UL << 50), 0);
	cr_expect_eq(msr_write(0xc0000101, 0x5000), 1);
	cr_expect_eq(msr_read(0xc0000101, &v), 1);
	cr_expect_eq(v, 0x5000);
	cr_expect_eq(msr_write(0xc0000102, 0x6000), 1);
	cr_expect_eq(vcpu.gs_base_user, 0x6000);
	cr_assert_eq(msr_read(0xc0000080, &v), 1);
	cr_expect_eq(msr_write(0xc0000080, v), 1);
	cr_expect_eq(msr_write(0xc0000080, v ^ 1), 0);
	cr_expect_eq(msr_read(0x1b, &v), 1);
	cr_expect_eq(v, 0xfee00900);
	cr_expect_eq(msr_write(0x1b, v), 0);
	cr_expect_eq(msr_read(0xc0000081, &v), 0, "STAR");
	vcpu.traps[TRAP_GP].address = 0;
	cr_expect_eq(msr_read(0xc0000081, &v), 1, "no handler yet: zero");
	cr_expect_eq(v, 0);
	cr_expect_eq(msr_read(0x40000001, &v), 0, "but not the hypervisor's");
	cr_expect_eq(msr_write(0x40000000, (uint64_t)RAM(60) << 12), 1);
	cr_expect_eq(shim.pages_filled, 1);
	cr_expect_eq(msr_write(0x40000000, (uint64_t)RAM(60) << 12 | 1), 0, "there is one page");
	cr_expect_eq(msr_write(0x40000000, (uint64_t)SHIM_L1 << 12), 0, "not into a page table");
}

Test(emulate, int_n_by_its_error_code)
{
	vcpu.traps[0x40] = (struct pv_trap){ 0xd000, 0xe033, 1 };
	cr_expect_eq(execute(0x40 * 8 + 2, INSN(0xcd, 0x40)), 1);
	cr_expect_eq(vcpu.regs.rip, 0xd000);
	cr_expect_eq(frame()[2], CODE + 2);
	cr_expect_eq(execute(0x41 * 8 + 2, INSN(0xcd, 0x41)), 1);
	cr_expect_eq(vcpu.regs.rip, 0x9000);
	cr_expect_eq(frame()[2], 0x41 * 8 + 2);
	cr_expect_eq(frame()[3], CODE);
}

Test(emulate, selectors_of_xen_can_be_loaded)
{
	vcpu.regs.rax = 0xe02b;
	cr_expect_eq(execute(0xe028, INSN(0x8e, 0xd8)), 1); /* mov %eax, %ds */
	cr_expect_eq(vcpu.regs.rip, CODE + 2);
	cr_expect_eq(vcpu.data_sel[0], 0xe02b);
	cr_expect_eq(shim.data_selectors, 1);
	vcpu.fs_base = 0x1234;
	cr_expect_eq(execute(0xe028, INSN(0x8e, 0xe0)), 1); /* fs */
	cr_expect_eq(vcpu.fs_base, 0, "the descriptor's base");
	cr_expect_eq(execute(0xe028, INSN(0x8e, 0xd0)), 1, "ss");
	vcpu.regs.rax = 0xe008;
	cr_expect_eq(execute(0xe008, INSN(0x8e, 0xd8)), 1);
	cr_expect_eq(vcpu.regs.rip, 0x9000, "ring 0's");
	cr_expect_eq(frame()[2], 0xe008);
	vcpu.regs.rax = 0x17;
	cr_expect_eq(execute(0x14, INSN(0x8e, 0xd8)), 1);
	cr_expect_eq(frame()[2], 0x14, "there is no LDT");
}

Test(emulate, far_returns_and_jumps)
{
	uint64_t *s = guest_ptr(STACK - 64, 1);
	uint8_t *m = guest_ptr(DATA, 1);

	vcpu.regs.rsp = STACK - 64;
	s[0] = 0x7777, s[1] = 0xe033, s[2] = 0x246, s[3] = 0x8888, s[4] = 0xe02b;
	cr_expect_eq(execute(0xe030, INSN(0x48, 0xcf)), 1); /* iretq */
	cr_expect_eq(vcpu.regs.rip, 0x7777);
	cr_expect_eq(vcpu.regs.rsp, 0x8888);
	vcpu.regs.rsp = STACK - 64;
	s[4] = 0;
	cr_expect_eq(execute(0xe030, INSN(0x48, 0xcf)), 1);
	cr_expect_eq(vcpu.regs.rip, 0x9000, "no stack segment");
	cr_expect_eq(frame()[3], CODE, "at the instruction");
	vcpu.regs.rsp = STACK - 64;
	s = guest_ptr(STACK - 64, 1);
	s[0] = 0x5555, s[1] = 0xe033;
	cr_expect_eq(execute(0xe030, INSN(0x48, 0xca, 8, 0)), 1); /* lretq $8 */
	cr_expect_eq(vcpu.regs.rip, 0x5555);
	cr_expect_eq(vcpu.regs.rsp, STACK - 64 + 24);
	vcpu.regs.rsp = STACK - 64;
	s[1] = 0xe023;
	cr_expect_eq(execute(0xe020, INSN(0x48, 0xcb)), 1);
	cr_expect_eq(vcpu.regs.rip, 0x9000, "no compatibility mode in the kernel");
	cr_expect_eq(frame()[2], 0xe020);
	memcpy(m, "\x44\x33\x22\x11\x33\xe0", 6);
	vcpu.regs.rbx = DATA;
	cr_expect_eq(execute(0xe030, INSN(0xff, 0x2b)), 1); /* ljmp *(%rbx) */
	cr_expect_eq(vcpu.regs.rip, 0x11223344);
}

Test(emulate, lost_descriptor_is_told_by_the_failsafe_callback)
{
	uint64_t mfn = RAM(60), *table = guest_ptr(60UL << PAGE_SHIFT, 1);

	table[3] = 0x00cff3000000ffff;
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, 60, PTE(mfn, _PAGE_PRESENT), 0), 0);
	cr_assert_eq(gdt_set(&mfn, 512), 0);
	vcpu.failsafe_callback = 0xd000;
	vcpu.regs.rax = 0x1b;
	cr_expect_eq(execute(0x18, INSN(0x8e, 0xc0)), 1); /* es */
	segments_reload();
	cr_expect_eq(vcpu.regs.rip, CODE + 2, "still good");
	table[3] &= ~(1UL << 47);
	segments_reload();
	cr_expect_eq(vcpu.regs.rip, 0xd000);
	cr_expect_eq(frame()[3], 0x1b);
	vcpu.regs.rip = CODE;
	segments_reload();
	cr_expect_eq(vcpu.regs.rip, CODE, "once");
}

Test(emulate, cpuid_of_a_pv_guest)
{
	uint32_t o[4], host = 0;

	guest_cpuid(0x40000000, 0, o);
	cr_expect_eq(o[0], 0x40000005);
	guest_cpuid(0, 0, o);
	cr_expect_leq(o[0], 0xd);
	guest_cpuid(o[0] + 1, 0, o);
	cr_expect_eq(o[0] | o[1] | o[2] | o[3], 0, "beyond the end");
	guest_cpuid(1, 0, o);
	cr_expect(o[2] & 1U << 31);
	cr_expect_eq(o[2] & (1U << 3 | 1U << 5 | 1U << 17 | 1U << 21 | 1U << 27), 0);
	cr_expect_eq(o[3] & (1U << 3 | 1U << 12 | 1U << 13 | 1U << 17), 0);
	vcpu.cr4 |= 1 << 18;
	host = o[2] >> 26 & 1;
	guest_cpuid(1, 0, o);
	cr_expect_eq(o[2] >> 27 & 1, host, "OSXSAVE follows the guest's CR4");
	guest_cpuid(7, 0, o);
	cr_expect_eq(o[1] & (1U << 7 | 1U << 10 | 1U << 20), 0, "no SMEP, INVPCID, SMAP");
	if (guest_xcr0_max()) {
		guest_cpuid(0xd, 0, o);
		cr_expect_eq(o[0], (uint32_t)guest_xcr0_max());
		cr_expect_geq(o[1], 576, "what the host enables is stored");
		cr_expect_geq(o[2], o[1]);
	}
	guest_cpuid(0x80000001, 0, o);
	cr_expect_eq(o[2] & 1U << 2, 0, "no SVM");
	cr_expect(o[3] & 1U << 29, "long mode");
}
