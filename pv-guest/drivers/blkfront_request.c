/* SPDX-License-Identifier: MIT */
/*
 * blkfront's requests: the next piece of a bio becomes an entry of the ring, its pages granted.
 *
 * Called by blkfront_ring.c with the ring's lock held. The number of segments decides whether
 * they fit into the request or go into an indirect page beside it.
 */
#include "blkfront_ring.h"
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/string.h>

/* Takes back n grants. False if the backend still maps one: it and its page are the backend's. */
static bool revoke(const grant_ref_t *refs, uint32_t n)
{
	bool ok = true;

	for (uint32_t i = 0; i < n; i++)
		ok &= grant_end_access(refs[i]);
	return ok;
}

bool blkfront_slot_revoke(struct blkfront_slot *s)
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
int blkfront_issue(struct blkfront_ring *r, struct bio *bio)
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
