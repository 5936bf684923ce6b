/* SPDX-License-Identifier: MIT */
/*
 * Clients that lie, and what clients leave behind.  What would break: paravaned reading or
 * crashing where a client tells it to, one client's fault noticed by another, ports and grant
 * pins of dead clients that stay for ever.
 */
#include "config.h"
#include "tests/unit/paravaned_client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>

#include <paravane/shared.h>

static struct test_client c;

static void setup(void)
{
	machine_start(NULL);
	test_connect(&c);
}

static void teardown(void)
{
	/* Whatever was done to it, it still serves. */
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, 0, 0, 0) == (4 << 16 | 17));
	test_close(&c);
	machine_end();
}

TestSuite(paravaned_clients, .init = setup, .fini = teardown);

static void expect_dropped(int fd)
{
	static struct test_msg m;

	while (test_recv(fd, &m) > 0)
		continue;
	close(fd);
}

Test(paravaned_clients, hello_comes_first_and_names_the_version)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION + 1 };
	struct pvn_msg_hypercall h = { .nr = __HYPERVISOR_xen_version };
	static struct test_msg m;
	int fd = test_connect_raw();

	test_send(fd, PVN_MSG_HELLO, 1, &hello, sizeof(hello), -1);
	cr_assert(test_recv(fd, &m) > 0 && m.head.ret == -EPROTONOSUPPORT && m.head.len == 0);
	expect_dropped(fd);
	fd = test_connect_raw();
	test_send(fd, PVN_MSG_HYPERCALL, 1, &h, sizeof(h), -1);
	cr_assert(test_recv(fd, &m) > 0 && m.head.ret == -EPROTO);
	expect_dropped(fd);
}

Test(paravaned_clients, messages_of_wrong_length_cost_the_connection)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION };
	struct pvn_msg head = { .op = PVN_MSG_HELLO, .len = 4000 };
	static uint8_t big[PVN_MSG_MAX + 100];
	static struct test_msg m;
	int fd;

	fd = test_connect_raw();
	send(fd, "abc", 3, 0);
	expect_dropped(fd);
	fd = test_connect_raw();
	send(fd, &head, sizeof(head), 0);
	expect_dropped(fd);
	fd = test_connect_raw();
	send(fd, big, sizeof(big), 0);
	expect_dropped(fd);
	fd = test_connect_raw();
	test_send(fd, PVN_MSG_HELLO, 1, &hello, sizeof(hello), -1);
	cr_assert(test_recv(fd, &m) > 0 && m.head.ret == 0);
	test_send(fd, PVN_MSG_HYPERCALL, 2, &hello, sizeof(hello), -1);
	expect_dropped(fd);
}

/* Even where the modes of directory and socket let a stranger in, its credentials do not. */
Test(paravaned_clients, another_user_is_not_served)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION };
	static struct test_msg m;
	char path[128];
	int status;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("only root can become somebody else");
	snprintf(path, sizeof(path), "%s/paravaned.sock", machine_rundir());
	cr_assert(chmod(machine_rundir(), 0711) == 0 && chmod(path, 0666) == 0);
	pid = fork();
	if (pid == 0) {
		int fd;

		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(2);
		fd = test_connect_raw();
		if (fd < 0)
			_exit(3);
		test_send(fd, PVN_MSG_HELLO, 1, &hello, sizeof(hello), -1);
		_exit(test_recv(fd, &m) > 0);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	cr_assert(WEXITSTATUS(status) == 0, "%d", WEXITSTATUS(status));
}

static int add(uint64_t addr, uint64_t bytes, int fd)
{
	struct pvn_msg_buffer b = { addr, bytes };

	return test_call(&c, PVN_MSG_BUFFER_ADD, &b, sizeof(b), fd, NULL);
}

static int memfd(size_t bytes, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert(ftruncate(fd, (off_t)bytes) == 0 && (!seals || fcntl(fd, F_ADD_SEALS, seals) == 0));
	return fd;
}

Test(paravaned_clients, buffers_must_be_sealed_memfds_in_free_places)
{
	int loose = memfd(8192, 0), sealed = memfd(8192, F_SEAL_SHRINK), file = open("/dev/null", O_RDWR);
	struct pvn_msg_buffer b = { 0x40000000, 0 };

	cr_assert(add(0x40000000, 4096, -1) == -EBADF);
	cr_assert(add(0x40000000, 4096, loose) == -EINVAL, "could be shrunk under our hands");
	cr_assert(add(0x40000000, 4096, file) == -EINVAL);
	cr_assert(add(0x40000000, 12288, sealed) == -EINVAL, "shorter than said");
	cr_assert(add(0x40000001, 4096, sealed) == -EINVAL);
	cr_assert(add(0x40000000, 0, sealed) == -EINVAL);
	cr_assert(add(0x40000000, ~0UL - 4095, sealed) == -EINVAL);
	cr_assert(add(TEST_BUF_VA + TEST_BUF_BYTES - 4096, 8192, sealed) == -EINVAL, "overlap");
	cr_assert(add(0x40000000, 8192, sealed) == 0);
	cr_assert(add(0x40000000, 8192, sealed) == -EINVAL);
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, 1, 0x40000000 + 8192 - 16, 0) == 0);
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, 1, 0x40000000 + 8192 - 15, 0) == -EFAULT);
	cr_assert(test_call(&c, PVN_MSG_BUFFER_DEL, &b, sizeof(b), -1, NULL) == 0);
	cr_assert(test_call(&c, PVN_MSG_BUFFER_DEL, &b, sizeof(b), -1, NULL) == -ENOENT);
	cr_assert(test_hypercall(&c, __HYPERVISOR_xen_version, 1, 0x40000000, 0) == -EFAULT);
	close(loose);
	close(sealed);
	close(file);
}

static int64_t alloc_unbound(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound a = { .dom = dom, .remote_dom = remote };
	int64_t ret;

	memcpy(c.buf, &a, sizeof(a));
	ret = test_hypercall(&c, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, TEST_BUF_VA, 0);
	memcpy(&a, c.buf, sizeof(a));
	return ret ? ret : (int64_t)a.port;
}

static struct evtchn_status port_status(domid_t dom, evtchn_port_t port)
{
	struct evtchn_status s = { .dom = dom, .port = port };

	memcpy(c.buf, &s, sizeof(s));
	cr_assert(test_hypercall(&c, __HYPERVISOR_event_channel_op, EVTCHNOP_status, TEST_BUF_VA, 0) == 0);
	memcpy(&s, c.buf, sizeof(s));
	return s;
}

static int bind_port(struct test_client *who, domid_t d, uint32_t port, struct pvn_msg_evtchn *out, int *doorbell)
{
	struct pvn_msg_evtchn e = { .domid = d, .remote_port = port };
	static struct test_msg m;
	int rc = test_call(who, PVN_MSG_EVTCHN_BIND_INTERDOMAIN, &e, sizeof(e), -1, &m);

	if (rc)
		return rc;
	memcpy(out, m.body, sizeof(*out));
	*doorbell = m.nr_fds ? m.fd[0] : -1;
	return 0;
}

Test(paravaned_clients, ports_bind_as_in_xen)
{
	domid_t d = test_domain(&c, 4);
	struct pvn_msg_evtchn a, b, bad = { .local_port = 4000 };
	struct pvn_msg_domain_map map;
	uint8_t *mem, *shared;
	int bell, none;

	test_map(&c, d, &map, &mem, &shared);
	cr_assert(alloc_unbound(d, 0) == 1 && alloc_unbound(d, 0) == 2, "store 1, console 2");
	cr_assert(alloc_unbound(99, 0) == -ESRCH);
	cr_assert(alloc_unbound(d, d) == 3);
	cr_assert(alloc_unbound(d, 77) == 4, "who it waits for need not be there");
	cr_assert(port_status(d, 1).status == EVTCHNSTAT_unbound);
	cr_assert(bind_port(&c, 99, 1, &a, &bell) == -ESRCH);
	cr_assert(bind_port(&c, d, 9, &a, &bell) == -EINVAL && bind_port(&c, d, 3, &a, &bell) == -EINVAL);
	cr_assert(bind_port(&c, d, 1, &a, &bell) == 0 && a.link_new && bell >= 0);
	cr_assert(bind_port(&c, d, 1, &b, &none) == -EINVAL, "taken");
	cr_assert(bind_port(&c, d, 2, &b, &none) == 0 && !b.link_new && none == -1 && b.link == a.link);
	cr_assert(a.local_port != b.local_port);

	struct pvn_port *p = (struct pvn_port *)(shared + PVN_PORTS_OFFSET);
	cr_assert(p[1].state == PVN_PORT_INTERDOMAIN && p[1].link == a.link && p[1].remote_port == a.local_port);
	struct evtchn_status s = port_status(d, 1);
	cr_assert(s.status == EVTCHNSTAT_interdomain && s.u.interdomain.dom == 0 &&
		  s.u.interdomain.port == a.local_port);
	s = port_status(0, a.local_port);
	cr_assert(s.status == EVTCHNSTAT_interdomain && s.u.interdomain.dom == d && s.u.interdomain.port == 1);

	cr_assert(test_call(&c, PVN_MSG_EVTCHN_UNBIND, &bad, sizeof(bad), -1, NULL) == -EINVAL);
	cr_assert(test_call(&c, PVN_MSG_EVTCHN_UNBIND, &a, sizeof(a), -1, NULL) == 0);
	cr_assert(p[1].state == PVN_PORT_UNBOUND && port_status(d, 1).status == EVTCHNSTAT_unbound);
	cr_assert(bind_port(&c, d, 1, &a, &none) == 0 && !a.link_new, "and can be bound again");
	close(bell);
}

Test(paravaned_clients, what_a_dead_client_held_is_released)
{
	domid_t d = test_domain(&c, 4);
	struct pvn_msg_evtchn a, v = { .virq = VIRQ_DOM_EXC };
	struct pvn_maptrack *track;
	struct pvn_msg_domain_map map;
	uint8_t *mem, *shared;
	struct test_client other;
	int bell, fd = memfd(4096, F_SEAL_SHRINK), i;

	test_map(&c, d, &map, &mem, &shared);
	test_connect(&other);
	alloc_unbound(d, 0);
	cr_assert(bind_port(&other, d, 1, &a, &bell) == 0);
	cr_assert(test_call(&other, PVN_MSG_EVTCHN_BIND_VIRQ, &v, sizeof(v), -1, NULL) == 0);
	cr_assert(test_call(&c, PVN_MSG_EVTCHN_BIND_VIRQ, &v, sizeof(v), -1, NULL) == -EEXIST);
	cr_assert(test_call(&c, PVN_MSG_EVTCHN_UNBIND, &a, sizeof(a), -1, NULL) == -EINVAL, "not its own");

	track = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct pvn_pin *pin = (struct pvn_pin *)(shared + PVN_PINS_OFFSET);
	grant_entry_v1_t *g = (grant_entry_v1_t *)(shared + PVN_HEAP_OFFSET + PVN_HEAP_GRANT * 4096);
	pin[8] = (struct pvn_pin){ 2, 1 };
	g[8].flags = GTF_permit_access | GTF_reading | GTF_writing;
	track[0] = (struct pvn_maptrack){ 2, 8, d, 0, map.generation };
	track[1] = (struct pvn_maptrack){ 1, ~0U, d, 0, map.generation };
	track[2] = (struct pvn_maptrack){ 1, 8, 0, 0, 1 };
	track[3] = (struct pvn_maptrack){ 1, 8, d, 0, map.generation + 1 };
	track[4] = (struct pvn_maptrack){ 7, 8, d, 0, map.generation };
	track[5] = (struct pvn_maptrack){ 1, 9, d, 0, map.generation };
	pin[10] = (struct pvn_pin){ 1, 0 };
	g[10].flags = GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed;
	track[6] = (struct pvn_maptrack){ 1, 10, d, 0, map.generation };
	cr_assert(test_call(&other, PVN_MSG_MAPTRACK, NULL, 0, fd, NULL) == 0);
	test_close(&other);
	for (i = 0; i < 1000 && port_status(d, 1).status != EVTCHNSTAT_unbound; i++)
		usleep(1000);
	cr_assert(port_status(d, 1).status == EVTCHNSTAT_unbound);
	cr_assert(pin[8].readers == 1 && pin[8].writers == 0, "%u %u", pin[8].readers, pin[8].writers);
	cr_assert(g[8].flags == (GTF_permit_access | GTF_reading));
	cr_assert(pin[9].readers == 0, "what was zero stays zero");
	cr_assert(pin[10].readers == 0 && g[10].flags == (GTF_accept_transfer | GTF_transfer_committed |
							  GTF_transfer_completed), "an entry that became another kind is let be");
	cr_assert(test_call(&c, PVN_MSG_EVTCHN_BIND_VIRQ, &v, sizeof(v), -1, NULL) == 0);
}

Test(paravaned_clients, a_ninth_handle_finds_no_link)
{
	domid_t d = test_domain(&c, 4);
	struct test_client other[PVN_MAX_LINKS + 1];
	struct pvn_msg_evtchn a;
	int i, bell;

	for (i = 0; i <= PVN_MAX_LINKS; i++) {
		test_connect(&other[i]);
		cr_assert(alloc_unbound(d, 0) == i + 1);
		cr_assert(bind_port(&other[i], d, (uint32_t)i + 1, &a, &bell) == (i < PVN_MAX_LINKS ? 0 : -ENOSPC));
		if (i < PVN_MAX_LINKS)
			close(bell);
	}
	cr_assert(port_status(d, PVN_MAX_LINKS + 1).status == EVTCHNSTAT_unbound);
	for (i = 0; i <= PVN_MAX_LINKS; i++)
		test_close(&other[i]);
}

Test(paravaned_clients, a_client_that_never_reads_is_dropped)
{
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION };
	struct pvn_msg_evtchn v = { .virq = VIRQ_CON_RING };
	struct pvn_msg_hypercall h = { .nr = __HYPERVISOR_xen_version };
	int fd = test_connect_raw(), i;

	test_send(fd, PVN_MSG_HELLO, 1, &hello, sizeof(hello), -1);
	test_send(fd, PVN_MSG_EVTCHN_BIND_VIRQ, 2, &v, sizeof(v), -1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 20000; i++)
		test_send(fd, PVN_MSG_HYPERCALL, 3, &h, sizeof(h), -1);
	/* Others are served meanwhile, and its virq floods only itself. */
	memset(c.buf, 'x', 100);
	for (i = 0; i < 3000; i++)
		cr_assert(test_hypercall(&c, __HYPERVISOR_console_io, CONSOLEIO_write, 1, TEST_BUF_VA) == 0);
	close(fd);
}

static uint32_t rnd(void)
{
	static unsigned int seed = 4711;

	return (uint32_t)rand_r(&seed);
}

Test(paravaned_clients, garbage_in_every_message_is_survived)
{
	struct test_client bad;
	uint32_t op;
	int round, i;

	for (round = 0; round < 60; round++) {
		test_connect(&bad);
		for (op = 0; op < 20; op++) {
			uint8_t body[PVN_MSG_MAX - sizeof(struct pvn_msg)];
			static const uint32_t lens[] = { 0, 4, 8, 16, 24, 28, 32, 48, 100, sizeof(body) };
			uint32_t len = lens[rnd() % 10];

			if (op == PVN_MSG_STOP)
				continue;
			for (i = 0; i < (int)sizeof(body); i++)
				body[i] = (uint8_t)(rnd() % 3 ? rnd() : 0);
			test_send(bad.fd, op, op + 1, body, len, rnd() % 4 ? -1 : bad.buf_fd);
		}
		test_close(&bad);
	}
}

Test(paravaned_clients, garbage_in_every_hypercall_is_survived)
{
	static const uint64_t nrs[] = { __HYPERVISOR_domctl, __HYPERVISOR_sysctl, __HYPERVISOR_memory_op,
					__HYPERVISOR_event_channel_op, __HYPERVISOR_xen_version,
					__HYPERVISOR_sched_op, __HYPERVISOR_console_io };
	unsigned int i, k;

	test_domain(&c, 4);
	for (i = 0; i < 20000; i++) {
		uint64_t nr = nrs[rnd() % 7], a1 = TEST_BUF_VA;
		uint64_t a0 = nr == __HYPERVISOR_domctl || nr == __HYPERVISOR_sysctl ? TEST_BUF_VA : rnd() % 30;

		for (k = 0; k < 192; k += 4) {
			uint32_t w = rnd() % 4 ? rnd() % 8 : (uint32_t)rnd() * 2;

			if (rnd() % 8 == 0)
				w = TEST_BUF_VA;
			memcpy(c.buf + k, &w, 4);
		}
		((uint32_t *)c.buf)[0] = rnd() % 90;
		((uint32_t *)c.buf)[1] = 0x15;
		test_hypercall(&c, nr, a0, nr == __HYPERVISOR_console_io ? rnd() % 100 : a1, a1);
	}
}
