/* SPDX-License-Identifier: MIT */
/*
 * Clients of the store that do not keep to the protocol, for store-stock-tools.sh.
 *   store_hostile MODE: exits 0 if the store did what it should with us.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

static int store_connect(void)
{
	const char *path = getenv("XENSTORED_PATH");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (!path || strlen(path) >= sizeof(sa.sun_path))
		exit(2);
	strcpy(sa.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		perror(path);
		exit(2);
	}
	return fd;
}

static void send_message(int fd, uint32_t type, uint32_t claimed, const char *body, size_t len)
{
	struct xsd_sockmsg m = { .type = type, .req_id = 1, .len = claimed };

	if (send(fd, &m, sizeof(m), MSG_NOSIGNAL) < 0 || send(fd, body, len, MSG_NOSIGNAL) < 0)
		perror("send");
}

/* 0: the store hung up within 5 s. */
static int hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	while (poll(&p, 1, 5000) == 1) {
		n = read(fd, buf, sizeof(buf));
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0;
	}
	fprintf(stderr, "still connected\n");
	return 1;
}

static int mode_long(void)
{
	int fd = store_connect();

	send_message(fd, XS_WRITE, XENSTORE_PAYLOAD_MAX + 1, "/x", 3);
	return hung_up(fd);
}

static int mode_half(void)
{
	int fd = store_connect();

	send_message(fd, XS_WRITE, 100, "/x", 3);
	return close(fd);
}

static int mode_header(void)
{
	int fd = store_connect();

	return write(fd, "\1\0\0", 3) == 3 ? close(fd) : 1;
}

static int mode_type(void)
{
	struct xsd_sockmsg m;
	int fd = store_connect();
	char name[16];

	send_message(fd, 4711, 5, "hello", 5);
	if (read(fd, &m, sizeof(m)) != sizeof(m) || m.type != XS_ERROR || m.len > sizeof(name) ||
	    read(fd, name, m.len) != (ssize_t)m.len)
		return 1;
	return strcmp(name, "ENOSYS") != 0;
}

static int mode_garbage(void)
{
	uint32_t x = 12345;
	char buf[65536];
	size_t i;
	int fd = store_connect();

	memset(buf, 0xff, sizeof(struct xsd_sockmsg));
	for (i = sizeof(struct xsd_sockmsg); i < sizeof(buf); i++)
		buf[i] = (char)((x = x * 1103515245 + 12345) >> 16);
	send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
	return hung_up(fd);
}

/* Requests without end, replies never read: the store stops reading, and we are told so by a
 * socket that takes no more.  Then stay for a while. */
static int mode_flood(void)
{
	static char batch[4000];
	struct xsd_sockmsg m = { .type = XS_DIRECTORY, .len = 2 };
	struct pollfd p = { .events = POLLOUT };
	size_t at, total = 0;
	ssize_t n;

	p.fd = store_connect();
	for (at = 0; at + sizeof(m) + 2 <= sizeof(batch); at += sizeof(m) + 2) {
		memcpy(batch + at, &m, sizeof(m));
		memcpy(batch + at + sizeof(m), "/", 2);
	}
	while (poll(&p, 1, 1000) == 1) {
		n = send(p.fd, batch, at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return 1;
		if (n > 0 && (total += (size_t)n) > 256 << 20) {
			fprintf(stderr, "took 256 MiB of requests without a reply being read\n");
			return 1;
		}
		/* A batch cut in the middle would be another test. */
		if (n > 0 && (size_t)n < at)
			break;
	}
	puts("flooded");
	fflush(stdout);
	sleep(3);
	return 0;
}

/* Watches everything and never reads. */
static int mode_deaf(void)
{
	int fd = store_connect(), i;
	char body[64];

	for (i = 0; i < 1000; i++)
		send_message(fd, XS_WATCH, (uint32_t)snprintf(body, sizeof(body), "/%ct%d%c", 0, i, 0), body,
			     (size_t)snprintf(body, sizeof(body), "/%ct%d%c", 0, i, 0));
	puts("deaf");
	fflush(stdout);
	sleep(3);
	return 0;
}

static int mode_many(void)
{
	int i;

	for (i = 0; i < 500; i++)
		store_connect();
	puts("connected");
	fflush(stdout);
	sleep(2);
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(void);
} modes[] = {
	{ "long", mode_long },       { "half", mode_half },   { "header", mode_header },
	{ "type", mode_type },       { "garbage", mode_garbage }, { "flood", mode_flood },
	{ "deaf", mode_deaf },       { "many", mode_many },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].fn();
	fprintf(stderr, "usage: store_hostile MODE\n");
	return 2;
}
