/* SPDX-License-Identifier: MIT */
/*
 * The vCPUs of a domain: which are up, bringing them up and down, and the lock they share.
 *
 * A vCPU is a process from its first VCPUOP_up on.  One that goes down stays in the image, in its
 * way out to the guest, until it is brought up again and goes on from there, as on Xen.
 * pvcpu(v).down says who is up and changes under vcpu_lock.
 */
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define SPINS	200

/* The holder may wait for this very CPU: there can be more vCPUs than the host has. */
void spin_lock_slow(uint32_t *l)
{
	unsigned int i;

	do
		for (i = 1; READ_ONCE(*l); i++) {
			__builtin_ia32_pause();
			if (i % SPINS == 0)
				platform_yield();
		}
	while (__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE));
}

int smp_is_up(unsigned int v)
{
	return !READ_ONCE(pvcpu(v).down);
}

/* 0; -EINVAL: it has no context; or what the machine says of starting a process. */
static long up_locked(unsigned int v)
{
	struct vcpu_public *p = &this_domain.vcpu[v];
	long rc;

	if (!p->initialised)
		return -XEN_EINVAL;
	if (smp_is_up(v))
		return 0;
	WRITE_ONCE(pvcpu(v).down, 0);
	if (p->started) {
		platform_restart(v);
		return 0;
	}
	p->started = 1;
	rc = machine_call1(PVN_REQ_VCPU_START, v, 0);
	if (rc < 0) {
		p->started = 0;
		WRITE_ONCE(pvcpu(v).down, 1);
	}
	return rc;
}

long smp_up(unsigned int v)
{
	long rc;

	spin_lock(&this_domain.vcpu_lock);
	rc = up_locked(v);
	spin_unlock(&this_domain.vcpu_lock);
	return rc;
}

/* The last one that is up ends the domain. */
long smp_down(unsigned int v)
{
	unsigned int i, others = 0;

	spin_lock(&this_domain.vcpu_lock);
	for (i = 0; i < header.nr_vcpus; i++)
		others += i != v && smp_is_up(i);
	if (!others)
		domain_shutdown(SHUTDOWN_poweroff);
	WRITE_ONCE(pvcpu(v).down, 1);
	spin_unlock(&this_domain.vcpu_lock);
	if (v == vcpu.id)
		hv_exit_work = 1;
	else
		platform_kick(v);
	return 0;
}

void smp_rest_if_down(void)
{
	if (likely(smp_is_up(vcpu.id)))
		return;
	runstate_change(RUNSTATE_offline, now_ns());
	platform_rest();
	vcpu_info_ptr = this_vcpu.info; /* may have been registered elsewhere meanwhile */
	time_update_vcpu();
	runstate_change(RUNSTATE_running, now_ns());
}

static int l4_take(uint64_t mfn)
{
	return mfn_page(mfn) && !page_get_type(mfn, PGT_l4) ? 0 : -XEN_EINVAL;
}

/* The frames of descriptors are typed for good by gdt_set(); here they only have to be fit for it. */
static int gdt_frames_check(const struct vcpu_guest_context *c)
{
	unsigned int i, frames = (unsigned int)((c->gdt_ents + 511) / 512);

	for (i = 0; i < frames; i++) {
		if (!mfn_page(c->gdt_frames[i]) || page_get_type(c->gdt_frames[i], PGT_seg))
			return -XEN_EINVAL;
		page_put_type(c->gdt_frames[i]);
	}
	return 0;
}

static int take_frames(const struct vcpu_guest_context *c)
{
	int rc = gdt_frames_check(c);

	if (!rc)
		rc = l4_take(xen_cr3_to_pfn(c->ctrlreg[3]));
	if (rc || !c->ctrlreg[1])
		return rc;
	rc = l4_take(xen_cr3_to_pfn(c->ctrlreg[1]));
	if (rc)
		page_put_type(xen_cr3_to_pfn(c->ctrlreg[3]));
	return rc;
}

static int canonical(uint64_t va)
{
	return va >> 47 == 0 || va >> 47 == 0x1ffff;
}

int guest_context_take(const struct vcpu_guest_context *c)
{
	unsigned int i;
	int rc;

	if (!canonical(c->user_regs.rip) || !canonical(c->event_callback_eip) ||
	    !canonical(c->syscall_callback_eip) || !canonical(c->failsafe_callback_eip))
		return -XEN_EINVAL;
	for (i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
		if (!canonical(c->trap_ctxt[i].address))
			return -XEN_EINVAL;
	if (!guest_handle_ok(c->ldt_base) || (c->ldt_base & ~PAGE_MASK) || c->ldt_ents > 8192 ||
	    c->gdt_ents > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	if (!(c->flags & VGCF_in_kernel) && !c->ctrlreg[1])
		return -XEN_EINVAL;
	mm_enter();
	rc = take_frames(c);
	mm_leave();
	return rc;
}
