/* SPDX-License-Identifier: MIT */
/*
 * The turn of the network backend's wheel, as that of the block backend (blk_turn.c): in a lap every queue
 * that has something gets a bounded piece of it done, then each ring that was answered is shown and its
 * guest notified once.  So no guest, however busy, keeps another from its turn.
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>

#include "libs/util/loop.h"

#define PACKETS_PER_LAP		64
#define LAPS_PER_TURN		16

static void turn(void *arg);

void net_turn_soon(struct netback *nb)
{
	if (!nb->turn_due)
		nb->turn_due = pvn_loop_add_deferred(nb->loop, turn, nb) == 0;
}

void net_activate(struct net_queue *q)
{
	struct netback *nb = q->vif->nb;

	if (!q->active && q->tx.sring) {
		q->active = true;
		TAILQ_INSERT_TAIL(&nb->active, q, active_entry);
	}
	net_turn_soon(nb);
}

void net_push_later(struct net_queue *q)
{
	struct netback *nb = q->vif->nb;

	if (!q->pushed)
		TAILQ_INSERT_TAIL(&nb->pushed, q, pushed_entry);
	q->pushed = true;
	net_turn_soon(nb);
}

static void service(struct netback *nb, struct net_queue *q)
{
	struct net_vif *vif = q->vif;
	const char *why = vif->broken;
	int rc = 0;

	TAILQ_REMOVE(&nb->active, q, active_entry);
	q->active = false;
	if (!why && !q->waits_for)
		rc = net_tx_service(q, PACKETS_PER_LAP, &why);
	if (rc > 0)
		net_activate(q);
	else if (why && rc <= 0)
		xenbus_dev_fatal(vif->xdev, -EPROTO, "%s", why);
}

static void lap(struct netback *nb)
{
	struct net_queue *q;
	unsigned int n = 0;

	nb->now = pvn_now_ns();
	TAILQ_FOREACH(q, &nb->active, active_entry)
		n++;
	/* Those that are active now, once each; they may go, or queue up again behind. */
	for (; n && (q = TAILQ_FIRST(&nb->active)); n--)
		service(nb, q);
	while ((q = TAILQ_FIRST(&nb->pushed)))
		net_queue_push(q);
}

static void turn(void *arg)
{
	struct netback *nb = arg;
	int laps;

	nb->turn_due = false;
	for (laps = 0; laps < LAPS_PER_TURN; laps++) {
		lap(nb);
		if (TAILQ_EMPTY(&nb->active) && !net_poll(nb))
			return;
		events_take(nb->events);
	}
	net_turn_soon(nb);
}
