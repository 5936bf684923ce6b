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
#include <string.h>
#include <sys/mman.h>

struct blk_journal_entry *blk_request_entry(const struct blk_request *req)
{
	return &req->queue->journal->entries[req - req->queue->requests];
}

static void respond(struct blk_request *req)
{
	struct blkif_response rsp = { .id = req->id, .operation = req->operation,
				      .status = (int16_t)req->status };
	struct blk_queue *q = req->queue;
	struct blkback *bb = q->dev->bb;

	memcpy(RING_GET_RESPONSE(&q->ring, q->ring.rsp_prod_pvt), &rsp, sizeof(rsp));
	blk_journal_answered(blk_request_entry(req), q->ring.rsp_prod_pvt, req->status);
	q->ring.rsp_prod_pvt++;
	if (!q->answered)
		TAILQ_INSERT_TAIL(&bb->answered, q, answered_entry);
	q->answered = true;
}

void blk_ring_push(struct blk_queue *q)
{
	struct blk_request *req;
	int notify;

	if (!q->answered)
		return;
	q->answered = false;
	TAILQ_REMOVE(&q->dev->bb->answered, q, answered_entry);
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&q->ring, notify);
	STAILQ_FOREACH(req, &q->unshown, entry)
		blk_journal_shown(blk_request_entry(req));
	STAILQ_CONCAT(&q->unshown, &q->free);	/* those used last come first: they are in the cache */
	STAILQ_CONCAT(&q->free, &q->unshown);
	if (notify)
		events_notify(q->dev->bb->events, q->port);
}

/* The end of a request, and maybe of its device: touch neither afterwards. */
void blk_request_finish(struct blk_request *req)
{
	struct blk_queue *q = req->queue;
	struct blk_device *dev = q->dev;

	respond(req);
	STAILQ_INSERT_HEAD(&q->unshown, req, entry);
	q->inflight--;
	dev->inflight--;
	if (q->barrier == req) {	/* it held the ring up */
		q->barrier = NULL;
		blk_activate(q);
	}
	if (q->barrier && q->inflight == 1)
		blk_exec_run(q->barrier);
	else if (dev->disconnecting && !dev->inflight)
		blk_drained(dev);
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

/* Entry index of the journal is in flight from now on. */
struct blk_request *blk_request_new(struct blk_queue *q, unsigned int index)
{
	struct blk_request *req = &q->requests[index];

	STAILQ_REMOVE(&q->free, req, blk_request, entry);
	q->inflight++;
	q->dev->inflight++;
	return req;
}

void blk_request_begin(struct blk_request *req)
{
	struct blk_device *dev = req->dev;
	struct blk_parsed *p = &dev->bb->parsed;
	int status = blk_request_decode(&dev->lim, &blk_request_entry(req)->slot, p);

	if (status == BLKIF_RSP_OKAY && p->nr_indirect)
		status = indirect_copy(dev, p);
	if (status == BLKIF_RSP_OKAY)
		status = blk_request_check(&dev->lim, p);
	if (status != BLKIF_RSP_OKAY) {
		req->id = p->id;
		req->operation = p->operation;
		req->status = status;
		blk_request_finish(req);
		return;
	}
	if (p->barrier)
		req->queue->barrier = req;
	blk_exec_start(req, p);
}

static void take(struct blk_queue *q, RING_IDX cons)
{
	struct blk_journal_entry *e;
	struct blk_request *req;

	if (STAILQ_EMPTY(&q->free))
		blk_ring_push(q);
	/* There is one now: in flight + free = slots of the ring. */
	req = blk_request_new(q, (unsigned int)(STAILQ_FIRST(&q->free) - q->requests));
	e = blk_request_entry(req);
	copy_once(&e->slot, RING_GET_REQUEST(&q->ring, cons), sizeof(e->slot.rw));
	blk_journal_taken(q->journal, e, cons);
	blk_request_begin(req);
}

int blk_ring_service(struct blk_queue *q, unsigned int budget)
{
	blkif_back_ring_t *ring = &q->ring;
	RING_IDX prod, cons;
	int more;

	prod = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);
	if (RING_REQUEST_PROD_OVERFLOW(ring, prod))
		return -EPROTO;
	for (cons = ring->req_cons; cons != prod && !q->barrier; budget--) {
		if (!budget)
			return 1;
		ring->req_cons = cons + 1;
		take(q, cons++);
	}
	if (q->barrier)		/* its end has the ring looked at again */
		return 0;
	RING_FINAL_CHECK_FOR_REQUESTS(ring, more);
	return more;
}
