/* SPDX-License-Identifier: MIT */
/*
 * netfront's receive ring: empty pages go out, frames of one or more pages come back.
 *
 * An answer lies in the place of the request it answers, and so does an extra-info entry, whose
 * page comes back unused. Only the queue's thread is here.
 */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/string.h>
#include "netfront_queue.h"

#define MASK	(NETFRONT_RX_SLOTS - 1)

unsigned int netfront_rx_posted(const struct netfront_queue *q)
{
	return q->rx.req_prod_pvt - q->rx.rsp_cons;
}

bool netfront_rx_fill(struct netfront_queue *q)
{
	int notify;

	while (q->broken == NULL && !RING_FULL(&q->rx)) {
		uint16_t id = q->rx.req_prod_pvt & MASK;
		struct netfront_rx_slot *s = &q->rx_slots[id];
		struct net_buf *b = net_buf_alloc();

		if (b == NULL)
			break;
		s->buf = b;
		grant_set(s->ref, q->otherend, virt_to_mfn(b->page), false);
		*RING_GET_REQUEST(&q->rx, q->rx.req_prod_pvt) = (struct netif_rx_request){
			.id = id, .gref = s->ref };
		q->rx.req_prod_pvt++;
	}
	if (q->broken != NULL || q->rx.req_prod_pvt == q->rx.sring->req_prod)
		return false;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->rx, notify);
	return notify != 0;
}

/* The page of the entry at rsp_cons, which is passed. NULL and q->broken if it is not ours again. */
static struct net_buf *take(struct netfront_queue *q)
{
	struct netfront_rx_slot *s = &q->rx_slots[q->rx.rsp_cons & MASK];
	struct net_buf *b = s->buf;

	if (!grant_revoke(s->ref)) {
		q->broken = "page of a frame it delivered is still mapped";
		return NULL;
	}
	s->buf = NULL;
	q->rx.rsp_cons++;
	return b;
}

static const char *extra_judge(const struct netif_extra_info *e, struct net_offload *o)
{
	switch (e->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		if (e->u.gso.size == 0)
			return "large segment of size 0";
		if (e->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && e->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
			return "large segment of no protocol we offered";
		o->gso_type = e->u.gso.type;
		o->gso_size = e->u.gso.size;
		return NULL;
	case XEN_NETIF_EXTRA_TYPE_HASH:
		return NULL;
	}
	return "extra information of no kind we know";
}

/* Entries from rsp_cons on are extra information, up to the one without a successor. */
static void take_extras(struct netfront_queue *q, RING_IDX prod, struct net_offload *o)
{
	struct netif_extra_info e;

	do {
		struct net_buf *b;

		if (q->rx.rsp_cons == prod) {
			q->broken = "extra information that is not there";
			return;
		}
		memcpy(&e, RING_GET_RESPONSE(&q->rx, q->rx.rsp_cons), sizeof(e));
		q->broken = extra_judge(&e, o);
		b = q->broken == NULL ? take(q) : NULL;
		if (b == NULL)
			return;
		net_buf_free(b);
	} while (e.flags & XEN_NETIF_EXTRA_FLAG_MORE);
}

static const char *response_judge(const struct netfront_queue *q, const struct netif_rx_response *r)
{
	if (r->id != (q->rx.rsp_cons & MASK))
		return "frame in another place than its page";
	if (r->status >= 0 && (uint32_t)r->offset + r->status > PAGE_SIZE)
		return "frame that does not fit its page";
	return NULL;
}

static void offload_of(uint16_t flags, struct net_offload *o)
{
	o->csum_blank = (flags & NETRXF_csum_blank) != 0;
	o->csum_valid = (flags & (NETRXF_csum_blank | NETRXF_data_validated)) != 0;
}

/* One frame; NULL if it was dropped or the queue broke. */
static struct net_buf *take_frame(struct netfront_queue *q, RING_IDX prod)
{
	struct net_buf *first = NULL, **tail = &first;
	struct net_offload offload = { 0 };
	struct netif_rx_response rsp;
	unsigned int pieces = 0;
	uint32_t len = 0;
	bool bad = false;

	do {
		struct net_buf *b = NULL;

		if (q->rx.rsp_cons == prod)
			q->broken = "frame without an end";
		else if (pieces++ == NET_MAX_FRAGS)
			q->broken = "frame of too many pieces";
		if (q->broken == NULL) {
			memcpy(&rsp, RING_GET_RESPONSE(&q->rx, q->rx.rsp_cons), sizeof(rsp));
			q->broken = response_judge(q, &rsp);
		}
		if (q->broken == NULL)
			b = take(q);
		if (b != NULL) {
			b->offset = rsp.offset;
			b->len = rsp.status > 0 ? rsp.status : 0;
			bad |= rsp.status <= 0;
			len += b->len;
			*tail = b;
			tail = &b->next;
		}
		if (b != NULL && pieces == 1) {
			offload_of(rsp.flags, &offload);
			if (rsp.flags & NETRXF_extra_info)
				take_extras(q, prod, &offload);
		}
	} while (q->broken == NULL && (rsp.flags & NETRXF_more_data));
	if (q->broken != NULL || bad || len < NET_ETH_HEADER || len > NET_FRAME_MAX) {
		q->stats.rx_errors++;
		net_buf_free(first);
		return NULL;
	}
	first->frame_len = len;
	first->offload = offload;
	q->stats.rx_frames++;
	q->stats.rx_bytes += len;
	return first;
}

struct net_buf *netfront_rx_poll(struct netfront_queue *q, unsigned int budget, bool *more)
{
	struct net_buf *first = NULL, **tail = &first;
	RING_IDX prod;
	int left;

	*more = false;
	if (q->broken != NULL)
		return NULL;
	/* Read once: the backend can change it under us. */
	prod = __atomic_load_n(&q->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);
	if (prod - q->rx.rsp_cons > netfront_rx_posted(q))
		q->broken = "more frames than pages";
	while (q->broken == NULL && q->rx.rsp_cons != prod && budget-- > 0) {
		struct net_buf *frame = take_frame(q, prod);

		if (frame == NULL)
			continue;
		*tail = frame;
		tail = &frame->next_frame;
	}
	if (q->broken == NULL && q->rx.rsp_cons != prod) {
		*more = true;
	} else if (q->broken == NULL) {
		RING_FINAL_CHECK_FOR_RESPONSES(&q->rx, left);
		*more = left != 0;
	}
	return first;
}
