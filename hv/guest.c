/* SPDX-License-Identifier: MIT */
/*
 * Start of day: the vCPU context in the page set becomes a running guest.  That of the first vCPU
 * the domain builder left there, those of the others the guest itself (VCPUOP_initialise).  What a
 * builder's context names is validated here, as if the guest had asked; a builder that lies crashes
 * the domain.
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
	platform_set_segment_base(0, c->fs_base);
	platform_set_segment_base(1, c->gs_base_kernel);
	vcpu.cr3_mfn = xen_cr3_to_pfn(c->ctrlreg[3]);
	vcpu.user_cr3_mfn = c->ctrlreg[1] ? xen_cr3_to_pfn(c->ctrlreg[1]) : 0;
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

/* What the builder's privileged calls do on Xen: pin the L4. */
static void pin_tables(void)
{
	mm_enter();
	if (!page_get_type(vcpu.cr3_mfn, PGT_l4))
		mfn_page(vcpu.cr3_mfn)->pinned = 1;
	mm_leave();
}

static void hypercall_page(void)
{
	if (!header.hypercall_mfn)
		return;
	if (!mfn_page(header.hypercall_mfn))
		domain_crash("start of day: hypercall page is not a frame of the domain");
	hypercall_page_fill(mfn_ptr(header.hypercall_mfn));
}

static void domain_start(const struct vcpu_guest_context *c)
{
	unsigned int v;

	this_domain.nr_grant_frames = header.nr_grant_frames;
	this_domain.vm_assist = c->vm_assist;
	for (v = 0; v < header.nr_vcpus; v++) {
		this_domain.vcpu[v].info = &shared_info_page.vcpu_info[v];
		this_domain.vcpu[v].runstate = RUNSTATE_offline;
		this_domain.vcpu[v].state_since_ns = now_ns();
		memcpy(this_domain.vcpu[v].runstate_time, pvcpu(v).runstate_time, sizeof(pvcpu(v).runstate_time));
	}
	hypercall_page();
	time_init();
}

/* Others that the builder wants to be up from the start may be here early. */
static void wait_for_domain(void)
{
	while (!__atomic_load_n(&this_domain.ready, __ATOMIC_ACQUIRE))
		platform_yield();
}

void guest_start(void)
{
	const struct vcpu_guest_context *c =
		pset(PVN_CONTEXT_OFFSET + vcpu.id * PVN_CONTEXT_STRIDE, struct vcpu_guest_context);
	int rc;

	if (vcpu.id)
		wait_for_domain();
	else
		domain_start(c);
	vcpu_info_ptr = this_vcpu.info;
	if (!this_vcpu.initialised) {
		rc = guest_context_take(c);
		if (rc)
			domain_crash("start of day: the context of vCPU %u is not valid (%d)", vcpu.id, rc);
	}
	load_context(c);
	if (vcpu.regs.rip >= platform_va_end())
		domain_crash("entry point %#lx lies above this platform's address space",
			     vcpu.regs.rip);
	if (!vcpu.id)
		pin_tables();
	load_descriptors(c);
	this_vcpu.initialised = this_vcpu.started = 1;
	__atomic_store_n(&this_domain.ready, 1, __ATOMIC_RELEASE);
	time_init_vcpu();
	WRITE_ONCE(pvcpu(vcpu.id).run_state, PVN_VCPU_RUNNING);
	smp_mb(); /* a waker that still saw DOWN relies on the drain that follows */
	hv_exit_work = 1; /* events that came before there was anybody to kick */
	platform_enter_guest();
}
