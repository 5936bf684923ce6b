/* SPDX-License-Identifier: MIT */
/*
 * The machine by way of the control domain's libraries: who is there (libs/ctl), the ring pages
 * (libxengnttab), the events (libxenevtchn).
 *
 * One handle serves the event channels of all rings and VIRQ_DOM_EXC.  Trusts the machine, not
 * the domains.
 */
#include "config.h"
#include "xenstored/machine.h"

#include "libs/ctl/ctl.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/ring-conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenevtchn.h>
#include <xengnttab.h>

/* Events taken before other descriptors get their turn. */
#define EVENT_BUDGET	64

struct machine {
	struct pvn_loop *loop;
	struct store *store;
	struct pvn_ctl *ctl;
	xenevtchn_handle *xce;
	xengnttab_handle *xgt;
	struct pvn_watch *watch;
	xenevtchn_port_or_error_t virq_port;
	struct ring_conn **by_port;
	uint32_t nr_ports;
	bool lost;
};

static void state_of(const struct xen_domctl_getdomaininfo *info, struct domain_state *st)
{
	st->domid = info->domain;
	st->shutdown = info->flags & XEN_DOMINF_shutdown;
	st->dying = info->flags & XEN_DOMINF_dying;
	memcpy(st->handle, info->handle, sizeof(st->handle));
}

static int xen_domain_info(void *arg, uint16_t domid, struct domain_state *st)
{
	struct machine *m = arg;
	struct xen_domctl_getdomaininfo info;
	int rc = pvn_ctl_domain_info(m->ctl, domid, &info);

	if (!rc)
		state_of(&info, st);
	return rc;
}

static int xen_domain_list(void *arg, uint16_t first, struct domain_state *st, int max)
{
	struct machine *m = arg;
	struct xen_domctl_getdomaininfo *infos = calloc((size_t)max, sizeof(*infos));
	int n, i;

	if (!infos)
		return -ENOMEM;
	n = pvn_ctl_domain_list(m->ctl, first, (uint32_t)max, infos);
	for (i = 0; i < n; i++)
		state_of(&infos[i], &st[i]);
	free(infos);
	return n;
}

/* --- rings --- */

static void ring_notify(struct ring_conn *rc)
{
	struct machine *m = rc->owner;

	xenevtchn_notify(m->xce, rc->port);
}

static void ring_release(struct ring_conn *rc)
{
	struct machine *m = rc->owner;

	if (rc->port) {
		m->by_port[rc->port] = NULL;
		xenevtchn_unbind(m->xce, rc->port);
	}
	xengnttab_unmap(m->xgt, rc->ring.page, 1);
}

static int port_table_grow(struct machine *m, uint32_t port)
{
	uint32_t nr = m->nr_ports ? m->nr_ports : 64;
	struct ring_conn **t;

	while (nr <= port)
		nr *= 2;
	if (nr == m->nr_ports)
		return 0;
	t = reallocarray(m->by_port, nr, sizeof(struct ring_conn *));
	if (!t)
		return -ENOMEM;
	memset(t + m->nr_ports, 0, (nr - m->nr_ports) * sizeof(struct ring_conn *));
	m->by_port = t;
	m->nr_ports = nr;
	return 0;
}

static int ring_bind(struct machine *m, struct ring_conn *rc, uint16_t domid, uint32_t remote)
{
	xenevtchn_port_or_error_t port = xenevtchn_bind_interdomain(m->xce, domid, remote);

	if (port < 0)
		return -errno;
	if (port_table_grow(m, (uint32_t)port)) {
		xenevtchn_unbind(m->xce, (evtchn_port_t)port);
		return -ENOMEM;
	}
	rc->port = (uint32_t)port;
	m->by_port[port] = rc;
	return 0;
}

static int xen_introduce(void *arg, struct domain *d, uint32_t port, struct conn **c)
{
	struct machine *m = arg;
	struct xenstore_domain_interface *page;
	struct ring_conn *rc;
	int err;

	page = xengnttab_map_grant_ref(m->xgt, d->domid, GNTTAB_RESERVED_XENSTORE, PROT_READ | PROT_WRITE);
	if (!page) {
		err = -errno;
		pvn_log(LOG_ERR, "domain %u: cannot map its store page: %s", d->domid, strerror(errno));
		return err;
	}
	err = ring_conn_new(m->store, d, m->loop, page, &rc);
	if (err) {
		xengnttab_unmap(m->xgt, page, 1);
		return err;
	}
	rc->owner = m;
	rc->notify = ring_notify;
	rc->release = ring_release;
	err = ring_bind(m, rc, d->domid, port);
	if (err) {
		pvn_log(LOG_ERR, "domain %u: cannot bind its port %u: %s", d->domid, port, strerror(-err));
		conn_close(rc->conn);
		return err;
	}
	*c = rc->conn;
	/* It may have begun to talk before anybody listened. */
	ring_conn_again(rc);
	xenevtchn_notify(m->xce, rc->port);
	return 0;
}

static int xen_rebind(void *arg, struct conn *c, uint32_t port)
{
	struct machine *m = arg;
	struct ring_conn *rc = c->transport;

	if (rc->port) {
		m->by_port[rc->port] = NULL;
		xenevtchn_unbind(m->xce, rc->port);
		rc->port = 0;
	}
	ring_conn_again(rc);
	return ring_bind(m, rc, c->domain->domid, port);
}

static uint64_t xen_now_ns(void *arg)
{
	return pvn_now_ns();
}

const struct machine_ops machine_xen = {
	.domain_info = xen_domain_info,
	.domain_list = xen_domain_list,
	.introduce = xen_introduce,
	.rebind = xen_rebind,
	.now_ns = xen_now_ns,
};

/* --- events --- */

static void event_serve(struct machine *m, uint32_t port)
{
	xenevtchn_unmask(m->xce, port);
	if (port == (uint32_t)m->virq_port) {
		domains_check(m->store);
		conns_flush(m->store);
	} else if (port < m->nr_ports && m->by_port[port]) {
		ring_conn_turn(m->by_port[port]);
	}
}

static void events_ready(void *arg, uint32_t revents)
{
	struct machine *m = arg;
	xenevtchn_port_or_error_t port;
	int i;

	for (i = 0; i < EVENT_BUDGET; i++) {
		port = xenevtchn_pending(m->xce);
		if (port < 0)
			break;
		event_serve(m, (uint32_t)port);
	}
	if (i < EVENT_BUDGET && errno != EAGAIN && errno != EINTR) {
		pvn_log(LOG_ERR, "paravaned has gone away: %s", strerror(errno));
		m->lost = true;
		pvn_loop_stop(m->loop);
	}
}

static int machine_connect(struct machine *m)
{
	int rc = pvn_ctl_open(&m->ctl), fd;

	if (rc)
		return rc;
	m->xce = xenevtchn_open(NULL, 0);
	if (!m->xce)
		return -errno;
	m->xgt = xengnttab_open(NULL, 0);
	if (!m->xgt)
		return -errno;
	m->virq_port = xenevtchn_bind_virq(m->xce, VIRQ_DOM_EXC);
	if (m->virq_port < 0)
		return -errno;
	fd = xenevtchn_fd(m->xce);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		return -errno;
	return pvn_loop_add_fd(m->loop, fd, POLLIN, events_ready, m, &m->watch);
}

int machine_open(struct pvn_loop *loop, struct machine **out)
{
	struct machine *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return -ENOMEM;
	m->loop = loop;
	rc = machine_connect(m);
	if (rc) {
		machine_close(m);
		return rc;
	}
	*out = m;
	return 0;
}

void machine_serve(struct machine *m, struct store *s)
{
	m->store = s;
}

bool machine_lost(const struct machine *m)
{
	return m->lost;
}

void machine_close(struct machine *m)
{
	if (!m)
		return;
	pvn_loop_del_fd(m->watch);
	if (m->xgt)
		xengnttab_close(m->xgt);
	if (m->xce)
		xenevtchn_close(m->xce);
	pvn_ctl_close(m->ctl);
	free(m->by_port);
	free(m);
}
