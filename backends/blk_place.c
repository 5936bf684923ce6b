/* SPDX-License-Identifier: MIT */
/* What a disk's nodes name, opened. */
#include "config.h"
#include "backends/blk_place.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libs/util/nbdplace.h"

#define CONNECT_MS	5000
#define SILENCE_MS	30000	/* a host that takes our bytes and confirms none for so long is dead */

static bool node_is(blk_node_fn *node, void *arg, const char *name, const char *value)
{
	char *text = node(arg, name);
	bool same = text && !strcmp(text, value);

	free(text);
	return same;
}

/* false: it does not fit. */
static bool node_copy(blk_node_fn *node, void *arg, const char *name, char *buf, size_t size)
{
	char *text = node(arg, name);
	int n = snprintf(buf, size, "%s", text ? text : "");

	free(text);
	return n >= 0 && (size_t)n < size;
}

int blk_spec_read(struct blk_spec *spec, blk_node_fn *node, void *arg, char *why, size_t why_size)
{
	memset(spec, 0, sizeof(*spec));
	if (!node_copy(node, arg, "params", spec->params, sizeof(spec->params))) {
		snprintf(why, why_size, "the disk's params are too long");
		return -ENAMETOOLONG;
	}
	if (!spec->params[0]) {
		snprintf(why, why_size, "the disk has no params");
		return -ENOENT;
	}
	if (!node_copy(node, arg, "format", spec->format, sizeof(spec->format))) {
		snprintf(why, why_size, "the disk's format is none that is served");
		return -EINVAL;
	}
	if (!spec->format[0])
		snprintf(spec->format, sizeof(spec->format), "raw");
	spec->readonly = !node_is(node, arg, "mode", "w");
	spec->discard = !node_is(node, arg, "discard-enable", "0");
	spec->direct_io_safe = node_is(node, arg, "direct-io-safe", "1");
	spec->allow_direct = true;
	return 0;
}

static int open_file(const struct blk_spec *spec, struct blk_opened *o)
{
	char path[40];
	ssize_t n;
	int rc = blk_image_open(&o->image, spec->params, spec->readonly, spec->allow_direct, o->why,
				sizeof(o->why));

	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->image.fd);
	n = readlink(path, o->target, sizeof(o->target) - 1);
	o->target[n > 0 ? n : 0] = 0;
	return 0;
}

/* A connect that was begun on a non-blocking socket.  0 or -errno. */
static int connect_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0, n;

	do
		n = poll(&p, 1, CONNECT_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) ? -errno : -err;
}

static int socket_connect(const struct sockaddr *addr, socklen_t len, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, addr, len))
		rc = errno == EINPROGRESS ? connect_end(fd) : -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, path, strlen(path));
	return socket_connect((struct sockaddr *)&addr, sizeof(addr), AF_UNIX);
}

/* Descriptor, -errno, or *why what the resolver says. */
static int connect_tcp(const struct nbd_place *place, const char **why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	int rc = getaddrinfo(place->host, place->port, &hints, &list), fd = -EHOSTUNREACH, one = 1;
	unsigned int silence = SILENCE_MS;

	if (rc) {
		*why = gai_strerror(rc);
		return -EHOSTUNREACH;
	}
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = socket_connect(ai->ai_addr, ai->ai_addrlen, ai->ai_family);
	freeaddrinfo(list);
	if (fd < 0)
		return fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
	return fd;
}

static int open_nbd(const struct blk_spec *spec, struct blk_opened *o)
{
	struct nbd_place place;
	const char *why = nbd_place_parse(spec->params, &place);
	int fd;

	if (why) {
		snprintf(o->why, sizeof(o->why), "%.140s: %.110s", spec->params, why);
		return -EINVAL;
	}
	fd = place.path[0] ? connect_unix(place.path) : connect_tcp(&place, &why);
	if (fd < 0) {
		snprintf(o->why, sizeof(o->why), "cannot reach the NBD server at %.120s: %.90s", spec->params,
			 why ? why : strerror(-fd));
		return fd == -EAGAIN ? -ECONNREFUSED : fd;
	}
	o->sock = fd;
	memcpy(o->export, place.export, sizeof(o->export));
	return 0;
}

int blk_place_open(const struct blk_spec *spec, struct blk_opened *o)
{
	bool raw = !strcmp(spec->format, "raw");

	memset(o, 0, sizeof(*o));
	o->sock = o->lifetime = o->image.fd = o->image.direct_fd = -1;
	if (!raw)
		return blk_helper_open(spec, o);
	return nbd_place_is(spec->params) ? open_nbd(spec, o) : open_file(spec, o);
}

void blk_place_close(struct blk_opened *o)
{
	if (o->sock >= 0)
		close(o->sock);
	if (o->lifetime >= 0)
		close(o->lifetime);
	blk_image_close(&o->image);
	o->sock = o->lifetime = -1;
}
