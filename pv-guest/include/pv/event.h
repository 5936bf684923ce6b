/* SPDX-License-Identifier: MIT */
/* Event channels (2-level). Handlers run in upcall context. */
#ifndef PV_EVENT_H
#define PV_EVENT_H

#include <pv/types.h>
#include <xen/xen.h>
#include <xen/event_channel.h>

struct cpu;
typedef void evtchn_handler_t(evtchn_port_t port, void *data);

/* A port some domain may bind. It stays masked until evtchn_set_handler. 0 or -errno. */
int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port);
int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port);
/* Names the handler and unmasks. name is kept (a literal); shown by `events`. */
int evtchn_set_handler(evtchn_port_t port, evtchn_handler_t *fn, void *data, const char *name);
/* bind + set_handler for a per-vCPU virq of this vCPU or a global one. */
int evtchn_bind_virq(unsigned int virq, evtchn_handler_t *fn, void *data, const char *name,
		     evtchn_port_t *port);
/* Masks, forgets the handler, closes. */
void evtchn_unbind(evtchn_port_t port);
/* The port is served on c, where the hypervisor delivers it, instead of on the first vCPU. */
void evtchn_claim(evtchn_port_t port, struct cpu *c);
/* c goes offline: what is served there is from now on served on the first vCPU. */
void evtchn_leave(struct cpu *c);
int evtchn_notify(evtchn_port_t port);
void evtchn_mask(evtchn_port_t port);
void evtchn_unmask(evtchn_port_t port);

#endif
