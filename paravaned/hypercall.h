/* SPDX-License-Identifier: MIT */
/* Hypercalls of the control domain: one function per number, guest pointers as client addresses. */
#ifndef PARAVANED_HYPERCALL_H
#define PARAVANED_HYPERCALL_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/domctl.h>

struct client;
struct domain;

/* The result as Xen returns it: >= 0 or a negative errno. */
int64_t hypercall(struct client *c, uint64_t nr, const uint64_t a[5]);

int64_t do_domctl(struct client *c, uint64_t arg);
int64_t do_sysctl(struct client *c, uint64_t arg);
int64_t do_event_channel_op(struct client *c, uint64_t cmd, uint64_t arg);
int64_t do_xen_version(struct client *c, uint64_t cmd, uint64_t arg);

/* domctl_vcpu.c: those that name a vCPU */
int64_t domctl_setvcpucontext(struct client *c, struct domain *d, struct xen_domctl *op);
int64_t domctl_getvcpucontext(struct client *c, struct domain *d, struct xen_domctl *op);
int64_t domctl_getvcpuinfo(struct client *c, struct domain *d, struct xen_domctl *op);
int64_t domctl_setvcpuaffinity(struct client *c, struct domain *d, struct xen_domctl *op);
int64_t domctl_getvcpuaffinity(struct client *c, struct domain *d, struct xen_domctl *op);
int64_t domctl_sendtrigger(struct client *c, struct domain *d, struct xen_domctl *op);

/* debug_keys.c */
struct xen_sysctl;
int64_t sysctl_debug_keys(struct client *c, struct xen_sysctl *op);

/* sysctl_topology.c */
int64_t sysctl_cputopoinfo(struct client *c, struct xen_sysctl *op);
int64_t sysctl_numainfo(struct client *c, struct xen_sysctl *op);
int64_t sysctl_cpupool_op(struct client *c, struct xen_sysctl *op);
int64_t sysctl_getcpuinfo(struct client *c, struct xen_sysctl *op);
int bitmap_to_client(struct client *c, struct xenctl_bitmap *map, const uint8_t *bits, uint32_t nr);

#endif
