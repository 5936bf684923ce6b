/* SPDX-License-Identifier: MIT */
/*
 * Decoding and judging blkif requests.  Pure: works on copies, touches no memory of the domain,
 * so that every rule here is testable without one.  The rules are those of <xen/io/blkif.h>.
 *
 * Everything in a slot is hostile.  The first error found is the answer; a request is carried
 * out whole or not at all.
 */
#include "config.h"
#include "backends/blk_request.h"

#include <string.h>

#define SECTORS_PER_PAGE	(4096 >> BLK_SECTOR_SHIFT)

_Static_assert(sizeof(struct blkif_request) == 112, "x86_64-abi layout");
_Static_assert(sizeof(struct blkif_request_indirect) <= sizeof(struct blkif_request), "one slot");

static int decode_rw(const union blk_slot *slot, struct blk_parsed *p)
{
	if (slot->rw.nr_segments == 0 || slot->rw.nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return BLKIF_RSP_ERROR;
	p->nr_segs = slot->rw.nr_segments;
	p->sector = slot->rw.sector_number;
	memcpy(p->segs, slot->rw.seg, sizeof(slot->rw.seg));
	return BLKIF_RSP_OKAY;
}

/* A flush may carry data, which is then written after it. */
static int decode_flush(const struct blk_limits *lim, const union blk_slot *slot,
			struct blk_parsed *p)
{
	if (lim->no_flush)
		return BLKIF_RSP_EOPNOTSUPP;
	p->preflush = true;
	if (slot->rw.nr_segments)
		return decode_rw(slot, p);
	p->op = BLK_FLUSH;
	return BLKIF_RSP_OKAY;
}

static int decode_indirect(const union blk_slot *slot, struct blk_parsed *p)
{
	const struct blkif_request_indirect *in = &slot->indirect;
	unsigned int i;

	p->id = in->id;
	if (in->indirect_op == BLKIF_OP_WRITE)
		p->op = BLK_WRITE;
	else if (in->indirect_op != BLKIF_OP_READ)
		return BLKIF_RSP_EOPNOTSUPP;
	if (in->nr_segments == 0 || in->nr_segments > BLK_MAX_SEGS)
		return BLKIF_RSP_ERROR;
	p->nr_segs = in->nr_segments;
	p->nr_indirect = (uint16_t)((in->nr_segments + BLK_SEGS_PER_PAGE - 1) / BLK_SEGS_PER_PAGE);
	p->sector = in->sector_number;
	for (i = 0; i < p->nr_indirect; i++)
		p->indirect[i] = in->indirect_grefs[i];
	return BLKIF_RSP_OKAY;
}

static int decode_discard(const struct blk_limits *lim, const union blk_slot *slot,
			  struct blk_parsed *p)
{
	const struct blkif_request_discard *d = &slot->discard;

	/* BLKIF_DISCARD_SECURE is ignored, as the header asks where discard-secure is not
	 * offered. */
	p->id = d->id;
	p->op = BLK_DISCARD;
	if (!lim->discard)
		return BLKIF_RSP_EOPNOTSUPP;
	p->sector = d->sector_number;
	p->nr_sectors = d->nr_sectors;
	return BLKIF_RSP_OKAY;
}

int blk_request_decode(const struct blk_limits *lim, const union blk_slot *slot,
		       struct blk_parsed *p)
{
	p->id = slot->rw.id;
	p->operation = slot->rw.operation;
	p->op = BLK_READ;
	p->preflush = p->postflush = p->barrier = false;
	p->sector = p->nr_sectors = 0;
	p->nr_segs = p->nr_indirect = 0;
	switch (p->operation) {
	case BLKIF_OP_READ:
		return decode_rw(slot, p);
	case BLKIF_OP_WRITE:
		p->op = BLK_WRITE;
		return decode_rw(slot, p);
	case BLKIF_OP_WRITE_BARRIER:
		p->op = BLK_WRITE;
		p->barrier = p->postflush = true;
		return decode_flush(lim, slot, p);
	case BLKIF_OP_FLUSH_DISKCACHE:
		p->op = BLK_WRITE;
		return decode_flush(lim, slot, p);
	case BLKIF_OP_DISCARD:
		return decode_discard(lim, slot, p);
	case BLKIF_OP_INDIRECT:
		return decode_indirect(slot, p);
	default:
		return BLKIF_RSP_EOPNOTSUPP;
	}
}

/* Sum of the segments in sectors, or 0: one of them is not a piece of a page. */
static uint64_t segs_sectors(const struct blk_parsed *p)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < p->nr_segs; i++) {
		const struct blkif_request_segment *s = &p->segs[i];

		if (s->first_sect > s->last_sect || s->last_sect >= SECTORS_PER_PAGE)
			return 0;
		sum += (uint64_t)(s->last_sect - s->first_sect) + 1;
	}
	return sum;
}

/* Disks with larger sectors take whole ones only; the units on the ring stay 512 bytes. */
static bool aligned(const struct blk_limits *lim, const struct blk_parsed *p)
{
	uint64_t mask = (lim->sector_size >> BLK_SECTOR_SHIFT) - 1;
	unsigned int i;

	if (!mask)
		return true;
	if ((p->sector | p->nr_sectors) & mask)
		return false;
	for (i = 0; i < p->nr_segs; i++)
		if ((p->segs[i].first_sect | (p->segs[i].last_sect + 1u)) & mask)
			return false;
	return true;
}

int blk_request_check(const struct blk_limits *lim, struct blk_parsed *p)
{
	if (p->op != BLK_READ && lim->readonly)
		return p->op == BLK_FLUSH ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
	if (p->op == BLK_FLUSH)
		return BLKIF_RSP_OKAY;
	if (p->op != BLK_DISCARD)
		p->nr_sectors = segs_sectors(p);
	if (!p->nr_sectors)
		return BLKIF_RSP_ERROR;
	/* In this order neither side can wrap. */
	if (p->sector > lim->sectors || p->nr_sectors > lim->sectors - p->sector)
		return BLKIF_RSP_ERROR;
	return aligned(lim, p) ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}
