/* SPDX-License-Identifier: MIT */
/* Inside of the event loop: shared by loop.c, loop-timer.c and the two waiters. */
#ifndef PVN_UTIL_LOOP_PRIVATE_H
#define PVN_UTIL_LOOP_PRIVATE_H

#include "libs/util/loop.h"

#include <stddef.h>
#include <sys/queue.h>

struct io_uring;

struct pvn_watch {
	struct pvn_loop *loop;
	TAILQ_ENTRY(pvn_watch) entry;
	int fd;
	uint32_t events;	/* what the owner asked for */
	uint32_t armed;		/* uring: events of the poll that is out, 0: none is */
	bool cancelling;	/* uring: its removal is out, too */
	bool queued;		/* uring: on the list of watches to arm */
	bool dead;		/* deleted; freed when nothing refers to it any more */
	TAILQ_ENTRY(pvn_watch) rearm;
	pvn_fd_cb *cb;
	void *arg;
};

struct pvn_timer {
	struct pvn_loop *loop;
	uint64_t when_ns;
	uint64_t order;		/* timers of the same instant run in the order they were made */
	size_t index;		/* in the heap */
	pvn_timer_cb *cb;
	void *arg;
};

struct pvn_deferred {
	pvn_timer_cb *cb;
	void *arg;
};

/* The waiter: io_uring or epoll. */
struct pvn_waiter_ops {
	void (*free)(struct pvn_loop *l);
	int (*add)(struct pvn_watch *w);
	int (*mod)(struct pvn_watch *w);
	void (*del)(struct pvn_watch *w);	/* takes over the memory of w */
	int (*wait)(struct pvn_loop *l, uint64_t timeout_ns);	/* and call back */
};

TAILQ_HEAD(pvn_watch_list, pvn_watch);

struct pvn_loop {
	const struct pvn_waiter_ops *ops;
	struct pvn_watch_list watches;	/* live ones */
	struct pvn_watch_list dying;	/* dead ones that something still refers to */
	bool stopped;

	struct pvn_timer **heap;
	size_t heap_len, heap_size;
	uint64_t timer_order;

	pvn_poll_cb *poll;
	void *poll_arg;

	struct pvn_deferred *deferred;
	size_t deferred_len, deferred_size;

	/* io_uring */
	struct io_uring *ring;
	struct pvn_watch_list rearm;
	/* epoll */
	int epoll_fd;
};

int pvn_loop_uring_init(struct pvn_loop *l);	/* 0, or -errno: the host refuses */
int pvn_loop_epoll_init(struct pvn_loop *l);

/* loop-timer.c */
uint64_t pvn_loop_next_timer(const struct pvn_loop *l);	/* ns from now, UINT64_MAX: none */
void pvn_loop_run_timers(struct pvn_loop *l);
void pvn_loop_free_timers(struct pvn_loop *l);

#endif
