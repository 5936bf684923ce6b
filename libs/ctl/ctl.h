/* SPDX-License-Identifier: MIT */
/*
 * The control domain's hypercalls as functions: what libxenctrl is to Xen's tools.
 * Called by toolstack/, xenstored/ and backends/; stands on libxencall alone.
 *
 * Every function returns >= 0 or -errno (Xen's errno in the host's numbers).  Not thread-safe:
 * one struct pvn_ctl per thread.
 */
#ifndef PVN_CTL_CTL_H
#define PVN_CTL_CTL_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/memory.h>
#include <xen/event_channel.h>
#include <xen/vcpu.h>
#include <xen/version.h>

struct pvn_ctl;

int pvn_ctl_open(struct pvn_ctl **c);	/* -ECONNREFUSED, -ENOENT: paravaned is not there; -EPROTO: another version */
void pvn_ctl_close(struct pvn_ctl *c);	/* NULL is fine */

/* --- raw: interface_version is filled in; the structure is copied both ways --- */

int pvn_ctl_domctl(struct pvn_ctl *c, struct xen_domctl *d);	/* no guest handles inside */
int pvn_ctl_sysctl(struct pvn_ctl *c, struct xen_sysctl *s);	/* no guest handles inside */
/* hypercall nr(cmd, arg): the shape of memory_op, event_channel_op, xen_version, grant_table_op/1 ... */
long pvn_ctl_hypercall(struct pvn_ctl *c, unsigned nr, void *arg, size_t len, unsigned long cmd);

/* Memory for guest handles inside arguments; set_xen_guest_handle() takes the pointer. */
void *pvn_ctl_buffer(struct pvn_ctl *c, size_t bytes);		/* NULL: no memory; zeroed */
void pvn_ctl_buffer_free(struct pvn_ctl *c, void *p);

/* --- domains --- */

/* XEN_DOMCTL_createdomain. *domid 0: choose one; filled.  -EEXIST, -ENOMEM ... */
int pvn_ctl_create(struct pvn_ctl *c, uint32_t *domid, const struct xen_domctl_createdomain *config);
int pvn_ctl_destroy(struct pvn_ctl *c, uint32_t domid);
int pvn_ctl_pause(struct pvn_ctl *c, uint32_t domid);
int pvn_ctl_unpause(struct pvn_ctl *c, uint32_t domid);
int pvn_ctl_resume(struct pvn_ctl *c, uint32_t domid);
int pvn_ctl_max_vcpus(struct pvn_ctl *c, uint32_t domid, uint32_t max);
int pvn_ctl_max_mem(struct pvn_ctl *c, uint32_t domid, uint64_t kib);
int pvn_ctl_hypercall_init(struct pvn_ctl *c, uint32_t domid, uint64_t mfn);
int pvn_ctl_set_handle(struct pvn_ctl *c, uint32_t domid, const uint8_t uuid[16]);
int pvn_ctl_shutdown(struct pvn_ctl *c, uint32_t domid, unsigned reason);	/* SCHEDOP_remote_shutdown */
int pvn_ctl_set_vcpu_context(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu,
			     const struct vcpu_guest_context *ctx);
int pvn_ctl_get_vcpu_context(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu,
			     struct vcpu_guest_context *ctx);
int pvn_ctl_vcpu_info(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu,
		      struct xen_domctl_getvcpuinfo *info);

/*
 * XEN_DOMCTL_setvcpuaffinity, getvcpuaffinity: maps of PVN_CTL_CPUMAP_BYTES, a NULL one is left alone.
 * force: undo what the guest has pinned itself.
 */
#define PVN_CTL_CPUMAP_BYTES	64
int pvn_ctl_set_affinity(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
			 const uint8_t *soft, int force);
int pvn_ctl_get_affinity(struct pvn_ctl *c, uint32_t domid, uint32_t vcpu, uint8_t *hard, uint8_t *soft);
/* XEN_DOMCTL_SENDTRIGGER_*.  -ESRCH: no such vCPU; -EINVAL, -ENOSYS: not for PV. */
int pvn_ctl_trigger(struct pvn_ctl *c, uint32_t domid, uint32_t trigger, uint32_t vcpu);

/* Exactly that domain, or -ESRCH. */
int pvn_ctl_domain_info(struct pvn_ctl *c, uint32_t domid, struct xen_domctl_getdomaininfo *info);
/* Domains with domid >= first, in order, at most max of them.  Count or -errno. */
int pvn_ctl_domain_list(struct pvn_ctl *c, uint32_t first, uint32_t max,
			struct xen_domctl_getdomaininfo *infos);

/* --- memory --- */

/* XENMEM_populate_physmap, pages of 4 KiB: frames for pfns[], their mfns into mfns[].  Count done
 * (may be fewer than nr: no more memory) or -errno. */
long pvn_ctl_populate(struct pvn_ctl *c, uint32_t domid, uint32_t nr, const xen_pfn_t *pfns,
		      xen_pfn_t *mfns);
long pvn_ctl_maximum_reservation(struct pvn_ctl *c, uint32_t domid);	/* pages */
long pvn_ctl_current_reservation(struct pvn_ctl *c, uint32_t domid);	/* pages */

/* --- event channels: a port of domid that waits for remote (0 = the control domain) --- */
int pvn_ctl_alloc_unbound(struct pvn_ctl *c, uint32_t domid, uint32_t remote);	/* port or -errno */
int pvn_ctl_evtchn_status(struct pvn_ctl *c, struct evtchn_status *s);

/* --- the machine --- */

int pvn_ctl_physinfo(struct pvn_ctl *c, struct xen_sysctl_physinfo *info);
int pvn_ctl_sched_id(struct pvn_ctl *c, uint32_t *id);
/* XEN_SYSCTL_debug_keys: one thing said on the console ring per key. */
int pvn_ctl_debug_keys(struct pvn_ctl *c, const char *keys);
/* XEN_SYSCTL_readconsole: the machine's console ring.  At most *len bytes into buf, *len = how many;
 * incremental: from *index on, *index moves on. */
int pvn_ctl_readconsole(struct pvn_ctl *c, char *buf, uint32_t *len, int clear, int incremental,
			uint32_t *index);
/* xen_version(cmd): for XENVER_version arg may be NULL and the result is major << 16 | minor. */
long pvn_ctl_version(struct pvn_ctl *c, int cmd, void *arg, size_t len);

#endif
