/* SPDX-License-Identifier: MIT */
/* Ports and their callbacks.  The port numbers are paravaned's, which is trusted. */
#include "config.h"
#include "backends/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "libs/paravane-ext.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define PER_TURN	256
#define MAX_PORT	(1 << 20)

struct port {
	events_cb *cb;
	void *arg;
};

struct events {
	struct pvn_loop *loop;
	struct pvn_watch *watch;
	xenevtchn_handle *xce;
	events_cb *woken;
	void *woken_arg;
	struct port *ports;
	int nr_ports;
};

/* Is there another one?  Asked of memory: finding out by xenevtchn_pending() takes system calls.
 * What memory does not show keeps the descriptor readable. */
static bool another(struct events *ev)
{
	return !xenevtchn_poll || xenevtchn_poll(ev->xce, 0) != 0;
}

void events_take(struct events *ev)
{
	xenevtchn_port_or_error_t port;
	int n = 0;

	do {
		port = xenevtchn_pending(ev->xce);
		if (port < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return;
			pvn_log(LOG_NOTICE, "paravaned has gone (%s), so do we", strerror(errno));
			pvn_loop_stop(ev->loop);
			return;
		}
		/* Unmask first: what comes while the callback looks is then another event. */
		xenevtchn_unmask(ev->xce, (evtchn_port_t)port);
		if (port < ev->nr_ports && ev->ports[port].cb)
			ev->ports[port].cb(ev->ports[port].arg);
	} while (++n < PER_TURN && another(ev));
}

static void events_ready(void *arg, uint32_t revents)
{
	struct events *ev = arg;

	if (ev->woken)
		ev->woken(ev->woken_arg);
	events_take(ev);
}

int events_open(struct pvn_loop *loop, events_cb *woken, void *arg, struct events **out)
{
	struct events *ev = calloc(1, sizeof(*ev));
	int rc, fd;

	if (!ev)
		return -ENOMEM;
	ev->loop = loop;
	ev->woken = woken;
	ev->woken_arg = arg;
	ev->xce = xenevtchn_open(NULL, 0);
	if (!ev->xce) {
		rc = -errno;
		free(ev);
		return rc;
	}
	fd = xenevtchn_fd(ev->xce);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	rc = pvn_loop_add_fd(loop, fd, POLLIN, events_ready, ev, &ev->watch);
	if (rc) {
		events_close(ev);
		return rc;
	}
	*out = ev;
	return 0;
}

void events_close(struct events *ev)
{
	if (!ev)
		return;
	pvn_loop_del_fd(ev->watch);
	xenevtchn_close(ev->xce);
	free(ev->ports);
	free(ev);
}

static int port_set(struct events *ev, int port, events_cb *cb, void *arg)
{
	int nr = ev->nr_ports ? ev->nr_ports : 64;
	struct port *p;

	if (port >= MAX_PORT)
		return -ERANGE;
	if (port >= ev->nr_ports) {
		while (nr <= port)
			nr *= 2;
		p = reallocarray(ev->ports, (size_t)nr, sizeof(*p));
		if (!p)
			return -ENOMEM;
		memset(p + ev->nr_ports, 0, (size_t)(nr - ev->nr_ports) * sizeof(*p));
		ev->ports = p;
		ev->nr_ports = nr;
	}
	ev->ports[port] = (struct port){ cb, arg };
	return 0;
}

int events_bind(struct events *ev, unsigned int domid, uint32_t remote_port, events_cb *cb,
		void *arg)
{
	int port = xenevtchn_bind_interdomain(ev->xce, domid, remote_port), rc;

	if (port < 0)
		return -errno;
	rc = port_set(ev, port, cb, arg);
	if (rc) {
		xenevtchn_unbind(ev->xce, (evtchn_port_t)port);
		return rc;
	}
	return port;
}

void events_unbind(struct events *ev, int port)
{
	if (port < 0)
		return;
	port_set(ev, port, NULL, NULL);
	xenevtchn_unbind(ev->xce, (evtchn_port_t)port);
}

void events_notify(struct events *ev, int port)
{
	xenevtchn_notify(ev->xce, (evtchn_port_t)port);
}

bool events_can_poll(void)
{
	return xenevtchn_poll != NULL;
}

bool events_poll(struct events *ev, uint64_t ns)
{
	return xenevtchn_poll && xenevtchn_poll(ev->xce, ns) != 0;
}
