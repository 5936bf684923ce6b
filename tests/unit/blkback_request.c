/* SPDX-License-Identifier: MIT */
/* Judging blkif requests.  What breaks this lets a frontend reach beyond its disk or its pages. */
#include "config.h"
#include "backends/blk_request.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct blk_limits disk = { .sectors = 1000, .sector_size = 512, .discard = true };
static struct blk_parsed p;

static int judge(const struct blk_limits *lim, const union blk_slot *slot)
{
	int status;

	memset(&p, 0xee, sizeof(p));
	status = blk_request_decode(lim, slot, &p);
	return status == BLKIF_RSP_OKAY ? blk_request_check(lim, &p) : status;
}

static union blk_slot rw(uint8_t op, uint64_t sector, uint8_t nr_segs)
{
	union blk_slot s;
	int i;

	memset(&s, 0xff, sizeof(s));
	s.rw.operation = op;
	s.rw.id = 0x1234567890abcdefull;
	s.rw.sector_number = sector;
	s.rw.nr_segments = nr_segs;
	for (i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
		s.rw.seg[i] = (struct blkif_request_segment){ (uint32_t)i, 0, 7 };
	return s;
}

Test(blkback_request, read_and_write_are_taken)
{
	union blk_slot s = rw(BLKIF_OP_READ, 8, 2);

	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY);
	cr_assert_eq(p.op, BLK_READ);
	cr_assert_eq(p.id, s.rw.id);
	cr_assert_eq(p.sector, 8);
	cr_assert_eq(p.nr_sectors, 16);
	cr_assert(!p.preflush && !p.postflush && !p.barrier);
	s = rw(BLKIF_OP_WRITE, 999, 1);
	s.rw.seg[0].first_sect = s.rw.seg[0].last_sect = 7;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY);
	cr_assert_eq(p.op, BLK_WRITE);
	cr_assert_eq(p.nr_sectors, 1);
}

Test(blkback_request, segments_must_be_pieces_of_pages)
{
	union blk_slot s = rw(BLKIF_OP_READ, 0, 0);

	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR, "no segments");
	s = rw(BLKIF_OP_READ, 0, 12);
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR, "more than a slot holds");
	s = rw(BLKIF_OP_READ, 0, 1);
	s.rw.seg[0].first_sect = 5;
	s.rw.seg[0].last_sect = 4;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR, "backwards");
	s = rw(BLKIF_OP_READ, 0, 1);
	s.rw.seg[0].last_sect = 8;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR, "beyond the page");
	s = rw(BLKIF_OP_READ, 0, 2);
	s.rw.seg[1].first_sect = 255;
	s.rw.seg[1].last_sect = 255;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR, "far beyond the page");
}

Test(blkback_request, range_is_the_disk_and_does_not_wrap)
{
	static const uint64_t bad[] = { 993, 1000, 1001, UINT64_MAX, UINT64_MAX - 7, 1ull << 55 };
	union blk_slot s = rw(BLKIF_OP_WRITE, 992, 1);
	unsigned int i;

	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY, "the last page");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = rw(BLKIF_OP_WRITE, bad[i], 1);
		cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR, "sector %llu",
			     (unsigned long long)bad[i]);
	}
}

Test(blkback_request, read_only_disk_reads_and_flushes)
{
	struct blk_limits ro = disk;
	union blk_slot s = rw(BLKIF_OP_WRITE, 0, 1);

	ro.readonly = true;
	ro.discard = false;
	cr_assert_eq(judge(&ro, &s), BLKIF_RSP_ERROR);
	s = rw(BLKIF_OP_WRITE_BARRIER, 0, 1);
	cr_assert_eq(judge(&ro, &s), BLKIF_RSP_ERROR);
	s = rw(BLKIF_OP_FLUSH_DISKCACHE, 0, 1);
	cr_assert_eq(judge(&ro, &s), BLKIF_RSP_ERROR, "a flush that writes");
	s = rw(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	cr_assert_eq(judge(&ro, &s), BLKIF_RSP_OKAY);
	s = rw(BLKIF_OP_READ, 0, 1);
	cr_assert_eq(judge(&ro, &s), BLKIF_RSP_OKAY);
}

Test(blkback_request, unknown_operations_are_not_supported)
{
	union blk_slot s;
	int op;

	for (op = 0; op < 256; op++) {
		if (op <= BLKIF_OP_FLUSH_DISKCACHE || op == BLKIF_OP_DISCARD ||
		    op == BLKIF_OP_INDIRECT)
			continue;
		s = rw((uint8_t)op, 0, 1);
		cr_assert_eq(judge(&disk, &s), BLKIF_RSP_EOPNOTSUPP, "op %d", op);
		cr_assert_eq(p.id, s.rw.id, "the answer must name the request");
		cr_assert_eq(p.operation, op);
	}
}

Test(blkback_request, flush_and_barrier)
{
	union blk_slot s = rw(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);

	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY);
	cr_assert(p.op == BLK_FLUSH && p.preflush && !p.barrier);
	s = rw(BLKIF_OP_FLUSH_DISKCACHE, 0, 1);
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY);
	cr_assert(p.op == BLK_WRITE && p.preflush);
	s = rw(BLKIF_OP_WRITE_BARRIER, 0, 1);
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY);
	cr_assert(p.op == BLK_WRITE && p.preflush && p.postflush && p.barrier);
	s = rw(BLKIF_OP_WRITE_BARRIER, 0, 0);
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY, "an empty barrier only orders");
	cr_assert(p.op == BLK_FLUSH && p.barrier);
}

static union blk_slot indirect(uint8_t op, uint16_t nr)
{
	union blk_slot s;
	unsigned int i;

	memset(&s, 0, sizeof(s));
	s.indirect.operation = BLKIF_OP_INDIRECT;
	s.indirect.indirect_op = op;
	s.indirect.nr_segments = nr;
	s.indirect.id = 77;
	for (i = 0; i < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; i++)
		s.indirect.indirect_grefs[i] = 100 + i;
	return s;
}

Test(blkback_request, indirect)
{
	union blk_slot s = indirect(BLKIF_OP_WRITE, 256);
	unsigned int i;

	memset(&p, 0, sizeof(p));
	cr_assert_eq(blk_request_decode(&disk, &s, &p), BLKIF_RSP_OKAY);
	cr_assert_eq(p.op, BLK_WRITE);
	cr_assert_eq(p.id, 77, "the id lies elsewhere in an indirect request");
	cr_assert_eq(p.nr_indirect, 1);
	cr_assert_eq(p.indirect[0], 100);
	for (i = 0; i < 256; i++)
		p.segs[i] = (struct blkif_request_segment){ i, 0, 0 };
	cr_assert_eq(blk_request_check(&disk, &p), BLKIF_RSP_OKAY);
	cr_assert_eq(p.nr_sectors, 256);
	p.segs[255].last_sect = 9;
	cr_assert_eq(blk_request_check(&disk, &p), BLKIF_RSP_ERROR);

	s = indirect(BLKIF_OP_READ, 0);
	cr_assert_eq(blk_request_decode(&disk, &s, &p), BLKIF_RSP_ERROR);
	s = indirect(BLKIF_OP_READ, 257);
	cr_assert_eq(blk_request_decode(&disk, &s, &p), BLKIF_RSP_ERROR);
	s = indirect(BLKIF_OP_READ, 65535);
	cr_assert_eq(blk_request_decode(&disk, &s, &p), BLKIF_RSP_ERROR);
	s = indirect(BLKIF_OP_INDIRECT, 1);
	cr_assert_eq(blk_request_decode(&disk, &s, &p), BLKIF_RSP_EOPNOTSUPP);
	s = indirect(BLKIF_OP_FLUSH_DISKCACHE, 1);
	cr_assert_eq(blk_request_decode(&disk, &s, &p), BLKIF_RSP_EOPNOTSUPP);
}

Test(blkback_request, discard)
{
	struct blk_limits none = disk;
	union blk_slot s;

	memset(&s, 0, sizeof(s));
	s.discard.operation = BLKIF_OP_DISCARD;
	s.discard.id = 5;
	s.discard.sector_number = 10;
	s.discard.nr_sectors = 990;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_OKAY);
	cr_assert_eq(p.id, 5);
	s.discard.nr_sectors = 991;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR);
	s.discard.nr_sectors = UINT64_MAX;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR);
	s.discard.nr_sectors = 0;
	cr_assert_eq(judge(&disk, &s), BLKIF_RSP_ERROR);
	none.discard = false;
	s.discard.nr_sectors = 1;
	cr_assert_eq(judge(&none, &s), BLKIF_RSP_EOPNOTSUPP);
}

Test(blkback_request, large_sectors_are_whole)
{
	struct blk_limits big = disk;
	union blk_slot s = rw(BLKIF_OP_READ, 8, 1);

	big.sector_size = 4096;
	cr_assert_eq(judge(&big, &s), BLKIF_RSP_OKAY);
	s.rw.sector_number = 9;
	cr_assert_eq(judge(&big, &s), BLKIF_RSP_ERROR);
	s = rw(BLKIF_OP_READ, 8, 2);
	s.rw.seg[0].last_sect = 3;
	s.rw.seg[1].last_sect = 3;
	cr_assert_eq(judge(&big, &s), BLKIF_RSP_ERROR, "the sum is whole, the pieces are not");
}
