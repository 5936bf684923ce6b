/* SPDX-License-Identifier: MIT */
/*
 * What a guest receives: into the pages it has granted for that, in the form it can take.
 *
 * A large frame and a blank checksum go as they are to a guest that can have them; for another the frame is
 * cut, the checksum computed.  A response stands in the slot of its request, as Linux's netfront expects:
 * we answer what we take at once, so that is so.
 */
#include "config.h"
#include "backends/net.h"

#include <string.h>
#include <sys/mman.h>

#include "backends/blk_request.h"

static void respond(struct net_queue *q, uint16_t id, uint16_t flags, int16_t status)
{
	struct netif_rx_response rsp = { .id = id, .offset = 0, .flags = flags, .status = status };

	q->shadow->rx[q->rx.rsp_prod_pvt++ % NET_SHADOW_SLOTS].rsp = rsp;
	q->rx.req_cons++;
}

static void respond_gso(struct net_queue *q, const struct net_frame *f)
{
	struct netif_extra_info x = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = f->gso_size, .type = f->gso_type },
	};

	q->shadow->rx[q->rx.rsp_prod_pvt++ % NET_SHADOW_SLOTS].extra = x;
	q->rx.req_cons++;
}

/* The next page of the frame into the next buffer. */
static bool put_page(struct net_queue *q, struct net_cursor *c, unsigned int bytes, uint16_t flags)
{
	xengnttab_handle *xgt = q->vif->nb->xgt;
	struct netif_rx_request req;
	unsigned int off = 0;
	const void *data;
	uint8_t *page;
	size_t n;

	copy_once(&req, RING_GET_REQUEST(&q->rx, q->rx.req_cons), sizeof(req));
	page = xengnttab_map_grant_ref(xgt, q->vif->xdev->domid, req.gref, PROT_READ | PROT_WRITE);
	while (off < bytes && (n = net_cursor_next(c, bytes - off, &data))) {
		if (page)
			memcpy(page + off, data, n);
		off += (unsigned int)n;
	}
	if (page)
		xengnttab_unmap(xgt, page, 1);
	respond(q, req.id, flags, page ? (int16_t)off : NETIF_RSP_ERROR);
	return page != NULL;
}

/* There is room.  false: a buffer was not granted, and the guest sees that. */
static bool put_frame(struct net_queue *q, const struct net_frame *f)
{
	uint16_t flags = (uint16_t)((f->csum_blank ? NETRXF_csum_blank | NETRXF_data_validated : 0) |
				    (f->validated ? NETRXF_data_validated : 0));
	bool gso = f->gso_type != XEN_NETIF_GSO_TYPE_NONE, whole = true;
	unsigned int left = f->len, n;
	struct net_cursor c;

	net_cursor_init(&c, f);
	if (gso)
		flags |= NETRXF_extra_info;
	do {
		n = left < NET_PAGE ? left : NET_PAGE;
		left -= n;
		whole &= put_page(q, &c, n, left ? flags | NETRXF_more_data : flags);
		if (gso)
			respond_gso(q, f);
		gso = false;
		flags = 0;
	} while (left);
	__atomic_store_n(&q->shadow->rx_answered, q->rx.rsp_prod_pvt, __ATOMIC_RELEASE);
	q->rx_answered = true;
	net_push_later(q);
	return whole;
}

static bool can_csum(const struct net_vif *vif, const struct net_frame *f)
{
	return f->h.version == 6 ? vif->can_csum6 : vif->can_csum4;
}

static bool put_any(struct net_queue *q, const struct net_frame *f)
{
	struct net_frame done;

	if (!f->csum_blank || can_csum(q->vif, f))
		return put_frame(q, f);
	done = *f;
	net_frame_complete(&done);
	return put_frame(q, &done);
}

static int put_segment(void *arg, struct net_frame *seg)
{
	return !put_any(arg, seg);
}

/* Can the guest have it in one piece? */
static bool goes_whole(const struct net_vif *vif, const struct net_frame *f)
{
	if (f->gso_type == XEN_NETIF_GSO_TYPE_NONE)
		return true;
	return vif->can_sg && can_csum(vif, f) &&
	       (f->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? vif->can_gso4 : vif->can_gso6);
}

/* Slots that it takes, 0: the guest cannot have it at all. */
static unsigned int slots_needed(const struct net_vif *vif, const struct net_frame *f, bool whole)
{
	unsigned int max = vif->mtu + NET_ETH_HLEN + 8;	/* two VLAN tags */
	bool gso = f->gso_type != XEN_NETIF_GSO_TYPE_NONE;
	unsigned int len, nr;

	if (!gso || !whole) {
		len = gso ? f->h.payload + f->gso_size : f->len;
		nr = (len + NET_PAGE - 1) / NET_PAGE;
		if (len > max || (nr > 1 && !vif->can_sg))
			return 0;
		return nr * net_frame_segments(f);
	}
	return 1 + (f->len + NET_PAGE - 1) / NET_PAGE;
}

static RING_IDX room(struct net_queue *q)
{
	RING_IDX prod = __atomic_load_n(&q->rx.sring->req_prod, __ATOMIC_ACQUIRE);

	if (RING_REQUEST_PROD_OVERFLOW(&q->rx, prod)) {
		q->vif->broken = "the rx ring's request producer is out of range";
		net_activate(q);
		return 0;
	}
	if (q->stalled && prod != q->stalled_at)
		q->stalled = false;
	return prod - q->rx.req_cons;
}

/* Is there room for so many?  If not the guest will tell us when there is. */
static bool has_room(struct net_queue *q, unsigned int slots)
{
	if (room(q) >= slots)
		return true;
	q->rx.sring->req_event = q->rx.req_cons + slots;
	xen_mb();
	return room(q) >= slots;
}

static enum net_verdict vif_send(struct net_port *port, const struct net_frame *f, struct net_port *from,
				 bool may_wait)
{
	struct net_vif *vif = (struct net_vif *)((char *)port - offsetof(struct net_vif, port));
	struct net_queue *q;
	unsigned int slots;
	bool whole;

	if (!vif->queues || vif->broken)
		return NET_DROPPED;
	if ((f->hdr[0] & 1) && !net_mcast_wants(vif, f->hdr))
		return NET_DROPPED;
	whole = goes_whole(vif, f);
	slots = slots_needed(vif, f, whole);
	q = &vif->queues[vif->nr_queues > 1 ? f->flow % vif->nr_queues : 0];
	if (!slots || slots > RING_SIZE(&q->rx))
		return NET_DROPPED;
	if (!has_room(q, slots)) {
		if (!may_wait || q->stalled || vif->broken)
			return NET_DROPPED;
		vif->nb->receiver = q;
		return NET_WAIT;
	}
	if (whole)
		return put_any(q, f) ? NET_SENT : NET_DROPPED;
	return net_frame_cut(f, put_segment, q) ? NET_DROPPED : NET_SENT;
}

const struct net_port_ops net_vif_port_ops = { .send = vif_send };

void net_rx_event(struct net_queue *q)
{
	net_wake(q);
	if (q->vif->uplink)
		net_uplink_retry(q->vif->uplink);
}
