/* SPDX-License-Identifier: MIT */
/*
 * event channels between two ordinary domains: one offers a port, the other binds it, each hears the other; closing one
 * end makes the other unbound, and a send there is dropped without an error.
 *
 * covers: event_channel_op.alloc_unbound good
 * covers: event_channel_op.bind_interdomain good
 * covers: event_channel_op.send good
 * covers: event_channel_op.close good
 * covers: event_channel_op.status good
 * config: domains=2
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "event_channel_op: two domains, a port between them, and its end";

static uint64_t status(unsigned port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };
	long ret = evtchn_op(EVTCHNOP_status, &s);

	return ret ? (uint64_t)ret : s.status;
}

static bool comes(unsigned port)
{
	for (uint64_t stop = now_ns() + 10000000000; now_ns() < stop;) {
		if (port_pending(port)) {
			port_clear(port);
			return true;
		}
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
	return false;
}

static void offer(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = peer_id() };
	struct evtchn_send s;
	struct evtchn_close c;

	answer("offer.alloc", (uint64_t)evtchn_op(EVTCHNOP_alloc_unbound, &a));
	answer("offer.status-unbound", status(a.port));
	s.port = c.port = a.port;
	answer("offer.send-unbound", (uint64_t)evtchn_op(EVTCHNOP_send, &s));
	peer_put("port", a.port);
	peer_get("bound");
	answer("offer.status-bound", status(a.port));
	answer("offer.hears", comes(a.port));
	answer("offer.send", (uint64_t)evtchn_op(EVTCHNOP_send, &s));
	peer_get("closed");
	answer("offer.status-after", status(a.port));
	answer("offer.send-after", (uint64_t)evtchn_op(EVTCHNOP_send, &s));
	answer("offer.close", (uint64_t)evtchn_op(EVTCHNOP_close, &c));
	answer("offer.status-closed", status(a.port));
	peer_put("done", 1);
}

static void bind(void)
{
	struct evtchn_bind_interdomain b = { .remote_dom = peer_id() };
	struct evtchn_send s;
	struct evtchn_close c;

	b.remote_port = (evtchn_port_t)peer_get("port");
	answer("bind.result", (uint64_t)evtchn_op(EVTCHNOP_bind_interdomain, &b));
	answer("bind.pending-at-once", port_pending(b.local_port));
	port_clear(b.local_port);
	s.port = c.port = b.local_port;
	answer("bind.send", (uint64_t)evtchn_op(EVTCHNOP_send, &s));
	peer_put("bound", 1);
	answer("bind.hears", comes(b.local_port));
	answer("bind.twice", (uint64_t)evtchn_op(EVTCHNOP_bind_interdomain, &b));
	answer("bind.close", (uint64_t)evtchn_op(EVTCHNOP_close, &c));
	peer_put("closed", 1);
	peer_get("done");
}

void test_main(void)
{
	if (role())
		bind();
	else
		offer();
	test_success("");
}
