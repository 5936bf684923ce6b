/* SPDX-License-Identifier: MIT */
/*
 * A queue of a disk: its ring mapped, its port bound, and what an earlier backend left of it.
 *
 * An adopted ring goes on where the journal says, not where the ring does: what was answered but not
 * shown is answered again as it was, what was taken is carried out again, in the order in which
 * it came.  That is right for every operation: reads and writes of the same sectors in flight at once
 * have no order, a flush may be made twice, and the frontend has not seen the end of any of them.
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int ring_attach(struct blk_queue *q, blkif_sring_t *sring, bool adopted)
{
	RING_IDX prod = __atomic_load_n(&sring->req_prod, __ATOMIC_ACQUIRE);
	RING_IDX rsp = __atomic_load_n(&sring->rsp_prod, __ATOMIC_RELAXED);

	if (adopted && blk_journal_check(q->journal, prod, rsp) < 0)
		return -EPROTO;
	BACK_RING_ATTACH(&q->ring, sring, rsp, q->nr_ring_pages * 4096ul);
	if (RING_REQUEST_PROD_OVERFLOW(&q->ring, prod)) {
		q->ring.sring = NULL;
		return -EPROTO;
	}
	if (adopted)
		q->ring.req_cons = q->journal->req_cons;
	else
		q->journal->req_cons = q->ring.req_cons;
	return 0;
}

static int requests_alloc(struct blk_queue *q)
{
	unsigned int i, nr = RING_SIZE(&q->ring);

	q->requests = calloc(nr, sizeof(*q->requests));
	if (!q->requests)
		return -ENOMEM;
	STAILQ_INIT(&q->free);
	STAILQ_INIT(&q->unshown);
	for (i = 0; i < nr; i++) {
		q->requests[i].queue = q;
		q->requests[i].dev = q->dev;
		STAILQ_INSERT_TAIL(&q->free, &q->requests[i], entry);
	}
	return 0;
}

static void ring_event(void *arg)
{
	blk_activate(arg);
}

int blk_queue_map(struct blk_queue *q, const struct blk_transport *t, struct blk_journal_queue *jq,
		  bool adopted)
{
	struct blkback *bb = q->dev->bb;
	domid_t domid = q->dev->xdev->domid;
	uint32_t copy[BLK_MAX_RING_PAGES];
	void *sring;
	int rc;

	memcpy(copy, t->refs, sizeof(copy));
	if (t->nr_refs == 1)
		sring = xengnttab_map_grant_ref(bb->xgt, domid, copy[0], PROT_READ | PROT_WRITE);
	else
		sring = xengnttab_map_domain_grant_refs(bb->xgt, t->nr_refs, domid, copy,
							PROT_READ | PROT_WRITE);
	if (!sring)
		return -errno;
	q->nr_ring_pages = t->nr_refs;
	q->journal = jq;
	rc = ring_attach(q, sring, adopted);
	if (!rc)
		rc = requests_alloc(q);
	if (rc)
		goto unmap;
	q->port = events_bind(bb->events, domid, t->port, ring_event, q);
	if (q->port >= 0)
		return 0;
	rc = q->port;
unmap:
	xengnttab_unmap(bb->xgt, sring, t->nr_refs);
	free(q->requests);
	q->requests = NULL;
	q->ring.sring = NULL;
	return rc;
}

void blk_queue_unmap(struct blk_queue *q)
{
	struct blkback *bb = q->dev->bb;
	unsigned int i;

	if (!q->ring.sring)
		return;
	blk_ring_push(q);
	if (q->active)
		TAILQ_REMOVE(&bb->active, q, active_entry);
	q->active = false;
	events_unbind(bb->events, q->port);
	xengnttab_unmap(bb->xgt, q->ring.sring, q->nr_ring_pages);
	for (i = 0; i < RING_SIZE(&q->ring); i++)
		free(q->requests[i].big);
	free(q->requests);
	q->requests = NULL;
	q->ring.sring = NULL;
}

/* The oldest entry in that state that was not looked at, or -1. */
static int oldest(const struct blk_queue *q, uint32_t state, const bool *seen)
{
	const struct blk_journal_queue *jq = q->journal;
	uint32_t age = 0, i;
	int found = -1;

	for (i = 0; i < jq->nr_entries; i++) {
		if (seen[i] || jq->entries[i].state != state || jq->req_cons - jq->entries[i].index <= age)
			continue;
		age = jq->req_cons - jq->entries[i].index;
		found = (int)i;
	}
	return found;
}

void blk_queue_replay(struct blk_queue *q)
{
	bool seen[BLK_MAX_RING_PAGES * 32 * 2] = { false };
	struct blk_request *req;
	int i;

	/* All of these before anything is shown, for each gets a place on the ring anew. */
	while ((i = oldest(q, BLK_J_ANSWERED, seen)) >= 0) {
		struct blk_parsed *p = &q->dev->bb->parsed;

		seen[i] = true;
		req = blk_request_new(q, (unsigned int)i);
		blk_request_decode(&q->dev->lim, &blk_request_entry(req)->slot, p);
		req->id = p->id;
		req->operation = p->operation;
		req->status = blk_request_entry(req)->status;
		blk_request_finish(req);
	}
	while ((i = oldest(q, BLK_J_TAKEN, seen)) >= 0) {
		seen[i] = true;
		blk_request_begin(blk_request_new(q, (unsigned int)i));
	}
	/* Of what was shown at the very last the frontend may not have been told. */
	events_notify(q->dev->bb->events, q->port);
	blk_activate(q);
}
