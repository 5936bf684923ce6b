/* SPDX-License-Identifier: MIT */
/*
 * libxenevtchn: events in both directions follow the protocols of shared.h, a port is reported
 * once and then masked, and no event is lost or waited for in vain, whatever the descriptor's mode.
 */
#include "config.h"
#include "libs/paravane-ext.h"
#include "tests/unit/libs_machine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(libs_evtchn, .init = machine_up, .fini = machine_down);

struct channel {
	struct actor a;
	xenevtchn_handle *h;
	int remote;		/* the domain's port */
	int local;
	unsigned link;
	int bell;
};

/* The eventfd that is in the handle's epoll set, found as a debugger would. */
static int find_bell(void)
{
	char path[64], target[64];
	int fd, last = -1;
	ssize_t n;

	for (fd = 3; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = 0;
		if (strstr(target, "eventfd"))
			last = fd;
	}
	return last;
}

static bool readable(xenevtchn_handle *h)
{
	struct pollfd p = { .fd = xenevtchn_fd(h), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void nonblock(xenevtchn_handle *h, bool on)
{
	int flags = fcntl(xenevtchn_fd(h), F_GETFL);

	fcntl(xenevtchn_fd(h), F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static int bind_one(struct channel *c)
{
	c->remote = pvn_ctl_alloc_unbound(machine.ctl, c->a.domid, 0);
	cr_assert_gt(c->remote, 0);
	c->local = xenevtchn_bind_interdomain(c->h, c->a.domid, (evtchn_port_t)c->remote);
	cr_assert_gt(c->local, 0);
	c->link = actor_port(&c->a, (unsigned)c->remote)->link;
	return c->local;
}

static struct channel channel_make(void)
{
	struct channel c = { .a = actor_make(4), .h = xenevtchn_open(NULL, 0) };

	cr_assert(c.h);
	bind_one(&c);
	c.bell = find_bell();
	/* Binding makes the port pending. */
	cr_assert(readable(c.h));
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	cr_assert_eq(xenevtchn_unmask(c.h, (evtchn_port_t)c.local), 0);
	cr_assert_not(readable(c.h));
	return c;
}

static void channel_free(struct channel *c)
{
	xenevtchn_close(c->h);
	actor_free(&c->a);
}

static void ring(struct channel *c)
{
	uint64_t one = 1;

	cr_assert_eq(write(c->bell, &one, 8), 8);
}

/* As the image does: 1 if it had to ring. */
static int send(struct channel *c, int port)
{
	int rung = actor_send(&c->a, c->link, (unsigned)port);

	if (rung)
		ring(c);
	return rung;
}

Test(libs_evtchn, an_event_is_reported_once_until_unmasked)
{
	struct channel c = channel_make();

	cr_assert_eq(send(&c, c.remote), 1, "nobody looks: the bell has to be rung");
	cr_assert(readable(c.h));
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	cr_assert_not(readable(c.h));
	cr_assert_eq(send(&c, c.remote), 0, "while it is masked the domain need not ring");
	cr_assert_not(readable(c.h));
	cr_assert_eq(xenevtchn_unmask(c.h, (evtchn_port_t)c.local), 0);
	cr_assert(readable(c.h), "what came while masked comes after");
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	xenevtchn_unmask(c.h, (evtchn_port_t)c.local);
	cr_assert_not(readable(c.h));
	cr_assert_eq(send(&c, c.remote), 1);
	cr_assert(readable(c.h));
	channel_free(&c);
}

Test(libs_evtchn, a_descriptor_that_does_not_block)
{
	struct channel c = channel_make();

	nonblock(c.h, true);
	cr_assert_eq(xenevtchn_pending(c.h), -1);
	cr_assert_eq(errno, EAGAIN);
	send(&c, c.remote);
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	cr_assert_eq(xenevtchn_pending(c.h), -1);
	xenevtchn_unmask(c.h, (evtchn_port_t)c.local);
	/* A bell for nothing: EAGAIN, and the descriptor is quiet afterwards. */
	ring(&c);
	cr_assert(readable(c.h));
	cr_assert_eq(xenevtchn_pending(c.h), -1);
	cr_assert_not(readable(c.h));
	send(&c, c.remote);
	nonblock(c.h, false);
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	channel_free(&c);
}

Test(libs_evtchn, a_late_bell_does_not_hang_who_polls_first)
{
	struct channel c = channel_make();

	/* The bits are taken with the first bell, the second rings for nothing. */
	ring(&c);
	cr_assert(readable(c.h));
	cr_assert_eq(xenevtchn_pending(c.h), c.local, "reported as spurious");
	ring(&c);
	cr_assert(readable(c.h));
	cr_assert_eq(xenevtchn_pending(c.h), -1, "all ports are masked");
	cr_assert_eq(errno, EAGAIN);
	channel_free(&c);
}

Test(libs_evtchn, several_ports_one_bell)
{
	struct channel c = channel_make();
	int first = c.local, first_remote = c.remote, second, second_remote, got[2];

	second = bind_one(&c);
	second_remote = c.remote;
	cr_assert_eq(xenevtchn_pending(c.h), second);
	xenevtchn_unmask(c.h, (evtchn_port_t)second);
	send(&c, first_remote);
	send(&c, second_remote);
	cr_assert(readable(c.h));
	got[0] = xenevtchn_pending(c.h);
	cr_assert(readable(c.h), "one more");
	got[1] = xenevtchn_pending(c.h);
	cr_assert((got[0] == first && got[1] == second) || (got[0] == second && got[1] == first));
	cr_assert_not(readable(c.h));
	/* One masked, one not: the bell rings. */
	xenevtchn_unmask(c.h, (evtchn_port_t)first);
	cr_assert_eq(send(&c, second_remote), 1);
	cr_assert_eq(send(&c, first_remote), 1);
	cr_assert_eq(xenevtchn_pending(c.h), first);
	xenevtchn_unmask(c.h, (evtchn_port_t)second);
	cr_assert_eq(xenevtchn_pending(c.h), second);
	channel_free(&c);
}

Test(libs_evtchn, bits_that_are_no_port_of_ours_mean_nothing)
{
	struct channel c = channel_make();
	struct pvn_link *l = actor_link(&c.a, c.link);
	int i;

	nonblock(c.h, true);
	for (i = 0; i < PVN_PORT_WORDS; i++)
		l->pending[i] = ~0ULL;
	l->pending_sel = ~0ULL;
	ring(&c);
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	cr_assert_eq(xenevtchn_pending(c.h), -1);
	channel_free(&c);
}

Test(libs_evtchn, notify_follows_the_run_state)
{
	struct channel c = channel_make();
	struct pvn_vcpu *v = actor_vcpu(&c.a, 0);
	uint64_t bit = 1ULL << c.remote % 64;
	evtchn_port_t port = (evtchn_port_t)c.local;

	v->run_state = PVN_VCPU_POLLING;
	cr_assert_eq(xenevtchn_notify(c.h, port), 0);
	cr_assert(v->pending[c.remote / 64] & bit);
	cr_assert(v->inbound_sel & 1ULL << c.remote / 64);
	cr_assert(v->wake == 0 && v->kicked == 0);
	v->run_state = PVN_VCPU_BLOCKED;
	cr_assert_eq(xenevtchn_notify(c.h, port), 0);
	cr_assert(v->wake == 1 && v->kicked == 0);
	v->run_state = PVN_VCPU_RUNNING;
	cr_assert_eq(xenevtchn_notify(c.h, port), 0, "there is no process: nobody misses the signal");
	cr_assert(v->wake == 1 && v->kicked == 0, "a promise nobody can keep would silence the others");
	/* A domain that lies about its vCPU. */
	actor_port(&c.a, (unsigned)c.remote)->vcpu = 0xffff;
	cr_assert_eq(xenevtchn_notify(c.h, port), 0);
	cr_assert_eq(xenevtchn_notify(c.h, 4000), -1);
	cr_assert_eq(errno, ENOTCONN);
	channel_free(&c);
}

static void *futex_sleeper(void *arg)
{
	struct pvn_vcpu *v = arg;
	uint32_t w = __atomic_load_n(&v->wake, __ATOMIC_SEQ_CST);

	__atomic_store_n(&v->run_state, PVN_VCPU_BLOCKED, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&v->inbound_sel, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &v->wake, FUTEX_WAIT, w, NULL, NULL, 0);
	return NULL;
}

Test(libs_evtchn, notify_wakes_a_blocked_vcpu)
{
	struct channel c = channel_make();
	pthread_t t;

	pthread_create(&t, NULL, futex_sleeper, actor_vcpu(&c.a, 0));
	while (__atomic_load_n(&actor_vcpu(&c.a, 0)->run_state, __ATOMIC_SEQ_CST) != PVN_VCPU_BLOCKED)
		usleep(1000);
	cr_assert_eq(xenevtchn_notify(c.h, (evtchn_port_t)c.local), 0);
	pthread_join(t, NULL);
	channel_free(&c);
}

static void *sender_thread(void *arg)
{
	struct channel *c = arg;

	usleep(20000);
	send(c, c->remote);
	return NULL;
}

Test(libs_evtchn, pending_sleeps_until_something_comes)
{
	struct channel c = channel_make();
	pthread_t t;
	int i;

	for (i = 0; i < 3; i++) {
		pthread_create(&t, NULL, sender_thread, &c);
		cr_assert_eq(xenevtchn_pending(c.h), c.local);
		xenevtchn_unmask(c.h, (evtchn_port_t)c.local);
		pthread_join(t, NULL);
	}
	channel_free(&c);
}

Test(libs_evtchn, poll_says_whether_something_is_there)
{
	struct channel c = channel_make();

	nonblock(c.h, true);
	cr_assert_eq(xenevtchn_poll(c.h, 0), 0);
	send(&c, c.remote);
	/* Not hot yet: only the descriptor knows. */
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	xenevtchn_unmask(c.h, (evtchn_port_t)c.local);
	actor_send(&c.a, c.link, (unsigned)c.remote);
	cr_assert_eq(xenevtchn_poll(c.h, 1000), 1);
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	xenevtchn_unmask(c.h, (evtchn_port_t)c.local);
	cr_assert_eq(xenevtchn_poll(c.h, 1000), 0);
	cr_assert_eq(actor_link(&c.a, c.link)->polling, 0, "who does not look has said so");
	channel_free(&c);
}

static struct {
	struct channel *c;
	uint64_t sent, heard;
	bool stop;
} race;

/* As the image: one word of payload, then the event. */
static void *race_sender(void *arg)
{
	struct channel *c = race.c;
	uint64_t i;

	for (i = 1; i <= 20000; i++) {
		__atomic_store_n(&race.sent, i, __ATOMIC_SEQ_CST);
		send(c, c->remote);
		if (i % 64 == 0)
			while (__atomic_load_n(&race.heard, __ATOMIC_SEQ_CST) < i)
				sched_yield();
	}
	return NULL;
}

/* Every word is heard of without another event being needed: none is lost. */
static void race_run(bool nonblocking)
{
	struct channel c = channel_make();
	struct pollfd p = { .fd = xenevtchn_fd(c.h), .events = POLLIN };
	pthread_t t;
	int port;

	nonblock(c.h, nonblocking);
	race.c = &c;
	race.sent = race.heard = 0;
	pthread_create(&t, NULL, race_sender, NULL);
	while (race.heard < 20000) {
		if (nonblocking)
			cr_assert_eq(poll(&p, 1, 20000), 1, "an event was lost after %lu", race.heard);
		while ((port = xenevtchn_pending(c.h)) >= 0) {
			cr_assert_eq(port, c.local);
			xenevtchn_unmask(c.h, (evtchn_port_t)port);
			__atomic_store_n(&race.heard, __atomic_load_n(&race.sent, __ATOMIC_SEQ_CST),
					 __ATOMIC_SEQ_CST);
			if (race.heard == 20000)
				break;
		}
	}
	pthread_join(t, NULL);
	channel_free(&c);
}

Test(libs_evtchn, no_event_is_lost_race)
{
	race_run(true);
}

Test(libs_evtchn, no_event_is_lost_blocking_race)
{
	race_run(false);
}

Test(libs_evtchn, virq_of_a_domain_that_ends)
{
	xenevtchn_handle *h = xenevtchn_open(NULL, 0);
	uint32_t domid = domain_make(4);
	int port = xenevtchn_bind_virq(h, VIRQ_DOM_EXC);
	struct pollfd p = { .fd = xenevtchn_fd(h), .events = POLLIN };

	cr_assert_gt(port, 0);
	cr_assert_eq(xenevtchn_bind_virq(h, VIRQ_DOM_EXC), -1);
	cr_assert_eq(errno, EEXIST);
	cr_assert_eq(pvn_ctl_destroy(machine.ctl, domid), 0);
	cr_assert_eq(poll(&p, 1, 10000), 1);
	cr_assert_eq(xenevtchn_pending(h), port);
	cr_assert_eq(xenevtchn_notify(h, (evtchn_port_t)port), -1);
	cr_assert_eq(errno, EINVAL);
	cr_assert_eq(xenevtchn_unbind(h, (evtchn_port_t)port), 0);
	xenevtchn_close(h);
}

Test(libs_evtchn, a_domain_that_goes_leaves_an_unbound_port)
{
	struct channel c = channel_make();

	cr_assert_eq(pvn_ctl_destroy(machine.ctl, c.a.domid), 0);
	nonblock(c.h, true);
	cr_assert_eq(xenevtchn_pending(c.h), -1);
	cr_assert_eq(errno, EAGAIN);
	cr_assert_eq(xenevtchn_notify(c.h, (evtchn_port_t)c.local), 0, "it vanishes");
	cr_assert_eq(xenevtchn_unbind(c.h, (evtchn_port_t)c.local), 0);
	cr_assert_eq(xenevtchn_unbind(c.h, (evtchn_port_t)c.local), -1);
	cr_assert_eq(errno, ENOTCONN);
	channel_free(&c);
}

Test(libs_evtchn, ports_can_be_bound_again)
{
	struct channel c = channel_make();
	int i, before, port;

	for (i = 0; i < 20; i++) {
		cr_assert_eq(xenevtchn_unbind(c.h, (evtchn_port_t)c.local), 0);
		cr_assert_eq(actor_port(&c.a, (unsigned)c.remote)->state, PVN_PORT_UNBOUND);
		before = i == 1 ? count_fds() : before;
		port = xenevtchn_bind_interdomain(c.h, c.a.domid, (evtchn_port_t)c.remote);
		cr_assert_gt(port, 0);
		c.local = port;
		c.link = actor_port(&c.a, (unsigned)c.remote)->link;
		cr_assert_eq(xenevtchn_pending(c.h), port);
		xenevtchn_unmask(c.h, (evtchn_port_t)port);
		c.bell = find_bell();
		send(&c, c.remote);
		cr_assert_eq(xenevtchn_pending(c.h), port);
	}
	xenevtchn_unbind(c.h, (evtchn_port_t)c.local);
	cr_assert_eq(count_fds(), before);
	channel_free(&c);
}

Test(libs_evtchn, wrong_binds)
{
	struct channel c = channel_make();

	cr_assert_eq(xenevtchn_bind_interdomain(c.h, 4711, 1), -1);
	cr_assert_eq(errno, ESRCH);
	cr_assert_eq(xenevtchn_bind_interdomain(c.h, c.a.domid, (evtchn_port_t)c.remote), -1, "taken");
	cr_assert_eq(errno, EINVAL);
	cr_assert_eq(xenevtchn_bind_interdomain(c.h, c.a.domid, 1000), -1);
	cr_assert_eq(xenevtchn_bind_unbound_port(c.h, 4711), -1);
	cr_assert_eq(errno, ESRCH);
	cr_assert_gt(xenevtchn_bind_unbound_port(c.h, c.a.domid), 0);
	cr_assert_eq(xenevtchn_unmask(c.h, 4000), 0);
	cr_assert_null(xenevtchn_open(NULL, 0x40));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(xenevtchn_fdopen(NULL, 0, 0));
	cr_assert_eq(xenevtchn_restrict(c.h, 1), -1);
	channel_free(&c);
}

Test(libs_evtchn, a_forked_child_may_close)
{
	struct channel c = channel_make();
	int status;
	pid_t child = fork();

	if (child == 0) {
		xenevtchn_close(c.h);
		_exit(0);
	}
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
	send(&c, c.remote);
	cr_assert_eq(xenevtchn_pending(c.h), c.local);
	channel_free(&c);
}
