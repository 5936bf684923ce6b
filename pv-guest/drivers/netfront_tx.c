/* SPDX-License-Identifier: MIT */
/*
 * netfront's transmit ring: a frame becomes a request for each of its pieces, with the extra-info
 * entry of a large TCP segment behind the first, and is over when all are answered.
 */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/string.h>
#include "netfront_queue.h"

/* NULL, or why the frame cannot be sent; its length otherwise. */
static bool frame_ok(struct net_tx *tx)
{
	tx->len = 0;
	if (tx->nr_frags == 0 || tx->nr_frags > NET_MAX_FRAGS)
		return false;
	for (unsigned int i = 0; i < tx->nr_frags; i++) {
		const struct net_frag *f = &tx->frags[i];

		if (f->len == 0 || ((uintptr_t)f->data & ~PAGE_MASK) + f->len > PAGE_SIZE)
			return false;
		tx->len += f->len;
	}
	if (tx->offload.gso_type != NET_GSO_NONE &&
	    (tx->offload.gso_size == 0 || tx->offload.gso_type > NET_GSO_TCPV6))
		return false;
	return tx->len >= NET_ETH_HEADER && tx->len <= NET_FRAME_MAX;
}

static uint16_t frame_flags(const struct net_tx *tx)
{
	uint16_t flags = 0;

	/* A large segment's checksums are made when it is cut. */
	if (tx->offload.csum_blank || tx->offload.gso_type != NET_GSO_NONE)
		flags |= NETTXF_csum_blank | NETTXF_data_validated;
	else if (tx->offload.csum_valid)
		flags |= NETTXF_data_validated;
	if (tx->offload.gso_type != NET_GSO_NONE)
		flags |= NETTXF_extra_info;
	return flags;
}

static void put_extra(struct netfront_queue *q, const struct net_tx *tx)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	extra.u.gso.size = tx->offload.gso_size;
	extra.u.gso.type = tx->offload.gso_type;
	memcpy(RING_GET_REQUEST(&q->tx, q->tx.req_prod_pvt++), &extra, sizeof(extra));
	q->tx_extras++;
}

static void put_frag(struct netfront_queue *q, struct net_tx *tx, unsigned int i)
{
	const struct net_frag *f = &tx->frags[i];
	uint16_t id = q->tx_first_free;
	struct netfront_tx_slot *s = &q->tx_slots[id];
	bool last = i + 1 == tx->nr_frags;

	q->tx_first_free = s->next_free;
	q->tx_free--;
	s->tx = tx;
	grant_set(s->ref, q->otherend, virt_to_mfn(f->data), true);
	*RING_GET_REQUEST(&q->tx, q->tx.req_prod_pvt++) = (struct netif_tx_request){
		.gref = s->ref,
		.offset = (uintptr_t)f->data & ~PAGE_MASK,
		.flags = (i == 0 ? frame_flags(tx) : 0) | (last ? 0 : NETTXF_more_data),
		.id = id,
		.size = i == 0 ? tx->len : f->len,
	};
	tx->pending++;
}

/* The largest frame's pieces and its extra entry. */
bool netfront_tx_has_room(const struct netfront_queue *q)
{
	return q->broken != NULL ||
	       (q->tx_free > NET_MAX_FRAGS && RING_FREE_REQUESTS(&q->tx) > NET_MAX_FRAGS + 1);
}

static bool push(struct netfront_queue *q)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->tx, notify);
	return notify != 0;
}

int netfront_tx_send(struct netfront_queue *q, struct net_tx *tx, bool put_off, bool *notify)
{
	int rc = 0;

	*notify = false;
	if (!frame_ok(tx))
		return -EINVAL;
	spin_lock(&q->tx_lock);
	if (q->broken != NULL) {
		rc = -EIO;
	} else if (!netfront_tx_has_room(q)) {
		*notify = push(q);
		rc = -EAGAIN;
	} else {
		tx->pending = 0;
		tx->status = 0;
		put_frag(q, tx, 0);
		if (tx->offload.gso_type != NET_GSO_NONE)
			put_extra(q, tx);
		for (unsigned int i = 1; i < tx->nr_frags; i++)
			put_frag(q, tx, i);
		q->stats.tx_frames++;
		q->stats.tx_bytes += tx->len;
		if (!put_off)
			*notify = push(q);
	}
	spin_unlock(&q->tx_lock);
	return rc;
}

bool netfront_tx_push(struct netfront_queue *q)
{
	bool notify = false;

	spin_lock(&q->tx_lock);
	if (q->broken == NULL && q->tx.req_prod_pvt != q->tx.sring->req_prod)
		notify = push(q);
	spin_unlock(&q->tx_lock);
	return notify;
}

/* One answer, already copied. NULL, or what is wrong with it. Lock held. */
static const char *finish_one(struct netfront_queue *q, const struct netif_tx_response *rsp,
			      struct net_tx ***ended)
{
	struct netfront_tx_slot *s;
	struct net_tx *tx;

	if (rsp->status == NETIF_RSP_NULL) {
		if (q->tx_extras == 0)
			return "answer to extra information that was not sent";
		q->tx_extras--;
		return NULL;
	}
	if (rsp->id >= NETFRONT_TX_SLOTS || q->tx_slots[rsp->id].tx == NULL)
		return "answer to a frame that was not sent";
	s = &q->tx_slots[rsp->id];
	if (!grant_revoke(s->ref))
		return "page of a frame it answered is still mapped";
	tx = s->tx;
	s->tx = NULL;
	s->next_free = q->tx_first_free;
	q->tx_first_free = rsp->id;
	q->tx_free++;
	if (rsp->status != NETIF_RSP_OKAY)
		tx->status = -EIO;
	if (--tx->pending == 0) {
		q->stats.tx_errors += tx->status != 0;
		tx->next = NULL;
		**ended = tx;
		*ended = &tx->next;
	}
	return NULL;
}

/* The next event when half of what is in flight has been answered. */
static void ask_for_event(struct netfront_queue *q)
{
	RING_IDX in_flight = q->tx.req_prod_pvt - q->tx.rsp_cons;

	q->tx.sring->rsp_event = q->tx.rsp_cons + in_flight / 2 + 1;
	xen_mb();
}

struct net_tx *netfront_tx_reap(struct netfront_queue *q)
{
	struct net_tx *first = NULL, **ended = &first;
	const char *wrong = NULL;
	bool again = true;

	spin_lock(&q->tx_lock);
	/* Looks again after the event was asked for. Each round but the last takes an answer to a
	 * request there is, so the backend cannot keep us here. */
	while (q->broken == NULL && again) {
		RING_IDX prod = __atomic_load_n(&q->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);

		again = prod != q->tx.rsp_cons;
		if (prod - q->tx.rsp_cons > q->tx.req_prod_pvt - q->tx.rsp_cons)
			wrong = "more answers than frames";
		while (wrong == NULL && q->tx.rsp_cons != prod) {
			struct netif_tx_response rsp;

			memcpy(&rsp, RING_GET_RESPONSE(&q->tx, q->tx.rsp_cons), sizeof(rsp));
			q->tx.rsp_cons++;
			wrong = finish_one(q, &rsp, &ended);
		}
		q->broken = wrong;
		if (wrong == NULL)
			ask_for_event(q);
	}
	spin_unlock(&q->tx_lock);
	return first;
}
