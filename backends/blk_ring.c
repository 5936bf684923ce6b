/* SPDX-License-Identifier: MIT */
/*
 * The shared ring: taking requests off it, putting responses on it.
 *
 * The frontend can write every byte of it at any time.  Trusted are only our own indexes,
 * rsp_prod_pvt and req_cons.  Invariant: rsp_prod_pvt <= req_cons <= rsp_prod_pvt + nr_ents, so what is
 * in flight never exceeds the ring and a response never overwrites an untaken request.
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backends/store.h"

static int ring_attach(struct blk_device *dev, blkif_sring_t *sring, size_t bytes)
{
	RING_IDX prod = __atomic_load_n(&sring->req_prod, __ATOMIC_ACQUIRE);
	RING_IDX rsp = __atomic_load_n(&sring->rsp_prod, __ATOMIC_RELAXED);

	/* Not zero if we were restarted: go on where the last of us stopped. */
	BACK_RING_ATTACH(&dev->ring, sring, rsp, bytes);
	if (RING_REQUEST_PROD_OVERFLOW(&dev->ring, prod)) {
		dev->ring.sring = NULL;
		return -EPROTO;
	}
	return 0;
}

static int requests_alloc(struct blk_device *dev)
{
	unsigned int i, nr = RING_SIZE(&dev->ring);

	dev->requests = calloc(nr, sizeof(*dev->requests));
	if (!dev->requests)
		return -ENOMEM;
	STAILQ_INIT(&dev->free);
	for (i = 0; i < nr; i++) {
		dev->requests[i].dev = dev;
		STAILQ_INSERT_TAIL(&dev->free, &dev->requests[i], entry);
	}
	return 0;
}

static void ring_event(void *arg)
{
	blk_activate(arg);
}

int blk_ring_map(struct blk_device *dev, const uint32_t *refs, unsigned int nr, uint32_t port)
{
	struct blkback *bb = dev->bb;
	domid_t domid = dev->xdev->domid;
	uint32_t copy[BLK_MAX_RING_PAGES];
	void *sring;
	int rc;

	memcpy(copy, refs, nr * sizeof(*refs));
	if (nr == 1)
		sring = xengnttab_map_grant_ref(bb->xgt, domid, copy[0], PROT_READ | PROT_WRITE);
	else
		sring = xengnttab_map_domain_grant_refs(bb->xgt, nr, domid, copy,
							PROT_READ | PROT_WRITE);
	if (!sring)
		return -errno;
	dev->nr_ring_pages = nr;
	rc = ring_attach(dev, sring, nr * 4096ul);
	if (!rc)
		rc = requests_alloc(dev);
	if (rc)
		goto unmap;
	dev->port = events_bind(bb->events, domid, port, ring_event, dev);
	if (dev->port >= 0)
		return 0;
	rc = dev->port;
unmap:
	xengnttab_unmap(bb->xgt, sring, nr);
	free(dev->requests);
	dev->requests = NULL;
	dev->ring.sring = NULL;
	return rc;
}

void blk_ring_unmap(struct blk_device *dev)
{
	struct blkback *bb = dev->bb;
	unsigned int i;

	if (!dev->ring.sring)
		return;
	blk_ring_push(dev);
	if (dev->active)
		TAILQ_REMOVE(&bb->active, dev, active_entry);
	dev->active = false;
	events_unbind(bb->events, dev->port);
	xengnttab_unmap(bb->xgt, dev->ring.sring, dev->nr_ring_pages);
	for (i = 0; i < RING_SIZE(&dev->ring); i++)
		free(dev->requests[i].big);
	free(dev->requests);
	dev->requests = NULL;
	dev->ring.sring = NULL;
}

void blk_ring_respond(struct blk_device *dev, uint64_t id, uint8_t operation, int status)
{
	struct blkif_response rsp = { .id = id, .operation = operation, .status = (int16_t)status };
	struct blkback *bb = dev->bb;

	memcpy(RING_GET_RESPONSE(&dev->ring, dev->ring.rsp_prod_pvt), &rsp, sizeof(rsp));
	dev->ring.rsp_prod_pvt++;
	if (!dev->answered)
		TAILQ_INSERT_TAIL(&bb->answered, dev, answered_entry);
	dev->answered = true;
}

void blk_ring_push(struct blk_device *dev)
{
	int notify;

	if (!dev->answered)
		return;
	dev->answered = false;
	TAILQ_REMOVE(&dev->bb->answered, dev, answered_entry);
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&dev->ring, notify);
	if (notify)
		events_notify(dev->bb->events, dev->port);
}

/* The end of a request, and maybe of its device: touch neither afterwards. */
void blk_request_finish(struct blk_request *req)
{
	struct blk_device *dev = req->dev;

	blk_ring_respond(dev, req->id, req->operation, req->status);
	STAILQ_INSERT_HEAD(&dev->free, req, entry);
	dev->inflight--;
	if (dev->barrier == req) {	/* it held the ring up */
		dev->barrier = NULL;
		blk_activate(dev);
	}
	if (dev->barrier && dev->inflight == 1)
		blk_exec_run(dev->barrier);
	else if (dev->disconnecting && !dev->inflight)
		blk_dev_drained(dev);
}

/* Copy the segment descriptors of an indirect request out of the domain's pages. */
static int indirect_copy(struct blk_device *dev, struct blk_parsed *p)
{
	unsigned int i, n, left = p->nr_segs;
	void *page;

	for (i = 0; i < p->nr_indirect; i++, left -= n) {
		n = left < BLK_SEGS_PER_PAGE ? left : BLK_SEGS_PER_PAGE;
		page = xengnttab_map_grant_ref(dev->bb->xgt, dev->xdev->domid, p->indirect[i],
					       PROT_READ);
		if (!page)
			return BLKIF_RSP_ERROR;
		copy_once(&p->segs[i * BLK_SEGS_PER_PAGE], page, n * sizeof(p->segs[0]));
		xengnttab_unmap(dev->bb->xgt, page, 1);
	}
	return BLKIF_RSP_OKAY;
}

static void take(struct blk_device *dev, RING_IDX cons)
{
	struct blk_parsed *p = &dev->bb->parsed;
	struct blk_request *req;
	union blk_slot slot;
	int status;

	copy_once(&slot, RING_GET_REQUEST(&dev->ring, cons), sizeof(slot.rw));
	status = blk_request_decode(&dev->lim, &slot, p);
	if (status == BLKIF_RSP_OKAY && p->nr_indirect)
		status = indirect_copy(dev, p);
	if (status == BLKIF_RSP_OKAY)
		status = blk_request_check(&dev->lim, p);
	if (status != BLKIF_RSP_OKAY) {
		blk_ring_respond(dev, p->id, p->operation, status);
		return;
	}
	/* There is one: in flight + free = slots of the ring. */
	req = STAILQ_FIRST(&dev->free);
	STAILQ_REMOVE_HEAD(&dev->free, entry);
	dev->inflight++;
	if (p->barrier)
		dev->barrier = req;
	blk_exec_start(req, p);
}

int blk_ring_service(struct blk_device *dev, unsigned int budget)
{
	blkif_back_ring_t *ring = &dev->ring;
	RING_IDX prod, cons;
	int more;

	prod = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);
	if (RING_REQUEST_PROD_OVERFLOW(ring, prod))
		return -EPROTO;
	for (cons = ring->req_cons; cons != prod && !dev->barrier; budget--) {
		if (!budget)
			return 1;
		ring->req_cons = cons + 1;
		take(dev, cons++);
	}
	if (dev->barrier)	/* its end has the ring looked at again */
		return 0;
	RING_FINAL_CHECK_FOR_REQUESTS(ring, more);
	return more;
}
