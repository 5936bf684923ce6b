/* SPDX-License-Identifier: MIT */
/* A queue's memory and grants: two ring pages, and a reference for every request there can be. */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include "netfront_queue.h"

static void refs_free(struct netfront_queue *q, unsigned int tx, unsigned int rx)
{
	while (tx-- > 0)
		grant_free(q->tx_slots[tx].ref);
	while (rx-- > 0)
		grant_free(q->rx_slots[rx].ref);
}

static int refs_alloc(struct netfront_queue *q)
{
	for (unsigned int i = 0; i < NETFRONT_TX_SLOTS; i++) {
		int rc = grant_alloc(&q->tx_slots[i].ref);

		if (rc != 0) {
			refs_free(q, i, 0);
			return rc;
		}
		q->tx_slots[i].next_free = i + 1 < NETFRONT_TX_SLOTS ? i + 1 : NETFRONT_NO_SLOT;
	}
	for (unsigned int i = 0; i < NETFRONT_RX_SLOTS; i++) {
		int rc = grant_alloc(&q->rx_slots[i].ref);

		if (rc != 0) {
			refs_free(q, NETFRONT_TX_SLOTS, i);
			return rc;
		}
	}
	q->tx_free = NETFRONT_TX_SLOTS;
	return 0;
}

static int ring_page(struct netfront_queue *q, void **page, grant_ref_t *ref)
{
	int rc;

	*page = page_alloc_zeroed();
	if (*page == NULL)
		return -ENOMEM;
	rc = grant_access(q->otherend, virt_to_mfn(*page), false, ref);
	if (rc != 0)
		page_free(*page, 0);
	return rc;
}

static void ring_page_end(void *page, grant_ref_t ref)
{
	if (grant_end_access(ref))
		page_free(page, 0);
	else
		printk("netfront: the backend keeps a ring mapped, its page is lost\n");
}

int netfront_queue_open(struct netfront_queue *q, domid_t otherend)
{
	void *tx, *rx;
	int rc;

	memset(q, 0, sizeof(*q));
	q->otherend = otherend;
	rc = refs_alloc(q);
	if (rc != 0)
		return rc;
	rc = ring_page(q, &tx, &q->tx_ring_ref);
	if (rc != 0)
		goto no_tx;
	rc = ring_page(q, &rx, &q->rx_ring_ref);
	if (rc != 0)
		goto no_rx;
	SHARED_RING_INIT((netif_tx_sring_t *)tx);
	FRONT_RING_INIT(&q->tx, (netif_tx_sring_t *)tx, PAGE_SIZE);
	SHARED_RING_INIT((netif_rx_sring_t *)rx);
	FRONT_RING_INIT(&q->rx, (netif_rx_sring_t *)rx, PAGE_SIZE);
	return 0;
no_rx:
	ring_page_end(tx, q->tx_ring_ref);
no_tx:
	refs_free(q, NETFRONT_TX_SLOTS, NETFRONT_RX_SLOTS);
	return rc;
}

/* A reference that cannot be taken back stays out of the list of free ones, with its page. */
static void tx_end(struct netfront_queue *q, struct net_tx **first)
{
	for (unsigned int i = 0; i < NETFRONT_TX_SLOTS; i++) {
		struct netfront_tx_slot *s = &q->tx_slots[i];
		struct net_tx *tx = s->tx;

		if (tx != NULL) {
			s->tx = NULL;
			if (grant_revoke(s->ref))
				grant_free(s->ref);
			else
				tx->status = -EBUSY;
			if (tx->status == 0)
				tx->status = -ENODEV;
			if (--tx->pending == 0) {
				tx->next = *first;
				*first = tx;
			}
			continue;
		}
		grant_free(s->ref);
	}
}

static void rx_end(struct netfront_queue *q)
{
	unsigned int lost = 0;

	for (unsigned int i = 0; i < NETFRONT_RX_SLOTS; i++) {
		struct netfront_rx_slot *s = &q->rx_slots[i];

		if (s->buf == NULL || grant_revoke(s->ref)) {
			net_buf_free(s->buf);
			grant_free(s->ref);
		} else {
			net_buf_lose(s->buf);
			lost++;
		}
		s->buf = NULL;
	}
	if (lost > 0)
		printk("netfront: the backend keeps %u pages mapped, they are lost\n", lost);
}

struct net_tx *netfront_queue_close(struct netfront_queue *q)
{
	struct net_tx *first = NULL;

	spin_lock(&q->tx_lock);
	if (q->broken == NULL)
		q->broken = "closed";
	tx_end(q, &first);
	spin_unlock(&q->tx_lock);
	rx_end(q);
	ring_page_end(q->tx.sring, q->tx_ring_ref);
	ring_page_end(q->rx.sring, q->rx_ring_ref);
	return first;
}
