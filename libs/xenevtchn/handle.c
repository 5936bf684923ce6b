/* SPDX-License-Identifier: MIT */
/*
 * libxenevtchn: event channels of the control domain.
 * The interface is <xenevtchn.h>; this file opens and closes handles.
 */
#include "config.h"
#include <xenevtchn.h>

#include "libs/client/handle.h"
#include "libs/xenevtchn/private.h"
#include "libs/xenevtchn/epoll-names.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A spinner has the lock for long; it lets go when it sees somebody wait. */
void evtchn_lock(struct xenevtchn_handle *h)
{
	if (pthread_mutex_trylock(&h->lock) == 0)
		return;
	__atomic_add_fetch(&h->waiters, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&h->lock);
	__atomic_sub_fetch(&h->waiters, 1, __ATOMIC_RELAXED);
}

void evtchn_unlock(struct xenevtchn_handle *h)
{
	pthread_mutex_unlock(&h->lock);
}

void evtchn_kick(struct xenevtchn_handle *h)
{
	uint64_t one = 1;

	if (h->kicked || TAILQ_EMPTY(&h->ready))
		return;
	/* Never read, so it would take 2^64 writes to block. */
	if (write(h->kick_fd, &one, sizeof(one)) == sizeof(one))
		h->kicked = true;
}

static int epoll_watch(int epoll_fd, int fd, uint32_t events, uint64_t name)
{
	struct epoll_event ev = { .events = events, .data.u64 = name };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int handle_init(struct xenevtchn_handle *h)
{
	int rc;

	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	h->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->epoll_fd < 0 || h->kick_fd < 0)
		return -errno;
	rc = epoll_watch(h->epoll_fd, h->kick_fd, EPOLLIN | EPOLLET, EPOLL_NAME_KICK);
	return rc ? rc : epoll_watch(h->epoll_fd, h->conn.fd, EPOLLIN, EPOLL_NAME_CONN);
}

static void handle_free(struct xenevtchn_handle *h)
{
	bool ours = h->conn.pid == getpid();

	links_free(h);
	bindings_free(h);
	/* A child of fork does not have the mappings (MADV_DONTFORK). */
	if (ours)
		pvn_domains_clear(&h->domains);
	if (h->epoll_fd >= 0)
		close(h->epoll_fd);
	if (h->kick_fd >= 0)
		close(h->kick_fd);
	pvn_conn_close(&h->conn);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	xenevtchn_handle *h;
	int rc;

	/* XENEVTCHN_NO_CLOEXEC is for xenevtchn_fdopen() after an exec, see there. */
	if (flags & ~(unsigned)XENEVTCHN_NO_CLOEXEC)
		return pvn_errno_null(-EINVAL);
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->epoll_fd = h->kick_fd = -1;
	pthread_mutex_init(&h->lock, NULL);
	TAILQ_INIT(&h->ready);
	h->domains.conn = &h->conn;
	h->domains.drop_fds = true;
	rc = pvn_conn_open(&h->conn);
	if (!rc)
		rc = handle_init(h);
	if (rc) {
		pvn_handle_log(logger, rc, "xenevtchn", "cannot connect to paravaned");
		handle_free(h);
		return pvn_errno_null(rc);
	}
	return h;
}

/* The ports of a handle are known to this process, not to the descriptor: none would survive. */
xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned open_flags)
{
	return pvn_errno_null(-EOPNOTSUPP);
}

int xenevtchn_close(xenevtchn_handle *h)
{
	if (h)
		handle_free(h);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
	return h->epoll_fd;
}

/* As for the other libraries: nobody on the far side would enforce it. */
int xenevtchn_restrict(xenevtchn_handle *h, domid_t domid)
{
	return pvn_errno(-EOPNOTSUPP);
}
