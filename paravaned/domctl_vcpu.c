/* SPDX-License-Identifier: MIT */
/* The domctls that name a vCPU: its context, its state, where it may run. */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "paravaned/buffers.h"
#include "paravaned/domain.h"
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

/* 0; -EINVAL: no such vCPU or a context nothing could run; -EBUSY: it runs already; -EFAULT. */
int64_t domctl_setvcpucontext(struct client *c, struct domain *d, struct xen_domctl *op)
{
	static struct vcpu_guest_context ctx;
	uint32_t nr = op->u.vcpucontext.vcpu;
	struct vcpu *v = vcpu_lookup(d, nr);
	int rc;

	if (!v)
		return -EINVAL;
	if (d->nr_processes)
		return -EBUSY;
	if (!op->u.vcpucontext.ctxt.p) {
		v->initialised = false;
		return 0;
	}
	if (copy_from_client(c, &ctx, (uint64_t)op->u.vcpucontext.ctxt.p, sizeof(ctx)))
		return -EFAULT;
	rc = context_check(d, &ctx);
	if (rc)
		return rc;
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
	info->cpu = process_last_cpu(v->pid);
	return 0;
}

static int map_in(struct client *c, const struct xenctl_bitmap *map, uint8_t bits[64])
{
	uint32_t bytes = map->nr_bits / 8 + !!(map->nr_bits % 8), i, any = 0;

	memset(bits, 0, 64);
	if (bytes > 64)
		bytes = 64;
	if (copy_from_client(c, bits, (uint64_t)map->bitmap.p, bytes))
		return -EFAULT;
	for (i = 0; i < 512; i++) {
		if (i >= machine.nr_cpus || i >= map->nr_bits)
			bits[i / 8] &= (uint8_t)~(1U << (i % 8));
		any |= bits[i / 8] >> (i % 8) & 1;
	}
	return any ? 0 : -EINVAL;
}

int64_t domctl_setvcpuaffinity(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v = vcpu_lookup(d, a->vcpu);
	uint8_t hard[64], soft[64];
	int rc = 0;

	if (!v || !(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = map_in(c, &a->cpumap_hard, hard);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = map_in(c, &a->cpumap_soft, soft);
	if (rc)
		return rc;
	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		memcpy(v->hard, hard, sizeof(v->hard));
		process_set_affinity(v);
		rc = bitmap_to_client(c, &a->cpumap_hard, v->hard, machine.nr_cpus);
	}
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT)) {
		memcpy(v->soft, soft, sizeof(v->soft));
		rc = bitmap_to_client(c, &a->cpumap_soft, v->soft, machine.nr_cpus);
	}
	return rc;
}

int64_t domctl_getvcpuaffinity(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v = vcpu_lookup(d, a->vcpu);
	int rc = 0;

	if (!v || !(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = bitmap_to_client(c, &a->cpumap_hard, v->hard, 512);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_to_client(c, &a->cpumap_soft, v->soft, 512);
	return rc;
}
