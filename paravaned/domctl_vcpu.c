/* SPDX-License-Identifier: MIT */
/* The domctls that name a vCPU: its context, its state, where it may run. */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "paravaned/buffers.h"
#include "paravaned/domain.h"
#include "paravaned/evtchn.h"
#include "paravaned/machine.h"
#include "paravaned/process.h"

#define MAX_GDT_ENTS	7168	/* 14 pages, what a PV guest may have */

_Static_assert(sizeof(struct vcpu_guest_context) <= PVN_CONTEXT_STRIDE, "context slot");

static struct vcpu *vcpu_lookup(struct domain *d, uint32_t vcpu)
{
	return d->has_vcpus && vcpu < d->max_vcpus ? &d->vcpu[vcpu] : NULL;
}

static uint8_t *context_slot(struct domain *d, uint32_t vcpu)
{
	return d->shared + PVN_CONTEXT_OFFSET + vcpu * PVN_CONTEXT_STRIDE;
}

static bool canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

static bool is_populated(struct domain *d, uint64_t mfn)
{
	uint64_t first = d->range.base + PVN_HEAP_FRAMES, i = mfn - first;

	return d->range.frames && mfn >= first && i < d->range.frames - PVN_HEAP_FRAMES &&
	       (d->populated[i / 64] >> (i % 64) & 1);
}

/* What the image may rely on.  Whether cr3 names a sane page table it finds out by itself. */
static int context_check(struct domain *d, const struct vcpu_guest_context *ctx)
{
	uint64_t i;

	if (!canonical(ctx->user_regs.rip) || !canonical(ctx->user_regs.rsp) ||
	    !canonical(ctx->kernel_sp) || !canonical(ctx->event_callback_eip) ||
	    !canonical(ctx->failsafe_callback_eip) || !canonical(ctx->syscall_callback_eip))
		return -EINVAL;
	if (ctx->gdt_ents > MAX_GDT_ENTS || ctx->ldt_ents > 8192)
		return -EINVAL;
	for (i = 0; i < (ctx->gdt_ents + 511) / 512; i++)
		if (!is_populated(d, ctx->gdt_frames[i]))
			return -EINVAL;
	if (!is_populated(d, ctx->ctrlreg[3] >> PVN_PAGE_SHIFT))
		return -EINVAL;
	return 0;
}

/*
 * 0; -EINVAL: no such vCPU or a context nothing could run; -EFAULT; -EOPNOTSUPP: the domain has started.
 * Xen would still take a context with the page tables and descriptors of before, and says the same of
 * any other; here a vCPU's registers are its own process's.
 */
int64_t domctl_setvcpucontext(struct client *c, struct domain *d, struct xen_domctl *op)
{
	static struct vcpu_guest_context ctx;
	uint32_t nr = op->u.vcpucontext.vcpu;
	struct vcpu *v = vcpu_lookup(d, nr);
	int rc;

	if (!v)
		return -EINVAL;
	if (!op->u.vcpucontext.ctxt.p) {
		if (d->nr_processes)
			return -EOPNOTSUPP;
		v->initialised = v->online = false;
		return 0;
	}
	if (copy_from_client(c, &ctx, (uint64_t)op->u.vcpucontext.ctxt.p, sizeof(ctx)))
		return -EFAULT;
	rc = context_check(d, &ctx);
	if (rc)
		return rc;
	if (d->nr_processes)
		return -EOPNOTSUPP;
	memcpy(context_slot(d, nr), &ctx, sizeof(ctx));
	v->initialised = true;
	/* The first one runs whatever the context says: nobody could bring it up. */
	v->online = !nr || (ctx.flags & VGCF_online);
	return 0;
}

/* 0; -EINVAL: no such vCPU; -ENODATA: it has no context; -EFAULT. */
int64_t domctl_getvcpucontext(struct client *c, struct domain *d, struct xen_domctl *op)
{
	uint32_t nr = op->u.vcpucontext.vcpu;
	struct vcpu *v = vcpu_lookup(d, nr);

	if (!v)
		return -EINVAL;
	if (!v->initialised)
		return -ENODATA;
	return copy_to_client(c, (uint64_t)op->u.vcpucontext.ctxt.p, context_slot(d, nr),
			      sizeof(struct vcpu_guest_context));
}

static void control_vcpu_info(struct xen_domctl_getvcpuinfo *info)
{
	info->online = info->running = 1;
	info->blocked = 0;
	info->cpu = info->vcpu;
	info->cpu_time = process_host_cpu_time() / machine.nr_cpus;
}

/* 0; -EINVAL: beyond those it was made with; -ESRCH: not made yet. */
int64_t domctl_getvcpuinfo(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	struct vcpu *v = vcpu_lookup(d, info->vcpu);
	uint32_t state;

	if (info->vcpu >= d->max_vcpus)
		return -EINVAL;
	if (!v)
		return -ESRCH;
	if (d == dom0) {
		control_vcpu_info(info);
		return 0;
	}
	state = __atomic_load_n(&domain_vcpu_area(d, info->vcpu)->run_state, __ATOMIC_RELAXED);
	info->online = vcpu_online(v);
	info->running = v->pid && !d->pause_count && !d->is_shut_down && state == PVN_VCPU_RUNNING;
	info->blocked = v->pid && info->online && !d->is_shut_down && !info->running;
	info->cpu_time = vcpu_cpu_time(v);
	info->cpu = affinity_last_cpu(v->pid);
	return 0;
}

/* What Xen takes: any flag but FORCE, which undoes a guest's own pinning (there is none here), and
 * a map with each. */
static bool affinity_params_ok(struct xen_domctl_vcpuaffinity *a)
{
	a->flags &= ~XEN_VCPUAFFINITY_FORCE;
	return a->flags && (!(a->flags & XEN_VCPUAFFINITY_HARD) || a->cpumap_hard.bitmap.p) &&
	       (!(a->flags & XEN_VCPUAFFINITY_SOFT) || a->cpumap_soft.bitmap.p);
}

/* What lies beyond the CPUs there are is kept, as in Xen: a map of all is "all". */
static int map_in(struct client *c, const struct xenctl_bitmap *map, uint8_t bits[PVN_MAX_CPUS / 8])
{
	uint32_t bytes = map->nr_bits / 8 + !!(map->nr_bits % 8);

	memset(bits, 0, PVN_MAX_CPUS / 8);
	if (bytes > PVN_MAX_CPUS / 8)
		bytes = PVN_MAX_CPUS / 8;
	if (copy_from_client(c, bits, (uint64_t)map->bitmap.p, bytes))
		return -EFAULT;
	if (map->nr_bits < PVN_MAX_CPUS && map->nr_bits % 8)
		bits[map->nr_bits / 8] &= (uint8_t)((1U << (map->nr_bits % 8)) - 1);
	return 0;
}

static bool names_a_cpu(const uint8_t bits[PVN_MAX_CPUS / 8])
{
	uint32_t i;

	for (i = 0; i < machine.nr_cpus; i++)
		if (bits[i / 8] >> (i % 8) & 1)
			return true;
	return false;
}

/* What is in force goes back: hard, and soft as far as hard allows it. */
static int effective_to_client(struct client *c, struct xen_domctl_vcpuaffinity *a, const struct vcpu *v)
{
	uint8_t soft[PVN_MAX_CPUS / 8];
	uint32_t i;
	int rc = 0;

	for (i = 0; i < sizeof(soft); i++)
		soft[i] = v->soft[i] & v->hard[i];
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = bitmap_to_client(c, &a->cpumap_hard, v->hard, machine.nr_cpus);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_to_client(c, &a->cpumap_soft, soft, machine.nr_cpus);
	return rc;
}

/* 0; -EINVAL: no such vCPU, nothing to set, or no CPU of the host in a hard map; -EFAULT; what the
 * host says of placing its processes.  All or nothing. */
int64_t domctl_setvcpuaffinity(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v = vcpu_lookup(d, a->vcpu), old;
	uint8_t hard[PVN_MAX_CPUS / 8], soft[PVN_MAX_CPUS / 8];
	int rc = 0;

	if (a->vcpu >= d->max_vcpus || !affinity_params_ok(a))
		return -EINVAL;
	if (!v)
		return -ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = map_in(c, &a->cpumap_hard, hard);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = map_in(c, &a->cpumap_soft, soft);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_HARD) && !names_a_cpu(hard))
		rc = -EINVAL;
	if (rc)
		return rc;
	old = *v;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		memcpy(v->hard, hard, sizeof(v->hard));
	if (a->flags & XEN_VCPUAFFINITY_SOFT)
		memcpy(v->soft, soft, sizeof(v->soft));
	rc = affinity_apply(v);
	if (rc) {
		memcpy(v->hard, old.hard, sizeof(v->hard));
		memcpy(v->soft, old.soft, sizeof(v->soft));
		return rc;
	}
	return effective_to_client(c, a, v);
}

int64_t domctl_getvcpuaffinity(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v = vcpu_lookup(d, a->vcpu);
	int rc = 0;

	if (a->vcpu >= d->max_vcpus || !affinity_params_ok(a))
		return -EINVAL;
	if (!v)
		return -ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = bitmap_to_client(c, &a->cpumap_hard, v->hard, PVN_MAX_CPUS);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_to_client(c, &a->cpumap_soft, v->soft, PVN_MAX_CPUS);
	return rc;
}

/* 0; -ESRCH: no such vCPU; -EINVAL: a button of an HVM guest's; -ENOSYS: a reset line, as Xen has none
 * for PV either. */
int64_t domctl_sendtrigger(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = vcpu_lookup(d, op->u.sendtrigger.vcpu);

	if (!v)
		return -ESRCH;
	switch (op->u.sendtrigger.trigger) {
	case XEN_DOMCTL_SENDTRIGGER_NMI:
		vcpu_nmi(v);
		return 0;
	case XEN_DOMCTL_SENDTRIGGER_POWER:
	case XEN_DOMCTL_SENDTRIGGER_SLEEP:
		return -EINVAL;
	default:
		return -ENOSYS;
	}
}
