/* SPDX-License-Identifier: MIT */
/*
 * The turn of the 9pfs backend's wheel: each share that has something to do gets a bounded piece of it done, so
 * that no domain keeps another from its turn.
 */
#include "config.h"
#include "backends/p9.h"

#include "libs/util/loop.h"

#define MESSAGES_PER_TURN	16

static void turn(void *arg);

static void turn_soon(struct p9back *pb)
{
	if (!pb->turn_due)
		pb->turn_due = pvn_loop_add_deferred(pb->loop, turn, pb) == 0;
}

void p9_activate(struct p9_device *dev)
{
	if (!dev->nr_rings)
		return;
	if (!dev->active)
		TAILQ_INSERT_TAIL(&dev->pb->active, dev, active_entry);
	dev->active = true;
	turn_soon(dev->pb);
}

static void service(struct p9_device *dev)
{
	unsigned int i;
	bool more = false;
	int rc = 0;

	for (i = 0; i < dev->nr_rings && rc >= 0; i++) {
		rc = p9_ring_service(&dev->rings[i], MESSAGES_PER_TURN);
		more |= rc > 0;
	}
	if (rc < 0)
		xenbus_dev_fatal(dev->xdev, rc, "ring %u: an index or the size of a message is out of range", i - 1);
	else if (more)
		p9_activate(dev);
}

static void turn(void *arg)
{
	struct p9back *pb = arg;
	struct p9_device *dev, *last = NULL;
	bool end;

	pb->turn_due = false;
	TAILQ_FOREACH(dev, &pb->active, active_entry)
		last = dev;
	for (end = !last; !end && (dev = TAILQ_FIRST(&pb->active));) {
		end = dev == last;
		TAILQ_REMOVE(&pb->active, dev, active_entry);
		dev->active = false;
		service(dev);
	}
	if (!TAILQ_EMPTY(&pb->active))
		turn_soon(pb);
}
