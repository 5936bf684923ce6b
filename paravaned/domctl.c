/* SPDX-License-Identifier: MIT */
/*
 * __HYPERVISOR_domctl: the control domain makes, looks at and ends domains.
 *
 * The argument is copied in once, worked on, and copied back when an operation has results, as
 * Xen does it; another interface version is -EACCES, an unknown domain -ESRCH, an operation not
 * served -ENOSYS.
 */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <uuid/uuid.h>

#include "libs/util/log.h"
#include "paravaned/buffers.h"
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"
#include "paravaned/memory.h"

typedef int64_t domctl_fn(struct client *c, struct domain *d, struct xen_domctl *op);

static int64_t domctl_destroydomain(struct client *c, struct domain *d, struct xen_domctl *op)
{
	domain_destroy(d, "by the control domain");
	return 0;
}

static int64_t domctl_pausedomain(struct client *c, struct domain *d, struct xen_domctl *op)
{
	return domain_pause(d);
}

static int64_t domctl_unpausedomain(struct client *c, struct domain *d, struct xen_domctl *op)
{
	return domain_unpause(d);
}

static int64_t domctl_max_mem(struct client *c, struct domain *d, struct xen_domctl *op)
{
	return memory_set_max(d, op->u.max_mem.max_memkb >> (PVN_PAGE_SHIFT - 10));
}

/* The number was said at creation; this makes them exist, and must agree. */
static int64_t domctl_max_vcpus(struct client *c, struct domain *d, struct xen_domctl *op)
{
	if (op->u.max_vcpus.max != d->max_vcpus)
		return -EINVAL;
	d->has_vcpus = true;
	return 0;
}

static int64_t domctl_setdomainhandle(struct client *c, struct domain *d, struct xen_domctl *op)
{
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	memcpy(domain_header(d)->handle, d->handle, sizeof(d->handle));
	return 0;
}

/* The page the image will fill with stubs before the guest's first instruction. */
static int64_t domctl_hypercall_init(struct client *c, struct domain *d, struct xen_domctl *op)
{
	uint64_t mfn = op->u.hypercall_init.gmfn, first = d->range.base + PVN_HEAP_FRAMES;

	if (d->nr_processes)
		return -EBUSY;
	if (!d->range.frames || mfn < first || mfn - first >= d->range.frames - PVN_HEAP_FRAMES ||
	    !(d->populated[(mfn - first) / 64] >> ((mfn - first) % 64) & 1))
		return -EACCES;
	d->hypercall_mfn = mfn;
	return 0;
}

static int64_t domctl_scheduler_op(struct client *c, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		s->u.credit2.weight = d->weight;
		s->u.credit2.cap = d->cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		if (s->u.credit2.weight)
			d->weight = s->u.credit2.weight;
		if (s->u.credit2.cap != (uint16_t)~0)
			d->cap = s->u.credit2.cap;
		return 0;
	default:
		return -EINVAL;
	}
}

static int64_t domctl_set_address_size(struct client *c, struct domain *d, struct xen_domctl *op)
{
	return op->u.address_size.size == 64 ? 0 : -EINVAL;
}

static int64_t domctl_get_address_size(struct client *c, struct domain *d, struct xen_domctl *op)
{
	op->u.address_size.size = 64;
	return 0;
}

static int64_t domctl_settimeoffset(struct client *c, struct domain *d, struct xen_domctl *op)
{
	int64_t s = op->u.settimeoffset.time_offset_seconds;

	/* A century either way is a clock; more is a mistake. */
	if (s > 3155760000LL || s < -3155760000LL)
		return -EINVAL;
	d->time_offset_s = s;
	if (d->nr_processes)
		wallclock_update(d);
	return 0;
}

static int64_t domctl_gettscinfo(struct client *c, struct domain *d, struct xen_domctl *op)
{
	memset(&op->u.tsc_info, 0, sizeof(op->u.tsc_info));
	op->u.tsc_info.gtsc_khz = machine.cpu_khz;
	return 0;
}

/* The guest has the TSC of the host: "default" and "never emulate" are the same here. */
static int64_t domctl_settscinfo(struct client *c, struct domain *d, struct xen_domctl *op)
{
	return op->u.tsc_info.tsc_mode == 0 || op->u.tsc_info.tsc_mode == 2 ? 0 : -EOPNOTSUPP;
}

#define WANTS_GUEST	1	/* refused for the control domain itself: -EINVAL */
#define HAS_RESULT	2	/* the argument is copied back */

static const struct {
	domctl_fn *fn;
	unsigned int flags;
} domctls[] = {
	[XEN_DOMCTL_destroydomain] = { domctl_destroydomain, WANTS_GUEST },
	[XEN_DOMCTL_pausedomain] = { domctl_pausedomain, WANTS_GUEST },
	[XEN_DOMCTL_unpausedomain] = { domctl_unpausedomain, WANTS_GUEST },
	[XEN_DOMCTL_max_mem] = { domctl_max_mem, WANTS_GUEST },
	[XEN_DOMCTL_max_vcpus] = { domctl_max_vcpus, WANTS_GUEST },
	[XEN_DOMCTL_setvcpucontext] = { domctl_setvcpucontext, WANTS_GUEST },
	[XEN_DOMCTL_getvcpucontext] = { domctl_getvcpucontext, WANTS_GUEST | HAS_RESULT },
	[XEN_DOMCTL_getvcpuinfo] = { domctl_getvcpuinfo, HAS_RESULT },
	[XEN_DOMCTL_setvcpuaffinity] = { domctl_setvcpuaffinity, WANTS_GUEST | HAS_RESULT },
	[XEN_DOMCTL_getvcpuaffinity] = { domctl_getvcpuaffinity, HAS_RESULT },
	[XEN_DOMCTL_sendtrigger] = { domctl_sendtrigger, WANTS_GUEST },
	[XEN_DOMCTL_setdomainhandle] = { domctl_setdomainhandle, WANTS_GUEST },
	[XEN_DOMCTL_hypercall_init] = { domctl_hypercall_init, WANTS_GUEST },
	[XEN_DOMCTL_scheduler_op] = { domctl_scheduler_op, HAS_RESULT },
	[XEN_DOMCTL_set_address_size] = { domctl_set_address_size, WANTS_GUEST },
	[XEN_DOMCTL_get_address_size] = { domctl_get_address_size, HAS_RESULT },
	[XEN_DOMCTL_settimeoffset] = { domctl_settimeoffset, WANTS_GUEST },
	[XEN_DOMCTL_gettscinfo] = { domctl_gettscinfo, HAS_RESULT },
	[XEN_DOMCTL_settscinfo] = { domctl_settscinfo, WANTS_GUEST },
};

static int64_t domctl_createdomain(struct client *c, struct xen_domctl *op)
{
	char uuid[37];
	struct domain *d;
	int rc = domain_create(op->domain, &op->u.createdomain, &d);

	if (rc)
		return rc;
	uuid_unparse_lower(d->handle, uuid);
	machine_log("d%u created, uuid %s", d->domid, uuid);
	op->domain = d->domid;
	return 0;
}

/* The first domain from this domid on, which is how a toolstack walks them. */
static int64_t domctl_getdomaininfo(struct xen_domctl *op)
{
	struct domain *d = domain_alive_at_or_after(op->domain);

	if (!d)
		return -ESRCH;
	domain_info(d, &op->u.getdomaininfo);
	op->domain = d->domid;
	return 0;
}

int64_t do_domctl(struct client *c, uint64_t arg)
{
	struct xen_domctl op;
	struct domain *d;
	int64_t ret;

	if (copy_from_client(c, &op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd == XEN_DOMCTL_createdomain || op.cmd == XEN_DOMCTL_getdomaininfo) {
		ret = op.cmd == XEN_DOMCTL_createdomain ? domctl_createdomain(c, &op) : domctl_getdomaininfo(&op);
		return ret ? ret : copy_to_client(c, arg, &op, sizeof(op));
	}
	d = domain_by_id(op.domain);
	if (!d)
		return -ESRCH;
	if (op.cmd >= sizeof(domctls) / sizeof(domctls[0]) || !domctls[op.cmd].fn) {
		pvn_log(LOG_INFO, "domctl %u on d%u: not served", op.cmd, d->domid);
		return -ENOSYS;
	}
	if ((domctls[op.cmd].flags & WANTS_GUEST) && d == dom0)
		return -EINVAL;
	ret = domctls[op.cmd].fn(c, d, &op);
	if (!ret && (domctls[op.cmd].flags & HAS_RESULT))
		ret = copy_to_client(c, arg, &op, sizeof(op));
	return ret;
}
