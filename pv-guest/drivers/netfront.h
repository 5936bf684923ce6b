/* SPDX-License-Identifier: MIT */
/* Between the files of netfront: the device, and what connects it. */
#ifndef PV_NETFRONT_H
#define PV_NETFRONT_H

#include <pv/event.h>
#include <pv/xenbus.h>
#include "netfront_queue.h"

struct netfront;

/* A queue with what makes it work: event channels and a thread. */
struct netfront_lane {
	struct netfront *fe;
	unsigned int id;
	struct netfront_queue q;
	evtchn_port_t tx_port, rx_port;		/* the same unless split */
	struct wait_queue wq;			/* its thread */
	struct wait_queue room;			/* senders */
	volatile bool event, stop, running;
	bool said;				/* that it is broken */
};

struct netfront {
	struct xenbus_device *xdev;	/* NULL: it is gone, we stay for who uses the device */
	struct netdev dev;
	struct netfront_lane *lanes;	/* dev.nr_queues of them, while connected */
	unsigned int nr_lanes;
	bool split;
	bool registered;
	enum xenbus_state seen;		/* the backend's, when it last changed */
	struct mutex mutex;		/* lanes: not to go while somebody counts them */
	unsigned int senders;		/* in send, flush or wait_room; lanes may go when it is 0 */
	bool connected;
	struct net_stats past;		/* of lanes that are gone */
};

/* netfront_connect.c: reads what the backend offers, makes lanes, publishes them. 0 or -errno. */
int netfront_connect(struct netfront *fe);
/* Threads end, what was in flight fails, lanes go. */
void netfront_disconnect(struct netfront *fe);
/* netfront_lane.c */
int netfront_lane_open(struct netfront_lane *l);
void netfront_lane_start(struct netfront_lane *l);
void netfront_lane_close(struct netfront_lane *l);
void netfront_end_frames(struct net_tx *tx);
/* netfront_ops.c */
extern const struct netdev_ops netfront_ops;

#endif
