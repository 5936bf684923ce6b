/* SPDX-License-Identifier: MIT */
/*
 * The wire between the libraries and paravaned (include/paravane/machine.h).
 * Called by all four libraries; each connection has one owner, who locks it.
 */
#include "config.h"
#include "libs/client/conn.h"

#include <paravane/rundir.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct datagram {
	struct pvn_msg msg;
	uint8_t body[PVN_MSG_MAX - sizeof(struct pvn_msg)];
};

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(PVN_CONN_FDS * sizeof(int))];
};

static void fds_close(int fds[PVN_CONN_FDS])
{
	int i;

	for (i = 0; i < PVN_CONN_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static int conn_break(struct pvn_conn *c, int err)
{
	if (!c->dead)
		c->dead = err;
	return c->dead;
}

static int conn_send(struct pvn_conn *c, const struct pvn_msg *msg, const void *body, int fd)
{
	struct iovec iov[2] = {
		{ (void *)msg, sizeof(*msg) },
		{ (void *)body, msg->len },
	};
	union control control = { 0 };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = msg->len ? 2 : 1 };
	struct cmsghdr *cm;
	ssize_t n;

	if (fd >= 0) {
		mh.msg_control = control.room;
		mh.msg_controllen = CMSG_SPACE(sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(int));
	}
	do
		n = sendmsg(c->fd, &mh, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? conn_break(c, -errno) : 0;
}

static void fds_collect(struct msghdr *mh, int fds[PVN_CONN_FDS])
{
	struct cmsghdr *cm;
	size_t i, n;
	int have = 0, fd;

	for (cm = CMSG_FIRSTHDR(mh); cm; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(int));
			if (have < PVN_CONN_FDS)
				fds[have++] = fd;
			else
				close(fd);
		}
	}
}

/* One datagram. 0, -EAGAIN (only with MSG_DONTWAIT), or the connection is broken. */
static int conn_recv(struct pvn_conn *c, struct datagram *d, int fds[PVN_CONN_FDS], int flags)
{
	struct iovec iov = { d, sizeof(*d) };
	union control control;
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t n;
	int i;

	for (i = 0; i < PVN_CONN_FDS; i++)
		fds[i] = -1;
	do
		n = recvmsg(c->fd, &mh, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -EAGAIN;
	if (n <= 0)
		return conn_break(c, n ? -errno : -ECONNRESET);
	fds_collect(&mh, fds);
	if ((size_t)n < sizeof(d->msg) || d->msg.len != (size_t)n - sizeof(d->msg) ||
	    (mh.msg_flags & MSG_TRUNC)) {
		fds_close(fds);
		return conn_break(c, -EPROTO);
	}
	return 0;
}

static struct pvn_unasked *unasked_make(const struct datagram *d, int fds[PVN_CONN_FDS])
{
	struct pvn_unasked *m = calloc(1, sizeof(*m));

	if (!m || d->msg.len > sizeof(m->bytes)) {
		fds_close(fds);
		free(m);
		return NULL;
	}
	m->op = d->msg.op;
	m->len = d->msg.len;
	memcpy(m->bytes, d->body, d->msg.len);
	memcpy(m->fds, fds, sizeof(m->fds));
	return m;
}

void pvn_unasked_free(struct pvn_unasked *m)
{
	if (!m)
		return;
	fds_close(m->fds);
	free(m);
}

static void unasked_keep(struct pvn_conn *c, const struct datagram *d, int fds[PVN_CONN_FDS])
{
	struct pvn_unasked *m = unasked_make(d, fds);

	/* A lost event is worse than a lost connection, which its owner notices. */
	if (!m) {
		conn_break(c, -ENOMEM);
		return;
	}
	*c->last = m;
	c->last = &m->next;
}

int pvn_conn_unasked(struct pvn_conn *c, struct pvn_unasked **out)
{
	int fds[PVN_CONN_FDS], rc;
	struct pvn_unasked *m = c->first;
	struct datagram d;

	if (m) {
		c->first = m->next;
		if (!c->first)
			c->last = &c->first;
		*out = m;
		return 1;
	}
	if (c->dead)
		return c->dead;
	rc = conn_recv(c, &d, fds, MSG_DONTWAIT);
	if (rc)
		return rc == -EAGAIN ? 0 : rc;
	if (d.msg.seq != 0) {		/* a reply nobody waits for */
		fds_close(fds);
		return conn_break(c, -EPROTO);
	}
	*out = unasked_make(&d, fds);
	return *out ? 1 : conn_break(c, -ENOMEM);
}

int pvn_conn_request(struct pvn_conn *c, struct pvn_request_args *a)
{
	struct pvn_msg msg = { .op = a->op, .len = (uint32_t)a->len };
	struct datagram d;
	int rc;

	a->fds[0] = a->fds[1] = -1;
	if (c->dead)
		return c->dead;
	if (c->pid != getpid())
		return -EBADF;
	if (++c->seq == 0)
		c->seq = 1;
	msg.seq = c->seq;
	rc = conn_send(c, &msg, a->body, a->send_fd);
	while (!rc) {
		rc = conn_recv(c, &d, a->fds, 0);
		if (rc || d.msg.seq != 0)
			break;
		unasked_keep(c, &d, a->fds);
		rc = c->dead;
	}
	if (rc)
		return rc;
	if (d.msg.seq != c->seq) {
		rc = conn_break(c, -EPROTO);
	} else if (d.msg.ret < 0) {
		rc = d.msg.ret;
	} else if (d.msg.len < a->reply_len) {
		rc = conn_break(c, -EPROTO);
	} else {
		if (a->reply_len)
			memcpy(a->reply, d.body, a->reply_len);
		return d.msg.ret;
	}
	fds_close(a->fds);
	return rc;
}

int pvn_conn_call(struct pvn_conn *c, uint32_t op, const void *body, size_t len, void *reply,
		  size_t reply_len)
{
	struct pvn_request_args a = {
		.op = op, .body = body, .len = len, .send_fd = -1,
		.reply = reply, .reply_len = reply_len,
	};
	int rc = pvn_conn_request(c, &a);

	fds_close(a.fds);
	return rc;
}

static int conn_hello(struct pvn_conn *c)
{
	struct pvn_msg_hello hello = { PVN_PROTOCOL_VERSION, (uint32_t)c->pid }, answer;
	int rc = pvn_conn_call(c, PVN_MSG_HELLO, &hello, sizeof(hello), &answer, sizeof(answer));

	if (rc < 0)
		return rc;
	return answer.version == PVN_PROTOCOL_VERSION ? 0 : -EPROTO;
}

int pvn_conn_open(struct pvn_conn *c)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int rc;

	*c = (struct pvn_conn){ .fd = -1, .pid = getpid() };
	c->last = &c->first;
	rc = pvn_runpath(sa.sun_path, sizeof(sa.sun_path), "paravaned.sock");
	if (rc)
		return rc;
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	do
		rc = connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)) ? -errno : 0;
	while (rc == -EINTR);
	if (!rc)
		rc = conn_hello(c);
	if (rc)
		pvn_conn_close(c);
	return rc;
}

void pvn_conn_close(struct pvn_conn *c)
{
	struct pvn_unasked *m;

	while ((m = c->first)) {
		c->first = m->next;
		pvn_unasked_free(m);
	}
	c->last = &c->first;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (!c->dead)
		c->dead = -EBADF;
}
