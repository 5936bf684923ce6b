/* SPDX-License-Identifier: MIT */
/*
 * Many requests to the store at once: every answer goes to its request, whatever pieces it comes in,
 * and a store that answers nonsense is an error, not a crash or a wait for ever.
 */
#include "config.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include "toolstack/lib/wire.h"

typedef void server(int fd);

static int pid;

/* A store in a process of its own; its end closes the connection. */
static int serve(server *fn)
{
	int p[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		fn(p[1]);
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

static void ended(int fd)
{
	close(fd);
	waitpid(pid, NULL, 0);
}

static int read_request(int fd, struct xsd_sockmsg *m, char *body)
{
	if (recv(fd, m, sizeof(*m), MSG_WAITALL) != sizeof(*m))
		return 0;
	return !m->len || recv(fd, body, m->len, MSG_WAITALL) == (ssize_t)m->len;
}

/* Answers READ of "/N" with "value-N", of "/missing" with ENOENT; a byte at a time. */
static void honest(int fd)
{
	char body[4096], out[256];
	struct xsd_sockmsg m;

	while (read_request(fd, &m, body)) {
		int bad = !strcmp(body, "/missing");
		int n = bad ? snprintf(out, sizeof(out), "ENOENT") + 1
			    : snprintf(out, sizeof(out), "value-%s", body + 1);

		m.type = bad ? XS_ERROR : XS_READ;
		m.len = n;
		for (size_t i = 0; i < sizeof(m); i++)
			if (write(fd, (char *)&m + i, 1) != 1)
				return;
		if (write(fd, out, n) != n)
			return;
	}
}

static void answer_with(int fd, uint32_t id_offset, uint32_t len)
{
	struct xsd_sockmsg m;
	char body[4096];

	if (!read_request(fd, &m, body))
		return;
	m.req_id += id_offset;
	m.len = len;
	if (write(fd, &m, sizeof(m)) < 0)
		return;
	read_request(fd, &m, body);
}

static void wrong_id(int fd) { answer_with(fd, 7, 0); }
static void too_long(int fd) { answer_with(fd, 0, 5000); }
static void huge(int fd) { answer_with(fd, 0, 0xffffffff); }
static void hangs_up(int fd) { char c; if (read(fd, &c, 1) < 0) _exit(1); }

static int seen;
static int look(void *arg, unsigned int nr, int err, const char *value)
{
	char want[32];

	seen++;
	if (nr == 50) {
		cr_assert_eq(err, -ENOENT);
		return 0;
	}
	snprintf(want, sizeof(want), "value-%u", nr);
	cr_assert_eq(err, 0);
	cr_assert_str_eq(value, want);
	return 0;
}

static void add_reads(struct wire *w, unsigned int n)
{
	char path[32];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), i == 50 ? "/missing" : "/%u", i);
		wire_add(w, XS_READ, 0, path, strlen(path) + 1, NULL, 0);
	}
}

Test(xl_wire, every_answer_finds_its_request)
{
	struct wire w = {0};
	int fd = serve(honest);

	add_reads(&w, 20000);	/* more than the socket's buffers take */
	cr_assert_eq(wire_exchange(fd, &w, look, NULL), 0);
	cr_assert_eq(seen, 20000);
	cr_assert_eq(w.nr, 0);
	/* Without a judge the first error counts, and the connection goes on. */
	add_reads(&w, 60);
	cr_assert_eq(wire_exchange(fd, &w, NULL, NULL), -ENOENT);
	add_reads(&w, 10);
	cr_assert_eq(wire_exchange(fd, &w, NULL, NULL), 0);
	ended(fd);
}

Test(xl_wire, nonsense_is_an_error)
{
	static server *const servers[] = {wrong_id, too_long, huge, hangs_up};
	static const int want[] = {-EPROTO, -EPROTO, -EPROTO, -ECONNRESET};

	for (int i = 0; i < 4; i++) {
		struct wire w = {0};
		int fd = serve(servers[i]), ret;

		add_reads(&w, 2);
		ret = wire_exchange(fd, &w, NULL, NULL);
		cr_assert_eq(ret, want[i], "%d: %d", i, ret);
		ended(fd);
	}
}

Test(xl_wire, a_payload_too_large_is_not_sent)
{
	static char big[XENSTORE_PAYLOAD_MAX + 1];
	struct wire w = {0};

	wire_add(&w, XS_WRITE, 0, "/a", 3, big, sizeof(big) - 2);
	cr_assert_eq(wire_exchange(-1, &w, NULL, NULL), -E2BIG);
}
