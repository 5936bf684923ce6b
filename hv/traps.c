/* SPDX-License-Identifier: MIT */
/*
 * Traps and upcalls into the guest, and the way back.
 *
 * A bounce frame (<xen/arch-x86/xen-x86_64.h>), low to high: rcx, r11, [error code], rip,
 * cs with the saved upcall mask in bits 32-39, rflags, rsp, ss.  The guest's kernel runs
 * in ring 3; the frame shows cs with RPL 0 for it, so that it can tell itself from its users.
 */
#include <hv/guest.h>
#include <hv/mm.h>
#include <xen/arch-x86/xen.h>

#define FRAME_CS_KERNEL	(FLAT_KERNEL_CS & ~3UL)

/* Push n words, lowest address first in w[].  A stack that cannot take them is fatal. */
static uint64_t push_frame(uint64_t sp, const uint64_t *w, unsigned int n, const char *what)
{
	sp = (sp & ~15UL) - n * 8;
	if (sp >= 0xffff800000000000UL && sp < 0xffff880000000000UL)
		domain_crash("%s: stack %#lx lies in the hypervisor's range", what, sp);
	if (copy_to_guest(sp, w, n * 8))
		domain_crash("%s at rip %#lx: cannot write the frame to stack %#lx", what,
			     vcpu.regs.rip, sp);
	return sp;
}

static void bounce(uint64_t handler, uint32_t error_code, int mask_events, const char *what)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t old_mask = vcpu_info_ptr->evtchn_upcall_mask;
	uint64_t w[8], flags = r->rflags;
	unsigned int n = 0;

	flags &= ~(X86_EFLAGS_IF | X86_EFLAGS_IOPL);
	if (!old_mask)
		flags |= X86_EFLAGS_IF;
	w[n++] = r->rcx;
	w[n++] = r->r11;
	if (error_code != NO_ERROR_CODE)
		w[n++] = error_code;
	w[n++] = r->rip;
	w[n++] = FRAME_CS_KERNEL | old_mask << 32;
	w[n++] = flags;
	w[n++] = r->rsp;
	w[n++] = FLAT_KERNEL_SS;
	r->rsp = push_frame(r->rsp, w, n, what);
	r->rip = handler;
	r->rflags &= ~(X86_EFLAGS_TF | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_VM);
	if (mask_events)
		vcpu_info_ptr->evtchn_upcall_mask = 1;
}

void guest_trap(unsigned int vector, uint32_t error_code)
{
	const struct pv_trap *t = &vcpu.traps[vector];

	if (!t->address)
		domain_crash("unhandled trap %u (error %#x) at rip %#lx, rsp %#lx, cr2 %#lx", vector,
			     error_code == NO_ERROR_CODE ? 0 : error_code, vcpu.regs.rip,
			     vcpu.regs.rsp, (unsigned long)vcpu_info_ptr->arch.cr2);
	bounce(t->address, error_code, t->flags & 4, "trap");
}

void guest_page_fault(uint64_t cr2, uint32_t error_code)
{
	/* The guest's privilege, not the processor's. */
	error_code &= PFEC_present | PFEC_write | PFEC_insn;
	if (vcpu.in_user)
		error_code |= PFEC_user;
	vcpu_info_ptr->arch.cr2 = cr2;
	guest_trap(TRAP_PF, error_code);
}

/* INT n: kernel mode needs DPL >= 1, user mode 3; otherwise #GP(n * 8 + 2) at the instruction. */
void guest_soft_int(unsigned int vector, unsigned int insn_bytes)
{
	const struct pv_trap *t = &vcpu.traps[vector & 255];

	if (t->address && (t->flags & 3) >= (vcpu.in_user ? 3 : 1)) {
		vcpu.regs.rip += insn_bytes;
		bounce(t->address, NO_ERROR_CODE, t->flags & 4, "soft interrupt");
		return;
	}
	guest_trap(TRAP_GP, (vector & 255) * 8 + 2);
}

int guest_return_to(uint64_t rip, uint64_t rflags, uint64_t rsp)
{
	if ((rip >> 47) != 0 && (rip >> 47) != 0x1ffff)
		return 0;
	vcpu.regs.rip = rip;
	vcpu.regs.rflags = (rflags & ~(X86_EFLAGS_IOPL | X86_EFLAGS_NT | X86_EFLAGS_VM)) | X86_EFLAGS_IF | 2;
	vcpu.regs.rsp = rsp;
	return 1;
}

void guest_iret(void)
{
	struct iret_context f;
	struct cpu_regs *r = &vcpu.regs;

	if (copy_from_guest(&f, r->rsp, sizeof(f)))
		domain_crash("iret: frame at %#lx is not readable", r->rsp);
	if ((f.cs & 3) == 3)
		domain_crash("iret to user mode at %#lx: this platform runs kernel mode only", f.rip);
	if (!guest_return_to(f.rip, f.rflags, f.rsp))
		domain_crash("iret to %#lx, which is not an address", f.rip);
	if (!(f.flags & VGCF_in_syscall)) {
		r->r11 = f.r11;
		r->rcx = f.rcx;
	} else {
		r->r11 = f.rflags;
		r->rcx = f.rip;
	}
	r->rax = f.rax;
	vcpu_info_ptr->evtchn_upcall_mask = !(f.rflags & X86_EFLAGS_IF);
}

void guest_exit_work(void)
{
	struct pvn_vcpu *pv = &pvcpu(vcpu.id);

	do {
		hv_exit_work = 0;
		if (READ_ONCE(pv->kicked)) {
			WRITE_ONCE(pv->kicked, 0);
			smp_mb(); /* pairs with the waker's: bit first, then kicked */
		}
		evtchn_drain();
		timers_run();
	} while (hv_exit_work);

	if (!evtchn_pending_any())
		return;
	if (!vcpu.event_callback)
		return; /* a guest that only polls */
	header.upcalls++;
	bounce(vcpu.event_callback, NO_ERROR_CODE, 1, "event upcall");
}
