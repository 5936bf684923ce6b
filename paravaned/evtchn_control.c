/* SPDX-License-Identifier: MIT */
/*
 * Ports of the control domain.  Each belongs to the client handle that bound it; the numbers are
 * those of domain 0 as a whole, as /dev/xen/evtchn has them.  Called by message.c.
 */
#include "config.h"
#include "paravaned/evtchn.h"

#include <errno.h>
#include <string.h>

#include "libs/util/loop.h"
#include "paravaned/client.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"

/* Who bound each virq of the control domain, 0: nobody. */
static uint32_t virq_port[NR_VIRQS];
static uint32_t virq_pending;	/* a bit per virq raised in this turn of the loop */

_Static_assert(NR_VIRQS <= 32, "virq_pending");

static int port_alloc_owned(struct client *c, struct port **out)
{
	int rc = port_alloc(dom0, 0, out);

	if (rc)
		return rc;
	(*out)->owner = c;
	LIST_INSERT_HEAD(&c->ports, *out, of_owner);
	return 0;
}

/* 0; -ESRCH; -EINVAL: that port does not wait for the control domain; -ENOSPC; -ENOMEM. */
static int bind_interdomain(struct client *c, struct pvn_msg_evtchn *m, int *fd)
{
	struct domain *d = domain_by_id(m->domid);
	struct port *rp, *p;
	uint8_t link;
	int rc;

	if (!d || d == dom0)
		return -ESRCH;
	rp = port_lookup(d, m->remote_port);
	if (!rp || rp->state != PVN_PORT_UNBOUND || rp->remote_domid != 0)
		return -EINVAL;
	rc = link_get(d, c, &link, &m->link_new);
	if (rc)
		return rc;
	rc = port_alloc_owned(c, &p);
	if (rc) {
		link_put(d, link);
		return rc;
	}
	p->state = rp->state = PVN_PORT_INTERDOMAIN;
	p->remote_domid = d->domid;
	p->remote_port = rp->number;
	rp->remote_port = m->local_port = p->number;
	rp->link = link;
	m->link = link;
	port_publish(d, rp);
	if (m->link_new)
		*fd = d->link[link].doorbell;
	return 0;
}

static int bind_unbound(struct client *c, struct pvn_msg_evtchn *m)
{
	struct port *p;
	int rc;

	if (!domain_by_id(m->domid) || m->domid == 0)
		return -ESRCH;
	rc = port_alloc_owned(c, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_UNBOUND;
	p->remote_domid = m->domid;
	m->local_port = p->number;
	return 0;
}

static int bind_virq(struct client *c, struct pvn_msg_evtchn *m)
{
	struct port *p;
	int rc;

	if (m->virq >= NR_VIRQS)
		return -EINVAL;
	if (virq_port[m->virq])
		return -EEXIST;
	rc = port_alloc_owned(c, &p);
	if (rc)
		return rc;
	p->state = PVN_PORT_VIRQ;
	p->virq = m->virq;
	virq_port[m->virq] = m->local_port = p->number;
	return 0;
}

static void control_close(struct port *p)
{
	struct domain *d = domain_by_id(p->remote_domid);
	struct port *peer = p->state == PVN_PORT_INTERDOMAIN && d ? port_lookup(d, p->remote_port) : NULL;

	if (peer) {
		link_put(d, peer->link);
		peer->state = PVN_PORT_UNBOUND;
		peer->remote_domid = 0;
		peer->remote_port = 0;
		port_publish(d, peer);
	}
	if (p->state == PVN_PORT_VIRQ)
		virq_port[p->virq] = 0;
	port_free(dom0, p);
}

static int unbind(struct client *c, struct pvn_msg_evtchn *m)
{
	struct port *p = port_lookup(dom0, m->local_port);

	if (!p || p->owner != c)
		return -EINVAL;
	control_close(p);
	return 0;
}

/* *fd: a doorbell to send along, ours.  0 or -errno. */
int64_t evtchn_control_message(struct client *c, uint32_t op, void *body, int *fd)
{
	struct pvn_msg_evtchn *m = body;

	m->link_new = 0;
	switch (op) {
	case PVN_MSG_EVTCHN_BIND_INTERDOMAIN:
		return bind_interdomain(c, m, fd);
	case PVN_MSG_EVTCHN_BIND_UNBOUND:
		return bind_unbound(c, m);
	case PVN_MSG_EVTCHN_BIND_VIRQ:
		return bind_virq(c, m);
	default:
		return unbind(c, m);
	}
}

static void virq_send(uint32_t virq)
{
	struct port *p = port_lookup(dom0, virq_port[virq]);
	struct pvn_msg_evtchn body = { .virq = (uint16_t)virq, .local_port = virq_port[virq] };

	if (p)
		client_send_event(p->owner, PVN_MSG_EVENT_VIRQ, &body, sizeof(body), -1);
}

static void virqs_send(void *unused)
{
	uint32_t pending = virq_pending;

	virq_pending = 0;
	while (pending) {
		uint32_t virq = (uint32_t)__builtin_ctz(pending);

		pending &= pending - 1;
		virq_send(virq);
	}
}

/* At most one message per turn of the loop, however much happened in it. */
void evtchn_raise_virq(uint32_t virq)
{
	uint32_t before = virq_pending;

	if (!virq_port[virq])
		return;
	virq_pending |= 1U << virq;
	if (!before && pvn_loop_add_deferred(machine.loop, virqs_send, NULL))
		virqs_send(NULL);
}

/* The domain closed its end, or died: the handle that owns this one is told. */
void evtchn_peer_closed(struct port *p)
{
	struct pvn_msg_evtchn body = { .domid = p->remote_domid, .local_port = p->number };

	client_send_event(p->owner, PVN_MSG_EVENT_PEER_CLOSED, &body, sizeof(body), -1);
}

void evtchn_client_gone(struct client *c)
{
	struct port *p;

	while ((p = LIST_FIRST(&c->ports)))
		control_close(p);
}
