/* SPDX-License-Identifier: MIT */
/*
 * The event loop: watches, deferred calls, and the round that all daemons turn in.
 * How it waits is the waiter's matter (loop-uring.c, loop-epoll.c), timers are in loop-timer.c.
 */
#include "config.h"
#include "libs/util/loop-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool uring_refused(void)
{
	const char *env = getenv("PARAVANE_NO_IO_URING");

	return env && *env && strcmp(env, "0");
}

int pvn_loop_new(struct pvn_loop **out)
{
	struct pvn_loop *l = calloc(1, sizeof(*l));
	int rc = -EPERM;

	if (!l)
		return -ENOMEM;
	TAILQ_INIT(&l->watches);
	TAILQ_INIT(&l->dying);
	TAILQ_INIT(&l->rearm);
	l->epoll_fd = -1;
	if (!uring_refused())
		rc = pvn_loop_uring_init(l);
	if (rc)
		rc = pvn_loop_epoll_init(l);
	if (rc) {
		free(l);
		return rc;
	}
	*out = l;
	return 0;
}

static void watches_free(struct pvn_watch_list *list)
{
	struct pvn_watch *w;

	while ((w = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, w, entry);
		free(w);
	}
}

void pvn_loop_free(struct pvn_loop *l)
{
	if (!l)
		return;
	l->ops->free(l);
	watches_free(&l->watches);
	watches_free(&l->dying);
	pvn_loop_free_timers(l);
	free(l->deferred);
	free(l);
}

bool pvn_loop_is_uring(const struct pvn_loop *l)
{
	return l->ring != NULL;
}

int pvn_loop_add_fd(struct pvn_loop *l, int fd, uint32_t events, pvn_fd_cb *cb, void *arg,
		    struct pvn_watch **out)
{
	struct pvn_watch *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	w->loop = l;
	w->fd = fd;
	w->events = events;
	w->cb = cb;
	w->arg = arg;
	rc = l->ops->add(w);
	if (rc) {
		free(w);
		return rc;
	}
	TAILQ_INSERT_TAIL(&l->watches, w, entry);
	*out = w;
	return 0;
}

int pvn_loop_mod_fd(struct pvn_watch *w, uint32_t events)
{
	if (w->events == events)
		return 0;
	w->events = events;
	return w->loop->ops->mod(w);
}

void pvn_loop_del_fd(struct pvn_watch *w)
{
	if (!w)
		return;
	w->dead = true;
	TAILQ_REMOVE(&w->loop->watches, w, entry);
	TAILQ_INSERT_TAIL(&w->loop->dying, w, entry);
	w->loop->ops->del(w);
}

int pvn_loop_add_deferred(struct pvn_loop *l, pvn_timer_cb *cb, void *arg)
{
	if (l->deferred_len == l->deferred_size) {
		size_t size = l->deferred_size ? 2 * l->deferred_size : 16;
		struct pvn_deferred *d = reallocarray(l->deferred, size, sizeof(*d));

		if (!d)
			return -ENOMEM;
		l->deferred = d;
		l->deferred_size = size;
	}
	l->deferred[l->deferred_len++] = (struct pvn_deferred){ cb, arg };
	return 0;
}

void pvn_loop_set_poll(struct pvn_loop *l, pvn_poll_cb *cb, void *arg)
{
	l->poll = cb;
	l->poll_arg = arg;
}

/* Those added meanwhile wait for the next round: a call that defers itself starves nobody. */
static void run_deferred(struct pvn_loop *l)
{
	struct pvn_deferred *batch = l->deferred;
	size_t len = l->deferred_len, i;

	if (!len)
		return;
	l->deferred = NULL;
	l->deferred_len = l->deferred_size = 0;
	for (i = 0; i < len; i++)
		batch[i].cb(batch[i].arg);
	free(batch);
}

int pvn_loop_once(struct pvn_loop *l, uint64_t timeout_ns)
{
	uint64_t next;
	int rc;

	run_deferred(l);
	if (l->stopped)
		return 0;
	next = pvn_loop_next_timer(l);
	if (next < timeout_ns)
		timeout_ns = next;
	if (l->deferred_len || (l->poll && l->poll(l->poll_arg)))
		timeout_ns = 0;
	rc = l->ops->wait(l, timeout_ns);
	pvn_loop_run_timers(l);
	return rc;
}

int pvn_loop_run(struct pvn_loop *l)
{
	int rc = 0;

	while (!l->stopped && !rc)
		rc = pvn_loop_once(l, UINT64_MAX);
	l->stopped = false;
	return rc;
}

void pvn_loop_stop(struct pvn_loop *l)
{
	l->stopped = true;
}
