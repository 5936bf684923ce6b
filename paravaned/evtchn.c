/* SPDX-License-Identifier: MIT */
/*
 * Event channel operations of a domain, asked by its image (request.c) or by the control domain
 * on its behalf (event_channel_op.c).  The rules and errnos are those of <xen/event_channel.h> as
 * Xen 4.17 keeps them.
 *
 * Ends of a channel: the domain's port names the link to a control-domain handle, the control
 * domain's port (its owner is that handle) names the domain and its port.  Closing one end turns
 * the other one back to unbound.
 */
#include "config.h"
#include "paravaned/evtchn.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "paravaned/client.h"
#include "paravaned/domain.h"

/* The peer of a bound port of a domain, which goes back to waiting. */
static void unbind_peer(struct domain *d, struct port *p)
{
	struct domain *rd = domain_by_id(p->remote_domid);
	struct port *peer = rd ? port_lookup(rd, p->remote_port) : NULL;

	if (!peer)
		return;
	peer->state = PVN_PORT_UNBOUND;
	peer->remote_domid = d->domid;
	peer->remote_port = 0;
	if (rd == dom0)
		evtchn_peer_closed(peer);
	else
		port_publish(d, peer);
}

static uint32_t *virq_slot(struct domain *d, uint64_t virq, uint64_t vcpu)
{
	return &d->virq_port[vcpu * NR_VIRQS + virq];
}

static void port_close(struct domain *d, struct port *p)
{
	switch (p->state) {
	case PVN_PORT_INTERDOMAIN:
		unbind_peer(d, p);
		link_put(d, p->link);
		break;
	case PVN_PORT_LOOPBACK:
	case PVN_PORT_PEER:
		unbind_peer(d, p);
		break;
	case PVN_PORT_VIRQ:
		*virq_slot(d, p->virq, p->vcpu) = 0;
		break;
	}
	port_free(d, p);
}

/* A port that waits for remote to bind to it, there or not.  The port, -ENOSPC or -ENOMEM. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint64_t from)
{
	struct port *p;
	int rc;

	rc = port_alloc(d, from, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_UNBOUND;
	p->remote_domid = remote == DOMID_SELF ? d->domid : remote;
	port_publish(d, p);
	return (int)p->number;
}

/* Both ends are ports of domains, perhaps of one. */
static int bind_ports(struct domain *d, struct port *p, struct domain *rd, struct port *rp)
{
	p->state = rp->state = d == rd ? PVN_PORT_LOOPBACK : PVN_PORT_PEER;
	rp->remote_port = p->number;
	p->remote_port = rp->number;
	p->remote_domid = rd->domid;
	port_publish(rd, rp);
	port_publish(d, p);
	return (int)p->number;
}

/* The far end belongs to a handle of the control domain. */
static int bind_control(struct domain *d, struct port *p, struct port *rp)
{
	struct pvn_msg_evtchn body = { .domid = d->domid };
	int rc;

	if (client_is_behind(rp->owner))
		return -EAGAIN;
	rc = link_get(d, rp->owner, &p->link, &body.link_new);
	if (rc)
		return rc;
	rp->state = p->state = PVN_PORT_INTERDOMAIN;
	rp->remote_port = body.remote_port = p->number;
	p->remote_port = body.local_port = rp->number;
	p->remote_domid = 0;
	body.link = p->link;
	port_publish(d, p);
	client_send_event(rp->owner, PVN_MSG_EVENT_BOUND, &body, sizeof(body),
			  body.link_new ? d->link[p->link].doorbell : -1);
	return (int)p->number;
}

/*
 * Bind to a port of another domain, of a handle of the control domain, or of our own.
 * The port; -ESRCH; -ENOSPC; -ENOMEM; -EINVAL: it does not wait for us; -EAGAIN: the handle has
 * yet to hear of earlier bindings (a domain that binds and closes for ever must not cost the
 * handle its connection).
 */
int evtchn_bind_interdomain(struct domain *d, uint64_t remote, uint64_t remote_port, uint64_t from)
{
	struct domain *rd = remote == DOMID_SELF ? d : remote > DOMID_MASK ? NULL : domain_by_id((domid_t)remote);
	struct port *rp, *p;
	int rc;

	if (!rd)
		return -ESRCH;
	rc = port_alloc(d, from, &p);
	if (rc)
		return rc;
	rp = port_lookup(rd, remote_port);
	if (!rp || rp->state != PVN_PORT_UNBOUND || rp->remote_domid != d->domid)
		return -EINVAL;
	return rd == dom0 ? bind_control(d, p, rp) : bind_ports(d, p, rd, rp);
}

/* The others are one per domain, bound on vCPU 0 (<xen/xen.h>); all of x86's own are. */
static bool virq_is_global(uint64_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

/*
 * The port; -EINVAL: no such virq, or a global one on another vCPU than 0; -ENOENT: no such vCPU;
 * -EEXIST: bound already; -ENOSPC; -ENOMEM.  As with Xen 4.17 a domain may bind a virq that only
 * the control domain gets; it never fires.
 */
int evtchn_bind_virq(struct domain *d, uint64_t virq, uint64_t vcpu, uint64_t from)
{
	struct port *p;
	int rc;

	if (virq >= NR_VIRQS || (virq_is_global(virq) && vcpu))
		return -EINVAL;
	if (vcpu >= d->max_vcpus)
		return -ENOENT;
	if (!d->virq_port)
		d->virq_port = calloc((size_t)d->max_vcpus * NR_VIRQS, sizeof(*d->virq_port));
	if (!d->virq_port)
		return -ENOMEM;
	if (*virq_slot(d, virq, vcpu))
		return -EEXIST;
	rc = port_alloc(d, from, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_VIRQ;
	p->virq = (uint16_t)virq;
	p->vcpu = (uint16_t)vcpu;
	*virq_slot(d, virq, vcpu) = p->number;
	port_publish(d, p);
	return (int)p->number;
}

int evtchn_bind_ipi(struct domain *d, uint64_t vcpu, uint64_t from)
{
	struct port *p;
	int rc;

	if (vcpu >= d->max_vcpus)
		return -ENOENT;
	rc = port_alloc(d, from, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_IPI;
	p->vcpu = (uint16_t)vcpu;
	port_publish(d, p);
	return (int)p->number;
}

int evtchn_close(struct domain *d, uint64_t port)
{
	struct port *p = port_lookup(d, port);

	if (!p)
		return -EINVAL;
	port_close(d, p);
	return 0;
}

int evtchn_reset(struct domain *d)
{
	struct port *p;
	uint32_t i;

	for (i = 1; i < d->nr_ports; i++) {
		p = port_lookup(d, i);
		if (p)
			port_close(d, p);
	}
	return 0;
}

/* Fills st but for dom and port.  0, or -EINVAL: beyond the table. */
int evtchn_status(struct domain *d, uint64_t port, struct evtchn_status *st)
{
	struct port *p = port_lookup(d, port);

	if (port >= d->nr_ports)
		return -EINVAL;
	st->status = EVTCHNSTAT_closed;
	st->vcpu = 0;
	memset(&st->u, 0, sizeof(st->u));
	if (!p)
		return 0;
	st->vcpu = p->vcpu;
	switch (p->state) {
	case PVN_PORT_UNBOUND:
		st->status = EVTCHNSTAT_unbound;
		st->u.unbound.dom = p->remote_domid;
		break;
	case PVN_PORT_INTERDOMAIN:
	case PVN_PORT_LOOPBACK:
	case PVN_PORT_PEER:
		st->status = EVTCHNSTAT_interdomain;
		st->u.interdomain.dom = p->remote_domid;
		st->u.interdomain.port = p->remote_port;
		break;
	case PVN_PORT_VIRQ:
		st->status = EVTCHNSTAT_virq;
		st->u.virq = p->virq;
		break;
	default:
		st->status = EVTCHNSTAT_ipi;
	}
	return 0;
}

void evtchn_destroy_domain(struct domain *d)
{
	evtchn_reset(d);
}
