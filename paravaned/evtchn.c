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
#include <string.h>

#include "paravaned/client.h"
#include "paravaned/domain.h"

/* The peer of a bound port of a domain, which goes back to waiting. */
static void unbind_peer(struct domain *d, struct port *p)
{
	struct domain *rd = p->state == PVN_PORT_LOOPBACK ? d : dom0;
	struct port *peer = port_lookup(rd, p->remote_port);

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

static void port_close(struct domain *d, struct port *p)
{
	if (p->state == PVN_PORT_INTERDOMAIN || p->state == PVN_PORT_LOOPBACK)
		unbind_peer(d, p);
	if (p->state == PVN_PORT_INTERDOMAIN)
		link_put(d, p->link);
	port_free(d, p);
}

/* A port that waits for remote to bind to it.  The port, -ESRCH, -ENOSPC or -ENOMEM. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote)
{
	struct port *p;
	int rc;

	if (remote == DOMID_SELF)
		remote = d->domid;
	if (!domain_by_id(remote))
		return -ESRCH;
	rc = port_alloc(d, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_UNBOUND;
	p->remote_domid = remote;
	port_publish(d, p);
	return (int)p->number;
}

static int bind_loopback(struct domain *d, uint64_t remote_port)
{
	struct port *rp = port_lookup(d, remote_port), *p;
	int rc;

	if (!rp || rp->state != PVN_PORT_UNBOUND || rp->remote_domid != d->domid)
		return -EINVAL;
	rc = port_alloc(d, &p);
	if (rc)
		return rc;
	rp->state = p->state = PVN_PORT_LOOPBACK;
	rp->remote_port = p->number;
	p->remote_port = rp->number;
	p->remote_domid = d->domid;
	port_publish(d, rp);
	port_publish(d, p);
	return (int)p->number;
}

/*
 * Bind to a port that a handle of the control domain keeps open for us, or to one of our own.
 * The port; -ESRCH; -EINVAL: it does not wait for us; -ENOSPC; -ENOMEM; -EAGAIN: the handle has
 * yet to hear of earlier bindings (a domain that binds and closes for ever must not cost the
 * handle its connection).
 */
int evtchn_bind_interdomain(struct domain *d, domid_t remote, uint64_t remote_port)
{
	struct pvn_msg_evtchn body = { .domid = d->domid };
	struct port *rp, *p;
	int rc;

	if (remote == DOMID_SELF || remote == d->domid)
		return bind_loopback(d, remote_port);
	if (!domain_by_id(remote))
		return -ESRCH;
	rp = remote == 0 ? port_lookup(dom0, remote_port) : NULL;
	if (!rp || rp->state != PVN_PORT_UNBOUND || rp->remote_domid != d->domid)
		return -EINVAL;
	if (client_is_behind(rp->owner))
		return -EAGAIN;
	rc = port_alloc(d, &p);
	if (rc)
		return rc;
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

static bool virq_bound(struct domain *d, uint64_t virq, uint64_t vcpu)
{
	struct port *p;
	uint32_t i;

	for (i = 1; i < d->nr_ports; i++) {
		p = port_lookup(d, i);
		if (p && p->state == PVN_PORT_VIRQ && p->virq == virq && p->vcpu == vcpu)
			return true;
	}
	return false;
}

/*
 * The port; -EINVAL: no such virq; -EBUSY: a virq of the control domain; -ENOENT: no such vCPU;
 * -EEXIST: bound already; -ENOSPC; -ENOMEM.
 */
int evtchn_bind_virq(struct domain *d, uint64_t virq, uint64_t vcpu)
{
	struct port *p;
	int rc;

	if (virq >= NR_VIRQS)
		return -EINVAL;
	if (virq == VIRQ_ARGO && vcpu)
		return -EINVAL;
	if (virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU &&
	    virq != VIRQ_ARGO)
		return -EBUSY;
	if (vcpu >= d->max_vcpus)
		return -ENOENT;
	if (virq_bound(d, virq, vcpu))
		return -EEXIST;
	rc = port_alloc(d, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_VIRQ;
	p->virq = (uint16_t)virq;
	p->vcpu = (uint16_t)vcpu;
	port_publish(d, p);
	return (int)p->number;
}

int evtchn_bind_ipi(struct domain *d, uint64_t vcpu)
{
	struct port *p;
	int rc;

	if (vcpu >= d->max_vcpus)
		return -ENOENT;
	rc = port_alloc(d, &p);
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

	if (!port || port >= d->max_ports)
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
