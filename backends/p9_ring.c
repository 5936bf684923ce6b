/* SPDX-License-Identifier: MIT */
/*
 * A 9pfs ring: bytes of requests one way, bytes of answers the other.
 *
 * Called by p9_turn.c and p9_dev.c.  The frontend can write every byte at any time.  Trusted are our own
 * indexes; of each message its size is copied first, judged, and then that many bytes are copied.
 * Invariant: a request is taken only while no answer waits for room.
 */
#include "config.h"
#include "backends/p9.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libs/util/loop.h"
#include <p9/9p2000l.h>

#define RETRY_NS	5000000u

static RING_IDX half(const struct p9_ring *r)
{
	return (RING_IDX)XEN_FLEX_RING_SIZE(r->order);
}

static void ring_event(void *arg)
{
	struct p9_ring *r = arg;

	p9_activate(r->dev);
}

/* The data pages, which the interface page names. */
static int data_map(struct p9_device *dev, struct p9_ring *r)
{
	uint32_t refs[1u << P9_MAX_ORDER];
	unsigned int i, order = *(volatile typeof(r->intf->ring_order) *)&r->intf->ring_order;

	if (!order || order > P9_MAX_ORDER)
		return -EPROTO;
	r->order = order;
	for (i = 0; i < 1u << order; i++)
		refs[i] = *(volatile grant_ref_t *)&r->intf->ref[i];
	r->data = xengnttab_map_domain_grant_refs(dev->pb->xgt, 1u << order, dev->xdev->domid, refs,
						  PROT_READ | PROT_WRITE);
	return r->data ? 0 : -errno;
}

int p9_ring_map(struct p9_device *dev, unsigned int nr, uint32_t ref, uint32_t port)
{
	struct p9_ring *r = &dev->rings[nr];
	struct p9back *pb = dev->pb;
	int rc;

	memset(r, 0, sizeof(*r));
	r->dev = dev;
	r->intf = xengnttab_map_grant_ref(pb->xgt, dev->xdev->domid, ref, PROT_READ | PROT_WRITE);
	if (!r->intf)
		return -errno;
	rc = data_map(dev, r);
	if (!rc) {
		/* Not zero if one of us was here before. */
		r->in_prod = __atomic_load_n(&r->intf->in_prod, __ATOMIC_ACQUIRE);
		r->out_cons = __atomic_load_n(&r->intf->out_cons, __ATOMIC_ACQUIRE);
		r->port = events_bind(pb->events, dev->xdev->domid, port, ring_event, r);
		rc = r->port < 0 ? r->port : 0;
	}
	if (!rc)
		return 0;
	if (r->data)
		xengnttab_unmap(pb->xgt, r->data, 1u << r->order);
	xengnttab_unmap(pb->xgt, r->intf, 1);
	r->intf = NULL;
	return rc;
}

void p9_ring_unmap(struct p9_ring *r)
{
	struct p9back *pb;

	if (!r->intf)
		return;
	pb = r->dev->pb;
	pvn_loop_del_timer(r->retry);
	events_unbind(pb->events, r->port);
	xengnttab_unmap(pb->xgt, r->data, 1u << r->order);
	xengnttab_unmap(pb->xgt, r->intf, 1);
	r->intf = NULL;
}

static void retry(void *arg)
{
	struct p9_ring *r = arg;

	r->retry = NULL;
	p9_activate(r->dev);
}

/* Show the answer that waits.  1 done; 0 no room yet; -EPROTO. */
static int answer(struct p9_ring *r)
{
	RING_IDX cons = __atomic_load_n(&r->intf->in_cons, __ATOMIC_ACQUIRE), size = half(r);
	RING_IDX at = r->in_prod & (size - 1);

	if (r->in_prod - cons > size)
		return -EPROTO;
	if (size - (r->in_prod - cons) < r->answer) {
		/* The protocol does not oblige a frontend to notify after it made room. */
		if (!r->retry)
			pvn_loop_add_timer(r->dev->pb->loop, RETRY_NS, retry, r, &r->retry);
		return 0;
	}
	xen_9pfs_write_packet(r->data, r->dev->answer, r->answer, &at, cons & (size - 1), size);
	r->in_prod += (RING_IDX)r->answer;
	__atomic_store_n(&r->intf->in_prod, r->in_prod, __ATOMIC_SEQ_CST);
	r->dev->waiting = NULL;
	return 1;
}

/* n bytes from our consumer index on, which stays where it is. */
static void copy_out(struct p9_ring *r, void *dst, RING_IDX n)
{
	RING_IDX at = r->out_cons & (half(r) - 1), first = half(r) - at;
	const unsigned char *out = r->data + half(r);

	if (first > n)
		first = n;
	memcpy(dst, out + at, first);
	memcpy((char *)dst + first, out, n - first);
	__asm__ volatile("" : : "r"(dst) : "memory");
}

/* Size of the next request, which is now in the buffer; 0: it is not there yet; -EPROTO. */
static int take(struct p9_ring *r)
{
	struct p9_device *dev = r->dev;
	RING_IDX queued = __atomic_load_n(&r->intf->out_prod, __ATOMIC_ACQUIRE) - r->out_cons;
	uint8_t header[P9_HEADER];
	struct p9_in in = { header, header + sizeof(header), false };
	uint32_t size, limit = dev->session.msize ? dev->session.msize : dev->session.max_msize;

	if (queued > half(r))
		return -EPROTO;
	if (queued < P9_HEADER)
		return 0;
	copy_out(r, header, P9_HEADER);
	size = p9_u32(&in);
	if (size < P9_HEADER || size > limit || size > half(r))
		return -EPROTO;
	if (queued < size)
		return 0;
	copy_out(r, dev->message, size);
	r->out_cons += size;
	__atomic_store_n(&r->intf->out_cons, r->out_cons, __ATOMIC_RELEASE);
	return (int)size;
}

int p9_ring_service(struct p9_ring *r, unsigned int budget)
{
	struct p9_device *dev = r->dev;
	bool told = false;
	int rc = 1;

	if (dev->waiting && dev->waiting != r)
		return 0;	/* its answer will have us looked at again */
	if (dev->waiting && (told = (rc = answer(r)) > 0))
		p9_activate(dev);	/* its other rings were kept waiting */
	while (rc > 0 && budget--) {
		rc = take(r);
		if (rc <= 0)
			break;
		r->answer = p9_serve(&dev->session, dev->message, (size_t)rc, dev->answer);
		dev->waiting = r;
		rc = answer(r);
		told |= rc > 0;
	}
	if (told)
		events_notify(dev->pb->events, r->port);
	return rc;
}
