/* SPDX-License-Identifier: MIT */
/*
 * Mapping the two rings of a queue, and showing what was answered on them.
 *
 * The frontend can write every byte of a ring at any time.  Trusted are only our own indexes.
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
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

/* Not zero if we were restarted: go on where the last of us stopped. */
static int attach(struct net_queue *q, netif_tx_sring_t *tx, netif_rx_sring_t *rx)
{
	RING_IDX tx_rsp = __atomic_load_n(&tx->rsp_prod, __ATOMIC_RELAXED);
	RING_IDX rx_rsp = __atomic_load_n(&rx->rsp_prod, __ATOMIC_RELAXED);

	BACK_RING_ATTACH(&q->tx, tx, tx_rsp, NET_PAGE);
	BACK_RING_ATTACH(&q->rx, rx, rx_rsp, NET_PAGE);
	if (RING_REQUEST_PROD_OVERFLOW(&q->tx, __atomic_load_n(&tx->req_prod, __ATOMIC_ACQUIRE)) ||
	    RING_REQUEST_PROD_OVERFLOW(&q->rx, __atomic_load_n(&rx->req_prod, __ATOMIC_ACQUIRE)))
		return -EPROTO;
	return 0;
}

int net_queue_map(struct net_queue *q, const struct net_ring_keys *k)
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
	rc = attach(q, tx, rx);
	if (!rc)
		rc = bind_ports(q, k);
	if (rc)
		net_queue_unmap(q);
	return rc;
}

void net_queue_unmap(struct net_queue *q)
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
	xengnttab_unmap(nb->xgt, q->tx.sring, 1);
	xengnttab_unmap(nb->xgt, q->rx.sring, 1);
	q->tx.sring = NULL;
	q->rx.sring = NULL;
}

void net_queue_push(struct net_queue *q)
{
	struct netback *nb = q->vif->nb;
	int tx = 0, rx = 0;

	if (!q->pushed)
		return;
	q->pushed = false;
	TAILQ_REMOVE(&nb->pushed, q, pushed_entry);
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
