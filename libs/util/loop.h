/* SPDX-License-Identifier: MIT */
/*
 * The event loop of daemons: descriptors, timers and deferred calls, on io_uring, or on
 * epoll where the host refuses io_uring (PARAVANE_NO_IO_URING=1 refuses it, too).
 *
 * A loop belongs to one thread.  Every function below may be called from callbacks, and
 * deletes take effect at once: no callback of a deleted watch or timer runs after it.
 */
#ifndef PVN_UTIL_LOOP_H
#define PVN_UTIL_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct pvn_loop;
struct pvn_watch;
struct pvn_timer;

typedef void pvn_fd_cb(void *arg, uint32_t revents);
typedef void pvn_timer_cb(void *arg);

int pvn_loop_new(struct pvn_loop **l);		/* 0 or -errno */
void pvn_loop_free(struct pvn_loop *l);		/* frees the watches and timers left, closes nothing */

/* Serve until pvn_loop_stop().  0, or -errno when waiting itself fails. */
int pvn_loop_run(struct pvn_loop *l);
void pvn_loop_stop(struct pvn_loop *l);

/* One round: deferred calls, wait at most timeout_ns (UINT64_MAX: no limit), callbacks. 0 or -errno */
int pvn_loop_once(struct pvn_loop *l, uint64_t timeout_ns);

/* true: io_uring, false: epoll */
bool pvn_loop_is_uring(const struct pvn_loop *l);

/*
 * Call cb(arg, revents) whenever fd is ready for one of events (POLLIN, POLLOUT, ...; POLLERR and
 * POLLHUP always count), level-triggered.  At most one watch per descriptor.  Delete the watch
 * before closing the descriptor.  0; -EBADF; -ENOMEM; else -errno.  *w may not be NULL.
 */
int pvn_loop_add_fd(struct pvn_loop *l, int fd, uint32_t events, pvn_fd_cb *cb, void *arg,
		    struct pvn_watch **w);
int pvn_loop_mod_fd(struct pvn_watch *w, uint32_t events);	/* events 0: keep it, hear nothing but errors */
void pvn_loop_del_fd(struct pvn_watch *w);			/* NULL is fine */

/*
 * Call cb(arg) once, ns_from_now from now (CLOCK_MONOTONIC).  The timer is gone when its callback
 * begins: do not delete it then.  t may be NULL.  0 or -ENOMEM.
 */
int pvn_loop_add_timer(struct pvn_loop *l, uint64_t ns_from_now, pvn_timer_cb *cb, void *arg,
		       struct pvn_timer **t);
void pvn_loop_del_timer(struct pvn_timer *t);			/* NULL is fine */

/* Call cb(arg) once before the loop waits again.  0 or -ENOMEM. */
int pvn_loop_add_deferred(struct pvn_loop *l, pvn_timer_cb *cb, void *arg);

/*
 * Call cb(arg) before each wait; while it returns true the loop does not sleep: it polls for whatever cb
 * looks at, and its descriptors and timers beside.  One at a time; NULL: none.
 */
typedef bool pvn_poll_cb(void *arg);
void pvn_loop_set_poll(struct pvn_loop *l, pvn_poll_cb *cb, void *arg);

/* CLOCK_MONOTONIC in ns. */
uint64_t pvn_now_ns(void);

#endif
