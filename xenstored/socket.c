/* SPDX-License-Identifier: MIT */
/*
 * The socket transport.  A client must be of the same user or root (SO_PEERCRED); it is then a
 * client of the control domain and privileged.  Its bytes are not trusted all the same: a
 * client that breaks the protocol is dropped and nobody else notices.
 *
 * A request is read, handled and answered in the turn that its bytes arrive in.
 */
#include "config.h"
#include "xenstored/socket.h"

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_TRIES	10

struct store_socket {
	struct pvn_loop *loop;
	struct store *store;
	struct pvn_watch *watch;
	int fd, spare;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct client {
	struct store_socket *listener;
	struct conn *conn;
	struct pvn_watch *watch;
	int fd;
	bool eof;	/* the client will send no more */
	bool again;	/* messages were left over: another turn is asked for */
	bool closing;	/* closed with that turn still to come: it frees us */
};

static void client_events(struct client *cl)
{
	uint32_t events = 0;

	if (conn_may_read(cl->conn) && !cl->again && !cl->eof)
		events |= POLLIN;
	if (conn_pending(cl->conn))
		events |= POLLOUT;
	pvn_loop_mod_fd(cl->watch, events);
}

static void client_flush(struct conn *c)
{
	struct client *cl = c->transport;
	const char *data;
	size_t len;
	ssize_t n;

	while ((data = conn_peek(c, &len)), len) {
		n = send(cl->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			conn_stop(c, XENSTORE_ERROR_COMM);	/* it hung up */
			return;
		}
		if (n < 0)
			break;
		conn_taken(c, (size_t)n);
	}
	client_events(cl);
}

static void client_bury(struct conn *c)
{
	conn_close(c);
}

static void client_close(struct conn *c)
{
	struct client *cl = c->transport;

	pvn_loop_del_fd(cl->watch);
	close(cl->fd);
	if (cl->again)
		cl->closing = true;
	else
		free(cl);
}

static const struct conn_ops client_ops = {
	.flush = client_flush,
	.bury = client_bury,
	.close = client_close,
};

static void client_turn(struct client *cl);

static void client_again(void *arg)
{
	struct client *cl = arg;

	cl->again = false;
	if (cl->closing)
		free(cl);
	else
		client_turn(cl);
}

/* Handle what has been read, once around; the rest when the others had their turn. */
static void client_turn(struct client *cl)
{
	struct store *s = cl->listener->store;
	struct conn *c = cl->conn;
	bool more = conn_process(c);

	if (more && conn_may_read(c) && !cl->again)
		cl->again = !pvn_loop_add_deferred(cl->listener->loop, client_again, cl);
	if (cl->eof && !more)
		conn_stop(c, XENSTORE_ERROR_COMM);
	/* With output the flush sets the events, and it may be the end of the client. */
	if (!c->is_dirty)
		client_events(cl);
	conns_flush(s);
}

/* Bytes read, 0: none now, -1: hung up. */
static ssize_t client_read(struct client *cl)
{
	struct conn *c = cl->conn;
	size_t room = conn_in_room(c);
	ssize_t n;

	if (!room)
		return 0;
	do
		n = recv(cl->fd, c->in + c->in_end, room, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return -1;
	c->in_end += (size_t)n;
	return n;
}

/* libxenstore writes a message in pieces, and the first one wakes us: look for the others before
 * going back to sleep.  A client that leaves it at half a message costs these few looks. */
static void client_read_whole(struct client *cl)
{
	int tries;

	cl->eof = client_read(cl) < 0 || cl->eof;
	for (tries = 0; tries < READ_TRIES && !cl->eof && conn_in_partial(cl->conn); tries++)
		cl->eof = client_read(cl) < 0;
}

static void client_ready(void *arg, uint32_t revents)
{
	struct client *cl = arg;
	struct conn *c = cl->conn;

	if (revents & (POLLOUT | POLLHUP | POLLERR))
		client_flush(c);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) && conn_may_read(c))
		client_read_whole(cl);
	client_turn(cl);
}

static bool peer_allowed(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	if (cred.uid == 0 || cred.uid == geteuid())
		return true;
	pvn_log(LOG_WARNING, "refused a client of user %u, process %d", cred.uid, cred.pid);
	return false;
}

static int client_new(struct store_socket *l, int fd)
{
	struct client *cl = calloc(1, sizeof(*cl));
	int rc = -ENOMEM;

	if (!cl)
		return rc;
	cl->listener = l;
	cl->fd = fd;
	rc = conn_new(l->store, domain_find(l->store, 0), true, &cl->conn);
	if (rc)
		goto free_client;
	rc = pvn_loop_add_fd(l->loop, fd, POLLIN, client_ready, cl, &cl->watch);
	if (rc)
		goto free_conn;
	cl->conn->ops = &client_ops;
	cl->conn->transport = cl;
	return 0;
free_conn:
	conn_close(cl->conn);
free_client:
	free(cl);
	return rc;
}

/* Out of descriptors: one is kept to take a client and hang up on it, since it would be reported
 * again and again otherwise. */
static void refuse_one(struct store_socket *l)
{
	int fd;

	close(l->spare);
	fd = accept(l->fd, NULL, NULL);
	if (fd >= 0)
		close(fd);
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pvn_log(LOG_WARNING, "out of descriptors: refused a client");
}

static void listener_ready(void *arg, uint32_t revents)
{
	struct store_socket *l = arg;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), rc;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		refuse_one(l);
	if (fd < 0)
		return;
	rc = peer_allowed(fd) ? client_new(l, fd) : -EPERM;
	if (rc && rc != -EPERM)
		pvn_log(LOG_ERR, "cannot serve a new client: %s", strerror(-rc));
	if (rc)
		close(fd);
}

/* Is somebody listening there? */
static bool socket_alive(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && !connect(fd, (const struct sockaddr *)sa, sizeof(*sa));

	if (fd >= 0)
		close(fd);
	return alive;
}

static int socket_open(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, rc;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	if (socket_alive(&sa))
		return -EADDRINUSE;
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	old = umask(0177);
	rc = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 128) ? -errno : 0;
	umask(old);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

int socket_listen(struct pvn_loop *loop, struct store *s, const char *path, struct store_socket **out)
{
	struct store_socket *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	l->loop = loop;
	l->store = s;
	l->fd = rc = socket_open(path);
	if (rc < 0)
		goto fail;
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	strcpy(l->path, path);
	rc = pvn_loop_add_fd(loop, l->fd, POLLIN, listener_ready, l, &l->watch);
	if (rc) {
		close(l->fd);
		unlink(path);
		goto fail;
	}
	*out = l;
	return 0;
fail:
	free(l);
	return rc;
}

void socket_close(struct store_socket *l)
{
	pvn_loop_del_fd(l->watch);
	close(l->fd);
	unlink(l->path);
	free(l);
}
