/* SPDX-License-Identifier: MIT */
/* The backend's side of its opener: questions out, descriptors in. */
#include "config.h"
#include "backends/blk_opener_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"

struct question {
	TAILQ_ENTRY(question) entry;
	int64_t number;
	blk_opener_cb *cb;
	void *arg;
};

struct blk_opener {
	int sock;
	struct pvn_watch *watch;
	int64_t last_number;
	TAILQ_HEAD(, question) questions;
};

int blk_opener_start(struct blk_opener **out)
{
	struct blk_opener *op = calloc(1, sizeof(*op));
	int pair[2], rc;
	pid_t pid;

	if (!op)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		rc = -errno;
		free(op);
		return rc;
	}
	pid = fork();
	if (!pid)
		opener_serve(pair[1]);
	rc = -errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		free(op);
		return rc;
	}
	op->sock = pair[0];
	fcntl(op->sock, F_SETFL, O_NONBLOCK);
	TAILQ_INIT(&op->questions);
	*out = op;
	return 0;
}

static struct question *take_question(struct blk_opener *op, int64_t number)
{
	struct question *q;

	TAILQ_FOREACH(q, &op->questions, entry)
		if (q->number == number)
			break;
	if (q)
		TAILQ_REMOVE(&op->questions, q, entry);
	return q;
}

static void take_fd(int *to, const int *fds, unsigned int nr, unsigned int *at)
{
	if (*to >= 0)
		*to = *at < nr ? fds[(*at)++] : -1;
}

static void reply_fds(struct blk_opened *o, struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	unsigned int nr = 0, at = 0;
	int fds[OPENER_FDS];

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		nr = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		nr = nr < OPENER_FDS ? nr : OPENER_FDS;
		memcpy(fds, CMSG_DATA(c), nr * sizeof(int));
	}
	take_fd(&o->image.fd, fds, nr, &at);
	take_fd(&o->image.direct_fd, fds, nr, &at);
	take_fd(&o->sock, fds, nr, &at);
	take_fd(&o->lifetime, fds, nr, &at);
}

/* It will not answer any more. */
static void opener_lost(struct blk_opener *op)
{
	struct blk_opened o;
	struct question *q;

	pvn_log(LOG_ERR, "the opener has gone: no disk can be opened until paravane-blkback is started anew");
	pvn_loop_del_fd(op->watch);
	op->watch = NULL;
	while ((q = TAILQ_FIRST(&op->questions))) {
		TAILQ_REMOVE(&op->questions, q, entry);
		memset(&o, 0, sizeof(o));
		o.sock = o.lifetime = o.image.fd = o.image.direct_fd = -1;
		strcpy(o.why, "paravane-blkback's opener has gone");
		q->cb(q->arg, -EIO, &o);
		free(q);
	}
}

static void opener_event(void *arg, uint32_t revents)
{
	char control[CMSG_SPACE(OPENER_FDS * sizeof(int))];
	struct blk_opener *op = arg;
	struct opener_reply r;
	struct iovec iov = { .iov_base = &r, .iov_len = sizeof(r) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct question *q;
	ssize_t n = recvmsg(op->sock, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != sizeof(r)) {
		opener_lost(op);
		return;
	}
	reply_fds(&r.opened, &msg);
	q = take_question(op, r.number);
	if (q)
		q->cb(q->arg, r.rc, &r.opened);
	else
		blk_place_close(&r.opened);
	free(q);
}

int blk_opener_listen(struct blk_opener *op, struct pvn_loop *loop)
{
	return pvn_loop_add_fd(loop, op->sock, POLLIN, opener_event, op, &op->watch);
}

int64_t blk_opener_ask(struct blk_opener *op, unsigned int domid, unsigned int devid, bool allow_direct,
		       blk_opener_cb *cb, void *arg)
{
	struct opener_request req = { .number = ++op->last_number, .domid = domid, .devid = devid,
				      .allow_direct = allow_direct };
	struct question *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return -ENOMEM;
	if (send(op->sock, &req, sizeof(req), MSG_NOSIGNAL) < 0) {
		rc = -errno;	/* EAGAIN: it has as many as it takes, so try again */
		free(q);
		return rc;
	}
	q->number = req.number;
	q->cb = cb;
	q->arg = arg;
	TAILQ_INSERT_TAIL(&op->questions, q, entry);
	return q->number;
}

int blk_opener_supervise(struct blk_opener *op, int notify)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct opener_request req = { .supervise = true };
	struct iovec iov = { .iov_base = &req, .iov_len = sizeof(req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int rc;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &notify, sizeof(int));
	rc = sendmsg(op->sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
	close(notify);
	return rc;
}

void blk_opener_forget(struct blk_opener *op, int64_t number)
{
	if (op)
		free(take_question(op, number));
}

void blk_opener_stop(struct blk_opener *op)
{
	struct question *q;

	if (!op)
		return;
	pvn_loop_del_fd(op->watch);
	while ((q = TAILQ_FIRST(&op->questions))) {
		TAILQ_REMOVE(&op->questions, q, entry);
		free(q);
	}
	close(op->sock);
	free(op);
}
