/* SPDX-License-Identifier: MIT */
/*
 * The opener's side.  Each request has a process of its own: a file server that hangs holds up the disk
 * that is on it, and no other.
 *
 * Trust: the request comes from the backend, which a domain may have taken over.  It names a device;
 * the path is what the store says, if the store says that only the control domain could write it.
 */
#include "config.h"
#include "backends/blk_opener_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xenstore.h>

#include "backends/blk_sandbox.h"

struct source {
	struct xs_handle *xs;
	char dir[80];
};

static char *node_read(void *arg, const char *node)
{
	struct source *s = arg;
	unsigned int len;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", s->dir, node);
	return xs_read(s->xs, XBT_NULL, path, &len);
}

/* Is the node the control domain's, and can nobody else write it? */
static bool node_is_ours(const struct source *s, const char *node)
{
	struct xs_permissions *p;
	unsigned int nr = 0, i;
	char path[128];
	bool ours;

	snprintf(path, sizeof(path), "%s%s", s->dir, node);
	p = xs_get_permissions(s->xs, XBT_NULL, path, &nr);
	ours = p && nr && p[0].id == 0 && !(p[0].perms & XS_PERM_WRITE);
	for (i = 1; ours && i < nr; i++)
		ours = p[i].id == 0 || !(p[i].perms & XS_PERM_WRITE);
	free(p);
	return ours;
}

static int serve(const struct opener_request *req, struct blk_opened *o)
{
	struct source s = { .xs = xs_open(0) };
	struct blk_spec spec;
	int rc;

	if (!s.xs) {
		rc = errno ? -errno : -ENOTCONN;
		snprintf(o->why, sizeof(o->why), "the opener cannot reach xenstored: %s", strerror(-rc));
		return rc;
	}
	snprintf(s.dir, sizeof(s.dir), "/local/domain/0/backend/vbd/%u/%u", req->domid, req->devid);
	rc = blk_spec_read(&spec, node_read, &s, o->why, sizeof(o->why));
	if (!rc && (!node_is_ours(&s, "") || !node_is_ours(&s, "/params"))) {
		snprintf(o->why, sizeof(o->why), "the disk's nodes can be written by others than the control domain");
		rc = -EPERM;
	}
	xs_close(s.xs);
	if (rc)
		return rc;
	spec.allow_direct = req->allow_direct;
	return blk_place_open(&spec, o);
}

static void put_fd(int *fds, unsigned int *nr, int fd)
{
	if (fd >= 0)
		fds[(*nr)++] = fd;
}

static void reply_send(int sock, const struct opener_reply *r)
{
	char control[CMSG_SPACE(OPENER_FDS * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)r, .iov_len = sizeof(*r) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	int fds[OPENER_FDS];
	unsigned int nr = 0;

	put_fd(fds, &nr, r->opened.image.fd);
	put_fd(fds, &nr, r->opened.image.direct_fd);
	put_fd(fds, &nr, r->opened.sock);
	put_fd(fds, &nr, r->opened.lifetime);
	if (nr) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nr * sizeof(int));
	}
	while (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void __attribute__((noreturn)) answer(int sock, const struct opener_request *req)
{
	struct opener_reply r = { .number = req->number };

	r.opened.sock = r.opened.lifetime = r.opened.image.fd = r.opened.image.direct_fd = -1;
	prctl(PR_SET_NAME, "blk-opening");
	signal(SIGCHLD, SIG_DFL);
	r.rc = serve(req, &r.opened);
	reply_send(sock, &r);
	_exit(0);
}

/* The opener has no terminal, no pid file and no log: what it has to say is in its answers. */
static void leave(int *sock)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	*sock = dup2(fcntl(*sock, F_DUPFD, 64), 3);
	close_range(4, ~0u, 0);
	fcntl(*sock, F_SETFD, FD_CLOEXEC);
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_NAME, "blk-opener");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void request_take(int sock, const struct opener_request *req)
{
	struct opener_reply r;
	pid_t pid = fork();

	if (!pid)
		answer(sock, req);
	if (pid > 0)
		return;
	r = (struct opener_reply){ .number = req->number, .rc = -errno };
	r.opened.sock = r.opened.lifetime = r.opened.image.fd = r.opened.image.direct_fd = -1;
	snprintf(r.opened.why, sizeof(r.opened.why), "the opener cannot fork: %s", strerror(-r.rc));
	reply_send(sock, &r);
}

/* A request, or the descriptor of the sandbox's questions.  Without a backend there is no opener. */
static void backend_event(int sock, int *notify)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct opener_request req;
	struct iovec iov = { .iov_base = &req, .iov_len = sizeof(req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (n < 0 && errno == EINTR)
		return;
	if (n != sizeof(req))
		_exit(0);
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (!req.supervise)
		request_take(sock, &req);
	else if (*notify < 0)
		*notify = fd;
	if (fd >= 0 && fd != *notify)
		close(fd);
}

void opener_serve(int sock)
{
	const char *store = getenv("XENSTORED_PATH");
	struct pollfd p[2];
	int notify = -1;

	leave(&sock);
	for (;;) {
		p[0] = (struct pollfd){ .fd = sock, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = notify, .events = POLLIN };
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents & POLLIN)
			blk_sandbox_answer(notify, store ? store : "");
		else if (p[1].revents)		/* nobody is left who could ask */
			_exit(0);
		if (p[0].revents)
			backend_event(sock, &notify);
	}
}
