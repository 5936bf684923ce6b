/* SPDX-License-Identifier: MIT */
/*
 * blkfront's ring: slots, grants, requests out, responses in. See blkfront_ring.h for trust.
 *
 * A bio is cut into as many requests as it takes; it ends when the last of them is answered.
 * What finds no slot or no grant waits in the queue, in order.
 */
#include "blkfront_ring.h"
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>

#define NO_SLOT		0xffff
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
		r->slots[i].next_free = i + 1 < r->nr_slots ? i + 1 : NO_SLOT;
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

/* Takes back n grants. False if the backend still maps one: it and its page are the backend's. */
static bool revoke(const grant_ref_t *refs, uint32_t n)
{
	bool ok = true;

	for (uint32_t i = 0; i < n; i++)
		ok &= grant_end_access(refs[i]);
	return ok;
}

static bool slot_revoke(struct blkfront_slot *s)
{
	bool ok = true;

	if (s->is_indirect) {
		ok = revoke(s->indirect->refs, s->nr_segs);
		if (!grant_end_access(s->indirect->page_ref)) {
			s->indirect->page = NULL;	/* not ours to use again */
			ok = false;
		}
	} else {
		ok = revoke(s->refs, s->nr_segs);
	}
	return ok;
}

static int slot_indirect(struct blkfront_slot *s)
{
	if (!s->indirect)
		s->indirect = kzalloc(sizeof(*s->indirect));
	if (!s->indirect)
		return -ENOMEM;
	if (!s->indirect->page)
		s->indirect->page = page_alloc_zeroed();
	return s->indirect->page ? 0 : -ENOMEM;
}

/* Grants n segments and describes them. All or nothing. */
static int grant_segs(struct blkfront_ring *r, const struct bio *bio, uint32_t n,
		      grant_ref_t *refs, struct blkif_request_segment *out)
{
	const struct blk_seg *segs = bio->segs + bio->segs_issued;

	for (uint32_t i = 0; i < n; i++) {
		int ret = grant_access(r->otherend, virt_to_mfn(segs[i].page),
				       bio->op == BLK_WRITE, &refs[i]);

		if (ret) {
			revoke(refs, i);
			return ret;
		}
		out[i] = (struct blkif_request_segment){
			.gref = refs[i],
			.first_sect = segs[i].off / BLK_SECTOR,
			.last_sect = (segs[i].off + segs[i].len) / BLK_SECTOR - 1,
		};
	}
	return 0;
}

static int fill_direct(struct blkfront_ring *r, struct blkfront_slot *s, const struct bio *bio,
		       struct blkif_request *req)
{
	int ret = grant_segs(r, bio, s->nr_segs, s->refs, req->seg);

	s->op = bio->op == BLK_READ ? BLKIF_OP_READ :
		bio->op == BLK_WRITE ? BLKIF_OP_WRITE : BLKIF_OP_FLUSH_DISKCACHE;
	req->operation = s->op;
	req->nr_segments = s->nr_segs;
	req->handle = r->handle;
	return ret;
}

static int fill_indirect(struct blkfront_ring *r, struct blkfront_slot *s, const struct bio *bio,
			 struct blkif_request *req)
{
	struct blkif_request_indirect *ireq = (struct blkif_request_indirect *)req;
	int ret = slot_indirect(s);

	if (ret)
		return ret;
	ret = grant_access(r->otherend, virt_to_mfn(s->indirect->page), true,
			   &s->indirect->page_ref);
	if (ret)
		return ret;
	ret = grant_segs(r, bio, s->nr_segs, s->indirect->refs, s->indirect->page);
	if (ret) {
		grant_end_access(s->indirect->page_ref);
		return ret;
	}
	s->op = BLKIF_OP_INDIRECT;
	ireq->operation = BLKIF_OP_INDIRECT;
	ireq->indirect_op = bio->op == BLK_READ ? BLKIF_OP_READ : BLKIF_OP_WRITE;
	ireq->nr_segments = s->nr_segs;
	ireq->handle = r->handle;
	ireq->indirect_grefs[0] = s->indirect->page_ref;
	return 0;
}

_Static_assert(BLK_MAX_SEGMENTS * sizeof(struct blkif_request_segment) <= PAGE_SIZE,
	       "one indirect page is enough");

/* The next request of the bio into the ring. 0, or -errno with nothing done. */
static int issue_one(struct blkfront_ring *r, struct bio *bio)
{
	uint16_t index = r->first_free;
	struct blkfront_slot *s = &r->slots[index];
	struct blkif_request req = { 0 };
	int ret;

	s->nr_segs = MIN(bio->nr_segs - bio->segs_issued, r->max_segs);
	s->is_indirect = s->nr_segs > BLKFRONT_DIRECT_SEGS;
	ret = s->is_indirect ? fill_indirect(r, s, bio, &req) : fill_direct(r, s, bio, &req);
	if (ret)
		return ret;
	req.id = (uint64_t)++s->generation << 16 | index;
	req.sector_number = bio->op == BLK_FLUSH ? 0 : bio->sector + bio->sectors_issued;
	/* id and sector_number are at the same place in both layouts. */
	*RING_GET_REQUEST(&r->ring, r->ring.req_prod_pvt) = req;
	r->ring.req_prod_pvt++;
	r->first_free = s->next_free;
	s->busy = true;
	s->bio = bio;
	r->in_flight++;
	bio->in_flight++;
	for (uint32_t i = 0; i < s->nr_segs; i++)
		bio->sectors_issued += bio->segs[bio->segs_issued++].len / BLK_SECTOR;
	return 0;
}
_Static_assert(offsetof(struct blkif_request, id) == offsetof(struct blkif_request_indirect, id),
	       "id");
_Static_assert(offsetof(struct blkif_request, sector_number) ==
	       offsetof(struct blkif_request_indirect, sector_number), "sector_number");

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

	while (r->queue && r->first_free != NO_SLOT) {
		struct bio *bio = r->queue;
		int ret = issue_one(r, bio);

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
		slot_revoke(s);
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
	if (!slot_revoke(s)) {
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
