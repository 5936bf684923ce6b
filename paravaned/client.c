/* SPDX-License-Identifier: MIT */
/*
 * Connections of control-domain programs: who may connect, what is read, what is sent.
 *
 * A client must be our own user or root.  It is still not believed: a message of a wrong length,
 * out of order, or a client that does not read what it is sent, costs that client its connection
 * and one line of log, and nobody else notices.
 */
#include "config.h"
#include "paravaned/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/evtchn.h"
#include "paravaned/machine.h"

#define MESSAGES_PER_TURN	32
#define MAX_OUT			2048
#define MAX_BEHIND		64
#define MAX_FDS			4
#define ACCEPT_PAUSE_NS		100000000ULL

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);
static uint32_t nr_clients;

uint32_t client_count(void)
{
	return nr_clients;
}

bool client_is_behind(const struct client *c)
{
	return c->nr_out > MAX_BEHIND;
}

static void out_free(struct client *c, struct out_message *m)
{
	while (m->nr_fds)
		close(m->fd[--m->nr_fds]);
	TAILQ_REMOVE(&c->out, m, entry);
	c->nr_out--;
	free(m);
}

static void client_free(void *arg)
{
	struct client *c = arg;

	while (!TAILQ_EMPTY(&c->out))
		out_free(c, TAILQ_FIRST(&c->out));
	evtchn_client_gone(c);
	maptrack_release(c);
	mappings_client_gone(c);
	buffers_free(&c->buffers);
	LIST_REMOVE(c, entry);
	nr_clients--;
	free(c);
}

void client_drop(struct client *c, const char *why)
{
	if (c->doomed)
		return;
	c->doomed = true;
	if (why)
		pvn_log(LOG_WARNING, "client with pid %d dropped: %s", (int)c->pid, why);
	pvn_loop_del_fd(c->watch);
	c->watch = NULL;
	close(c->fd);
	c->fd = -1;
	/* Not at once: somebody up the stack may be using it. */
	if (pvn_loop_add_deferred(machine.loop, client_free, c))
		pvn_log(LOG_ERR, "out of memory: a client's remains stay");
}

/* 0, -EAGAIN, or -errno. */
static int send_now(struct client *c, const struct pvn_msg *head, const void *body, const int *fds,
		    int nr_fds)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 2)];
		struct cmsghdr align;
	} ctl = { 0 };
	struct iovec iov[2] = { { (void *)(uintptr_t)head, sizeof(*head) },
				{ (void *)(uintptr_t)body, head->len } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = head->len ? 2 : 1 };

	if (nr_fds) {
		struct cmsghdr *cm;

		mh.msg_control = ctl.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nr_fds);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nr_fds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * (size_t)nr_fds);
	}
	return sendmsg(c->fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Keep a message until the client reads.  Descriptors are duplicated: ours may be closed by then. */
static void send_later(struct client *c, const struct pvn_msg *head, const void *body, const int *fds,
		       int nr_fds)
{
	struct out_message *m;

	if (c->nr_out >= MAX_OUT || head->len > sizeof(m->body)) {
		client_drop(c, "it does not read what it is sent");
		return;
	}
	m = calloc(1, sizeof(*m));
	if (!m) {
		client_drop(c, "out of memory");
		return;
	}
	m->head = *head;
	memcpy(m->body, body, head->len);
	while (m->nr_fds < nr_fds) {
		int fd = fcntl(fds[m->nr_fds], F_DUPFD_CLOEXEC, 0);

		if (fd < 0)
			break;
		m->fd[m->nr_fds++] = fd;
	}
	TAILQ_INSERT_TAIL(&c->out, m, entry);
	c->nr_out++;
	if (m->nr_fds < nr_fds)
		client_drop(c, "out of descriptors");
	else
		pvn_loop_mod_fd(c->watch, POLLOUT);
}

static void client_send(struct client *c, const struct pvn_msg *head, const void *body, const int *fds,
			int nr_fds)
{
	int rc = -EAGAIN;

	if (c->doomed)
		return;
	if (TAILQ_EMPTY(&c->out))
		rc = send_now(c, head, body, fds, nr_fds);
	if (rc == -EAGAIN)
		send_later(c, head, body, fds, nr_fds);
	else if (rc == -EPIPE || rc == -ECONNRESET)
		client_drop(c, NULL);
	else if (rc)
		client_drop(c, strerror(-rc));
}

void client_send_event(struct client *c, uint32_t op, const void *body, uint32_t len, int fd)
{
	struct pvn_msg head = { .op = op, .len = len };

	client_send(c, &head, body, &fd, fd >= 0 ? 1 : 0);
}

static void flush_out(struct client *c)
{
	struct out_message *m;

	while ((m = TAILQ_FIRST(&c->out))) {
		int rc = send_now(c, &m->head, m->body, m->fd, m->nr_fds);

		if (rc == -EAGAIN)
			return;
		if (rc) {
			client_drop(c, NULL);
			return;
		}
		out_free(c, m);
	}
	pvn_loop_mod_fd(c->watch, POLLIN);
}

static int collect_fds(struct msghdr *mh, int fds[MAX_FDS])
{
	struct cmsghdr *cm;
	int n = 0;

	for (cm = CMSG_FIRSTHDR(mh); cm; cm = CMSG_NXTHDR(mh, cm)) {
		size_t bytes = cm->cmsg_len - CMSG_LEN(0);

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		if (bytes > sizeof(int) * (size_t)(MAX_FDS - n))
			bytes = sizeof(int) * (size_t)(MAX_FDS - n);
		memcpy(fds + n, CMSG_DATA(cm), bytes);
		n += (int)(bytes / sizeof(int));
	}
	return n;
}

static void serve(struct client *c, const uint8_t *datagram, size_t len, int fd)
{
	struct pvn_msg head;
	struct reply r = { .fd = { -1, -1 } };
	int rc;

	if (len < sizeof(head)) {
		client_drop(c, "a message without a head");
		return;
	}
	memcpy(&head, datagram, sizeof(head));
	if (head.len != len - sizeof(head)) {
		client_drop(c, "a message with a wrong length");
		return;
	}
	rc = message_serve(c, &head, datagram + sizeof(head), fd, &r);
	head.ret = (int32_t)(r.ret < 0 ? r.ret : 0);
	head.len = r.ret < 0 ? 0 : r.len;
	client_send(c, &head, r.body, r.fd, r.ret < 0 ? 0 : r.nr_fds);
	if (rc)
		client_drop(c, "a message out of order, or of another protocol version");
}

/* One datagram: 1 if there was one, 0 if there is no more for now. */
static int receive(struct client *c)
{
	static uint8_t buf[PVN_MSG_MAX + 1];
	union {
		char buf[CMSG_SPACE(sizeof(int) * MAX_FDS)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf,
			     .msg_controllen = sizeof(ctl.buf) };
	int fds[MAX_FDS], nr_fds, i;
	ssize_t n = recvmsg(c->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		client_drop(c, n < 0 && errno != ECONNRESET ? strerror(errno) : NULL);
		return 0;
	}
	nr_fds = collect_fds(&mh, fds);
	if (n > PVN_MSG_MAX || (mh.msg_flags & MSG_TRUNC))
		client_drop(c, "a message beyond PVN_MSG_MAX");
	else
		serve(c, buf, (size_t)n, nr_fds ? fds[0] : -1);
	for (i = 0; i < nr_fds; i++)
		close(fds[i]);
	return 1;
}

static void client_ready(void *arg, uint32_t revents)
{
	struct client *c = arg;
	int i;

	if (revents & POLLOUT)
		flush_out(c);
	/* While the client does not read, it is not listened to. */
	for (i = 0; i < MESSAGES_PER_TURN && !c->doomed && TAILQ_EMPTY(&c->out); i++)
		if (!receive(c))
			return;
	if (!c->doomed && !TAILQ_EMPTY(&c->out) && (revents & (POLLERR | POLLHUP)))
		client_drop(c, NULL);
}

static void client_new(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
	    (cred.uid != geteuid() && cred.uid != 0)) {
		pvn_log(LOG_WARNING, "connection of user %d refused", (int)cred.uid);
		close(fd);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c || pvn_loop_add_fd(machine.loop, fd, POLLIN, client_ready, c, &c->watch)) {
		pvn_log(LOG_ERR, "connection refused: out of memory");
		free(c);
		close(fd);
		return;
	}
	c->fd = fd;
	c->pid = cred.pid;
	TAILQ_INIT(&c->out);
	LIST_INIT(&c->ports);
	LIST_INIT(&c->mappings);
	LIST_INSERT_HEAD(&clients, c, entry);
	nr_clients++;
}

static void accept_again(void *unused)
{
	pvn_loop_mod_fd(machine.listen_watch, POLLIN);
}

void client_accept_ready(void *unused, uint32_t revents)
{
	int i, fd;

	for (i = 0; i < 16; i++) {
		fd = accept4(machine.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			break;
		client_new(fd);
	}
	/* Out of descriptors or memory: those who wait must not keep the loop busy. */
	if (i < 16 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		pvn_log(LOG_ERR, "cannot accept connections for now: %m");
		if (!pvn_loop_add_timer(machine.loop, ACCEPT_PAUSE_NS, accept_again, NULL, NULL))
			pvn_loop_mod_fd(machine.listen_watch, 0);
	}
}
