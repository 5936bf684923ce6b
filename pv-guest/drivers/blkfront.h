/* SPDX-License-Identifier: MIT */
/*
 * A PV disk: its queues, one per vCPU where the backend takes so many, and what the store says of it.
 * blkfront.c follows the states, blkfront_queue.c makes the queues and passes bios through them.
 */
#ifndef PV_BLKFRONT_H
#define PV_BLKFRONT_H

#include <pv/event.h>
#include <pv/xenbus.h>
#include "blkfront_ring.h"

#define BLKFRONT_MAX_QUEUES	8U

struct blkfront_queue {
	struct blkfront *fe;
	struct blkfront_ring ring;
	evtchn_port_t port;
};

struct blkfront {
	struct xenbus_device *xdev;	/* NULL: it is gone, we stay for who uses the disk */
	struct blkdev dev;
	/* Stay where they are, closed or not: a bio that comes too late finds a broken ring. */
	struct blkfront_queue queues[BLKFRONT_MAX_QUEUES];
	unsigned int nr_queues;		/* at least 1 since there was a connection */
	bool has_rings;
	bool registered;
	bool closing;		/* the backend wants to go; waits for the last user */
};

/* A number the backend may offer; limit caps what it says. */
uint64_t blkfront_feature(const struct blkfront *fe, const char *node, uint64_t absent, uint64_t limit);

/* As many queues as there are vCPUs and the backend takes; fewer if ports or grants are few. 0 or -errno. */
int blkfront_queues_open(struct blkfront *fe, blkif_vdev_t handle);
/* What is waiting fails with error. Thread context. */
void blkfront_queues_close(struct blkfront *fe, int error);
/* Into the store: where the rings are. 0 or -errno. */
int blkfront_publish(const struct blkfront *fe);
void blkfront_submit(struct blkdev *dev, struct bio *bio);

#endif
