/* SPDX-License-Identifier: MIT */
/*
 * The 9pfs backend: directories of the host shared with domains, <xen/io/9pfs.h>.
 *
 * p9_ring.c takes a message off a ring and puts the answer on it, p9_serve.c (p9_session.h) carries it out,
 * p9_dev.c is what xenbus calls, p9_turn.c turns the wheel.  Operations are the host's plain system calls: a
 * directory on a file system that hangs holds up the other shares, but never a disk or a network.
 */
#ifndef PVN_BACKENDS_P9_H
#define PVN_BACKENDS_P9_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>	/* of the header's ring functions */
#include <sys/queue.h>

#include <xengnttab.h>

#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/xen.h>
#include <xen/io/9pfs.h>

#include "backends/events.h"
#include "backends/p9_session.h"
#include "backends/xenbus.h"

struct pvn_loop;
struct pvn_timer;
struct store;

#define P9_MAX_RINGS	4U
#define P9_MAX_ORDER	7U	/* pages of both directions: a message has at most half of 512 KiB */

struct p9_device;

struct p9_ring {
	struct p9_device *dev;
	struct xen_9pfs_data_intf *intf;	/* NULL: not mapped */
	unsigned char *data;			/* in: answers, first half; out: requests */
	unsigned int order;
	int port;
	RING_IDX in_prod, out_cons;		/* ours; what the interface page says of them is for the frontend */
	size_t answer;				/* bytes of dev->answer that wait for room */
	struct pvn_timer *retry;
};

struct p9_device {
	struct p9back *pb;
	struct xenbus_device *xdev;
	TAILQ_ENTRY(p9_device) active_entry;
	int root;		/* the shared directory, or -1 */
	bool active;
	unsigned int nr_rings;	/* 0: not connected */
	struct p9_ring rings[P9_MAX_RINGS];
	struct p9_session session;
	struct p9_ring *waiting;	/* its answer is in the buffer; nobody else is served meanwhile */
	void *message, *answer;	/* session.max_msize bytes each */
};

struct p9back {
	struct pvn_loop *loop;
	struct store *store;
	struct xenbus *bus;
	struct events *events;
	xengnttab_handle *xgt;
	TAILQ_HEAD(, p9_device) active;
	bool turn_due;
};

/* p9_turn.c */
void p9_activate(struct p9_device *dev);	/* have its rings looked at this turn */

/* p9_dev.c */
extern const struct xenbus_backend p9_backend;

/* p9_ring.c: map ring nr with the frontend's interface page and port.  0; -EPROTO: it makes no sense; -errno. */
int p9_ring_map(struct p9_device *dev, unsigned int nr, uint32_t ref, uint32_t port);
void p9_ring_unmap(struct p9_ring *ring);
/* Serve up to budget messages.  1: there may be more; 0: the frontend will notify; -EPROTO: it lies. */
int p9_ring_service(struct p9_ring *ring, unsigned int budget);

#endif
