/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op within one domain: IPIs, virtual interrupts, what status says of each, unmask, and every way to be refused.
 *
 * covers: event_channel_op.bind_ipi good
 * covers: event_channel_op.bind_ipi bad
 * covers: event_channel_op.bind_virq good
 * covers: event_channel_op.bind_virq bad
 * covers: event_channel_op.bind_vcpu good
 * covers: event_channel_op.bind_vcpu bad
 * covers: event_channel_op.bind_pirq bad
 * covers: event_channel_op.unmask good
 * covers: event_channel_op.unmask bad
 * covers: event_channel_op.send bad
 * covers: event_channel_op.close bad
 * covers: event_channel_op.status bad
 * covers: event_channel_op.alloc_unbound bad
 * covers: event_channel_op.bind_interdomain bad
 * covers: event_channel_op.set_priority bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "event_channel_op: ports of one domain, and every refusal";

#define NOBODY	30000
#define OP(cmd, s) ((uint64_t)evtchn_op(EVTCHNOP_##cmd, s))

static void status(const char *key, unsigned port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };
	long ret = evtchn_op(EVTCHNOP_status, &s);

	answer(key, ret ? (uint64_t)ret : s.status << 8 | s.vcpu);
}

static void ipi(void)
{
	struct evtchn_bind_ipi b = { .vcpu = 0 };
	struct evtchn_bind_vcpu v = { .vcpu = 0 };
	struct evtchn_unmask u;
	struct evtchn_send s;
	struct evtchn_close c;

	answer("ipi", OP(bind_ipi, &b));
	status("ipi.status", b.port);
	s.port = c.port = u.port = v.port = b.port;
	port_mask(b.port, true);
	answer("ipi.send-masked", OP(send, &s));
	answer("ipi.pending", port_pending(b.port));
	answer("ipi.upcall-pending", vcpu0()->evtchn_upcall_pending);
	answer("unmask", OP(unmask, &u));
	answer("unmask.masked-after", shared->evtchn_mask[b.port / 64] >> (b.port & 63) & 1);
	answer("unmask.upcall-pending", vcpu0()->evtchn_upcall_pending);
	answer("bind_vcpu.ipi", OP(bind_vcpu, &v));
	answer("close", OP(close, &c));
	status("close.status", b.port);
	answer("close.twice", OP(close, &c));
	answer("close.pending-after", port_pending(b.port));
	b.vcpu = 1;
	answer("ipi.vcpu-1", OP(bind_ipi, &b));
	answer("ipi.efault", OP(bind_ipi, (void *)0x1000));
}

static void virq(void)
{
	struct evtchn_bind_virq b = { .virq = VIRQ_TIMER, .vcpu = 0 };
	struct evtchn_bind_vcpu v = { .vcpu = 0 };
	struct evtchn_send s;

	HC(vcpu_op, (long)VCPUOP_stop_periodic_timer, 0L, 0L);
	answer("virq", OP(bind_virq, &b));
	status("virq.status", b.port);
	s.port = v.port = b.port;
	answer("virq.send", OP(send, &s));
	answer("bind_vcpu.virq", OP(bind_vcpu, &v));
	answer("virq.twice", OP(bind_virq, &b));
	b.vcpu = 1;
	answer("virq.vcpu-1", OP(bind_virq, &b));
	b.vcpu = 0;
	b.virq = VIRQ_DEBUG;
	answer("virq.debug", OP(bind_virq, &b));
	b.virq = VIRQ_DOM_EXC;
	answer("virq.dom_exc", OP(bind_virq, &b));
	b.virq = VIRQ_CONSOLE;
	answer("virq.console", OP(bind_virq, &b));
	b.virq = 23;
	answer("virq.23", OP(bind_virq, &b));
	b.virq = 24;
	answer("virq.24", OP(bind_virq, &b));
	b.virq = 0xffffffff;
	answer("virq.last", OP(bind_virq, &b));
	answer("virq.efault", OP(bind_virq, (void *)0x1000));
}

static void unbound(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = 0 };
	struct evtchn_bind_interdomain i = { .remote_dom = DOMID_SELF };
	struct evtchn_bind_vcpu v;
	struct evtchn_close c;

	answer("alloc", OP(alloc_unbound, &a));
	v.port = c.port = i.remote_port = a.port;
	v.vcpu = 0;
	answer("bind_vcpu", OP(bind_vcpu, &v));
	v.vcpu = 1;
	answer("bind_vcpu.vcpu-1", OP(bind_vcpu, &v));
	v.vcpu = 0;
	v.port = 500;
	answer("bind_vcpu.free", OP(bind_vcpu, &v));
	v.port = 10000000;
	answer("bind_vcpu.no-port", OP(bind_vcpu, &v));
	answer("interdomain.not-for-us", OP(bind_interdomain, &i));
	OP(close, &c);
	answer("interdomain.closed", OP(bind_interdomain, &i));
	i.remote_port = 10000000;
	answer("interdomain.no-port", OP(bind_interdomain, &i));
	i.remote_dom = NOBODY;
	answer("interdomain.nobody", OP(bind_interdomain, &i));
	answer("interdomain.efault", OP(bind_interdomain, (void *)0x1000));
	a.dom = 0;
	answer("alloc.foreign", OP(alloc_unbound, &a));
	a.dom = NOBODY;
	answer("alloc.nobody", OP(alloc_unbound, &a));
	a.dom = DOMID_SELF;
	a.remote_dom = NOBODY;
	answer("alloc.for-nobody", OP(alloc_unbound, &a));
	answer("alloc.efault", OP(alloc_unbound, (void *)0x1000));
	/* A port for oneself, bound to oneself. */
	a.remote_dom = DOMID_SELF;
	answer("loop.alloc", OP(alloc_unbound, &a));
	i.remote_dom = DOMID_SELF;
	i.remote_port = a.port;
	answer("loop.bind", OP(bind_interdomain, &i));
	status("loop.status", i.local_port);
	c.port = i.local_port;
	answer("loop.close", OP(close, &c));
	status("loop.status-after", a.port);
}

static void refusals(void)
{
	struct evtchn_status st = { .dom = 0, .port = 1 };
	struct evtchn_send s = { .port = 0 };
	struct evtchn_unmask u = { .port = 10000000 };
	struct evtchn_close c = { .port = 0 };
	struct evtchn_bind_pirq p = { .pirq = 1 };
	struct evtchn_set_priority pr = { .port = 1, .priority = 3 };

	answer("send.port-0", OP(send, &s));
	s.port = 700;
	answer("send.free", OP(send, &s));
	s.port = 10000000;
	answer("send.no-port", OP(send, &s));
	answer("send.efault", OP(send, (void *)0x1000));
	answer("close.port-0", OP(close, &c));
	c.port = 10000000;
	answer("close.no-port", OP(close, &c));
	answer("unmask.no-port", OP(unmask, &u));
	u.port = 0;
	answer("unmask.port-0", OP(unmask, &u));
	u.port = 700;
	answer("unmask.free", OP(unmask, &u));
	answer("status.foreign", OP(status, &st));
	st.dom = NOBODY;
	answer("status.nobody", OP(status, &st));
	status("status.port-0", 0);
	status("status.free", 700);
	status("status.no-port", 10000000);
	answer("pirq", OP(bind_pirq, &p));
	answer("pirq.efault", OP(bind_pirq, (void *)0x1000));
	answer("priority.two-level", OP(set_priority, &pr));
	pr.priority = 16;
	answer("priority.16", OP(set_priority, &pr));
	pr.port = 10000000;
	answer("priority.no-port", OP(set_priority, &pr));
	answer("unknown", (uint64_t)evtchn_op(99, &st));
}

void test_main(void)
{
	ipi();
	virq();
	unbound();
	refusals();
	test_success("");
}
