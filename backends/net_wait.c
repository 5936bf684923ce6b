/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a receiver that has no room.
 *
 * The sender's packet stays in its ring, so a fast sender goes at the speed of the receiver instead of
 * losing frames.  That may not become a way to hold others up: after NET_WAIT_NS the receiver counts as
 * stalled, and until it gives its ring buffers again frames for it are dropped at once.
 */
#include "config.h"
#include "backends/net.h"

#include "libs/util/loop.h"

static void wait_timeout(void *arg);

static void timer_arm(struct netback *nb)
{
	if (!nb->wait_timer && !TAILQ_EMPTY(&nb->waiting))
		pvn_loop_add_timer(nb->loop, NET_WAIT_NS, wait_timeout, nb, &nb->wait_timer);
}

static void wait_timeout(void *arg)
{
	struct netback *nb = arg;
	uint64_t now = pvn_now_ns();
	struct net_queue *q, *next, *receiver;

	nb->wait_timer = NULL;
	for (q = TAILQ_FIRST(&nb->waiting); q; q = next) {
		next = TAILQ_NEXT(q, waiting_entry);
		receiver = q->waits_for;
		if (now - q->waits_since < NET_WAIT_NS)
			continue;
		receiver->stalled = true;
		receiver->stalled_at = __atomic_load_n(&receiver->rx.sring->req_prod, __ATOMIC_ACQUIRE);
		net_wait_end(q);
		net_activate(q);
	}
	timer_arm(nb);
}

void net_wait(struct net_queue *q, struct net_queue *receiver)
{
	struct netback *nb = q->vif->nb;

	q->waits_for = receiver;
	q->waits_since = pvn_now_ns();
	TAILQ_INSERT_TAIL(&receiver->waiters, q, wait_entry);
	TAILQ_INSERT_TAIL(&nb->waiting, q, waiting_entry);
	timer_arm(nb);
}

void net_wait_end(struct net_queue *q)
{
	if (!q->waits_for)
		return;
	TAILQ_REMOVE(&q->waits_for->waiters, q, wait_entry);
	TAILQ_REMOVE(&q->vif->nb->waiting, q, waiting_entry);
	q->waits_for = NULL;
}

void net_wake(struct net_queue *receiver)
{
	struct net_queue *q;

	while ((q = TAILQ_FIRST(&receiver->waiters))) {
		net_wait_end(q);
		net_activate(q);
	}
}
