/* SPDX-License-Identifier: MIT */
/*
 * Ports of the control domain: binding, unbinding, and what paravaned says of them unasked.
 *
 * Order: the messages that came in before a reply are taken before the reply is, so that our idea
 * of a link's life is paravaned's.
 */
#include "config.h"
#include <xenevtchn.h>

#include "libs/client/handle.h"
#include "libs/xenevtchn/private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct binding *binding_find(struct xenevtchn_handle *h, uint32_t port)
{
	return port < h->nr_by_port ? h->by_port[port] : NULL;
}

void binding_fire(struct xenevtchn_handle *h, struct binding *b)
{
	/* The report that waits to be taken stands for this event, too. */
	if (b->ready)
		return;
	if (b->masked) {
		b->fired = true;
		return;
	}
	b->masked = b->ready = true;
	if (b->link)
		b->link->nr_masked++;
	TAILQ_INSERT_TAIL(&h->ready, b, entry);
}

static int binding_table_grow(struct xenevtchn_handle *h, uint32_t port)
{
	uint32_t n = h->nr_by_port ? h->nr_by_port : 64;
	struct binding **t;

	if (port >= PORTS_MAX)
		return -ENOSPC;
	while (n <= port)
		n *= 2;
	if (n == h->nr_by_port)
		return 0;
	t = reallocarray(h->by_port, n, sizeof(*t));
	if (!t)
		return -ENOMEM;
	memset(t + h->nr_by_port, 0, (n - h->nr_by_port) * sizeof(*t));
	h->by_port = t;
	h->nr_by_port = n;
	return 0;
}

static int binding_add(struct xenevtchn_handle *h, uint32_t port, enum binding_kind kind,
		       struct binding **out)
{
	struct binding *b;
	int rc = binding_table_grow(h, port);

	if (rc)
		return rc;
	if (h->by_port[port])
		return -EPROTO;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->port = port;
	b->kind = kind;
	h->by_port[port] = b;
	*out = b;
	return 0;
}

static void binding_free(struct xenevtchn_handle *h, struct binding *b)
{
	if (b->ready)
		TAILQ_REMOVE(&h->ready, b, entry);
	h->by_port[b->port] = NULL;
	free(b);
}

void bindings_free(struct xenevtchn_handle *h)
{
	uint32_t i;

	for (i = 0; i < h->nr_by_port; i++)
		if (h->by_port[i])
			binding_free(h, h->by_port[i]);
	free(h->by_port);
}

static void peer_bound(struct xenevtchn_handle *h, struct pvn_unasked *m)
{
	struct binding *b = binding_find(h, m->evtchn.local_port);

	if (!b || b->kind != BINDING_UNBOUND)
		return;
	/* What fails here leaves a port that never fires, as with a peer that never sends.  What the
	 * peer sent before this message was read found no port on the link: fire for it. */
	if (!link_bind(h, b, &m->evtchn, &m->fds[0]))
		binding_fire(h, b);
}

static void peer_closed(struct xenevtchn_handle *h, struct binding *b)
{
	int domid = b->link->domid;

	/* Its last words. */
	link_drain(h, b->link);
	link_detach(b);
	link_reap(h, domid);
}

static void take_message(struct xenevtchn_handle *h, struct pvn_unasked *m)
{
	struct binding *b;

	switch (m->op) {
	case PVN_MSG_EVENT_BOUND:
		peer_bound(h, m);
		break;
	case PVN_MSG_EVENT_PEER_CLOSED:
		b = binding_find(h, m->evtchn.local_port);
		if (b && b->kind == BINDING_INTERDOMAIN)
			peer_closed(h, b);
		break;
	case PVN_MSG_EVENT_VIRQ:
		b = binding_find(h, m->evtchn.local_port);
		if (b && b->kind == BINDING_VIRQ)
			binding_fire(h, b);
		break;
	case PVN_MSG_EVENT_DOMAIN_GONE:
		pvn_domain_gone(&h->domains, &m->domain);
		break;
	}
}

int evtchn_take_messages(struct xenevtchn_handle *h)
{
	struct pvn_unasked *m;
	int rc;

	while ((rc = pvn_conn_unasked(&h->conn, &m)) == 1) {
		take_message(h, m);
		pvn_unasked_free(m);
	}
	return rc;
}

/* What came in with requests: nothing shows on the connection any more. */
static void take_queued(struct xenevtchn_handle *h)
{
	struct pvn_unasked *m;

	while (h->conn.first && pvn_conn_unasked(&h->conn, &m) == 1) {
		take_message(h, m);
		pvn_unasked_free(m);
	}
}

void evtchn_settle(struct xenevtchn_handle *h)
{
	take_queued(h);
	evtchn_kick(h);
}

static int bind_request(struct xenevtchn_handle *h, uint32_t op, struct pvn_msg_evtchn *m, int *doorbell)
{
	struct pvn_request_args a = {
		.op = op, .body = m, .len = sizeof(*m), .send_fd = -1,
		.reply = m, .reply_len = sizeof(*m),
	};
	int rc = pvn_conn_request(&h->conn, &a);

	take_queued(h);
	*doorbell = a.fds[0];
	if (a.fds[1] >= 0)
		close(a.fds[1]);
	return rc < 0 ? rc : 0;
}

static int unbind_request(struct xenevtchn_handle *h, uint32_t port)
{
	struct pvn_msg_evtchn m = { .local_port = port };
	int rc = pvn_conn_call(&h->conn, PVN_MSG_EVTCHN_UNBIND, &m, sizeof(m), NULL, 0);

	take_queued(h);
	return rc < 0 ? rc : 0;
}

/* Ask paravaned for a port; the port or -1. */
static int bind_port(struct xenevtchn_handle *h, uint32_t op, enum binding_kind kind,
		     struct pvn_msg_evtchn *m)
{
	int doorbell = -1, rc;
	struct binding *b;

	evtchn_lock(h);
	rc = bind_request(h, op, m, &doorbell);
	if (!rc) {
		rc = binding_add(h, m->local_port, kind == BINDING_INTERDOMAIN ? BINDING_UNBOUND : kind, &b);
		if (!rc && kind == BINDING_INTERDOMAIN) {
			rc = link_bind(h, b, m, &doorbell);
			if (rc)
				binding_free(h, b);
			else	/* notifications on the unbound port may have been lost: Xen sets it pending */
				binding_fire(h, b);
		}
		if (rc)
			unbind_request(h, m->local_port);
	}
	evtchn_settle(h);
	evtchn_unlock(h);
	if (doorbell >= 0)
		close(doorbell);
	return rc ? pvn_errno(rc) : (int)m->local_port;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *h, uint32_t domid)
{
	struct pvn_msg_evtchn m = { .domid = (uint16_t)domid };

	if (domid > UINT16_MAX)
		return pvn_errno(-ESRCH);
	return bind_port(h, PVN_MSG_EVTCHN_BIND_UNBOUND, BINDING_UNBOUND, &m);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h, uint32_t domid,
						     evtchn_port_t remote_port)
{
	struct pvn_msg_evtchn m = { .domid = (uint16_t)domid, .remote_port = remote_port };

	if (domid > UINT16_MAX)
		return pvn_errno(-ESRCH);
	return bind_port(h, PVN_MSG_EVTCHN_BIND_INTERDOMAIN, BINDING_INTERDOMAIN, &m);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h, unsigned int virq)
{
	struct pvn_msg_evtchn m = { .virq = (uint16_t)virq };

	if (virq > UINT16_MAX)
		return pvn_errno(-EINVAL);
	return bind_port(h, PVN_MSG_EVTCHN_BIND_VIRQ, BINDING_VIRQ, &m);
}

/*
 * The link is looked at for the last time before paravaned is asked: after that it may be somebody
 * else's.  It stays until the answer, since ports bound over it before are bound to the same link.
 */
int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
	struct binding *b;
	int domid = -1, rc = -ENOTCONN;

	evtchn_lock(h);
	b = binding_find(h, port);
	if (b) {
		if (b->link) {
			domid = b->link->domid;
			link_drain(h, b->link);
			link_detach(b);
		}
		rc = unbind_request(h, port);
		link_reap(h, domid);
		binding_free(h, b);
	}
	evtchn_settle(h);
	evtchn_unlock(h);
	return pvn_errno(rc);
}
