/* SPDX-License-Identifier: MIT */
/*
 * blkfront's ring against a made-up backend, an honest one and many that are not.
 *
 * What would break: data in the wrong place, requests lost when slots or grants run out, or a
 * backend's lie believed: an answer with an id out of range, twice, to another operation, more
 * answers than requests, a grant kept.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include "drivers/blkfront_ring.h"
#include "guestfs/grants.h"
#include "guestfs/shim.h"

#define DISK_SECTORS 8192U

static struct blkfront_ring ring;
static blkif_back_ring_t back;
static uint8_t disk[DISK_SECTORS * 512];
static unsigned ended, failed;

static void setup_order(unsigned order, uint32_t max_segs)
{
	blkif_sring_t *sring;

	cr_assert_eq(blkfront_ring_open(&ring, 0, order), 0);
	sring = ring.pages;
	BACK_RING_INIT(&back, sring, PAGE_SIZE << order);
	ring.max_segs = max_segs;
}

static void setup(void)
{
	setup_order(0, 256);
}

TestSuite(guestfs_blkfront, .init = setup);

static void done(struct bio *bio)
{
	ended++;
	failed += bio->status != 0;
	*(int *)bio->arg = bio->status;
}

static void end(struct bio *bio)
{
	while (bio) {
		struct bio *next = bio->next;

		bio->done(bio);
		bio = next;
	}
}

struct io {
	struct bio bio;
	struct blk_seg segs[BLK_MAX_SEGMENTS];
	int status;
};

/* Sends n segments of len bytes each. */
static struct io *send(enum blk_op op, uint64_t sector, uint32_t n, uint32_t len)
{
	struct io *io = calloc(1, sizeof(*io));
	bool notify;

	for (uint32_t i = 0; i < n; i++) {
		io->segs[i] = (struct blk_seg){ page_alloc(0), 4096 - len, len };
		for (uint32_t k = 0; k < len; k++)
			((uint8_t *)io->segs[i].page)[4096 - len + k] = op == BLK_WRITE ? i * 7 + k + sector : 0;
	}
	io->status = 1;
	io->bio = (struct bio){ .op = op, .nr_segs = n, .sector = sector, .segs = io->segs,
				.done = done, .arg = &io->status };
	end(blkfront_ring_submit(&ring, &io->bio, &notify));
	return io;
}

static void respond(uint64_t id, uint8_t op, int16_t status)
{
	struct blkif_response rsp = { .id = id, .operation = op, .status = status };

	memcpy(RING_GET_RESPONSE(&back, back.rsp_prod_pvt), &rsp, sizeof(rsp));
	back.rsp_prod_pvt++;
}

static void push(void)
{
	bool notify;

	back.sring->rsp_prod = back.rsp_prod_pvt;
	end(blkfront_ring_respond(&ring, &notify));
}

static bool take(struct blkif_request *req)
{
	if (back.req_cons == back.sring->req_prod)
		return false;
	*req = *RING_GET_REQUEST(&back, back.req_cons);
	back.req_cons++;
	return true;
}

static void do_segs(uint8_t op, uint64_t sector, const struct blkif_request_segment *segs,
		    unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t *page = fake_grant_page(segs[i].gref);
		unsigned sectors = segs[i].last_sect - segs[i].first_sect + 1;

		cr_assert(page);
		cr_assert_leq(sector + sectors, DISK_SECTORS);
		cr_assert(op == BLKIF_OP_WRITE || !fake_grants[segs[i].gref].readonly);
		if (op == BLKIF_OP_READ)
			memcpy(page + segs[i].first_sect * 512, disk + sector * 512, sectors * 512);
		else
			memcpy(disk + sector * 512, page + segs[i].first_sect * 512, sectors * 512);
		sector += sectors;
	}
}

/* An honest backend's turn: at most `max` requests. */
static unsigned serve(unsigned max)
{
	struct blkif_request req = { 0 };
	unsigned n = 0;

	while (n < max && take(&req)) {
		struct blkif_request_indirect *ind = (void *)&req;

		if (req.operation == BLKIF_OP_INDIRECT)
			do_segs(ind->indirect_op, ind->sector_number,
				fake_grant_page(ind->indirect_grefs[0]), ind->nr_segments);
		else if (req.operation != BLKIF_OP_FLUSH_DISKCACHE)
			do_segs(req.operation, req.sector_number, req.seg, req.nr_segments);
		respond(req.id, req.operation, BLKIF_RSP_OKAY);
		n++;
	}
	push();
	return n;
}

static unsigned serve_all(void)
{
	unsigned n, sum = 0;

	while ((n = serve(1000)))
		sum += n;
	return sum;
}

static void check_data(const struct io *io)
{
	uint64_t sector = io->bio.sector;

	for (uint32_t i = 0; i < io->bio.nr_segs; i++) {
		cr_assert_eq(memcmp((uint8_t *)io->segs[i].page + io->segs[i].off,
				    disk + sector * 512, io->segs[i].len), 0, "segment %u", i);
		sector += io->segs[i].len / 512;
	}
}

Test(guestfs_blkfront, moves_data_of_all_sizes)
{
	static const uint32_t segs[] = { 1, 2, 11, 12, 64, 255, 256 };

	for (unsigned i = 0; i < 7; i++) {
		for (uint32_t len = 512; len <= 4096; len += 3584) {
			struct io *w = send(BLK_WRITE, 8 + i, segs[i], len), *r;

			serve_all();
			cr_assert_eq(w->status, 0);
			check_data(w);
			r = send(BLK_READ, 8 + i, segs[i], len);
			cr_assert_eq(serve_all(), 1u);
			cr_assert_eq(r->status, 0);
			check_data(r);
		}
	}
	cr_expect_eq(fake_grants_used(), 1u, "only the ring's page stays granted");
	blkfront_ring_close(&ring);
	cr_expect_eq(fake_grants_used(), 0u);
}

/* Without indirect segments a large bio takes many requests, and ends once. */
Test(guestfs_blkfront, cuts_what_is_too_large)
{
	struct io *w;

	ring.max_segs = 11;
	w = send(BLK_WRITE, 0, 256, 4096);
	cr_expect_eq(serve(10), 10u);
	cr_expect_eq(w->status, 1, "not over yet");
	cr_expect_eq(serve_all(), 14u);
	cr_expect_eq(w->status, 0);
	cr_expect_eq(ended, 1u);
	check_data(w);
}

Test(guestfs_blkfront, queues_beyond_the_ring)
{
	static struct io *ios[500];

	for (unsigned i = 0; i < 500; i++)
		ios[i] = send(BLK_WRITE, i * 8, 1, 4096);
	cr_expect_eq(ring.in_flight, 32u);
	cr_expect_eq(serve_all(), 500u);
	cr_expect_eq(ended, 500u);
	cr_expect_eq(failed, 0u);
	for (unsigned i = 0; i < 500; i++)
		check_data(ios[i]);
}

Test(guestfs_blkfront, larger_rings)
{
	blkfront_ring_close(&ring);
	setup_order(2, 256);
	for (unsigned i = 0; i < 400; i++)
		send(BLK_READ, i * 8, 1, 4096);
	cr_expect_eq(ring.in_flight, 128u);
	cr_expect_eq(serve_all(), 400u);
	cr_expect_eq(ended, 400u);
}

/* Grants are few: requests wait for those in flight, none is lost. */
Test(guestfs_blkfront, waits_for_grants)
{
	fake_grants_limit = 8 + 1 + 40;
	for (unsigned i = 0; i < 30; i++)
		send(BLK_WRITE, i * 8, 13, 512);
	cr_expect_lt(ring.in_flight, 4u);
	cr_expect_eq(serve_all(), 30u);
	cr_expect_eq(failed, 0u);
	/* And one that can never have enough fails instead of waiting for ever. */
	fake_grants_limit = 8 + 1 + 5;
	cr_expect_eq(send(BLK_WRITE, 0, 6, 512)->status, -ENOSPC);
}

Test(guestfs_blkfront, reports_errors_and_flushes)
{
	struct io *a = send(BLK_READ, 0, 1, 512), *b = send(BLK_READ, 0, 20, 512);
	struct io *f = send(BLK_FLUSH, 0, 0, 0);
	struct blkif_request req;

	cr_assert(take(&req));
	respond(req.id, req.operation, BLKIF_RSP_ERROR);
	cr_assert(take(&req));
	respond(req.id, req.operation, BLKIF_RSP_EOPNOTSUPP);
	cr_assert(take(&req));
	cr_expect_eq(req.operation, BLKIF_OP_FLUSH_DISKCACHE);
	respond(req.id, req.operation, BLKIF_RSP_OKAY);
	push();
	cr_expect_eq(a->status, -EIO);
	cr_expect_eq(b->status, -EOPNOTSUPP);
	cr_expect_eq(f->status, 0);
	cr_expect_not(ring.broken);
}

/* Everything in flight and queued fails, everything later too, and nothing is granted. */
static void expect_broken(unsigned sent)
{
	cr_expect(ring.broken);
	cr_expect_eq(ended, sent);
	cr_expect_eq(send(BLK_READ, 0, 1, 512)->status, -EIO);
	push();
	cr_expect_eq(ended, sent + 1);
	cr_expect_eq(ring.in_flight, 0u);
}

Test(guestfs_blkfront, an_id_out_of_range)
{
	static const uint64_t ids[] = { 32, 0xffff, 1ULL << 63, UINT64_MAX, 0 };

	for (unsigned i = 0; i < 5; i++) {
		ended = failed = 0;
		setup();
		for (unsigned k = 0; k < 40; k++)
			send(BLK_WRITE, k, 1, 512);
		respond(ids[i], BLKIF_OP_WRITE, 0);
		push();
		expect_broken(40);
		blkfront_ring_close(&ring);
	}
}

Test(guestfs_blkfront, the_same_answer_twice)
{
	struct blkif_request first, next;

	send(BLK_READ, 0, 1, 512);
	cr_assert(take(&first));
	respond(first.id, first.operation, 0);
	push();
	cr_expect_eq(ended, 1u);
	/* The slot is used again, the id is not. */
	send(BLK_READ, 0, 1, 512);
	cr_assert(take(&next));
	respond(first.id, first.operation, 0);
	push();
	expect_broken(2);
}

Test(guestfs_blkfront, an_answer_to_another_operation)
{
	struct blkif_request req;

	send(BLK_READ, 0, 1, 512);
	cr_assert(take(&req));
	respond(req.id, BLKIF_OP_WRITE, 0);
	push();
	expect_broken(1);
}

Test(guestfs_blkfront, more_answers_than_requests)
{
	static const RING_IDX jumps[] = { 2, 33, 0x7fffffff, 0x80000000, 0xffffffff };

	for (unsigned i = 0; i < 5; i++) {
		ended = failed = 0;
		setup();
		send(BLK_READ, 0, 1, 512);
		back.rsp_prod_pvt += jumps[i];
		push();
		expect_broken(1);
		blkfront_ring_close(&ring);
	}
}

Test(guestfs_blkfront, a_grant_that_is_kept)
{
	struct blkif_request req;

	send(BLK_READ, 0, 3, 512);
	send(BLK_READ, 0, 20, 512);
	cr_assert(take(&req));
	fake_grants[req.seg[1].gref].mapped = true;
	respond(req.id, req.operation, 0);
	push();
	expect_broken(2);
	blkfront_ring_close(&ring);
	cr_expect_eq(fake_grants_used(), 1u, "the one that is mapped, no other");
}

Test(guestfs_blkfront, random_answers)
{
	uint64_t seed = 11;

	blkfront_ring_close(&ring);
	for (unsigned round = 0; round < 3000; round++) {
		struct blkif_request req = { 0 };

		ended = failed = 0;
		setup_order(round % 3, round % 2 ? 256 : 11);
		for (unsigned k = 0; k < 20; k++)
			send(k % 3 ? BLK_READ : BLK_WRITE, k * 16, 1 + k * round % 60, 512);
		for (unsigned k = 0; k < 10; k++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			take(&req);
			if (seed >> 60 < 12)
				respond(req.id, req.operation, 0);
			else
				respond(req.id ^ 1ULL << (seed >> 33 & 63), req.operation ^ (seed >> 50 & 1), seed >> 40);
			back.rsp_prod_pvt += seed >> 20 & 63 ? 0 : seed >> 8 & 0xff;
			push();
		}
		end(blkfront_ring_fail(&ring, "over", -ENODEV));
		cr_assert_eq(ended, 20u, "round %u", round);
		blkfront_ring_close(&ring);
		cr_assert_eq(fake_grants_used(), 0u, "round %u: %u order %u", round, fake_grants_used(), ring.order);
	}
}
