/* SPDX-License-Identifier: MIT */
/*
 * Domain processes: what the sandbox leaves them, and what their deaths and their mischief do.
 * What would break: a domain that sees the host, one that takes paravaned or others with it, a
 * killed domain that stays in the list or keeps its memory.
 */
#include "config.h"
#include "tests/unit/paravaned_client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#include <paravane/shared.h>

static struct test_client c;

static void setup(void)
{
	const char *build = getenv("BUILD");
	static char path[4096];
	char *abs;

	snprintf(path, sizeof(path), "%s/tests/unit/paravaned_image", build ? build : ".");
	abs = realpath(path, NULL);
	cr_assert(abs);
	machine_start(abs);
	free(abs);
	test_connect(&c);
}

static void teardown(void)
{
	test_close(&c);
	machine_end();
}

TestSuite(paravaned_process, .init = setup, .fini = teardown);

/* A domain that runs the test image with this command. */
static domid_t run(char command, uint32_t word)
{
	domid_t d = test_domain(&c, 4);
	struct xen_domctl op = { .cmd = XEN_DOMCTL_unpausedomain, .domain = d };
	struct pvn_msg_domain_map map;
	uint8_t *mem, *shared;

	test_map(&c, d, &map, &mem, &shared);
	mem[0] = (uint8_t)command;
	memcpy(mem + 4, &word, 4);
	munmap(mem, map.mem_bytes);
	munmap(shared, map.shared_bytes);
	cr_assert(test_context(&c, d) == 0);
	cr_assert(test_domctl(&c, &op) == 0);
	return d;
}

static int64_t info(domid_t domid, struct xen_domctl_getdomaininfo *out)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = domid };
	int64_t ret = test_domctl(&c, &op);

	*out = op.u.getdomaininfo;
	return ret ? ret : out->domain == domid ? 0 : -ESRCH;
}

static const char *console(void)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_readconsole };

	s.u.readconsole.count = 65536;
	s.u.readconsole.buffer.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_sysctl(&c, &s) == 0);
	c.buf[8192 + s.u.readconsole.count] = 0;
	return (char *)c.buf + 8192;
}

static void nap(void)
{
	struct timespec ts = { 0, 5000000 };

	nanosleep(&ts, NULL);
}

static const char *wait_console(const char *text)
{
	int i;

	for (i = 0; i < 2000; i++) {
		const char *all = console();

		if (strstr(all, text))
			return all;
		nap();
	}
	cr_assert_fail("no \"%s\" on the console:\n%s", text, console());
	return NULL;
}

static uint32_t wait_shutdown(domid_t d)
{
	struct xen_domctl_getdomaininfo i;
	int n;

	for (n = 0; n < 2000; n++) {
		cr_assert(info(d, &i) == 0);
		if (i.flags & XEN_DOMINF_shutdown)
			return i.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
		nap();
	}
	cr_assert_fail("domain %d does not shut down", d);
	return 0;
}

static uint32_t bind_virq_dom_exc(void)
{
	struct pvn_msg_evtchn e = { .virq = VIRQ_DOM_EXC };
	struct test_msg m;

	cr_assert(test_call(&c, PVN_MSG_EVTCHN_BIND_VIRQ, &e, sizeof(e), -1, &m) == 0);
	memcpy(&e, m.body, sizeof(e));
	return e.local_port;
}

static void expect(const char *all, const char *word)
{
	cr_assert(strstr(all, word), "\"%s\" is not in:\n%s", word, all);
}

Test(paravaned_process, sandbox_leaves_nothing_of_the_host)
{
	domid_t d = run('R', 0);
	const char *all = wait_console("done=1");

	cr_assert(d == 1);
	expect(all, "fds=3,4,5,6,7,8,9,10,11,12,13,14,15,16\n");
	expect(all, "root_open=0 root_entries=0\n");
	expect(all, "passwd=2 proc=2 ");
	expect(all, "escape=2\n");
	expect(all, "caps=00 bounding=0 nnp=1\n");
	expect(all, "pid=1 uid=65534 sid=1 mount=1 setuid=");
	expect(all, "limits=0,0,2144,0,104\n");
	expect(all, "blocked=0 ignored=0\n");
	expect(all, "argc=2 argv0=paravane-d1 envp=0 mem=4194304\n");
	expect(all, "magic=1 domid=1 pages=1024 filter=1\n");
	expect(all, "truncate=1\n");
	cr_assert(!strstr(all, "setuid=0"));
}

Test(paravaned_process, filter_is_accepted_by_the_kernel_and_traps)
{
	domid_t d = run('P', 0);

	cr_assert(wait_shutdown(d) == SHUTDOWN_crash);
	expect(console(), "died by signal 31");
}

Test(paravaned_process, sigkill_destroys_at_once_and_tells_everybody)
{
	struct pvn_msg_domain md = { .domid = 1 }, gone;
	struct pvn_msg_evtchn e;
	uint32_t port = bind_virq_dom_exc();
	struct xen_domctl_getdomaininfo i;
	struct pvn_msg_domain_map map;
	unsigned char in_core;
	uint8_t *mem, *shared;
	struct test_msg m;
	domid_t d = run('T', 0);

	test_map(&c, d, &map, &mem, &shared);
	memset(mem + 4096, 0xaa, 65536);
	cr_assert(test_call(&c, PVN_MSG_DOMAIN_PIDFD, &md, sizeof(md), -1, &m) == 0 && m.nr_fds == 1);
	cr_assert(syscall(SYS_pidfd_send_signal, m.fd[0], SIGKILL, NULL, 0) == 0);
	close(m.fd[0]);
	cr_assert(test_event(&c, PVN_MSG_EVENT_DOMAIN_GONE, &m));
	memcpy(&gone, m.body, sizeof(gone));
	cr_assert(gone.domid == d && gone.arg == map.generation);
	cr_assert(test_event(&c, PVN_MSG_EVENT_VIRQ, &m));
	memcpy(&e, m.body, sizeof(e));
	cr_assert(e.virq == VIRQ_DOM_EXC && e.local_port == port);
	cr_assert(info(d, &i) == -ESRCH);
	cr_assert(mincore(mem + 4096, 4096, &in_core) == 0 && !(in_core & 1), "its memory is given back");
	cr_assert(mem[4096] == 0);
}

static bool listed(domid_t domid)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_getdomaininfolist };
	struct xen_domctl_getdomaininfo *all = (void *)(c.buf + 8192);
	uint32_t i;

	s.u.getdomaininfolist.max_domains = 100;
	s.u.getdomaininfolist.buffer.p = (void *)(TEST_BUF_VA + 8192);
	cr_assert(test_sysctl(&c, &s) == 0);
	for (i = 0; i < s.u.getdomaininfolist.num_domains; i++)
		if (all[i].domain == domid)
			return true;
	return false;
}

/* Who killed it may ask before it is dead, and before the machine has heard of it. */
Test(paravaned_process, a_killed_domain_is_never_seen_again)
{
	struct xen_domctl_getdomaininfo inf;
	struct test_msg m;
	int i;

	for (i = 0; i < 60; i++) {
		domid_t d = run(i & 1 ? 'T' : '.', 0);
		struct pvn_msg_domain md = { .domid = d };

		cr_assert(listed(d));
		cr_assert(test_call(&c, PVN_MSG_DOMAIN_PIDFD, &md, sizeof(md), -1, &m) == 0);
		cr_assert(syscall(SYS_pidfd_send_signal, m.fd[0], SIGKILL, NULL, 0) == 0);
		close(m.fd[0]);
		if (i & 2)
			cr_assert(!listed(d), "domain %u is in the list, round %d", d, i);
		else
			cr_assert(info(d, &inf) == -ESRCH, "there is a domain %u, round %d", d, i);
	}
}

Test(paravaned_process, other_deaths_are_crashes_and_keep_the_domain)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain };
	struct xen_domctl_getdomaininfo i;
	domid_t s = run('S', 0), x = run('X', 0);

	cr_assert(wait_shutdown(s) == SHUTDOWN_crash);
	cr_assert(wait_shutdown(x) == SHUTDOWN_crash);
	expect(console(), "d1 crashed: its process died by signal 11");
	expect(console(), "d2 crashed: its process exited with status 3");
	cr_assert(info(s, &i) == 0 && i.tot_pages == 1024);
	op.domain = s;
	cr_assert(test_domctl(&c, &op) == 0);
	cr_assert(info(s, &i) == -ESRCH);
}

Test(paravaned_process, malformed_and_unknown_requests_crash_that_domain_only)
{
	struct xen_domctl_getdomaininfo i;
	domid_t good = run('.', 0), m = run('M', 0), u = run('U', 0);

	cr_assert(wait_shutdown(m) == SHUTDOWN_crash);
	cr_assert(wait_shutdown(u) == SHUTDOWN_crash);
	expect(console(), "d2 crashed: malformed request");
	expect(console(), "d3 crashed: unknown request 4711");
	cr_assert(info(good, &i) == 0 && !(i.flags & XEN_DOMINF_shutdown));
}

Test(paravaned_process, last_words_cannot_play_with_a_terminal)
{
	domid_t d = run('Z', 0);

	cr_assert(wait_shutdown(d) == SHUTDOWN_crash);
	expect(console(), "(PVN) d1 crashed:  [2J ?red \n");
}

Test(paravaned_process, floods_hurt_nobody_else)
{
	struct xen_domctl_getdomaininfo i;
	domid_t q = run('Q', 0), f = run('F', 0), good;

	cr_assert(wait_shutdown(q) == SHUTDOWN_crash, "it never reads a reply");
	good = run('O', 0);
	cr_assert(wait_shutdown(good) == SHUTDOWN_poweroff);
	expect(console(), "d3 shut down, code 0");
	cr_assert(info(f, &i) == 0 && !(i.flags & XEN_DOMINF_shutdown), "a noisy domain is no criminal");
}

Test(paravaned_process, a_domain_that_drops_its_socket_is_destroyed)
{
	struct xen_domctl_getdomaininfo i;
	struct pvn_msg_domain gone;
	struct test_msg m;
	domid_t d;

	bind_virq_dom_exc();
	d = run('C', 0);
	cr_assert(test_event(&c, PVN_MSG_EVENT_DOMAIN_GONE, &m));
	memcpy(&gone, m.body, sizeof(gone));
	cr_assert(gone.domid == d);
	cr_assert(info(d, &i) == -ESRCH);
}

Test(paravaned_process, pause_stops_the_process_and_cpu_time_is_kept_after_death)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_pausedomain };
	struct xen_domctl_getdomaininfo i, j;
	domid_t d = run('T', 0);
	int n;

	op.domain = d;
	do
		cr_assert(info(d, &i) == 0);
	while (i.cpu_time < 3000000);
	cr_assert(test_domctl(&c, &op) == 0);
	for (n = 0; n < 20; n++)
		nap();
	cr_assert(info(d, &i) == 0 && (i.flags & XEN_DOMINF_paused));
	for (n = 0; n < 20; n++)
		nap();
	cr_assert(info(d, &j) == 0 && j.cpu_time == i.cpu_time, "it still runs");
	d = run('S', 0);
	wait_shutdown(d);
	for (n = 0; n < 400; n++) {
		cr_assert(info(d, &j) == 0);
		if (j.cpu_time)
			break;
		nap();
	}
	cr_assert(j.cpu_time > 0);
}

Test(paravaned_process, control_port_is_bound_by_the_domain_and_unbound_when_it_dies)
{
	struct pvn_msg_evtchn e = { .domid = 1 }, bound, closed;
	struct pvn_msg_domain md = { .domid = 1 };
	struct test_msg m;
	domid_t d;

	d = test_domain(&c, 4);
	cr_assert(test_call(&c, PVN_MSG_EVTCHN_BIND_UNBOUND, &e, sizeof(e), -1, &m) == 0);
	memcpy(&e, m.body, sizeof(e));
	{
		struct xen_domctl op = { .cmd = XEN_DOMCTL_unpausedomain, .domain = d };
		struct pvn_msg_domain_map map;
		uint8_t *mem, *shared;

		test_map(&c, d, &map, &mem, &shared);
		mem[0] = 'B';
		memcpy(mem + 4, &e.local_port, 4);
		cr_assert(test_context(&c, d) == 0 && test_domctl(&c, &op) == 0);
		cr_assert(test_event(&c, PVN_MSG_EVENT_BOUND, &m));
		memcpy(&bound, m.body, sizeof(bound));
		cr_assert(bound.local_port == e.local_port && bound.domid == d && bound.link_new && m.nr_fds == 1);
		wait_console("bound=1\n");

		struct pvn_port *p = (struct pvn_port *)(shared + PVN_PORTS_OFFSET) + bound.remote_port;
		cr_assert(p->state == PVN_PORT_INTERDOMAIN && p->remote_port == e.local_port);
	}
	cr_assert(test_call(&c, PVN_MSG_DOMAIN_PIDFD, &md, sizeof(md), -1, &m) == 0);
	syscall(SYS_pidfd_send_signal, m.fd[0], SIGKILL, NULL, 0);
	cr_assert(test_event(&c, PVN_MSG_EVENT_PEER_CLOSED, &m));
	memcpy(&closed, m.body, sizeof(closed));
	cr_assert(closed.local_port == e.local_port && closed.domid == d);
}
