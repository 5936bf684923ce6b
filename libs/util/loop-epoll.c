/* SPDX-License-Identifier: MIT */
/* The waiter of hosts that refuse io_uring: level-triggered epoll. */
#include "config.h"
#include "libs/util/loop-private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BATCH	64

/* POLLIN and its like have the same bits in <poll.h> and <sys/epoll.h>. */
_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLPRI == EPOLLPRI &&
	       POLLERR == EPOLLERR && POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP, "poll bits");

static int epoll_change(struct pvn_watch *w, int op)
{
	struct epoll_event ev = { .events = w->events, .data.ptr = w };

	return epoll_ctl(w->loop->epoll_fd, op, w->fd, &ev) ? -errno : 0;
}

static int epoll_add(struct pvn_watch *w)
{
	return epoll_change(w, EPOLL_CTL_ADD);
}

static int epoll_mod(struct pvn_watch *w)
{
	return epoll_change(w, EPOLL_CTL_MOD);
}

/* The memory goes after the batch that may still name it. */
static void epoll_del(struct pvn_watch *w)
{
	epoll_change(w, EPOLL_CTL_DEL);
}

static void bury(struct pvn_loop *l)
{
	struct pvn_watch *w;

	while ((w = TAILQ_FIRST(&l->dying))) {
		TAILQ_REMOVE(&l->dying, w, entry);
		free(w);
	}
}

/* epoll_wait counts in ms: round up, so that a timer is due when we are back. */
static int timeout_ms(uint64_t ns)
{
	if (ns == UINT64_MAX)
		return -1;
	if (ns >= 1000000ULL * 3600 * 1000)
		return 3600 * 1000;
	return (int)((ns + 999999) / 1000000);
}

static int epoll_get(struct pvn_loop *l, struct epoll_event *ev, uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
	int n = epoll_pwait2(l->epoll_fd, ev, BATCH, ns == UINT64_MAX ? NULL : &ts, NULL);

	if (n < 0 && errno == ENOSYS)	/* before Linux 5.11 */
		n = epoll_wait(l->epoll_fd, ev, BATCH, timeout_ms(ns));
	return n < 0 ? -errno : n;
}

static int epoll_waiter(struct pvn_loop *l, uint64_t timeout_ns)
{
	struct epoll_event ev[BATCH];
	struct pvn_watch *w;
	int n, i;

	bury(l);
	n = epoll_get(l, ev, timeout_ns);
	if (n < 0)
		return n == -EINTR ? 0 : n;
	for (i = 0; i < n; i++) {
		w = ev[i].data.ptr;
		if (!w->dead && (ev[i].events & (w->events | POLLERR | POLLHUP)))
			w->cb(w->arg, ev[i].events);
	}
	return 0;
}

static void epoll_free(struct pvn_loop *l)
{
	close(l->epoll_fd);
}

static const struct pvn_waiter_ops epoll_ops = {
	.free = epoll_free,
	.add = epoll_add,
	.mod = epoll_mod,
	.del = epoll_del,
	.wait = epoll_waiter,
};

int pvn_loop_epoll_init(struct pvn_loop *l)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return -errno;
	l->ops = &epoll_ops;
	return 0;
}
