/* SPDX-License-Identifier: MIT */
/*
 * The waiter on io_uring.  A watch is a one-shot poll, armed anew after its callback: that is
 * level-triggered, and the re-arming of a whole round and the wait are one system call.
 *
 * Invariant: at most one poll per watch is out (w->armed != 0), its user_data is the watch, and
 * the watch's memory stays until that poll's completion has been seen.
 */
#include "config.h"
#include "libs/util/loop-private.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

#include "libs/util/uring-restrict.h"

#define ENTRIES	256

static struct io_uring_sqe *sqe_get(struct pvn_loop *l)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(l->ring);

	if (!sqe) {
		io_uring_submit(l->ring);
		sqe = io_uring_get_sqe(l->ring);
	}
	return sqe;
}

static void watch_queue(struct pvn_watch *w)
{
	if (w->queued || w->dead)
		return;
	w->queued = true;
	TAILQ_INSERT_TAIL(&w->loop->rearm, w, rearm);
}

static void watch_unqueue(struct pvn_watch *w)
{
	if (w->queued)
		TAILQ_REMOVE(&w->loop->rearm, w, rearm);
	w->queued = false;
}

static void watch_cancel(struct pvn_watch *w)
{
	struct io_uring_sqe *sqe;

	if (w->cancelling || !w->armed)
		return;
	sqe = sqe_get(w->loop);
	if (!sqe)
		return;
	io_uring_prep_poll_remove(sqe, (uintptr_t)w);
	io_uring_sqe_set_data(sqe, NULL);
	w->cancelling = true;
}

/* Arm what the last round left unarmed.  What finds no room waits for the next round. */
static void rearm_all(struct pvn_loop *l)
{
	struct io_uring_sqe *sqe;
	struct pvn_watch *w;

	while ((w = TAILQ_FIRST(&l->rearm))) {
		sqe = sqe_get(l);
		if (!sqe)
			return;
		watch_unqueue(w);
		/* POLLERR and POLLHUP are always reported, so even events 0 is a poll. */
		io_uring_prep_poll_add(sqe, w->fd, w->events);
		io_uring_sqe_set_data(sqe, w);
		w->armed = w->events | POLLERR | POLLHUP;
	}
}

static int uring_add(struct pvn_watch *w)
{
	if (fcntl(w->fd, F_GETFD) < 0)
		return -errno;
	watch_queue(w);
	return 0;
}

static int uring_mod(struct pvn_watch *w)
{
	if (!w->armed)
		watch_queue(w);
	else
		watch_cancel(w);
	return 0;
}

static void watch_free(struct pvn_watch *w)
{
	TAILQ_REMOVE(&w->loop->dying, w, entry);
	free(w);
}

static void uring_del(struct pvn_watch *w)
{
	watch_unqueue(w);
	if (!w->armed) {
		watch_free(w);
		return;
	}
	watch_cancel(w);
	/* Now, not at the next wait: the poll holds the file open, and who closes a
	 * socket after this expects its peer to notice. */
	io_uring_submit(w->loop->ring);
}

static void watch_complete(struct pvn_watch *w, int res)
{
	uint32_t ev;

	w->armed = 0;
	w->cancelling = false;
	if (w->dead) {
		watch_free(w);
		return;
	}
	watch_queue(w);
	if (res == -ECANCELED)
		return;
	if (res < 0) {		/* not a descriptor (any more): say so once, do not spin on it */
		watch_unqueue(w);
		w->cb(w->arg, POLLNVAL);
		return;
	}
	ev = (uint32_t)res & (w->events | POLLERR | POLLHUP);
	if (ev)
		w->cb(w->arg, ev);	/* may delete w */
}

static int reap(struct pvn_loop *l)
{
	struct io_uring_cqe *cqe;
	struct pvn_watch *w;
	int res, n;

	/* One queue's worth per round, so that timers get their turn. */
	for (n = 0; n < 2 * ENTRIES; n++) {
		if (io_uring_peek_cqe(l->ring, &cqe) != 0)
			break;
		w = cqe->user_data == LIBURING_UDATA_TIMEOUT ? NULL : io_uring_cqe_get_data(cqe);
		res = cqe->res;
		io_uring_cqe_seen(l->ring, cqe);
		if (w)
			watch_complete(w, res);
	}
	return n;
}

static int uring_wait(struct pvn_loop *l, uint64_t timeout_ns)
{
	struct __kernel_timespec ts = {
		.tv_sec = (long long)(timeout_ns / 1000000000),
		.tv_nsec = (long long)(timeout_ns % 1000000000),
	};
	struct io_uring_cqe *cqe;
	int rc;

	rearm_all(l);
	if (timeout_ns == 0)
		rc = io_uring_submit_and_get_events(l->ring);
	else
		rc = io_uring_submit_and_wait_timeout(l->ring, &cqe, 1,
						      timeout_ns == UINT64_MAX ? NULL : &ts, NULL);
	if (rc < 0 && rc != -ETIME && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
		return rc;
	reap(l);
	return 0;
}

static void uring_free(struct pvn_loop *l)
{
	io_uring_queue_exit(l->ring);
	free(l->ring);
}

static const struct pvn_waiter_ops uring_ops = {
	.free = uring_free,
	.add = uring_add,
	.mod = uring_mod,
	.del = uring_del,
	.wait = uring_wait,
};

/* All that a waiter does; some of its daemons have a system call filter that this must not go around. */
static int ring_limit(struct io_uring *ring)
{
	static const uint8_t ops[] = { IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE };
	static const struct pvn_uring_limits limits = { .ops = ops, .nr_ops = sizeof(ops) };

	return pvn_uring_restrict(ring, &limits);
}

int pvn_loop_uring_init(struct pvn_loop *l)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CLAMP | IORING_SETUP_R_DISABLED };
	struct io_uring *ring = calloc(1, sizeof(*ring));
	int rc;

	if (!ring)
		return -ENOMEM;
	rc = io_uring_queue_init_params(ENTRIES, ring, &p);
	/* Without NODROP a full completion queue would lose events. */
	if (!rc && !(p.features & IORING_FEAT_NODROP)) {
		io_uring_queue_exit(ring);
		rc = -EOPNOTSUPP;
	}
	if (!rc) {
		rc = ring_limit(ring);
		if (rc)
			io_uring_queue_exit(ring);
	}
	if (rc) {
		free(ring);
		return rc;
	}
	l->ring = ring;
	l->ops = &uring_ops;
	return 0;
}
