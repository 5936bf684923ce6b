/* SPDX-License-Identifier: MIT */
/*
 * Event channel ports of all domains.  Errors are Xen's: -ESRCH unknown domain, -ENOENT bad vCPU,
 * -ENOSPC table full, -EPERM a port of others, -EINVAL a port in the wrong state.
 */
#ifndef PARAVANED_EVTCHN_H
#define PARAVANED_EVTCHN_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/event_channel.h>

struct client;
struct domain;
struct port;
struct vcpu;

/* port.c: the table of one domain */
int port_alloc(struct domain *d, uint64_t from, struct port **out);	/* still free until its state is set */
struct port *port_lookup(struct domain *d, uint64_t port);	/* NULL: no such port, or free */
void port_free(struct domain *d, struct port *p);
int port_table_init(struct domain *d);
void port_table_free(struct domain *d);
void port_publish(struct domain *d, const struct port *p);	/* tell the image */

/* link.c: the ways from a domain to control-domain handles */
int link_get(struct domain *d, struct client *c, uint8_t *link, uint32_t *is_new);
void link_put(struct domain *d, uint8_t link);

/* evtchn.c: on behalf of a domain; results are ports, not below `from`, or 0 */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint64_t from);
int evtchn_bind_interdomain(struct domain *d, uint64_t remote, uint64_t remote_port, uint64_t from);
int evtchn_bind_virq(struct domain *d, uint64_t virq, uint64_t vcpu, uint64_t from);
int evtchn_bind_ipi(struct domain *d, uint64_t vcpu, uint64_t from);
int evtchn_close(struct domain *d, uint64_t port);
int evtchn_reset(struct domain *d);
int evtchn_status(struct domain *d, uint64_t port, struct evtchn_status *st);
void evtchn_destroy_domain(struct domain *d);

/* evtchn_control.c: ports of the control domain, which belong to client handles */
void evtchn_raise_virq(uint32_t virq);
int64_t evtchn_control_message(struct client *c, uint32_t op, void *body, int *fd);
void evtchn_client_gone(struct client *c);
void evtchn_peer_closed(struct port *control_port);

/* evtchn_send.c */
int evtchn_control_send(uint64_t port);
void evtchn_peer_send(struct domain *d, uint64_t port);
void vcpu_nmi(struct vcpu *v);	/* as `xl trigger nmi' sends it */

#endif
