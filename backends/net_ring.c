/* SPDX-License-Identifier: MIT */
/*
 * Mapping the two rings of a queue, and showing what was answered on them.
 *
 * The frontend can write every byte of a ring at any time.  Trusted are only our own indexes.
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "backends/blk_request.h"

static void tx_event(void *arg)
{
	net_activate(arg);
}

static void rx_event(void *arg)
{
	net_rx_event(arg);
}

static void both_event(void *arg)
{
	net_rx_event(arg);
	net_activate(arg);
}

static int bind_ports(struct net_queue *q, const struct net_ring_keys *k)
{
	struct netback *nb = q->vif->nb;
	domid_t domid = q->vif->xdev->domid;

	q->rx_port = -1;
	q->tx_port = events_bind(nb->events, domid, k->tx_port, k->split ? tx_event : both_event, q);
	if (q->tx_port < 0)
		return q->tx_port;
	q->rx_port = k->split ? events_bind(nb->events, domid, k->rx_port, rx_event, q) : q->tx_port;
	return q->rx_port < 0 ? q->rx_port : 0;
}

/* What is shown: a frontend that has changed its rsp_prod loses answers of its own. */
static RING_IDX shown(RING_IDX rsp_prod, RING_IDX answered)
{
	return answered - rsp_prod <= NET_SHADOW_SLOTS ? rsp_prod : answered;
}

/* rsp_prod is not zero if we were restarted: go on where the last of us stopped. */
static int attach(struct net_queue *q, const struct net_ring_keys *k, netif_tx_sring_t *tx, netif_rx_sring_t *rx,
		  bool adopt)
{
	struct net_shadow_key key = {
		.domid = q->vif->xdev->domid, .devid = q->vif->xdev->devid, .queue = q->nr,
		.tx_ref = k->tx_ref, .rx_ref = k->rx_ref, .tx_port = k->tx_port,
		.rx_port = k->split ? k->rx_port : k->tx_port,
	};
	RING_IDX tx_rsp = __atomic_load_n(&tx->rsp_prod, __ATOMIC_RELAXED);
	RING_IDX rx_rsp = __atomic_load_n(&rx->rsp_prod, __ATOMIC_RELAXED);
	int known = net_shadow_take(q->vif->nb->shadows, &key, adopt, &q->shadow);

	if (known < 0)
		return known;
	if (!known) {
		q->shadow->tx_answered = tx_rsp;
		q->shadow->rx_answered = rx_rsp;
		__atomic_store_n(&q->shadow->key.magic, NET_SHADOW_MAGIC, __ATOMIC_RELEASE);
	}
	BACK_RING_ATTACH(&q->tx, tx, q->shadow->tx_answered, NET_PAGE);
	BACK_RING_ATTACH(&q->rx, rx, q->shadow->rx_answered, NET_PAGE);
	q->tx_shown = shown(tx_rsp, q->shadow->tx_answered);
	q->rx_shown = shown(rx_rsp, q->shadow->rx_answered);
	if (RING_REQUEST_PROD_OVERFLOW(&q->tx, __atomic_load_n(&tx->req_prod, __ATOMIC_ACQUIRE)) ||
	    RING_REQUEST_PROD_OVERFLOW(&q->rx, __atomic_load_n(&rx->req_prod, __ATOMIC_ACQUIRE)))
		return -EPROTO;
	return 0;
}

int net_queue_map(struct net_queue *q, const struct net_ring_keys *k, bool adopt)
{
	struct netback *nb = q->vif->nb;
	domid_t domid = q->vif->xdev->domid;
	void *tx, *rx;
	int rc;

	q->tx_port = q->rx_port = -1;
	TAILQ_INIT(&q->waiters);
	tx = xengnttab_map_grant_ref(nb->xgt, domid, k->tx_ref, PROT_READ | PROT_WRITE);
	if (!tx)
		return -errno;
	rx = xengnttab_map_grant_ref(nb->xgt, domid, k->rx_ref, PROT_READ | PROT_WRITE);
	if (!rx) {
		rc = -errno;
		xengnttab_unmap(nb->xgt, tx, 1);
		return rc;
	}
	q->tx.sring = tx;
	q->rx.sring = rx;
	rc = attach(q, k, tx, rx, adopt);
	if (!rc)
		rc = bind_ports(q, k);
	if (rc)
		net_queue_unmap(q, adopt);
	return rc;
}

void net_queue_unmap(struct net_queue *q, bool keep)
{
	struct netback *nb = q->vif->nb;

	if (!q->tx.sring)
		return;
	net_queue_push(q);
	net_wake(q);
	net_wait_end(q);
	if (q->active)
		TAILQ_REMOVE(&nb->active, q, active_entry);
	q->active = false;
	if (q->rx_port != q->tx_port)
		events_unbind(nb->events, q->rx_port);
	events_unbind(nb->events, q->tx_port);
	q->tx_port = q->rx_port = -1;
	if (q->shadow)
		net_shadow_release(nb->shadows, q->shadow, keep);
	q->shadow = NULL;
	xengnttab_unmap(nb->xgt, q->tx.sring, 1);
	xengnttab_unmap(nb->xgt, q->rx.sring, 1);
	q->tx.sring = NULL;
	q->rx.sring = NULL;
}

void net_queue_notify(struct net_queue *q)
{
	struct netback *nb = q->vif->nb;

	events_notify(nb->events, q->tx_port);
	if (q->rx_port != q->tx_port)
		events_notify(nb->events, q->rx_port);
}

/* From the shadow into the rings. */
static void copy_answers(struct net_queue *q)
{
	const struct net_shadow *s = q->shadow;

	for (; q->tx_shown != q->tx.rsp_prod_pvt; q->tx_shown++)
		memcpy(RING_GET_RESPONSE(&q->tx, q->tx_shown), &s->tx[q->tx_shown % NET_SHADOW_SLOTS], sizeof(s->tx[0]));
	for (; q->rx_shown != q->rx.rsp_prod_pvt; q->rx_shown++)
		memcpy(RING_GET_RESPONSE(&q->rx, q->rx_shown), &s->rx[q->rx_shown % NET_SHADOW_SLOTS], sizeof(s->rx[0]));
}

void net_queue_push(struct net_queue *q)
{
	struct netback *nb = q->vif->nb;
	int tx = 0, rx = 0;

	if (!q->pushed)
		return;
	q->pushed = false;
	TAILQ_REMOVE(&nb->pushed, q, pushed_entry);
	copy_answers(q);
	if (q->tx_answered)
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&q->tx, tx);
	if (q->rx_answered)
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&q->rx, rx);
	q->tx_answered = q->rx_answered = false;
	if (tx && q->tx_port >= 0)
		events_notify(nb->events, q->tx_port);
	if (rx && q->rx_port >= 0 && (!tx || q->rx_port != q->tx_port))
		events_notify(nb->events, q->rx_port);
}
