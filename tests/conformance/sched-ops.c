/* SPDX-License-Identifier: MIT */
/*
 * sched_op: yield, block, poll, watchdogs, the shutdown code, and what only a privileged domain may.
 * A kernel's idle loop is block, its spin locks wait by poll; a block that did not take the mask away would sleep for ever.
 *
 * covers: sched_op.yield good
 * covers: sched_op.block good
 * covers: sched_op.poll good
 * covers: sched_op.poll bad
 * covers: sched_op.shutdown good
 * covers: sched_op.shutdown bad
 * covers: sched_op.shutdown_code good
 * covers: sched_op.shutdown_code bad
 * covers: sched_op.watchdog good
 * covers: sched_op.watchdog bad
 * covers: sched_op.remote_shutdown bad
 * covers: sched_op.pin_override bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "sched_op: each command, good and bad";

static long sched(int cmd, void *arg)
{
	return HC(sched_op, (long)cmd, (long)arg);
}

static void send_self(unsigned port)
{
	struct evtchn_send s = { .port = port };

	evtchn_op(EVTCHNOP_send, &s);
}

static void poll(void)
{
	evtchn_port_t port[130] = { (evtchn_port_t)port_ipi() };
	struct sched_poll p = { .nr_ports = 1 };
	uint64_t t;

	set_xen_guest_handle(p.ports, port);
	port_mask(port[0], true);
	send_self(port[0]);
	answer("poll.pending", (uint64_t)sched(SCHEDOP_poll, &p));
	port_clear(port[0]);
	t = now_ns();
	p.timeout = t + 20000000;
	answer("poll.timeout", (uint64_t)sched(SCHEDOP_poll, &p));
	answer("poll.waited", now_ns() >= t + 20000000);
	p.timeout = 1;
	answer("poll.past", (uint64_t)sched(SCHEDOP_poll, &p));
	for (unsigned i = 1; i < 130; i++)
		port[i] = port[0];
	p.timeout = now_ns() + 1000000;
	p.nr_ports = 128;
	answer("poll.128", (uint64_t)sched(SCHEDOP_poll, &p));
	p.nr_ports = 129;
	answer("poll.129", (uint64_t)sched(SCHEDOP_poll, &p));
	p.nr_ports = 1;
	port[0] = 1000000;
	answer("poll.bad-port", (uint64_t)sched(SCHEDOP_poll, &p));
	set_xen_guest_handle(p.ports, (evtchn_port_t *)0x1000);
	answer("poll.efault-ports", (uint64_t)sched(SCHEDOP_poll, &p));
	answer("poll.efault", (uint64_t)sched(SCHEDOP_poll, (void *)0x1000));
}

static void block(void)
{
	int port = port_ipi();

	events_mask();
	port_forget((unsigned)port);
	send_self((unsigned)port);
	answer("block", (uint64_t)sched(SCHEDOP_block, NULL));
	answer("block.mask-after", vcpu0()->evtchn_upcall_mask);
	answer("block.taken", port_taken((unsigned)port));
	events_mask();
	answer("yield", (uint64_t)sched(SCHEDOP_yield, NULL));
	answer("yield.mask-after", vcpu0()->evtchn_upcall_mask);
}

static void watchdog(void)
{
	/* An id of 0 with a timeout of 0 is a watchdog that bites at once. */
	struct sched_watchdog w = { .id = 0, .timeout = 60 };

	answer("watchdog.first", (uint64_t)sched(SCHEDOP_watchdog, &w));
	answer("watchdog.second", (uint64_t)sched(SCHEDOP_watchdog, &w));
	answer("watchdog.third", (uint64_t)sched(SCHEDOP_watchdog, &w));
	w.id = 1;
	answer("watchdog.poke", (uint64_t)sched(SCHEDOP_watchdog, &w));
	w.id = 3;
	answer("watchdog.id-3", (uint64_t)sched(SCHEDOP_watchdog, &w));
	w.id = 1;
	w.timeout = 0;
	answer("watchdog.stop", (uint64_t)sched(SCHEDOP_watchdog, &w));
	answer("watchdog.stop-again", (uint64_t)sched(SCHEDOP_watchdog, &w));
	w.id = 2;
	answer("watchdog.stop-second", (uint64_t)sched(SCHEDOP_watchdog, &w));
	answer("watchdog.efault", (uint64_t)sched(SCHEDOP_watchdog, (void *)0x1000));
}

void test_main(void)
{
	struct sched_remote_shutdown r = { .domain_id = 0, .reason = SHUTDOWN_crash };
	struct sched_pin_override pin = { .pcpu = 0 };
	struct sched_shutdown s = { .reason = SHUTDOWN_poweroff };

	poll();
	block();
	watchdog();
	answer("remote.control", (uint64_t)sched(SCHEDOP_remote_shutdown, &r));
	r.domain_id = 30000;
	answer("remote.nobody", (uint64_t)sched(SCHEDOP_remote_shutdown, &r));
	answer("remote.efault", (uint64_t)sched(SCHEDOP_remote_shutdown, (void *)0x1000));
	answer("pin", (uint64_t)sched(SCHEDOP_pin_override, &pin));
	answer("unknown", (uint64_t)sched(99, NULL));
	answer("shutdown.efault", (uint64_t)sched(SCHEDOP_shutdown, (void *)0x1000));
	answer("code.efault", (uint64_t)sched(SCHEDOP_shutdown_code, (void *)0x1000));
	answer("code", (uint64_t)sched(SCHEDOP_shutdown_code, &s));
	test_success("");
}
