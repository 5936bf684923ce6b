/* SPDX-License-Identifier: MIT */
/*
 * Start of day: the vCPU context that the domain builder left in the page set becomes a
 * running guest.  Its page tables are validated here, as if the guest had asked; a
 * builder that lies crashes the domain.
 */
#include <hv/descriptor.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

struct vcpu vcpu;
struct vcpu_info *vcpu_info_ptr;
volatile uint32_t hv_exit_work;

_Static_assert(offsetof(struct vcpu, regs) == 0, "entry.S finds the registers at vcpu");
_Static_assert(offsetof(struct cpu_regs, rax) == 80 && offsetof(struct cpu_regs, rsp) == 136,
	       "entry.S knows the order of the registers");
_Static_assert(offsetof(struct vcpu_info, evtchn_upcall_mask) == 1, "entry.S reads both bytes");

static void load_registers(const struct vcpu_guest_context *c)
{
	const struct cpu_user_regs *u = &c->user_regs;
	struct cpu_regs *r = &vcpu.regs;

	r->r15 = u->r15, r->r14 = u->r14, r->r13 = u->r13, r->r12 = u->r12;
	r->rbp = u->rbp, r->rbx = u->rbx, r->r11 = u->r11, r->r10 = u->r10;
	r->r9 = u->r9, r->r8 = u->r8, r->rax = u->rax, r->rcx = u->rcx;
	r->rdx = u->rdx, r->rsi = u->rsi, r->rdi = u->rdi;
	r->rip = u->rip, r->rsp = u->rsp;
	r->rflags = (u->rflags & 0xcd5) | X86_EFLAGS_IF | 2;
}

static void load_context(const struct vcpu_guest_context *c)
{
	unsigned int i;

	load_registers(c);
	for (i = 0; i < 256; i++) {
		const struct trap_info *t = &c->trap_ctxt[i];

		if (t->address)
			vcpu.traps[t->vector] = (struct pv_trap){ t->address, t->cs, t->flags };
	}
	vcpu.kernel_ss = c->kernel_ss;
	vcpu.kernel_sp = c->kernel_sp;
	vcpu.event_callback = c->event_callback_eip;
	vcpu.failsafe_callback = c->failsafe_callback_eip;
	vcpu.syscall_callback = c->syscall_callback_eip;
	vcpu.failsafe_masks_events = !!(c->flags & VGCF_failsafe_disables_events);
	vcpu.syscall_masks_events = !!(c->flags & VGCF_syscall_disables_events);
	vcpu.gs_base_user = c->gs_base_user;
	vcpu.cr4 = GUEST_CR4;
	vcpu.xcr0 = XCR0_FP;
	for (i = 0; i < 8; i++)
		debugreg_set(i, c->debugreg[i]);
	this_domain.vm_assist = c->vm_assist;
	platform_set_segment_base(0, c->fs_base);
	platform_set_segment_base(1, c->gs_base_kernel);
	vcpu.cr3_mfn = xen_cr3_to_pfn(c->ctrlreg[3]);
}

/* The tables of descriptors: frames of the domain by now. */
static void load_descriptors(const struct vcpu_guest_context *c)
{
	uint64_t mfn[ARRAY_SIZE(c->gdt_frames)];
	uint32_t entries = c->gdt_ents <= FIRST_RESERVED_GDT_ENTRY ? (uint32_t)c->gdt_ents : ~0U;
	int rc;

	memcpy(mfn, c->gdt_frames, sizeof(mfn));
	spin_lock(&this_domain.mm_lock);
	rc = gdt_set(mfn, entries);
	spin_unlock(&this_domain.mm_lock);
	if (rc)
		domain_crash("start of day: the GDT of %lu entries is not valid (%d)", c->gdt_ents, rc);
	ldt_set(c->ldt_base, c->ldt_ents <= 8192 ? (uint32_t)c->ldt_ents : 0);
}

/* What the builder's privileged calls do on Xen: reference the tables, pin the L4. */
static void pin_tables(void)
{
	struct page_info *pg = mfn_page(vcpu.cr3_mfn);
	int rc;

	if (!pg)
		domain_crash("start of day: cr3 names frame %#lx, not the domain's", vcpu.cr3_mfn);
	mm_enter();
	rc = page_get_type(vcpu.cr3_mfn, PGT_l4);
	if (!rc)
		rc = page_get_type(vcpu.cr3_mfn, PGT_l4); /* the pin's own reference */
	mm_leave();
	if (rc)
		domain_crash("start of day: the page tables are not valid (%d)", rc);
	pg->pinned = 1;
}

void guest_start(void)
{
	this_domain.nr_grant_frames = header.nr_grant_frames;
	vcpu.id = 0;
	vcpu_info_ptr = &shared_info_page.vcpu_info[vcpu.id];
	load_context(pset(PVN_CONTEXT_OFFSET + vcpu.id * PVN_CONTEXT_STRIDE,
			  struct vcpu_guest_context));
	if (vcpu.regs.rip >= platform_va_end())
		domain_crash("entry point %#lx lies above this platform's address space",
			     vcpu.regs.rip);
	pin_tables();
	load_descriptors(pset(PVN_CONTEXT_OFFSET + vcpu.id * PVN_CONTEXT_STRIDE,
			      struct vcpu_guest_context));
	if (header.hypercall_mfn) {
		if (!mfn_page(header.hypercall_mfn))
			domain_crash("start of day: hypercall page is not a frame of the domain");
		hypercall_page_fill(mfn_ptr(header.hypercall_mfn));
	}
	time_init();
	WRITE_ONCE(pvcpu(vcpu.id).run_state, PVN_VCPU_RUNNING);
	smp_mb(); /* a waker that still saw DOWN relies on the drain that follows */
	hv_exit_work = 1; /* events that came before there was anybody to kick */
	platform_enter_guest();
}
