/* SPDX-License-Identifier: MIT */
/* __HYPERVISOR_sysctl: what the control domain may ask about the whole machine. */
#include "config.h"
#include "paravaned/hypercall.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <xen/sysctl.h>

#include "libs/util/log.h"
#include "paravaned/buffers.h"
#include "paravaned/console_ring.h"
#include "paravaned/domain.h"
#include "paravaned/frames.h"
#include "paravaned/machine.h"

static uint64_t free_pages(void)
{
	return machine.usable_pages > machine.used_pages ? machine.usable_pages - machine.used_pages : 0;
}

static uint64_t claimed_pages(void)
{
	struct domain *d;
	uint64_t sum = 0;

	for (d = domain_at_or_after(1); d; d = domain_at_or_after(d->domid + 1U))
		sum += d->claimed_pages;
	return sum;
}

/* The words of Xen's hw_cap in its order: leaves 1, 0x80000001, 0xd.1, 7, 0x80000007. */
static void hw_cap_fill(uint32_t cap[8])
{
	uint32_t a = 0, b = 0, c = 0, d = 0;

	memset(cap, 0, 8 * sizeof(*cap));
	__get_cpuid(1, &a, &b, &cap[1], &cap[0]);
	__get_cpuid(0x80000001, &a, &b, &cap[3], &cap[2]);
	__get_cpuid_count(0xd, 1, &cap[4], &b, &c, &d);
	__get_cpuid_count(7, 0, &a, &cap[5], &cap[6], &d);
	__get_cpuid(0x80000007, &a, &b, &c, &cap[7]);
}

static int64_t sysctl_physinfo(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;
	struct pvn_clock clk;

	memset(p, 0, sizeof(*p));
	clock_fill(&clk, 0);
	p->threads_per_core = 1;
	p->cores_per_socket = machine.nr_cpus;
	p->nr_cpus = machine.nr_cpus;
	p->max_cpu_id = machine.nr_cpus - 1;
	p->nr_nodes = 1;
	p->cpu_khz = clk.tsc_khz;
	p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2;
	p->total_pages = machine.total_pages;
	p->free_pages = free_pages();
	p->outstanding_pages = claimed_pages();
	p->max_mfn = frame_range_end() - 1;
	hw_cap_fill(p->hw_cap);
	return 0;
}

static int64_t sysctl_getdomaininfolist(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo info;
	struct domain *d = domain_alive_at_or_after(l->first_domain);
	uint32_t n = 0;

	for (; d && n < l->max_domains; d = domain_alive_at_or_after(d->domid + 1U)) {
		domain_info(d, &info);
		if (copy_to_client(c, (uint64_t)l->buffer.p + n * sizeof(info), &info, sizeof(info)))
			return -EFAULT;
		n++;
	}
	l->num_domains = n;
	return 0;
}

static int64_t sysctl_readconsole(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *rc = &op->u.readconsole;
	uint32_t index = rc->incremental ? rc->index : console_ring_start(), done = 0;
	char buf[1024];

	while (done < rc->count) {
		size_t want = rc->count - done < sizeof(buf) ? rc->count - done : sizeof(buf);
		size_t n = console_ring_read(&index, buf, want);

		if (!n)
			break;
		if (copy_to_client(c, (uint64_t)rc->buffer.p + done, buf, n))
			return -EFAULT;
		done += (uint32_t)n;
	}
	if (rc->clear)
		console_ring_clear();
	rc->count = done;
	rc->index = index;
	return 0;
}

static int64_t sysctl_sched_id(struct client *c, struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

static int64_t sysctl_availheap(struct client *c, struct xen_sysctl *op)
{
	op->u.availheap.avail_bytes = free_pages() << PVN_PAGE_SHIFT;
	return 0;
}

static int64_t sysctl_scheduler_op(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->cpupool_id)
		return -ESRCH;
	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	if (s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return -ENOSYS;
	s->u.sched_credit2.ratelimit_us = 0;
	return 0;
}

static int64_t (*const sysctls[])(struct client *c, struct xen_sysctl *op) = {
	[XEN_SYSCTL_readconsole] = sysctl_readconsole,
	[XEN_SYSCTL_physinfo] = sysctl_physinfo,
	[XEN_SYSCTL_debug_keys] = sysctl_debug_keys,
	[XEN_SYSCTL_sched_id] = sysctl_sched_id,
	[XEN_SYSCTL_getdomaininfolist] = sysctl_getdomaininfolist,
	[XEN_SYSCTL_getcpuinfo] = sysctl_getcpuinfo,
	[XEN_SYSCTL_availheap] = sysctl_availheap,
	[XEN_SYSCTL_cputopoinfo] = sysctl_cputopoinfo,
	[XEN_SYSCTL_numainfo] = sysctl_numainfo,
	[XEN_SYSCTL_cpupool_op] = sysctl_cpupool_op,
	[XEN_SYSCTL_scheduler_op] = sysctl_scheduler_op,
};

int64_t do_sysctl(struct client *c, uint64_t arg)
{
	struct xen_sysctl op;
	int64_t ret;

	if (copy_from_client(c, &op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd >= sizeof(sysctls) / sizeof(sysctls[0]) || !sysctls[op.cmd]) {
		pvn_log(LOG_INFO, "sysctl %u: not served", op.cmd);
		return -ENOSYS;
	}
	ret = sysctls[op.cmd](c, &op);
	return ret ? ret : copy_to_client(c, arg, &op, sizeof(op));
}
