/* SPDX-License-Identifier: MIT */
/* sched_op.  What would break: idle loops that sleep through an event, or never sleep. */
#include "tests/guests/lib/guest.h"

#define MS	1000000UL

static long poll(evtchn_port_t *ports, unsigned n, uint64_t timeout)
{
	struct sched_poll p = { .nr_ports = n, .timeout = timeout };

	set_xen_guest_handle(p.ports, ports);
	return HC(sched_op, (long)SCHEDOP_poll, (long)&p);
}

static void port_send(unsigned port)
{
	struct evtchn_send s = { .port = port };

	evtchn_op(EVTCHNOP_send, &s);
}

TEST(sched_yield)
{
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_yield, 0L), 0);
}

TEST(sched_block_with_an_event_pending_returns_at_once)
{
	unsigned p = (unsigned)port_ipi();

	events_mask();
	port_send(p);
	CHECK(!port_taken(p), "taken while masked");
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_block, 0L), 0);
	CHECK(port_taken(p), "block does not unmask");
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 0);
	events_mask();
	port_close(p);
}

TEST(sched_poll_returns_for_a_pending_port)
{
	evtchn_port_t p = (unsigned)port_ipi();

	events_mask();
	port_mask(p, true);
	port_send(p);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK(port_pending(p), "poll took the event");
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 1);
	port_clear(p);
	port_close(p);
}

TEST(sched_poll_times_out)
{
	evtchn_port_t p = (unsigned)port_ipi();
	uint64_t due = now_ns() + 10 * MS, now;

	events_mask();
	port_mask(p, true);
	CHECK_EQ(poll(&p, 1, due), 0);
	now = now_ns();
	CHECK(now >= due, "%lu ns early", due - now);
	/* A time in the past is no wait at all. */
	CHECK_EQ(poll(&p, 1, 1), 0);
	CHECK_EQ(poll(NULL, 0, now_ns() + MS), 0);
	port_close(p);
}

TEST(sched_poll_errors)
{
	static evtchn_port_t ports[129];
	evtchn_port_t bad = 0xffffff;

	CHECK_EQ(poll(ports, 129, 1), -XEN_EINVAL);
	CHECK_EQ(poll(&bad, 1, 1), -XEN_EINVAL);
	CHECK_EQ(poll((evtchn_port_t *)0x3fffffff0000, 1, 1), -XEN_EFAULT);
}

TEST(sched_errors)
{
	struct sched_remote_shutdown r = { .domain_id = 0, .reason = SHUTDOWN_poweroff };

	CHECK_EQ(HC(sched_op, 99L, (long)&r), -XEN_ENOSYS);
	long ret = HC(sched_op, (long)SCHEDOP_remote_shutdown, (long)&r);
	CHECK(ret == -XEN_EPERM || ret == -XEN_ESRCH, "remote_shutdown says %ld", ret);
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_shutdown, 0x3fffffff0000L), -XEN_EFAULT);
}

TEST(sched_watchdog)
{
	struct sched_watchdog w = { .id = 0, .timeout = 3600 };
	long id = HC(sched_op, (long)SCHEDOP_watchdog, (long)&w);

	CHECK_EQ(id, 1);
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), 2);
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), -XEN_ENOSPC);
	for (w.id = 1; w.id <= 2; w.id++) {
		w.timeout = 7200;
		CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), 0);
		w.timeout = 0;
		CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), 0);
		CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), -XEN_EINVAL);
	}
	w.id = 3;
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), -XEN_EINVAL);
}
