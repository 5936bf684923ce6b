/* SPDX-License-Identifier: MIT */
/*
 * The turn of the block backend's wheel.
 *
 * In a lap every queue that has something to do gets a bounded piece of it done, completions are
 * reaped, everything new is submitted with one system call, and each queue that was answered has its
 * domain notified once.  A turn is a few laps; between turns the loop looks at everything else.  So
 * no domain, however busy, keeps another from its turn.
 */
#include "config.h"
#include "backends/blk.h"

#include "libs/util/loop.h"

#define REQUESTS_PER_LAP	32
#define LAPS_PER_TURN		16

static void turn(void *arg);

void blk_turn_soon(struct blkback *bb)
{
	if (!bb->turn_due)
		bb->turn_due = pvn_loop_add_deferred(bb->loop, turn, bb) == 0;
}

void blk_activate(struct blk_queue *q)
{
	struct blkback *bb = q->dev->bb;

	if (!q->active && q->ring.sring) {
		q->active = true;
		TAILQ_INSERT_TAIL(&bb->active, q, active_entry);
	}
	blk_turn_soon(bb);
}

static void service(struct blkback *bb, struct blk_queue *q)
{
	int rc;

	TAILQ_REMOVE(&bb->active, q, active_entry);
	q->active = false;
	if (q->dev->disconnecting)
		return;
	rc = blk_ring_service(q, REQUESTS_PER_LAP);
	if (rc > 0)
		blk_activate(q);
	else if (rc < 0)
		xenbus_dev_fatal(q->dev->xdev, rc, "the ring's request producer is out of range");
}

static void lap(struct blkback *bb)
{
	struct blk_queue *q, *last = TAILQ_LAST(&bb->active, blk_queue_list);
	bool end = !last;

	/* Those that are active now, once each; they may go, or queue up again behind last. */
	while (!end && (q = TAILQ_FIRST(&bb->active))) {
		end = q == last;
		service(bb, q);
	}
	blk_uring_submit(bb);
	blk_uring_reap(bb);
	blk_uring_submit(bb);
	while ((q = TAILQ_FIRST(&bb->answered)))
		blk_ring_push(q);
}

static void turn(void *arg)
{
	struct blkback *bb = arg;
	int laps;

	bb->turn_due = false;
	/* Several laps before the loop looks at the rest of the world, for that takes system calls. */
	for (laps = 0; laps < LAPS_PER_TURN; laps++) {
		lap(bb);
		if (TAILQ_EMPTY(&bb->active) && !blk_uring_ready(bb) && !blk_poll(bb))
			return;
		events_take(bb->events);
	}
	blk_turn_soon(bb);
}
