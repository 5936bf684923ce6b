/* SPDX-License-Identifier: MIT */
/*
 * What a guest transmits: off its ring, through the switch, answered.
 *
 * A packet is taken whole or not at all.  Where the receiver has no room it stays in the ring, untouched,
 * and is judged anew when there is some: nothing of it is remembered meanwhile, so nothing can be
 * changed behind our back.
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "backends/blk_request.h"
#include "libs/util/log.h"

#define SAID	8	/* per connection; the domain causes these at will */

static void respond(struct net_queue *q, uint16_t id, int16_t status)
{
	struct netif_tx_response rsp = { .id = id, .status = status };

	q->shadow->tx[q->tx.rsp_prod_pvt++ % NET_SHADOW_SLOTS] = rsp;
}

/* One response per slot, in their order. */
static void answer(struct net_queue *q, const struct net_tx_packet *p, unsigned int slots, int16_t status)
{
	unsigned int i;

	respond(q, p->pieces[0].id, status);
	for (i = 0; i < p->nr_extras; i++)
		respond(q, 0, NETIF_RSP_NULL);
	for (i = 1; i < p->nr_pieces; i++)
		respond(q, p->pieces[i].id, status);
	q->tx.req_cons += slots;
	__atomic_store_n(&q->shadow->tx_answered, q->tx.rsp_prod_pvt, __ATOMIC_RELEASE);
	q->tx_answered = true;
	net_push_later(q);
}

static unsigned int fetch(struct net_queue *q, RING_IDX prod, union net_tx_slot *slots)
{
	RING_IDX cons = q->tx.req_cons;
	unsigned int i, nr = prod - cons;

	/* Most packets are one slot. */
	copy_once(&slots[0], RING_GET_REQUEST(&q->tx, cons), sizeof(slots[0]));
	if (!(slots[0].req.flags & (NETTXF_more_data | NETTXF_extra_info)))
		return 1;
	if (nr > NET_MAX_RING_SLOTS)
		nr = NET_MAX_RING_SLOTS;
	for (i = 1; i < nr; i++)
		copy_once(&slots[i], RING_GET_REQUEST(&q->tx, cons + i), sizeof(slots[i]));
	return nr;
}

/* Map the pieces, copy the header.  The pages mapped, or -1: one is not granted. */
static int frame_map(struct net_queue *q, const struct net_tx_packet *p, struct net_frame *f, void **pages)
{
	struct netback *nb = q->vif->nb;
	unsigned int i, n, left;
	uint8_t *at;

	f->hdr_len = f->nr_iov = 0;
	f->len = p->size;
	for (i = 0; i < p->nr_pieces; i++) {
		pages[i] = xengnttab_map_grant_ref(nb->xgt, q->vif->xdev->domid, p->pieces[i].gref,
						   PROT_READ);
		if (!pages[i])
			break;
		at = (uint8_t *)pages[i] + p->pieces[i].offset;
		left = p->pieces[i].size;
		n = NET_HDR_MAX - f->hdr_len < left ? NET_HDR_MAX - f->hdr_len : left;
		copy_once(f->hdr + f->hdr_len, at, n);
		f->hdr_len += n;
		if (left > n)
			f->iov[f->nr_iov++] = (struct iovec){ at + n, left - n };
	}
	if (i == p->nr_pieces)
		return (int)i;
	while (i)
		xengnttab_unmap(nb->xgt, pages[--i], 1);
	return -1;
}

static void complain(struct net_vif *vif, const char *text)
{
	vif->port.count.in_dropped++;
	if (vif->said++ < SAID)
		pvn_log(LOG_NOTICE, "vif/%u/%u: dropped a packet: %s", vif->xdev->domid,
			vif->xdev->devid, text);
}

/* NET_WAIT, or *status is the answer. */
static enum net_verdict forward(struct net_queue *q, const struct net_tx_packet *p, int16_t *status)
{
	struct net_vif *vif = q->vif;
	struct netback *nb = vif->nb;
	struct net_frame *f = &nb->frame;
	void *pages[NET_FATAL_SLOTS];
	enum net_verdict v = NET_DROPPED;
	const char *bad;
	int nr;

	*status = NETIF_RSP_ERROR;
	nr = frame_map(q, p, f, pages);
	if (nr < 0) {
		complain(vif, "a page of it is not granted");
		return NET_DROPPED;
	}
	f->csum_blank = p->flags & NETTXF_csum_blank;
	f->validated = p->flags & (NETTXF_data_validated | NETTXF_csum_blank);
	f->gso_type = p->gso_type;
	f->gso_size = p->gso_size;
	net_frame_parse(f);
	bad = net_frame_check(f);
	if (bad) {
		complain(vif, bad);
	} else {
		v = net_switch_forward(&vif->port, f, nb->now);
		*status = v == NET_SENT ? NETIF_RSP_OKAY : NETIF_RSP_DROPPED;
	}
	while (nr)
		xengnttab_unmap(nb->xgt, pages[--nr], 1);
	return v;
}

/* 1: taken; 0: it waits; -EPROTO. */
static int take(struct net_queue *q, RING_IDX prod, const char **why)
{
	union net_tx_slot slots[NET_MAX_RING_SLOTS];
	struct net_tx_packet p;
	int16_t status;
	int used;

	used = net_tx_decode(slots, fetch(q, prod, slots), &p, why);
	if (used < 0)
		return used;
	if (p.mcast_add || p.mcast_del) {
		answer(q, &p, (unsigned int)used, net_mcast_change(q->vif, &p) ?
		       NETIF_RSP_ERROR : NETIF_RSP_OKAY);
		return 1;
	}
	if (p.drop) {
		complain(q->vif, p.drop);
		answer(q, &p, (unsigned int)used, NETIF_RSP_ERROR);
		return 1;
	}
	if (!net_rate_may(q->vif, p.size))
		return 0;
	if (forward(q, &p, &status) == NET_WAIT) {
		net_wait(q, q->vif->nb->receiver);
		return 0;
	}
	net_rate_take(q->vif, p.size);
	answer(q, &p, (unsigned int)used, status);
	return 1;
}

int net_tx_service(struct net_queue *q, unsigned int budget, const char **why)
{
	netif_tx_back_ring_t *ring = &q->tx;
	RING_IDX prod;
	int rc, more;

	prod = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);
	if (RING_REQUEST_PROD_OVERFLOW(ring, prod)) {
		*why = "the tx ring's request producer is out of range";
		return -EPROTO;
	}
	for (; ring->req_cons != prod; budget--) {
		if (!budget)
			return 1;
		rc = take(q, prod, why);
		if (rc <= 0)
			return rc;
	}
	RING_FINAL_CHECK_FOR_REQUESTS(ring, more);
	return more;
}
