/* SPDX-License-Identifier: MIT */
/* netfront as a network device: sending by any thread, on any queue, while the backend comes and goes. */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/time.h>
#include "netfront.h"

/* The lane, which stays until leave(); NULL when there is none. */
static struct netfront_lane *enter(struct netfront *fe, unsigned int queue)
{
	__atomic_fetch_add(&fe->senders, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&fe->connected, __ATOMIC_SEQ_CST))
		return &fe->lanes[queue % fe->nr_lanes];
	__atomic_fetch_sub(&fe->senders, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void leave(struct netfront *fe)
{
	__atomic_fetch_sub(&fe->senders, 1, __ATOMIC_SEQ_CST);
}

static void tell(struct netfront_lane *l)
{
	l->q.stats.notifies++;
	evtchn_notify(l->tx_port);
}

static int netfront_send(struct netdev *dev, unsigned int queue, struct net_tx *tx, bool more)
{
	struct netfront *fe = dev->priv;
	struct netfront_lane *l = enter(fe, queue);
	bool notify;
	int rc;

	if (l == NULL)
		return -ENODEV;
	if (tx->nr_frags > 1 && !(dev->features & NET_F_SG)) {
		leave(fe);
		return -EINVAL;
	}
	if (!netfront_tx_has_room(&l->q))
		netfront_end_frames(netfront_tx_reap(&l->q));
	rc = netfront_tx_send(&l->q, tx, more, &notify);
	if (notify)
		tell(l);
	leave(fe);
	return rc;
}

static void netfront_flush(struct netdev *dev, unsigned int queue)
{
	struct netfront *fe = dev->priv;
	struct netfront_lane *l = enter(fe, queue);

	if (l == NULL)
		return;
	if (netfront_tx_push(&l->q))
		tell(l);
	leave(fe);
}

static bool netfront_has_room(struct netdev *dev, unsigned int queue)
{
	struct netfront *fe = dev->priv;
	struct netfront_lane *l = enter(fe, queue);
	bool room;

	if (l == NULL)
		return false;
	if (!netfront_tx_has_room(&l->q))
		netfront_end_frames(netfront_tx_reap(&l->q));
	room = netfront_tx_has_room(&l->q);
	leave(fe);
	return room;
}

/* The lane's thread ends frames and wakes us. */
static void netfront_wait_room(struct netdev *dev, unsigned int queue, uint64_t ns)
{
	struct netfront *fe = dev->priv;
	struct netfront_lane *l = enter(fe, queue);

	if (l == NULL)
		return;
	(void)wait_event_timeout(&l->room, netfront_tx_has_room(&l->q) || !fe->connected, ns);
	leave(fe);
}

static void netfront_stats(struct netdev *dev, struct net_stats *s)
{
	struct netfront *fe = dev->priv;

	mutex_lock(&fe->mutex);
	*s = fe->past;
	for (unsigned int i = 0; fe->lanes != NULL && i < fe->nr_lanes; i++) {
		const struct net_stats *q = &fe->lanes[i].q.stats;

		s->rx_frames += q->rx_frames;
		s->rx_bytes += q->rx_bytes;
		s->rx_errors += q->rx_errors;
		s->tx_frames += q->tx_frames;
		s->tx_bytes += q->tx_bytes;
		s->tx_errors += q->tx_errors;
		s->rx_events += q->rx_events;
		s->tx_events += q->tx_events;
		s->notifies += q->notifies;
	}
	mutex_unlock(&fe->mutex);
}

static void netfront_release(struct netdev *dev)
{
	kfree(dev->priv);
}

const struct netdev_ops netfront_ops = {
	.send = netfront_send,
	.flush = netfront_flush,
	.has_room = netfront_has_room,
	.wait_room = netfront_wait_room,
	.stats = netfront_stats,
	.release = netfront_release,
};
