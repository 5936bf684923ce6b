/* SPDX-License-Identifier: MIT */
/*
 * The virtual processor: NMI, iret's odd cases, failsafe frames, descriptors, debug registers.
 * What would break: a kernel's return path and its context switch are built on these answers.
 */
#include <criterion/criterion.h>
#include <hv/descriptor.h>
#include "hv_shim.h"

#define STACK_TOP (100UL << PAGE_SHIFT)

static void running(void)
{
	shim_reset();
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
	vcpu.regs.rsp = STACK_TOP;
	vcpu.regs.rip = 0x5000;
	vcpu.regs.rflags = 0x202;
	vcpu.regs.rcx = 0xc, vcpu.regs.r11 = 0x11;
	vcpu.cr4 = GUEST_CR4;
}

TestSuite(cpu, .init = running);

static uint64_t *frame(void)
{
	return guest_ptr(vcpu.regs.rsp, 0);
}

static struct iret_context *iret_frame(uint64_t rip, uint64_t cs, uint64_t ss)
{
	struct iret_context *f = guest_ptr(STACK_TOP - 0x1000, 1);

	*f = (struct iret_context){ .rax = 1, .r11 = 2, .rcx = 3, .rip = rip, .cs = cs,
				    .rflags = X86_EFLAGS_IF | 1, .rsp = STACK_TOP - 0x400, .ss = ss };
	vcpu.regs.rsp = STACK_TOP - 0x1000;
	return f;
}

Test(cpu, iret_to_a_bad_context_is_gp_in_that_context)
{
	vcpu.traps[TRAP_GP] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	iret_frame(1UL << 50, 0xe030, 0xe02b);
	guest_iret();
	cr_expect_eq(vcpu.regs.rip, 0x9000);
	cr_expect_eq(frame()[3], 1UL << 50);
	cr_expect_eq(frame()[6], STACK_TOP - 0x400, "the new stack is in use");
	iret_frame(0x6000, 0x30, 0xe02b);
	guest_iret();
	cr_expect_eq(vcpu.regs.rip, 0x9000);
	cr_expect_eq(frame()[2], 0x30, "the error code names the code selector");
	cr_expect_eq(frame()[4], 0x30, "and so does the frame");
	iret_frame(0x6000, 0xe030, 0);
	guest_iret();
	cr_expect_eq(vcpu.regs.rip, 0x9000, "a null stack segment is none in ring 3");
}

Test(cpu, iret_in_syscall_loads_rcx_and_r11_as_sysret)
{
	struct iret_context *f = iret_frame(0x6000, 0, 0);

	f->flags = VGCF_in_syscall;
	f->rflags = 0x3ad7 | X86_EFLAGS_VM;
	guest_iret();
	cr_expect_eq(vcpu.regs.rip, 0x6000);
	cr_expect_eq(vcpu.regs.rcx, 0x6000);
	cr_expect_eq(vcpu.regs.r11, 0xad7 | X86_EFLAGS_IF, "no IOPL, no VM, always IF");
	cr_expect_eq(vcpu.regs.rflags & (X86_EFLAGS_IOPL | X86_EFLAGS_VM), 0);
}

Test(cpu, iopl_travels_in_frames_with_the_assist_only)
{
	vcpu.traps[TRAP_UD] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	vcpu.iopl = 3;
	guest_trap(TRAP_UD, NO_ERROR_CODE);
	cr_expect_eq(frame()[4] & X86_EFLAGS_IOPL, 0);
	this_domain.vm_assist = 1UL << VMASST_TYPE_architectural_iopl;
	guest_trap(TRAP_UD, NO_ERROR_CODE);
	cr_expect_eq(frame()[4] & X86_EFLAGS_IOPL, 0x3000);
	iret_frame(0x6000, 0xe030, 0xe02b)->rflags |= 0x1000;
	guest_iret();
	cr_expect_eq(vcpu.iopl, 1);
}

Test(cpu, nmi_comes_once_and_waits_for_iret)
{
	vcpu.traps[TRAP_NMI] = (struct pv_trap){ 0xb000, 0xe033, 4 };
	guest_nmi();
	cr_expect_eq(hv_exit_work, 1);
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0xb000);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 1, "events are masked in an NMI");
	guest_nmi();
	vcpu.regs.rip = 0xb004;
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0xb004, "the second waits");
	iret_frame(0x6000, 0xe030, 0xe02b);
	guest_iret();
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0xb000, "and comes with the iret");
	cr_expect_eq(frame()[2], 0x6000);
}

Test(cpu, nmi_without_a_handler_is_lost)
{
	guest_nmi();
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0x5000);
	vcpu.traps[TRAP_NMI] = (struct pv_trap){ 0xb000, 0xe033, 4 };
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0x5000);
}

Test(cpu, failsafe_frame_has_the_selectors)
{
	struct data_selectors sel = { 0x11, 0x22, 0x33, 0x44 };

	vcpu.failsafe_callback = 0xd000;
	vcpu.failsafe_masks_events = 1;
	guest_failsafe(&sel);
	cr_expect_eq(vcpu.regs.rip, 0xd000);
	cr_expect_eq(vcpu.regs.rsp, STACK_TOP - 11 * 8);
	cr_expect_eq(frame()[0], 0xc);
	cr_expect_eq(frame()[1], 0x11);
	cr_expect_eq(frame()[2], 0x11);
	cr_expect_eq(frame()[3], 0x22);
	cr_expect_eq(frame()[4], 0x33);
	cr_expect_eq(frame()[5], 0x44);
	cr_expect_eq(frame()[6], 0x5000);
	cr_expect_eq(frame()[7], 0xe030);
	cr_expect_eq(frame()[10], 0xe02b);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 1);
}

Test(cpu, int80_needs_no_privilege_in_its_gate)
{
	vcpu.traps[0x80] = (struct pv_trap){ 0x8000, 0xe033, 0 };
	guest_soft_int(0x80, 2);
	cr_expect_eq(vcpu.regs.rip, 0x8000);
}

Test(cpu, descriptors_xen_accepts_and_mends)
{
	uint64_t code = 0x00af9b000000ffff, tss = 0x000089000000ffff, d;

	d = code;
	cr_expect(descriptor_check(&d));
	cr_expect_eq(d, 0x00affb000000ffff, "ring 0 becomes ring 3");
	d = tss;
	cr_expect_not(descriptor_check(&d), "no task segments");
	d = tss & ~DESC_P;
	cr_expect(descriptor_check(&d), "what is not present is harmless");
	cr_expect_eq(d, tss & ~DESC_P);
	d = 0x00008c0000331234; /* call gate to 0x33 */
	cr_expect(descriptor_check(&d));
	cr_expect_eq(d, 0x00008c0000331234UL, "privilege 0, the asked one in the selector");
	d = 0x00008c00e0331234;
	cr_expect(descriptor_check(&d));
	d = 0x00008c00e0081234;
	cr_expect_not(descriptor_check(&d), "not into the hypervisor's code");
	d = 0x00008c0100331234;
	cr_expect_not(descriptor_check(&d), "reserved bits");
	d = 0x00008e0000331234;
	cr_expect_not(descriptor_check(&d), "no interrupt gates");
}

Test(cpu, gdt_frames_are_descriptor_pages)
{
	uint64_t mfn[2] = { RAM(60), RAM(61) }, d;
	uint64_t *table = guest_ptr(60UL << PAGE_SHIFT, 1);
	uint32_t err;
	unsigned int vec;

	table[2] = 0x00af9b000000ffff;
	cr_expect_eq(gdt_set(mfn, 600), -XEN_EINVAL, "still mapped writable");
	for (unsigned int i = 60; i < 62; i++)
		cr_assert_eq(pt_write_entry(SHIM_L1, 1, i, PTE(RAM(i), _PAGE_PRESENT), 0), 0);
	cr_expect_eq(gdt_set(mfn, 14 * 512 + 1), -XEN_EINVAL);
	cr_expect_eq(gdt_set(mfn, 600), 0);
	cr_expect_eq(mfn_page(RAM(60))->type, PGT_seg);
	cr_expect_eq(pt_write_entry(SHIM_L1, 1, 60, PTE(RAM(60), _PAGE_PRESENT | _PAGE_RW), 0), -XEN_EBUSY);
	cr_expect(descriptor_read(0x10, &d) && d == 0x00affb000000ffff, "%#lx", d);
	cr_expect(selector_code_ok(0x13, &err));
	cr_expect_not(selector_code_ok(0x1b, &err));
	cr_expect_eq(err, 0x18);
	cr_expect_not(selector_data_ok(0xe008, &vec, &err), "ring 0");
	cr_expect(selector_data_ok(0xe02b, &vec, &err));
	cr_expect(selector_data_ok(0, &vec, &err));
	cr_expect_eq(gdt_set(mfn, 0), 0);
	cr_expect_eq(mfn_page(RAM(60))->type_count, 0);
	cr_expect_eq(mfn_page(RAM(61))->type_count, 0);
}

Test(cpu, debug_register_rules)
{
	uint64_t v;

	cr_expect_eq(debugreg_set(0, 0xffff800000000000), -XEN_EPERM);
	cr_expect_eq(debugreg_set(0, 1UL << 47), -XEN_EPERM);
	cr_expect_eq(debugreg_set(3, 0x1234), 0);
	cr_expect_eq(debugreg_get(3, &v), 0);
	cr_expect_eq(v, 0x1234);
	cr_expect_eq(debugreg_set(6, 0), 0);
	debugreg_get(4, &v);
	cr_expect_eq(v, 0xffff0ff0, "4 is 6 without CR4.DE");
	cr_expect_eq(debugreg_set(7, 1 << 13), -XEN_EPERM, "GD");
	cr_expect_eq(debugreg_set(7, 0x20001), -XEN_EPERM, "I/O breakpoints need CR4.DE");
	vcpu.cr4 |= 8;
	cr_expect_eq(debugreg_set(7, 0x20001), 0);
	debugreg_get(7, &v);
	cr_expect_eq(v, 0x20401);
	cr_expect_eq(debugreg_get(5, &v), -XEN_ENODEV);
	cr_expect_eq(debugreg_set(8, 0), -XEN_ENODEV);
}
