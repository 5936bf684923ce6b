/* SPDX-License-Identifier: MIT */
/* Domains: one function per domctl (and the memory_op and evtchn_op calls) that our tools use. */
#include "config.h"
#include "libs/ctl/private.h"

#include <errno.h>
#include <string.h>
#include <xen/sched.h>

int pvn_ctl_create(struct pvn_ctl *c, uint32_t *domid, const struct xen_domctl_createdomain *config)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_createdomain, *domid);
	int rc;

	d.u.createdomain = *config;
	rc = pvn_ctl_domctl(c, &d);
	if (!rc)
		*domid = d.domain;
	return rc;
}

static int domctl_plain(struct pvn_ctl *c, uint32_t cmd, uint32_t domid)
{
	struct xen_domctl d = PVN_DOMCTL(cmd, domid);

	return pvn_ctl_domctl(c, &d);
}

/* Xen gives up the CPU in the middle of a long destruction: it is to be asked again. */
int pvn_ctl_destroy(struct pvn_ctl *c, uint32_t domid)
{
	int rc;

	do
		rc = domctl_plain(c, XEN_DOMCTL_destroydomain, domid);
	while (rc == -EAGAIN || rc == -ERESTART);
	return rc;
}

int pvn_ctl_pause(struct pvn_ctl *c, uint32_t domid)
{
	return domctl_plain(c, XEN_DOMCTL_pausedomain, domid);
}

int pvn_ctl_unpause(struct pvn_ctl *c, uint32_t domid)
{
	return domctl_plain(c, XEN_DOMCTL_unpausedomain, domid);
}

int pvn_ctl_resume(struct pvn_ctl *c, uint32_t domid)
{
	return domctl_plain(c, XEN_DOMCTL_resumedomain, domid);
}

int pvn_ctl_max_vcpus(struct pvn_ctl *c, uint32_t domid, uint32_t max)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_max_vcpus, domid);

	d.u.max_vcpus.max = max;
	return pvn_ctl_domctl(c, &d);
}

int pvn_ctl_max_mem(struct pvn_ctl *c, uint32_t domid, uint64_t kib)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_max_mem, domid);

	d.u.max_mem.max_memkb = kib;
	return pvn_ctl_domctl(c, &d);
}

int pvn_ctl_hypercall_init(struct pvn_ctl *c, uint32_t domid, uint64_t mfn)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_hypercall_init, domid);

	d.u.hypercall_init.gmfn = mfn;
	return pvn_ctl_domctl(c, &d);
}

int pvn_ctl_set_handle(struct pvn_ctl *c, uint32_t domid, const uint8_t uuid[16])
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_setdomainhandle, domid);

	memcpy(d.u.setdomainhandle.handle, uuid, 16);
	return pvn_ctl_domctl(c, &d);
}

int pvn_ctl_shutdown(struct pvn_ctl *c, uint32_t domid, unsigned reason)
{
	struct sched_remote_shutdown arg = { .domain_id = (domid_t)domid, .reason = reason };

	return (int)pvn_ctl_hypercall(c, __HYPERVISOR_sched_op, &arg, sizeof(arg),
				      SCHEDOP_remote_shutdown);
}

static int vcpu_context(struct pvn_ctl *c, uint32_t cmd, uint32_t domid, uint32_t vcpu,
			const struct vcpu_guest_context *in, struct vcpu_guest_context *out)
{
	struct xen_domctl d = PVN_DOMCTL(cmd, domid);
	struct vcpu_guest_context *buf = pvn_ctl_buffer(c, sizeof(*buf));
	int rc;

	if (!buf)
		return -errno;
	if (in)
		*buf = *in;
	d.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(d.u.vcpucontext.ctxt, buf);
	rc = pvn_ctl_domctl(c, &d);
	if (!rc && out)
		*out = *buf;
	pvn_ctl_buffer_free(c, buf);
	return rc;
}

int pvn_ctl_set_vcpu_context(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu,
			     const struct vcpu_guest_context *ctx)
{
	return vcpu_context(c, XEN_DOMCTL_setvcpucontext, domid, vcpu, ctx, NULL);
}

int pvn_ctl_get_vcpu_context(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu,
			     struct vcpu_guest_context *ctx)
{
	return vcpu_context(c, XEN_DOMCTL_getvcpucontext, domid, vcpu, NULL, ctx);
}

int pvn_ctl_vcpu_info(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu,
		      struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_getvcpuinfo, domid);
	int rc;

	d.u.getvcpuinfo.vcpu = vcpu;
	rc = pvn_ctl_domctl(c, &d);
	if (!rc)
		*info = d.u.getvcpuinfo;
	return rc;
}

/* A map of the caller's as a guest handle into buf.  The flag it stands for, 0: none. */
static uint32_t affinity_map(struct xenctl_bitmap *map, uint8_t *buf, const uint8_t *bits, uint32_t flag)
{
	if (!bits)
		return 0;
	memcpy(buf, bits, PVN_CTL_CPUMAP_BYTES);
	map->nr_bits = PVN_CTL_CPUMAP_BYTES * 8;
	set_xen_guest_handle(map->bitmap, buf);
	return flag;
}

static int affinity(struct pvn_ctl *c, struct xen_domctl *d, const uint8_t *hard, const uint8_t *soft, uint8_t *buf)
{
	struct xen_domctl_vcpuaffinity *a = &d->u.vcpuaffinity;

	a->flags |= affinity_map(&a->cpumap_hard, buf, hard, XEN_VCPUAFFINITY_HARD) |
		    affinity_map(&a->cpumap_soft, buf + PVN_CTL_CPUMAP_BYTES, soft, XEN_VCPUAFFINITY_SOFT);
	return pvn_ctl_domctl(c, d);
}

int pvn_ctl_set_affinity(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
			 const uint8_t *soft, int force)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_setvcpuaffinity, domid);
	uint8_t *buf = pvn_ctl_buffer(c, 2 * PVN_CTL_CPUMAP_BYTES);
	int rc;

	if (!buf)
		return -errno;
	d.u.vcpuaffinity.vcpu = vcpu;
	d.u.vcpuaffinity.flags = force ? XEN_VCPUAFFINITY_FORCE : 0;
	rc = affinity(c, &d, hard, soft, buf);
	pvn_ctl_buffer_free(c, buf);
	return rc;
}

int pvn_ctl_get_affinity(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu, uint8_t *hard, uint8_t *soft)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_getvcpuaffinity, domid);
	uint8_t *buf = pvn_ctl_buffer(c, 2 * PVN_CTL_CPUMAP_BYTES);
	int rc;

	if (!buf)
		return -errno;
	memset(hard, 0, PVN_CTL_CPUMAP_BYTES);
	memset(soft, 0, PVN_CTL_CPUMAP_BYTES);
	d.u.vcpuaffinity.vcpu = vcpu;
	rc = affinity(c, &d, hard, soft, buf);
	if (!rc) {
		memcpy(hard, buf, PVN_CTL_CPUMAP_BYTES);
		memcpy(soft, buf + PVN_CTL_CPUMAP_BYTES, PVN_CTL_CPUMAP_BYTES);
	}
	pvn_ctl_buffer_free(c, buf);
	return rc;
}

int pvn_ctl_trigger(struct pvn_ctl *c, uint32_t domid, uint32_t trigger, uint32_t vcpu)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_sendtrigger, domid);

	d.u.sendtrigger.trigger = trigger;
	d.u.sendtrigger.vcpu = vcpu;
	return pvn_ctl_domctl(c, &d);
}

int pvn_ctl_domain_info(struct pvn_ctl *c, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl d = PVN_DOMCTL(XEN_DOMCTL_getdomaininfo, domid);
	int rc = pvn_ctl_domctl(c, &d);

	if (rc)
		return rc;
	/* The hypercall answers for the next domain when there is no such one. */
	if (d.domain != domid || d.u.getdomaininfo.domain != domid)
		return -ESRCH;
	*info = d.u.getdomaininfo;
	return 0;
}

int pvn_ctl_domain_list(struct pvn_ctl *c, uint32_t first, uint32_t max,
			struct xen_domctl_getdomaininfo *infos)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_getdomaininfolist };
	struct xen_domctl_getdomaininfo *buf;
	int rc;

	if (!max)
		return 0;
	buf = pvn_ctl_buffer(c, max * sizeof(*buf));
	if (!buf)
		return -errno;
	s.u.getdomaininfolist.first_domain = (domid_t)first;
	s.u.getdomaininfolist.max_domains = max;
	set_xen_guest_handle(s.u.getdomaininfolist.buffer, buf);
	rc = pvn_ctl_sysctl(c, &s);
	if (!rc) {
		rc = (int)(s.u.getdomaininfolist.num_domains < max ?
			   s.u.getdomaininfolist.num_domains : max);
		memcpy(infos, buf, (size_t)rc * sizeof(*buf));
	}
	pvn_ctl_buffer_free(c, buf);
	return rc;
}

long pvn_ctl_populate(struct pvn_ctl *c, uint32_t domid, uint32_t nr, const xen_pfn_t *pfns,
		      xen_pfn_t *mfns)
{
	struct xen_memory_reservation r = { .nr_extents = nr, .domid = (domid_t)domid };
	xen_pfn_t *list = pvn_ctl_buffer(c, nr * sizeof(*list));
	long rc;

	if (!list)
		return -errno;
	/* The list goes in as pfns and comes back as mfns, as for libxenctrl's callers. */
	memcpy(list, pfns, nr * sizeof(*list));
	set_xen_guest_handle(r.extent_start, list);
	rc = pvn_ctl_hypercall(c, __HYPERVISOR_memory_op, &r, sizeof(r), XENMEM_populate_physmap);
	if (rc > 0)
		memcpy(mfns, list, (size_t)(rc < nr ? rc : nr) * sizeof(*list));
	pvn_ctl_buffer_free(c, list);
	return rc;
}

static long memory_domid(struct pvn_ctl *c, uint32_t domid, unsigned long cmd)
{
	domid_t arg = (domid_t)domid;

	return pvn_ctl_hypercall(c, __HYPERVISOR_memory_op, &arg, sizeof(arg), cmd);
}

long pvn_ctl_maximum_reservation(struct pvn_ctl *c, uint32_t domid)
{
	return memory_domid(c, domid, XENMEM_maximum_reservation);
}

long pvn_ctl_current_reservation(struct pvn_ctl *c, uint32_t domid)
{
	return memory_domid(c, domid, XENMEM_current_reservation);
}

int pvn_ctl_alloc_unbound(struct pvn_ctl *c, uint32_t domid, uint32_t remote)
{
	struct evtchn_alloc_unbound arg = { .dom = (domid_t)domid, .remote_dom = (domid_t)remote };
	long rc = pvn_ctl_hypercall(c, __HYPERVISOR_event_channel_op, &arg, sizeof(arg),
				    EVTCHNOP_alloc_unbound);

	return rc < 0 ? (int)rc : (int)arg.port;
}

int pvn_ctl_evtchn_status(struct pvn_ctl *c, struct evtchn_status *s)
{
	return (int)pvn_ctl_hypercall(c, __HYPERVISOR_event_channel_op, s, sizeof(*s), EVTCHNOP_status);
}
