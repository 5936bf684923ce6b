/* SPDX-License-Identifier: MIT */
/* One blkif request, from the bytes of a ring slot to something that may be carried out. */
#ifndef PVN_BACKENDS_BLK_REQUEST_H
#define PVN_BACKENDS_BLK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/grant_table.h>

/* The macros of ring.h name their barriers; x86 needs a real one for store-then-load only. */
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

#define BLK_SECTOR_SHIFT	9	/* every sector number and count of the protocol: 512 bytes */
#define BLK_MAX_SEGS		256	/* feature-max-indirect-segments */
#define BLK_SEGS_PER_PAGE	(4096 / sizeof(struct blkif_request_segment))
#define BLK_MAX_INDIRECT_PAGES	((BLK_MAX_SEGS + BLK_SEGS_PER_PAGE - 1) / BLK_SEGS_PER_PAGE)

/* What a device allows. */
struct blk_limits {
	uint64_t sectors;	/* of 512 bytes */
	uint32_t sector_size;	/* bytes; requests are aligned to it */
	bool readonly;
	bool discard;
	bool no_flush;
};

/* A slot as the frontend filled it, already copied out of the ring. */
union blk_slot {
	struct blkif_request rw;
	struct blkif_request_indirect indirect;
	struct blkif_request_discard discard;
};

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_DISCARD };

struct blk_parsed {
	uint64_t id;
	uint8_t operation;	/* of the request as it came, for the response */
	enum blk_op op;		/* FLUSH: no data */
	bool preflush;		/* what was written before must be stable first */
	bool postflush;		/* and this one before the response */
	bool barrier;		/* nothing else may be in flight meanwhile */
	uint64_t sector;
	uint64_t nr_sectors;
	uint16_t nr_segs;
	uint16_t nr_indirect;	/* pages that hold the segments; 0: they are in the request */
	grant_ref_t indirect[BLK_MAX_INDIRECT_PAGES];
	struct blkif_request_segment segs[BLK_MAX_SEGS];
};

/*
 * First half: decode a copied slot.  BLKIF_RSP_OKAY, or the error to answer with; id and
 * operation are always set.  With nr_indirect != 0 the caller copies the segments in and
 * then calls blk_request_check().
 */
int blk_request_decode(const struct blk_limits *lim, const union blk_slot *slot,
		       struct blk_parsed *p);

/* Second half: judge segments and range, fill nr_sectors.  BLKIF_RSP_OKAY or the error. */
int blk_request_check(const struct blk_limits *lim, struct blk_parsed *p);

/* Copy n bytes out of memory that somebody else may be writing; what is judged afterwards is
 * the copy, which the compiler may not read from the source again. */
static inline void copy_once(void *dst, const void *src, __SIZE_TYPE__ n)
{
	__builtin_memcpy(dst, src, n);
	__asm__ volatile("" : : "r"(dst) : "memory");
}

#endif
