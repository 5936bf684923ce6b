/* SPDX-License-Identifier: MIT */
/*
 * Event channels and upcalls.  What would break: a lost event hangs a guest, a spurious or
 * unmasked one corrupts it.
 */
#include "tests/guests/lib/guest.h"

static long port_send(unsigned port)
{
	struct evtchn_send s = { .port = port };

	return evtchn_op(EVTCHNOP_send, &s);
}

TEST(event_send_to_self_makes_an_upcall)
{
	int p = port_ipi();
	unsigned before;

	CHECK(p > 0, "bind_ipi says %d", p);
	events_unmask();
	before = upcall_count;		/* what was pending from the start of day is taken now */
	CHECK_EQ(port_send((unsigned)p), 0);
	CHECK(port_taken((unsigned)p), "no upcall for port %d", p);
	CHECK_EQ(upcall_count, before + 1);
	events_mask();
	port_close((unsigned)p);
}

TEST(event_waits_while_upcalls_are_masked)
{
	unsigned p = (unsigned)port_ipi(), before;

	events_mask();
	before = upcall_count;
	CHECK_EQ(port_send(p), 0);
	CHECK(port_pending(p), "not pending");
	CHECK(vcpu0()->evtchn_upcall_pending, "upcall_pending is not set");
	CHECK(vcpu0()->evtchn_pending_sel >> p / 64 & 1, "selector %#lx", vcpu0()->evtchn_pending_sel);
	HC(xen_version, (long)XENVER_version, 0L);
	CHECK_EQ(upcall_count, before);
	events_unmask();
	CHECK(port_taken(p), "not delivered at the unmask");
	events_mask();
	port_close(p);
}

TEST(event_on_a_masked_port_waits_for_the_unmask)
{
	unsigned p = (unsigned)port_ipi(), before;
	struct evtchn_unmask u = { .port = p };

	port_mask(p, true);
	events_unmask();
	before = upcall_count;
	CHECK_EQ(port_send(p), 0);
	CHECK(port_pending(p), "not pending");
	CHECK_EQ(upcall_count, before);
	/* Sent again: one event, not two. */
	CHECK_EQ(port_send(p), 0);
	CHECK_EQ(evtchn_op(EVTCHNOP_unmask, &u), 0);
	CHECK(port_taken(p), "not delivered");
	CHECK_EQ(upcall_count, before + 1);
	CHECK(!port_pending(p), "still pending");
	events_mask();
	port_close(p);
}

static unsigned second_port;
static volatile unsigned nested;
static uint8_t mask_inside;

static void reenter(void)
{
	if (nested++)
		return;
	mask_inside = vcpu0()->evtchn_upcall_mask;
	port_send(second_port);
	if (port_taken(second_port))
		return;		/* the mask did not hold */
	events_unmask();
	events_mask();
}

TEST(event_upcall_is_masked_and_can_be_reentered)
{
	unsigned p = (unsigned)port_ipi();

	second_port = (unsigned)port_ipi();
	nested = 0;
	upcall_hook = reenter;
	events_unmask();
	CHECK_EQ(port_send(p), 0);
	events_mask();
	upcall_hook = NULL;
	CHECK_EQ(mask_inside, 1);
	CHECK_EQ(nested, 2);
	CHECK(port_taken(p) && port_taken(second_port), "taken %d %d", port_taken(p), port_taken(second_port));
	port_close(p);
	port_close(second_port);
}

TEST(event_upcall_returns_to_where_it_came_from)
{
	unsigned p = (unsigned)port_ipi();
	struct evtchn_send s = { .port = p };
	uint64_t before, after;
	long ret;

	events_unmask();
	__asm__ volatile("mov %%rsp, %0" : "=r"(before));
	ret = hcall_bare(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (long)&s, 0, 0, 0);
	__asm__ volatile("mov %%rsp, %0" : "=r"(after));
	CHECK_EQ(ret, 0);
	CHECK_EQ(after, before);
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 0);
	CHECK(port_taken(p), "no upcall");
	events_mask();
	port_close(p);
}

TEST(event_many_ports_at_once)
{
	enum { N = 100 };
	unsigned port[N], before;

	events_mask();
	for (unsigned i = 0; i < N; i++) {
		int p = port_ipi();

		CHECK(p > 0, "port %u: %d", i, p);
		port[i] = (unsigned)p;
		port_send(port[i]);
	}
	before = upcall_count;
	events_unmask();
	events_mask();
	for (unsigned i = 0; i < N; i++) {
		CHECK(port_taken(port[i]), "port %u", port[i]);
		port_close(port[i]);
	}
	CHECK(upcall_count > before && upcall_count <= before + N, "%u upcalls", upcall_count - before);
}

static bool send_in_trap(struct regs *r)
{
	events_mask();
	port_send(second_port);
	CHECK(!port_taken(second_port), "delivered while masked");
	r->rip += 2;
	return true;
}

/* A trap with events unmasked; its handler sends to itself, masked; its iret unmasks. */
TEST(event_iret_delivers_what_became_pending)
{
	second_port = (unsigned)port_ipi();
	events_unmask();
	trap_hook = send_in_trap;
	__asm__ volatile("ud2" ::: "memory");
	trap_hook = NULL;
	CHECK(port_taken(second_port), "not delivered by iret");
	events_mask();
	port_close(second_port);
}

TEST(event_loopback_between_own_ports)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct evtchn_status st = { .dom = DOMID_SELF };

	CHECK_EQ(evtchn_op(EVTCHNOP_alloc_unbound, &a), 0);
	st.port = a.port;
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_unbound);
	/* Nobody there: the event is dropped, and that is success. */
	CHECK_EQ(port_send(a.port), 0);
	b.remote_port = a.port;
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_interdomain, &b), 0);
	CHECK(port_pending(b.local_port), "binding sets the local port pending");
	port_clear(b.local_port);
	port_clear(a.port);
	st.port = a.port;
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_interdomain);
	CHECK_EQ(st.u.interdomain.port, b.local_port);
	CHECK_EQ(port_send(a.port), 0);
	CHECK(port_pending(b.local_port) && !port_pending(a.port), "the wrong end is pending");
	CHECK_EQ(port_send(b.local_port), 0);
	CHECK(port_pending(a.port), "the other end is not pending");
	/* Closing one end leaves the other unbound. */
	port_close(b.local_port);
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_unbound);
	port_close(a.port);
	port_clear(a.port);
	port_clear(b.local_port);
}

TEST(event_bind_errors)
{
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = 1000 };
	struct evtchn_alloc_unbound a = { .dom = 0, .remote_dom = DOMID_SELF };
	struct evtchn_bind_ipi ipi = { .vcpu = 77 };
	struct evtchn_bind_virq v = { .virq = VIRQ_DEBUG, .vcpu = 0 };
	struct evtchn_bind_vcpu bv;
	int p = port_ipi();

	CHECK_EQ(evtchn_op(EVTCHNOP_bind_interdomain, &b), -XEN_EINVAL);
	b.remote_port = (unsigned)p;		/* not unbound */
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_interdomain, &b), -XEN_EINVAL);
	b.remote_dom = 0x7000;
	CHECK(no_such_domain(evtchn_op(EVTCHNOP_bind_interdomain, &b)), "bound to nobody");
	CHECK_EQ(evtchn_op(EVTCHNOP_alloc_unbound, &a), -XEN_EPERM);
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_ipi, &ipi), -XEN_ENOENT);
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), 0);
	unsigned vp = v.port;
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), -XEN_EEXIST);
	v.virq = 24;
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), -XEN_EINVAL);
	v.virq = VIRQ_DEBUG;
	v.vcpu = 99;
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), -XEN_ENOENT);
	/* One per domain: not on another vCPU, whether there is one or not. */
	v = (struct evtchn_bind_virq){ .virq = VIRQ_DOM_EXC, .vcpu = 1 };
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), -XEN_EINVAL);
	bv = (struct evtchn_bind_vcpu){ .port = (unsigned)p, .vcpu = 0 };
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_vcpu, &bv), -XEN_EINVAL);
	bv.vcpu = 99;
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_vcpu, &bv), -XEN_ENOENT);
	port_close(vp);
	port_close((unsigned)p);
}

TEST(event_port_errors)
{
	struct evtchn_close c = { .port = 900 };
	struct evtchn_status st = { .dom = DOMID_SELF, .port = 900 };
	struct evtchn_unmask u = { .port = 0xffffff };
	struct evtchn_bind_virq v = { .virq = VIRQ_DEBUG, .vcpu = 0 };

	CHECK_EQ(port_send(900), -XEN_EINVAL);
	CHECK_EQ(port_send(0xffffffff), -XEN_EINVAL);
	CHECK_EQ(evtchn_op(EVTCHNOP_close, &c), -XEN_EINVAL);
	c.port = 0xffffff;
	CHECK_EQ(evtchn_op(EVTCHNOP_close, &c), -XEN_EINVAL);
	CHECK_EQ(evtchn_op(EVTCHNOP_unmask, &u), -XEN_EINVAL);
	/* Beyond what was ever in use there is no port; a port not in use is closed; number 0 always is. */
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), -XEN_EINVAL);
	for (st.port = 0; st.port < 64; st.port += 63) {
		CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
		CHECK_EQ(st.status, EVTCHNSTAT_closed);
	}
	st.port = 1;
	st.dom = 0;
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), -XEN_EPERM);
	st.dom = 0x7000;
	CHECK(no_such_domain(evtchn_op(EVTCHNOP_status, &st)), "status of nobody's port");
	/* A virq port is not for sending. */
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), 0);
	CHECK_EQ(port_send(v.port), -XEN_EINVAL);
	port_close(v.port);
	CHECK_EQ(evtchn_op(99, &st), -XEN_ENOSYS);
	CHECK_EQ(evtchn_op(EVTCHNOP_send, NULL), -XEN_EFAULT);
}

TEST(event_status_names_each_kind)
{
	struct evtchn_bind_virq v = { .virq = VIRQ_DEBUG, .vcpu = 0 };
	struct evtchn_status st = { .dom = DOMID_SELF };
	unsigned p = (unsigned)port_ipi();

	st.port = p;
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_ipi);
	CHECK_EQ(st.vcpu, 0);
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &v), 0);
	st.port = v.port;
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_virq);
	CHECK_EQ(st.u.virq, VIRQ_DEBUG);
	st.port = si->console.domU.evtchn;
	CHECK_EQ(evtchn_op(EVTCHNOP_status, &st), 0);
	CHECK(st.status == EVTCHNSTAT_interdomain || st.status == EVTCHNSTAT_unbound, "%u", st.status);
	port_close(p);
	port_close(v.port);
}

TEST(event_closed_port_is_used_again)
{
	unsigned p = (unsigned)port_ipi(), q;

	port_close(p);
	CHECK_EQ(port_send(p), -XEN_EINVAL);
	q = (unsigned)port_ipi();
	CHECK_EQ(q, p);
	CHECK(!port_pending(q), "a fresh port is pending");
	port_close(q);
}
