/* SPDX-License-Identifier: MIT */
/*
 * One queue of a PV network device: a transmit and a receive ring of <xen/io/netif.h>.
 *
 * No xenstore, no event channel and no thread here: netfront.c does those; unit tests put a made-up
 * backend on the other side.
 *
 * The backend is not trusted. It may drop frames, send nonsense, or do nothing, but an answer to
 * nothing, a piece beyond its page, a chain without an end, or a page it keeps mapped breaks the
 * queue: nothing more is read from its rings. A page is handed on only after its grant was taken back.
 */
#ifndef PV_NETFRONT_QUEUE_H
#define PV_NETFRONT_QUEUE_H

#include <pv/grant.h>
#include <pv/net.h>

#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/netif.h>

#define NETFRONT_TX_SLOTS	__CONST_RING_SIZE(netif_tx, PAGE_SIZE)
#define NETFRONT_RX_SLOTS	__CONST_RING_SIZE(netif_rx, PAGE_SIZE)
#define NETFRONT_NO_SLOT	0xffff

/* The id of a request is the index of its slot. */
struct netfront_tx_slot {
	grant_ref_t ref;	/* kept between uses */
	struct net_tx *tx;	/* NULL: free */
	uint16_t next_free;
};

/* The id of a request is its place in the ring. */
struct netfront_rx_slot {
	grant_ref_t ref;
	struct net_buf *buf;	/* NULL: not with the backend */
};

struct netfront_queue {
	domid_t otherend;
	const char *broken;	/* why, or NULL */
	struct net_stats stats;

	spinlock_t tx_lock;	/* guards this group; the rest belongs to the queue's thread */
	netif_tx_front_ring_t tx;
	struct netfront_tx_slot tx_slots[NETFRONT_TX_SLOTS];
	uint16_t tx_first_free;
	unsigned int tx_free, tx_extras;	/* free slots; requests without an id in flight */

	netif_rx_front_ring_t rx;
	struct netfront_rx_slot rx_slots[NETFRONT_RX_SLOTS];

	grant_ref_t tx_ring_ref, rx_ring_ref;
};

/* Pages, grants for them. 0 or -errno, with nothing held. */
int netfront_queue_open(struct netfront_queue *q, domid_t otherend);
/* Takes everything back. What was being sent, for done() with -ENODEV. Memory that the backend still
 * has mapped is lost. */
struct net_tx *netfront_queue_close(struct netfront_queue *q);

/* 0, -EAGAIN, -EINVAL or -EIO. *notify: the backend has to be told (unless put_off). */
int netfront_tx_send(struct netfront_queue *q, struct net_tx *tx, bool put_off, bool *notify);
/* What was put off is made known now. */
bool netfront_tx_push(struct netfront_queue *q);
bool netfront_tx_has_room(const struct netfront_queue *q);
/* Frames that are over, in next order; the event for the rest is asked for. */
struct net_tx *netfront_tx_reap(struct netfront_queue *q);

/* Gives the backend pages until the ring is full. True if it has to be told. */
bool netfront_rx_fill(struct netfront_queue *q);
/* At most budget frames. *more: there are, or may be, others; else an event will come. */
struct net_buf *netfront_rx_poll(struct netfront_queue *q, unsigned int budget, bool *more);
/* Pages with the backend. */
unsigned int netfront_rx_posted(const struct netfront_queue *q);

#endif
