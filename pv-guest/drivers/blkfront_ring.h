/* SPDX-License-Identifier: MIT */
/*
 * The ring of one PV disk: bios become requests of <xen/io/blkif.h>, responses end them.
 *
 * No xenstore and no event channel here: blkfront.c does those; unit tests put a made-up
 * backend on the other side. Every call may be made in any context.
 *
 * The backend is not trusted. It can answer with errors and wrong data, or not at all, but
 * an answer to nothing, twice, of another operation, or while it keeps a grant mapped
 * breaks the ring: then everything fails, now and later.
 */
#ifndef PV_BLKFRONT_RING_H
#define PV_BLKFRONT_RING_H

#include <pv/blk.h>
#include <pv/grant.h>
#include <pv/thread.h>

#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/blkif.h>

#define BLKFRONT_MAX_ORDER	2U	/* 4 pages: 128 requests */
#define BLKFRONT_DIRECT_SEGS	BLKIF_MAX_SEGMENTS_PER_REQUEST

/* More than a request itself can hold; made when a slot first needs it, then kept. */
struct blkfront_indirect {
	struct blkif_request_segment *page;	/* granted while in use */
	grant_ref_t page_ref;
	grant_ref_t refs[BLK_MAX_SEGMENTS];
};

struct blkfront_slot {
	bool busy;
	uint8_t op;			/* as the response has to name it */
	uint16_t generation;		/* part of the id: a late second answer is seen */
	uint16_t next_free;
	uint16_t nr_segs;
	struct bio *bio;
	grant_ref_t refs[BLKFRONT_DIRECT_SEGS];
	struct blkfront_indirect *indirect;
	bool is_indirect;
};

struct blkfront_ring {
	spinlock_t lock;		/* guards all below */
	blkif_front_ring_t ring;
	void *pages;
	unsigned int order;
	grant_ref_t page_refs[1U << BLKFRONT_MAX_ORDER];
	domid_t otherend;
	blkif_vdev_t handle;
	uint32_t max_segs;		/* of one request: above DIRECT_SEGS by indirect ones */
	struct blkfront_slot *slots;
	uint32_t nr_slots, in_flight;
	uint16_t first_free;
	struct bio *queue, **queue_tail;
	const char *broken;		/* why, or NULL */
};

/* Pages, grants for them, slots. 0 or -errno. */
int blkfront_ring_open(struct blkfront_ring *r, domid_t otherend, unsigned int order);
/* Nothing may be in flight: blkfront_ring_fail first. Memory the backend still has mapped is lost. */
void blkfront_ring_close(struct blkfront_ring *r);

/* A checked bio. *notify: the backend has to be told. Returns bios that ended (in bio->next
 * order) for the caller to call done() of. */
struct bio *blkfront_ring_submit(struct blkfront_ring *r, struct bio *bio, bool *notify);
/* The backend said something: the same. */
struct bio *blkfront_ring_respond(struct blkfront_ring *r, bool *notify);
/* Nothing will come any more: all that is queued or in flight, with error status. */
struct bio *blkfront_ring_fail(struct blkfront_ring *r, const char *why, int error);

/* blkfront_request.c; lock held. */
#define BLKFRONT_NO_SLOT	0xffff
/* The next request of the bio into the free slot there is. 0, or -errno with nothing done. */
int blkfront_issue(struct blkfront_ring *r, struct bio *bio);
/* Takes back a slot's grants. False if the backend still maps one: then that is lost. */
bool blkfront_slot_revoke(struct blkfront_slot *s);

#endif
