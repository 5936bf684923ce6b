/* SPDX-License-Identifier: MIT */
/* Inside of the NBD medium: blk_nbd.c (the connection) and blk_nbd_ops.c (commands). */
#ifndef PVN_BACKENDS_BLK_NBD_PRIVATE_H
#define PVN_BACKENDS_BLK_NBD_PRIVATE_H

#include <libnbd.h>
#include <stdint.h>
#include <sys/queue.h>

#include "backends/blk.h"
#include "backends/blk_nbd.h"

/* One command at the server. */
struct nbd_op {
	TAILQ_ENTRY(nbd_op) entry;	/* in flight in the order of asking, or done */
	struct nbd_medium *m;
	struct blk_request *req;
	char *bounce;			/* of a request in several runs */
	size_t bytes;
	uint64_t trim_pos, trim_left;	/* what a discard has still to ask for */
	uint64_t started_ns;
	int err;			/* errno */
	bool over;
};

TAILQ_HEAD(nbd_ops, nbd_op);

struct nbd_medium {
	struct blk_medium m;
	struct pvn_loop *loop;
	struct nbd_handle *h;
	int fd;				/* of h */
	int lifetime;
	struct pvn_watch *watch;
	struct pvn_timer *timer;	/* of the handshake; then of slow answers and of being abandoned */
	blk_nbd_ready_cb *ready_cb;
	void *ready_arg;
	struct nbd_ops inflight, done;
	unsigned int nr_inflight;
	bool ready, dead, abandoned, reap_due, reaping, closed, said_slow;
	bool can_fua, readonly;
	uint64_t slow_since_ns, abandoned_ns;
	uint64_t max_bytes;
	unsigned int domid, devid;
	char place[512];
};

/* blk_nbd.c */
void nbd_pump(struct nbd_medium *n);		/* have the loop wait for what the connection waits for */
void nbd_watch_answers(struct nbd_medium *n);	/* something is in flight */

/* blk_nbd_ops.c */
int nbd_queue(struct blk_medium *m, struct blk_request *req);
void nbd_reap(struct nbd_medium *n);		/* hand out what is done; n may be gone afterwards */
void nbd_fail_all(struct nbd_medium *n);	/* the connection is closed: nobody answers any more */

#endif
