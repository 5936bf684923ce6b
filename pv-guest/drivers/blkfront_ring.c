/* SPDX-License-Identifier: MIT */
/*
 * blkfront's ring: the queue before it, the answers, what happens to a backend that lies.
 * blkfront_request.c makes the requests. See blkfront_ring.h for trust.
 *
 * A bio is cut into as many requests as it takes; it ends when the last of them is answered.
 * What finds no slot or no grant waits in the queue, in order.
 */
#include "blkfront_ring.h"
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>

#define MAX_IDLE_LOOKS	64

int blkfront_ring_open(struct blkfront_ring *r, domid_t otherend, unsigned int order)
{
	unsigned int pages = 1U << order;
	blkif_sring_t *sring;
	int ret = 0;

	memset(r, 0, sizeof(*r));
	r->order = order;
	r->otherend = otherend;
	r->max_segs = BLKFRONT_DIRECT_SEGS;
	r->queue_tail = &r->queue;
	r->pages = page_alloc(order);
	if (!r->pages)
		return -ENOMEM;
	memset(r->pages, 0, pages * PAGE_SIZE);
	sring = r->pages;
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&r->ring, sring, pages * PAGE_SIZE);
	r->nr_slots = RING_SIZE(&r->ring);
	r->slots = kzalloc(r->nr_slots * sizeof(*r->slots));
	if (!r->slots) {
		page_free(r->pages, order);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < r->nr_slots; i++)
		r->slots[i].next_free = i + 1 < r->nr_slots ? i + 1 : BLKFRONT_NO_SLOT;
	for (unsigned int i = 0; i < pages; i++) {
		ret = grant_access(otherend, virt_to_mfn((char *)r->pages + i * PAGE_SIZE), false,
				   &r->page_refs[i]);
		if (!ret)
			continue;
		while (i-- > 0)
			grant_end_access(r->page_refs[i]);
		kfree(r->slots);
		page_free(r->pages, order);
		break;
	}
	return ret;
}

static void indirect_free(struct blkfront_indirect *ind)
{
	if (!ind)
		return;
	if (ind->page)
		page_free(ind->page, 0);
	kfree(ind);
}

void blkfront_ring_close(struct blkfront_ring *r)
{
	bool mapped = false;

	BUG_ON(r->in_flight);
	for (unsigned int i = 0; i < 1U << r->order; i++)
		mapped |= !grant_end_access(r->page_refs[i]);
	if (mapped)
		printk("blkfront: the backend keeps the ring mapped, its pages are lost\n");
	else
		page_free(r->pages, r->order);
	for (uint32_t i = 0; i < r->nr_slots; i++)
		indirect_free(r->slots[i].indirect);
	kfree(r->slots);
}

static void list_end(struct bio ***tail, struct bio *bio)
{
	bio->next = NULL;
	**tail = bio;
	*tail = &bio->next;
}

static void queue_pop(struct blkfront_ring *r)
{
	r->queue = r->queue->next;
	if (!r->queue)
		r->queue_tail = &r->queue;
}

/* As many requests as fit. Lock held. */
static void issue(struct blkfront_ring *r, struct bio ***ended, bool *notify)
{
	int push = 0;

	while (r->queue && r->first_free != BLKFRONT_NO_SLOT) {
		struct bio *bio = r->queue;
		int ret = blkfront_issue(r, bio);

		if (ret && r->in_flight)
			break;		/* an answer gives back grants and memory */
		if (ret) {
			bio->status = ret;
			bio->segs_issued = bio->nr_segs;
		}
		if (bio->segs_issued < bio->nr_segs)
			continue;
		queue_pop(r);
		if (ret)
			list_end(ended, bio);
	}
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&r->ring, push);
	*notify |= push != 0;
}

/* Takes everything away from a backend that cannot be believed. Lock held. */
static void break_ring(struct blkfront_ring *r, const char *why, int error,
		       struct bio ***ended)
{
	if (!r->broken)
		r->broken = why;
	for (uint32_t i = 0; i < r->nr_slots; i++) {
		struct blkfront_slot *s = &r->slots[i];

		if (!s->busy)
			continue;
		s->busy = false;
		blkfront_slot_revoke(s);
		s->next_free = r->first_free;
		r->first_free = i;
		r->in_flight--;
		s->bio->status = error;
		if (--s->bio->in_flight || s->bio->segs_issued < s->bio->nr_segs)
			continue;	/* more of it to come, or in the queue */
		list_end(ended, s->bio);
	}
	while (r->queue) {
		struct bio *bio = r->queue;

		queue_pop(r);
		bio->status = error;
		list_end(ended, bio);
	}
}

struct bio *blkfront_ring_submit(struct blkfront_ring *r, struct bio *bio, bool *notify)
{
	struct bio *first = NULL, **ended = &first;
	unsigned long flags = spin_lock_irqsave(&r->lock);

	*notify = false;
	bio->segs_issued = bio->in_flight = bio->sectors_issued = 0;
	bio->next = NULL;
	if (r->broken) {
		bio->status = -EIO;
		first = bio;
	} else {
		*r->queue_tail = bio;
		r->queue_tail = &bio->next;
		issue(r, &ended, notify);
	}
	spin_unlock_irqrestore(&r->lock, flags);
	return first;
}

static int status_of(const struct blkif_response *rsp)
{
	switch (rsp->status) {
	case BLKIF_RSP_OKAY:
		return 0;
	case BLKIF_RSP_EOPNOTSUPP:
		return -EOPNOTSUPP;
	}
	return -EIO;
}

/* One answer, already copied. NULL, or what is wrong with it. Lock held. */
static const char *finish_one(struct blkfront_ring *r, const struct blkif_response *rsp,
			      struct bio ***ended)
{
	uint16_t index = rsp->id & 0xffff;
	struct blkfront_slot *s;
	struct bio *bio;

	if (index >= r->nr_slots)
		return "answer to a request that cannot be";
	s = &r->slots[index];
	if (!s->busy || rsp->id >> 16 != s->generation)
		return "answer to a request that is not there";
	if (rsp->operation != s->op)
		return "answer to another operation";
	if (!blkfront_slot_revoke(s)) {
		/* The grants that could be taken back are; the slot must not do it again. */
		s->nr_segs = 0;
		s->is_indirect = false;
		return "answered request is still mapped";
	}
	bio = s->bio;
	s->busy = false;
	s->next_free = r->first_free;
	r->first_free = index;
	r->in_flight--;
	if (!bio->status)
		bio->status = status_of(rsp);
	if (!--bio->in_flight && bio->segs_issued == bio->nr_segs)
		list_end(ended, bio);
	return NULL;
}

struct bio *blkfront_ring_respond(struct blkfront_ring *r, bool *notify)
{
	struct bio *first = NULL, **ended = &first;
	unsigned long flags = spin_lock_irqsave(&r->lock);
	const char *wrong = r->broken;
	unsigned int idle = 0;
	int more = 1;

	*notify = false;
	while (!wrong && more) {
		/* Read once: the backend can change it under us. */
		RING_IDX prod = __atomic_load_n(&r->ring.sring->rsp_prod, __ATOMIC_ACQUIRE);

		if (prod - r->ring.rsp_cons > r->ring.req_prod_pvt - r->ring.rsp_cons)
			wrong = "more answers than requests";
		/* An index that comes and goes could keep us here. */
		if (prod == r->ring.rsp_cons && ++idle > MAX_IDLE_LOOKS)
			wrong = "answers that are not there";
		while (!wrong && r->ring.rsp_cons != prod) {
			struct blkif_response rsp;

			memcpy(&rsp, RING_GET_RESPONSE(&r->ring, r->ring.rsp_cons), sizeof(rsp));
			r->ring.rsp_cons++;
			wrong = finish_one(r, &rsp, &ended);
		}
		if (!wrong)
			issue(r, &ended, notify);
		RING_FINAL_CHECK_FOR_RESPONSES(&r->ring, more);
	}
	if (wrong && !r->broken)
		break_ring(r, wrong, -EIO, &ended);
	spin_unlock_irqrestore(&r->lock, flags);
	return first;
}

struct bio *blkfront_ring_fail(struct blkfront_ring *r, const char *why, int error)
{
	struct bio *first = NULL, **ended = &first;
	unsigned long flags = spin_lock_irqsave(&r->lock);

	break_ring(r, why, error, &ended);
	spin_unlock_irqrestore(&r->lock, flags);
	return first;
}
