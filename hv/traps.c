/* SPDX-License-Identifier: MIT */
/*
 * Traps and upcalls into the guest, and the way back.
 *
 * A bounce frame (<xen/arch-x86/xen-x86_64.h>), low to high: rcx, r11, [error code], rip,
 * cs with the saved upcall mask in bits 32-39, rflags, rsp, ss.  The guest's kernel runs
 * in ring 3; the frame shows cs with RPL 0 for it, so that it can tell itself from its users.
 */
#include <hv/descriptor.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <xen/arch-x86/xen.h>

#define FRAME_CS_KERNEL	(FLAT_KERNEL_CS & ~3UL)
#define DR6_BS		0x4000UL	/* a single step */
#define ENTRY_CLEARS	(X86_EFLAGS_TF | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_VM)

/* Where a frame goes, and the mode it shows.  Taking one from user mode changes to the kernel's
 * stack and tables. */
struct frame_mode {
	uint64_t sp, cs, ss;
};

static struct frame_mode leave_mode(void)
{
	struct frame_mode m = { vcpu.regs.rsp, FRAME_CS_KERNEL, FLAT_KERNEL_SS };

	if (vcpu.in_user) {
		m = (struct frame_mode){ vcpu.kernel_sp, vcpu.user_cs | 3, vcpu.user_ss | 3 };
		vcpu.in_user = 0;
	}
	return m;
}

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

/* The flags a frame shows: IF is the upcall mask, IOPL is the guest's if it asked to see it. */
static uint64_t frame_flags(void)
{
	uint64_t flags = vcpu.regs.rflags & ~(X86_EFLAGS_IF | X86_EFLAGS_IOPL);

	if (!vcpu_info_ptr->evtchn_upcall_mask)
		flags |= X86_EFLAGS_IF;
	if (this_domain.vm_assist & 1UL << VMASST_TYPE_architectural_iopl)
		flags |= (uint64_t)vcpu.iopl << 12;
	return flags;
}

static void bounce(uint64_t handler, uint32_t error_code, int mask_events, const char *what)
{
	struct cpu_regs *r = &vcpu.regs;
	uint64_t old_mask = vcpu_info_ptr->evtchn_upcall_mask;
	struct frame_mode m = leave_mode();
	uint64_t w[8];
	unsigned int n = 0;

	w[n++] = r->rcx;
	w[n++] = r->r11;
	if (error_code != NO_ERROR_CODE)
		w[n++] = error_code;
	w[n++] = r->rip;
	w[n++] = m.cs | old_mask << 32;
	w[n++] = frame_flags();
	w[n++] = r->rsp;
	w[n++] = m.ss;
	r->rsp = push_frame(m.sp, w, n, what);
	r->rip = handler;
	r->rflags &= ~ENTRY_CLEARS;
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
	if (vector == TRAP_DB && vcpu.regs.rflags & X86_EFLAGS_TF)
		vcpu.dr6 |= DR6_BS;
	bounce(t->address, error_code, t->flags & 4, "trap");
}

void guest_page_fault(uint64_t cr2, uint32_t error_code)
{
	/* The guest's privilege, not the processor's. */
	error_code &= PFEC_present | PFEC_write | PFEC_insn;
	if (vcpu.in_user)
		error_code |= PFEC_user;
	vcpu.cr2 = vcpu_info_ptr->arch.cr2 = cr2;
	guest_trap(TRAP_PF, error_code);
}

/* INT n: kernel mode needs DPL >= 1, user mode 3; otherwise #GP(n * 8 + 2) at the instruction.
 * 0x80 has a way of its own in Xen, which asks for no privilege. */
void guest_soft_int(unsigned int vector, unsigned int insn_bytes)
{
	const struct pv_trap *t = &vcpu.traps[vector & 255];

	if (t->address && (vector == 0x80 || (t->flags & 3) >= (vcpu.in_user ? 3 : 1))) {
		vcpu.regs.rip += insn_bytes;
		bounce(t->address, NO_ERROR_CODE, t->flags & 4, "soft interrupt");
		return;
	}
	guest_trap(TRAP_GP, (vector & 255) * 8 + 2);
}

/* Selectors are not saved by SYSCALL: the frame shows the flat ones. */
void guest_syscall(void)
{
	if (!vcpu.syscall_callback) {
		vcpu.regs.rip -= 2;
		guest_trap(TRAP_UD, NO_ERROR_CODE);
		return;
	}
	vcpu.user_cs = FLAT_USER_CS64;
	vcpu.user_ss = FLAT_USER_SS64;
	bounce(vcpu.syscall_callback, NO_ERROR_CODE, (int)vcpu.syscall_masks_events, "system call");
	vcpu.regs.rflags &= ~X86_EFLAGS_DF;
}

/* The frame of a #GP at vcpu.regs.rsp gets the selectors that were wrong. */
static void show_selectors(const struct return_frame *f)
{
	uint16_t cs = f->cs & 0xfffc, ss = (uint16_t)(f->ss | 3);

	copy_to_guest(vcpu.regs.rsp + 4 * 8, &cs, sizeof(cs));
	copy_to_guest(vcpu.regs.rsp + 7 * 8, &ss, sizeof(ss));
}

/* The fault of an iret is taken after it, as on Xen: its frame shows the context that was asked for. */
void guest_return_to(const struct return_frame *f)
{
	struct cpu_regs *r = &vcpu.regs;
	uint32_t error_code = 0;
	int ok;

	r->rip = f->rip;
	r->rflags = (f->rflags & ~(X86_EFLAGS_IOPL | X86_EFLAGS_NT | X86_EFLAGS_VM)) | X86_EFLAGS_IF | 2;
	r->rsp = f->rsp;
	ok = selector_code_ok((uint16_t)f->cs | 3, &error_code) &&
	     selector_stack_ok((uint16_t)f->ss | 3, &error_code);
	if (ok && (f->rip >> 47 == 0 || f->rip >> 47 == 0x1ffff))
		return;
	guest_trap(TRAP_GP, ok ? 0 : error_code);
	show_selectors(f);
}

/* What SYSRET does with rcx and r11 is what a caller of the iret hypercall gets who says that it
 * is in a system call; the selectors do not matter to it then. */
static void iret_to_kernel(struct iret_context *f)
{
	struct return_frame to = { f->rip, f->cs, f->rflags, f->rsp, f->ss };
	struct cpu_regs *r = &vcpu.regs;

	r->rcx = f->rcx;
	r->r11 = f->r11;
	if (f->flags & VGCF_in_syscall) {
		r->rcx = f->rip;
		r->r11 = (f->rflags & ~(X86_EFLAGS_IOPL | X86_EFLAGS_VM)) | X86_EFLAGS_IF;
		to.cs = FLAT_KERNEL_CS;
		to.ss = FLAT_KERNEL_SS;
	}
	guest_return_to(&to);
}

static void iret_to_user(const struct iret_context *f)
{
	struct cpu_regs *r = &vcpu.regs;
	int in_syscall = !!(f->flags & VGCF_in_syscall);

	if (!vcpu.user_cr3_mfn)
		domain_crash("iret to user mode at %#lx, for which there are no page tables", f->rip);
	r->rip = f->rip;
	r->rflags = (f->rflags & ~(X86_EFLAGS_IOPL | X86_EFLAGS_NT | X86_EFLAGS_VM)) | X86_EFLAGS_IF | 2;
	r->rsp = f->rsp;
	r->rcx = in_syscall ? f->rip : f->rcx;
	r->r11 = in_syscall ? r->rflags : f->r11;
	vcpu.user_cs = in_syscall ? FLAT_USER_CS64 : (uint16_t)f->cs | 3;
	vcpu.user_ss = in_syscall ? FLAT_USER_SS64 : (uint16_t)f->ss | 3;
	vcpu.in_user = 1;
	if (f->rip >> 47 != 0 && f->rip >> 47 != 0x1ffff)
		guest_trap(TRAP_GP, 0);
}

void guest_iret(void)
{
	struct iret_context f;

	if (copy_from_guest(&f, vcpu.regs.rsp, sizeof(f)))
		domain_crash("iret: frame at %#lx is not readable", vcpu.regs.rsp);
	if (this_domain.vm_assist & 1UL << VMASST_TYPE_architectural_iopl)
		vcpu.iopl = f.rflags >> 12 & 3;
	vcpu.nmi_blocked = 0;
	vcpu_info_ptr->evtchn_upcall_mask = !(f.rflags & X86_EFLAGS_IF);
	vcpu.regs.rax = f.rax;
	if ((f.cs & 3) == 3)
		iret_to_user(&f);
	else
		iret_to_kernel(&f);
}

void guest_iret_in_batch(void)
{
	uint64_t rax;

	vcpu.iret_in_batch = 0;
	if (!copy_from_guest(&rax, vcpu.regs.rsp, sizeof(rax)))
		copy_to_guest(vcpu.iret_result_va, &rax, sizeof(rax)); /* best effort, as Xen */
	guest_iret();
}

void guest_failsafe(const struct data_selectors *sel)
{
	struct cpu_regs *r = &vcpu.regs;
	struct frame_mode m = leave_mode();
	uint64_t w[] = { r->rcx, r->r11, sel->ds, sel->es, sel->fs, sel->gs, r->rip,
			 m.cs | (uint64_t)vcpu_info_ptr->evtchn_upcall_mask << 32,
			 frame_flags(), r->rsp, m.ss };

	if (!vcpu.failsafe_callback)
		domain_crash("a segment register cannot be loaded (ds %#x es %#x fs %#x gs %#x) and there is "
			     "no failsafe callback", sel->ds, sel->es, sel->fs, sel->gs);
	r->rsp = push_frame(m.sp, w, ARRAY_SIZE(w), "failsafe callback");
	r->rip = vcpu.failsafe_callback;
	r->rflags &= ~ENTRY_CLEARS;
	if (vcpu.failsafe_masks_events)
		vcpu_info_ptr->evtchn_upcall_mask = 1;
}

void guest_nmi(void)
{
	__atomic_store_n(&pvcpu(vcpu.id).nmi, 1, __ATOMIC_SEQ_CST);
	hv_exit_work = 1;
}

int guest_nmi_due(void)
{
	return !vcpu.nmi_blocked && READ_ONCE(pvcpu(vcpu.id).nmi);
}

/* The edge is lost where there is no handler. */
static void deliver_nmi(void)
{
	const struct pv_trap *t = &vcpu.traps[TRAP_NMI];

	__atomic_store_n(&pvcpu(vcpu.id).nmi, 0, __ATOMIC_SEQ_CST);
	if (!t->address)
		return;
	vcpu.nmi_blocked = 1;
	bounce(t->address, NO_ERROR_CODE, t->flags & 4, "NMI");
}

void guest_take_in(void)
{
	struct pvn_vcpu *pv = &pvcpu(vcpu.id);

	do {
		hv_exit_work = 0;
		if (READ_ONCE(pv->kicked)) {
			WRITE_ONCE(pv->kicked, 0);
			smp_mb(); /* pairs with the waker's: bit first, then kicked */
			timers_arm(); /* a sibling may have changed the periodic one */
		}
		smp_rest_if_down();
		evtchn_drain();
		timers_run();
		tlb_enter_guest();
	} while (hv_exit_work);
}

void guest_exit_work(void)
{
	guest_take_in();
	if (vcpu.reload_segments) {
		vcpu.reload_segments = 0;
		segments_reload();
	}
	if (guest_nmi_due())
		deliver_nmi();
	if (!evtchn_pending_any())
		return;
	if (!vcpu.event_callback)
		return; /* a guest that only polls */
	header.upcalls++;
	bounce(vcpu.event_callback, NO_ERROR_CODE, 1, "event upcall");
}
