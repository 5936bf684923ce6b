/* SPDX-License-Identifier: MIT */
/*
 * Traps, events, timers and arguments of the common hypervisor code.
 */
#include <criterion/criterion.h>
#include <hypercalls/dispatch.h>
#include "hv_shim.h"
#include <xen/memory.h>
#include <xen/version.h>

#define STACK_TOP (100UL << PAGE_SHIFT)

static void running(void)
{
	shim_reset();
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
	header.clock.tsc_to_system_mul = 1U << 31;
	vcpu.regs.rsp = STACK_TOP - 8; /* not 16-byte aligned */
	vcpu.regs.rip = 0x5000;
	vcpu.regs.rflags = 0x10247 | X86_EFLAGS_TF;
	vcpu.regs.rcx = 0xc, vcpu.regs.r11 = 0x11;
}

TestSuite(guest, .init = running);

static uint64_t *frame(void)
{
	return guest_ptr(vcpu.regs.rsp, 0);
}

Test(guest, trap_frame_is_xens)
{
	vcpu.traps[TRAP_GP] = (struct pv_trap){ 0x9000, 0xe033, 4 };
	guest_trap(TRAP_GP, 0x18);
	cr_expect_eq(vcpu.regs.rip, 0x9000);
	cr_expect_eq(vcpu.regs.rsp, ((STACK_TOP - 8) & ~15UL) - 64);
	cr_expect_eq(frame()[0], 0xc);
	cr_expect_eq(frame()[1], 0x11);
	cr_expect_eq(frame()[2], 0x18);
	cr_expect_eq(frame()[3], 0x5000);
	cr_expect_eq(frame()[4], 0xe030, "RPL 0 shows kernel mode, saved mask 0");
	cr_expect(frame()[5] & X86_EFLAGS_IF);
	cr_expect_eq(frame()[6], STACK_TOP - 8);
	cr_expect_eq(frame()[7], 0xe02b);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 1, "flag bit 2 masks events");
	cr_expect_not(vcpu.regs.rflags & (X86_EFLAGS_TF | X86_EFLAGS_RF));
}

Test(guest, saved_mask_and_if_agree)
{
	vcpu.traps[TRAP_UD] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	vcpu_info_ptr->evtchn_upcall_mask = 1;
	guest_trap(TRAP_UD, NO_ERROR_CODE);
	cr_expect_eq(frame()[3], 0xe030UL | 1UL << 32);
	cr_expect_not(frame()[4] & X86_EFLAGS_IF);
}

Test(guest, page_fault_reports_address_and_the_guests_privilege)
{
	vcpu.traps[TRAP_PF] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	guest_page_fault(0xdead000, PFEC_user | PFEC_write);
	cr_expect_eq(frame()[2], PFEC_write);
	cr_expect_eq(vcpu_info_ptr->arch.cr2, 0xdead000);
}

Test(guest, unhandled_trap_is_fatal, .exit_code = 33)
{
	guest_trap(TRAP_PF, 0);
}

Test(guest, bad_stack_is_fatal, .exit_code = 33)
{
	vcpu.traps[TRAP_UD] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	vcpu.regs.rsp = 0x7000000;
	guest_trap(TRAP_UD, NO_ERROR_CODE);
}

Test(guest, soft_interrupt_needs_its_dpl)
{
	vcpu.traps[TRAP_GP] = (struct pv_trap){ 0x9000, 0xe033, 0 };
	vcpu.traps[0x40] = (struct pv_trap){ 0xa000, 0xe033, 0 };
	guest_soft_int(0x40, 2);
	cr_expect_eq(vcpu.regs.rip, 0x9000);
	cr_expect_eq(frame()[2], 0x40 * 8 + 2);
	cr_expect_eq(frame()[3], 0x5000, "at the instruction");
	vcpu.traps[0x40].flags = 1;
	vcpu.regs.rip = 0x5000;
	guest_soft_int(0x40, 2);
	cr_expect_eq(vcpu.regs.rip, 0xa000);
	cr_expect_eq(frame()[2], 0x5002, "behind the instruction");
}

Test(guest, iret_takes_all_back)
{
	struct iret_context *f = guest_ptr(STACK_TOP - 72, 1);

	*f = (struct iret_context){ .rax = 1, .r11 = 2, .rcx = 3, .rip = 0x6000, .cs = 0xe030,
				    .rflags = X86_EFLAGS_IF | 1, .rsp = 0x7000, .ss = 0xe02b };
	vcpu_info_ptr->evtchn_upcall_mask = 1;
	vcpu.regs.rsp = STACK_TOP - 72;
	guest_iret();
	cr_expect_eq(vcpu.regs.rax, 1);
	cr_expect_eq(vcpu.regs.r11, 2);
	cr_expect_eq(vcpu.regs.rcx, 3);
	cr_expect_eq(vcpu.regs.rip, 0x6000);
	cr_expect_eq(vcpu.regs.rsp, 0x7000);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 0);
	f->rflags = 0;
	vcpu.regs.rsp = STACK_TOP - 72;
	guest_iret();
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 1, "IF clear = masked");
}

Test(guest, event_masked_port_waits_for_unmask)
{
	uint32_t *arg = guest_ptr(50 << PAGE_SHIFT, 1);

	port_table[70].state = PVN_PORT_IPI;
	shared_info_page.evtchn_mask[1] = 1UL << 6;
	evtchn_set_pending(70);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_pending, 0);
	cr_expect_eq(shared_info_page.evtchn_pending[1], 1UL << 6);
	*arg = 70;
	cr_expect_eq(do_event_channel_op(EVTCHNOP_unmask, 50 << PAGE_SHIFT, 0, 0, 0), 0);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_pending, 1);
	cr_expect_eq(vcpu_info_ptr->evtchn_pending_sel, 2);
}

Test(guest, inbound_bits_are_drained_once)
{
	port_table[9].state = PVN_PORT_IPI;
	pvcpu(0).pending[1] = 1UL << 9; /* closed meanwhile */
	pvcpu(0).pending[0] = 1UL << 9;
	pvcpu(0).inbound_sel = 3;
	evtchn_drain();
	cr_expect_eq(shared_info_page.evtchn_pending[0], 1UL << 9);
	cr_expect_eq(shared_info_page.evtchn_pending[1], 0);
	cr_expect_eq(pvcpu(0).pending[0], 0);
	cr_expect_eq(pvcpu(0).inbound_sel, 0);
}

Test(guest, upcall_is_delivered_only_unmasked_and_masks)
{
	vcpu.event_callback = 0x8000;
	vcpu_info_ptr->evtchn_upcall_pending = 1;
	vcpu_info_ptr->evtchn_upcall_mask = 1;
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0x5000);
	vcpu_info_ptr->evtchn_upcall_mask = 0;
	guest_exit_work();
	cr_expect_eq(vcpu.regs.rip, 0x8000);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 1);
}

Test(guest, send_rings_only_for_who_sleeps)
{
	port_table[5] = (struct pvn_port){ .state = PVN_PORT_INTERDOMAIN, .link = 2 };
	link_table[2].polling = 1;
	cr_expect_eq(evtchn_send(5), 0);
	cr_expect_eq(shim.doorbells, 0);
	cr_expect_eq(link_table[2].pending[0], 1UL << 5);
	cr_expect_eq(link_table[2].pending_sel, 1);
	link_table[2].pending[0] = 0, link_table[2].pending_sel = 0, link_table[2].polling = 0;
	cr_expect_eq(evtchn_send(5), 0);
	cr_expect_eq(evtchn_send(5), 0);
	cr_expect_eq(shim.doorbells, 1, "the second finds the bit set");
}

Test(guest, send_errors)
{
	port_table[6].state = PVN_PORT_UNBOUND;
	port_table[7].state = PVN_PORT_VIRQ;
	cr_expect_eq(evtchn_send(6), 0, "dropped");
	cr_expect_eq(evtchn_send(7), -XEN_EINVAL);
	cr_expect_eq(evtchn_send(8), -XEN_EINVAL, "free");
	cr_expect_eq(evtchn_send(0), -XEN_EINVAL);
	cr_expect_eq(evtchn_send(5000), -XEN_EINVAL);
}

Test(guest, absent_hypercalls_say_so)
{
	cr_expect_eq(hypercall_dispatch(0, 0, 0, 0, 0, 27), -XEN_ENOSYS);
	cr_expect_eq(hypercall_dispatch(0, 0, 0, 0, 0, 63), -XEN_ENOSYS);
	cr_expect_eq(hypercall_dispatch(0, 0, 0, 0, 0, ~0UL), -XEN_ENOSYS);
}

Test(guest, multicall_results_and_nesting)
{
	struct multicall_entry *e = guest_ptr(50 << PAGE_SHIFT, 1);

	e[0] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } };
	e[1] = (struct multicall_entry){ .op = __HYPERVISOR_multicall, .args = { 50 << PAGE_SHIFT, 1 } };
	e[2] = (struct multicall_entry){ .op = 60 };
	cr_expect_eq(do_multicall(50 << PAGE_SHIFT, 3, 0, 0, 0), 0);
	cr_expect_eq((long)e[0].result, 0x40011);
	cr_expect_eq((long)e[1].result, -XEN_EINVAL);
	cr_expect_eq((long)e[2].result, -XEN_ENOSYS);
	cr_expect_eq(do_multicall(0x7000000, 1, 0, 0, 0), -XEN_EFAULT);
}

Test(guest, periodic_timer_too_fast)
{
	uint64_t *ns = guest_ptr(50 << PAGE_SHIFT, 1);

	*ns = 999999;
	cr_expect_eq(do_vcpu_op(VCPUOP_set_periodic_timer, 0, 50 << PAGE_SHIFT, 0, 0), -XEN_EINVAL);
	*ns = 1000000;
	cr_expect_eq(do_vcpu_op(VCPUOP_set_periodic_timer, 0, 50 << PAGE_SHIFT, 0, 0), 0);
	cr_expect_eq(do_vcpu_op(VCPUOP_is_up, 5, 0, 0, 0), -XEN_ENOENT);
}

Test(guest, vcpu_info_registration)
{
	struct vcpu_register_vcpu_info *r = guest_ptr(50 << PAGE_SHIFT, 1);

	*r = (struct vcpu_register_vcpu_info){ .mfn = RAM(60), .offset = 4096 - 63 };
	cr_expect_eq(do_vcpu_op(VCPUOP_register_vcpu_info, 0, 50 << PAGE_SHIFT, 0, 0), -XEN_ENXIO);
	r->offset = 64;
	r->mfn = SHIM_L1;
	cr_expect_eq(do_vcpu_op(VCPUOP_register_vcpu_info, 0, 50 << PAGE_SHIFT, 0, 0), -XEN_EINVAL);
	r->mfn = RAM(60);
	vcpu_info_ptr->evtchn_upcall_mask = 1;
	cr_expect_eq(do_vcpu_op(VCPUOP_register_vcpu_info, 0, 50 << PAGE_SHIFT, 0, 0), 0);
	cr_expect_eq((char *)vcpu_info_ptr, (char *)mfn_ptr(RAM(60)) + 64);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_mask, 1, "old content comes along");
	cr_expect_eq(vcpu_info_ptr->evtchn_pending_sel, ~0UL);
	cr_expect_eq(do_vcpu_op(VCPUOP_register_vcpu_info, 0, 50 << PAGE_SHIFT, 0, 0), -XEN_EINVAL);
}

/* As on Xen: a frame that is still mapped leaves with its last reference. */
Test(guest, decrease_reservation_waits_for_the_last_reference)
{
	struct xen_memory_reservation *m = guest_ptr(50 << PAGE_SHIFT, 1);
	uint64_t *mfn = guest_ptr(51 << PAGE_SHIFT, 1);

	*m = (struct xen_memory_reservation){ .nr_extents = 1, .domid = DOMID_SELF };
	m->extent_start.p = (xen_pfn_t *)(51UL << PAGE_SHIFT);
	*mfn = RAM(80);
	shim_machine_ret = 1;
	cr_expect_eq(do_memory_op(XENMEM_decrease_reservation, 50 << PAGE_SHIFT, 0, 0, 0), 1);
	cr_expect_not_null(mfn_page(RAM(80)), "it is still referenced");
	mm_enter();
	cr_assert_eq(pt_write_entry(SHIM_L1, 1, 80, 0, 0), 0);
	mm_leave();
	cr_expect_null(mfn_page(RAM(80)));
	cr_expect_eq(this_domain.tot_pages, SHIM_PAGES - 1);
}

Test(guest, stopped_timer_does_not_keep_the_next_from_being_armed)
{
	uint64_t soon = now_ns() + 1000000000UL;

	do_set_timer_op(soon, 0, 0, 0, 0);
	cr_expect_eq(vcpu.armed_ns, soon);
	do_set_timer_op(0, 0, 0, 0, 0);
	this_vcpu.periodic_next_ns = 0;
	vcpu.timer_due = 1; /* the host timer still fires */
	timers_run();
	do_set_timer_op(soon + 5, 0, 0, 0, 0);
	cr_expect_eq(vcpu.armed_ns, soon + 5);
	cr_expect_eq(shim.timers, 2);
}

Test(guest, integer_arguments_are_32_bits)
{
	uint64_t rubbish = 0xdead00000000UL;

	cr_expect_eq(do_sched_op(SCHEDOP_yield | rubbish, 0, 0, 0, 0), 0);
	cr_expect_eq(shim.yields, 1);
	cr_expect_eq(do_xen_version(XENVER_version | rubbish, 0, 0, 0, 0), 0x40011);
	cr_expect_eq(do_vcpu_op(VCPUOP_is_up | rubbish, 0 | rubbish, 0, 0, 0), 1);
}

Test(guest, periodic_timer_too_slow_and_info_unaligned)
{
	uint64_t *arg = guest_ptr(50 << PAGE_SHIFT, 1);
	struct vcpu_register_vcpu_info *r = (void *)arg;

	*arg = ~0UL;
	cr_expect_eq(do_vcpu_op(VCPUOP_set_periodic_timer, 0, 50 << PAGE_SHIFT, 0, 0), -XEN_EINVAL);
	*r = (struct vcpu_register_vcpu_info){ .mfn = RAM(60), .offset = 60 };
	cr_expect_eq(do_vcpu_op(VCPUOP_register_vcpu_info, 0, 50 << PAGE_SHIFT, 0, 0), -XEN_ENXIO);
}

Test(guest, iret_to_no_address_without_a_handler_is_fatal, .exit_code = 33)
{
	struct iret_context *f = guest_ptr(STACK_TOP - 72, 1);

	*f = (struct iret_context){ .rip = 1UL << 50, .cs = 0xe030, .rsp = 0x7000 };
	vcpu.regs.rsp = STACK_TOP - 72;
	guest_iret();
}

Test(guest, runstate_area_that_was_unmapped_is_tried_again)
{
	this_vcpu.runstate_va = 0x7000000;
	runstate_change(RUNSTATE_running, now_ns());
	cr_expect_eq(this_vcpu.runstate_va, 0x7000000);
}

Test(guest, populate_takes_a_run_from_the_machine)
{
	struct xen_memory_reservation *m = guest_ptr(50 << PAGE_SHIFT, 1);
	uint64_t *pfn = guest_ptr(51 << PAGE_SHIFT, 1);

	*m = (struct xen_memory_reservation){ .nr_extents = 1, .extent_order = 9, .domid = DOMID_SELF };
	m->extent_start.p = (xen_pfn_t *)(51UL << PAGE_SHIFT);
	*pfn = 5000;
	shim_machine_ret = -XEN_ENOMEM;
	cr_expect_eq(do_memory_op(XENMEM_populate_physmap, 50 << PAGE_SHIFT, 0, 0, 0), 0);
	cr_expect_eq(this_domain.tot_pages, SHIM_PAGES);
}
