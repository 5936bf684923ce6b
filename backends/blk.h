/* SPDX-License-Identifier: MIT */
/*
 * The block backend: one process, one loop, all disks of all domains.
 *
 * The way of a request: blk_ring.c takes it off the ring into the journal (blk_journal.c),
 * blk_request.c judges it, blk_exec.c maps its grants and carries it out in memory or through
 * blk_uring.c, blk_ring.c answers.  blk_connect.c makes and ends rings, blk_queue.c maps one.
 * blk_fixed.c decides which guest memory is worth registering, blk_dev.c is what xenbus calls,
 * blk_attach.c has images opened, blk_nbd*.c is a medium behind a server, blk_poll.c decides how long
 * to look before sleeping, blk_turn.c turns the wheel.
 */
#ifndef PVN_BACKENDS_BLK_H
#define PVN_BACKENDS_BLK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <xengnttab.h>

#include "backends/blk_image.h"
#include "backends/blk_journal.h"
#include "backends/blk_medium.h"
#include "backends/blk_request.h"
#include "backends/events.h"
#include "backends/xenbus.h"

struct blk_alive;
struct blk_attaching;
struct blk_domain;
struct blk_opener;
struct blk_uring;
struct pvn_loop;

/* Where a request is on its way; each step may have to wait for io_uring. */
enum blk_phase { BLK_WAIT, BLK_PREFLUSH, BLK_DATA, BLK_POSTFLUSH, BLK_DONE };

struct blk_request {
	STAILQ_ENTRY(blk_request) entry;	/* free, or in the backlog of the uring */
	struct blk_queue *queue;
	struct blk_device *dev;
	uint64_t id;
	uint8_t operation;
	enum blk_op op;
	enum blk_phase phase;
	bool preflush, postflush;
	int status;		/* BLKIF_RSP_* */
	uint16_t nr_pages;	/* mapped grants */
	uint16_t iov_at, nr_iov;	/* runs not yet transferred: iov[iov_at .. nr_iov) */
	uint16_t retries;
	int fd;
	uint64_t pos, left;	/* bytes */
	void **pages;
	struct iovec *iov;
	void *big;		/* memory behind pages and iov if they are not these: */
	void *small_pages[BLKIF_MAX_SEGMENTS_PER_REQUEST];
	struct iovec small_iov[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

STAILQ_HEAD(blk_request_list, blk_request);

struct blk_queue {
	struct blk_device *dev;
	TAILQ_ENTRY(blk_queue) active_entry;
	TAILQ_ENTRY(blk_queue) answered_entry;
	blkif_back_ring_t ring;		/* .sring NULL: not connected */
	unsigned int nr_ring_pages;
	int port;
	struct blk_journal_queue *journal;
	struct blk_request *requests;	/* one per slot, and per entry of the journal */
	struct blk_request_list free;
	struct blk_request_list unshown;	/* answered; rsp_prod does not say so yet */
	unsigned int inflight;
	struct blk_request *barrier;	/* waits until it is alone in flight, then runs alone */
	bool active, answered;
};

TAILQ_HEAD(blk_queue_list, blk_queue);

struct blk_device {
	struct blkback *bb;
	struct xenbus_device *xdev;
	struct blk_image image;
	struct blk_limits lim;
	bool have_image;
	struct blk_attaching *attaching;	/* blk_attach.c: while there is no image yet */
	char *target;			/* physical-device-path */

	/* while connected */
	struct blk_queue *queues;
	unsigned int nr_queues;
	unsigned int inflight;		/* of all queues */
	struct blk_journal *journal;
	struct blk_domain *domain;
	uint64_t waits_since_ns;	/* for an earlier backend to have gone; 0: not */
	bool disconnecting;
	bool said_full;			/* ENOSPC is logged once, other errors a few times */
	unsigned int errors_said;
};

struct blkback {
	struct pvn_loop *loop;
	struct store *store;
	struct xenbus *bus;
	struct events *events;
	xengnttab_handle *xgt;
	struct blk_domain *domains;	/* blk_fixed.c */
	struct blk_opener *opener;	/* NULL: images are opened here (tests) */
	struct blk_uring *uring;	/* NULL: the host has none, I/O blocks */
	bool no_direct, no_fixed, no_nowait, no_poll;	/* switched off by hand: fallbacks */
	struct blk_queue_list active;		/* may have requests */
	struct blk_queue_list answered;	/* have responses to push */
	struct blk_journals *journals;	/* NULL: they do not outlive us (tests) */
	struct blk_alive *alive;		/* blk_alive.c */
	bool turn_due;
	bool ends;			/* the program, not the devices */
	uint64_t poll_ns, slept_at_ns;	/* blk_poll.c */
	struct blk_parsed parsed;	/* the request being looked at; too large for a stack frame */
};

/* blk_turn.c */
void blk_activate(struct blk_queue *q);	/* have its ring looked at this turn */
void blk_turn_soon(struct blkback *bb);

/* blk_dev.c */
extern const struct xenbus_backend blk_backend;

/* blk_attach.c: have the disk's image opened; results as those of a probe (xenbus.h). */
int blk_attach(struct blk_device *dev, bool last);
void blk_attach_end(struct blk_device *dev);	/* as far as it has come */

/* blk_connect.c: what xenbus asks for by these names (xenbus.h). */
int blk_connect(struct xenbus_device *xdev);
int blk_disconnect(struct xenbus_device *xdev);
/* All rings at once.  stays: the program ends, the device does not. */
void blk_release(struct blk_device *dev, bool stays);
void blk_drained(struct blk_device *dev);	/* the last request of a disconnecting device; frees */

/* blk_queue.c: map with the grants and the port of the frontend; 0 or -errno. */
int blk_queue_map(struct blk_queue *q, const struct blk_transport *t, struct blk_journal_queue *jq,
		  bool adopted);
void blk_queue_unmap(struct blk_queue *q);
void blk_queue_replay(struct blk_queue *q);	/* what an earlier backend left, once all queues are mapped */

/* blk_ring.c */
/* Take up to budget requests.  1: there may be more; 0: the frontend will notify; -EPROTO: it lies. */
int blk_ring_service(struct blk_queue *q, unsigned int budget);
void blk_ring_push(struct blk_queue *q);	/* show the responses, notify if asked for */
struct blk_journal_entry *blk_request_entry(const struct blk_request *req);
struct blk_request *blk_request_new(struct blk_queue *q, unsigned int index);	/* in flight from now on */
void blk_request_begin(struct blk_request *req);	/* judge what its journal entry has, carry it out */
void blk_request_finish(struct blk_request *req);	/* answer, free */

/* blk_alive.c: is I/O of earlier backends still under way, which has to end before it is repeated? */
int blk_alive_open(struct blkback *bb, int dir);	/* before blk_uring_open() */
int blk_alive_fd(const struct blkback *bb);	/* what the io_uring keeps open while it works; -1 */
bool blk_alive_others(struct blkback *bb);
void blk_alive_close(struct blkback *bb);

/* blk_exec.c */
void blk_exec_start(struct blk_request *req, const struct blk_parsed *p);
void blk_exec_run(struct blk_request *req);	/* one that was told to wait */
void blk_exec_io_done(struct blk_request *req, int res);	/* from io_uring or a medium: bytes or -errno */

/* blk_uring.c */
int blk_uring_open(struct blkback *bb);		/* 0, or -errno: go without */
void blk_uring_close(struct blkback *bb);
void blk_uring_queue(struct blk_request *req);	/* what its phase asks for */
void blk_uring_submit(struct blkback *bb);
bool blk_uring_ready(struct blkback *bb);	/* completions to reap, or requests to submit */
bool blk_uring_busy(const struct blkback *bb);	/* something is in flight */
void blk_uring_reap(struct blkback *bb);

/* blk_fixed.c: registered buffers over a domain's memory. */
int blk_fixed_open(struct blkback *bb, struct blk_domain **out, domid_t domid);
void blk_fixed_close(struct blkback *bb, struct blk_domain *d);
/* Slot whose buffer covers [addr, addr + len), or -1.  Counts, and may register. */
int blk_fixed_slot(struct blkback *bb, struct blk_domain *d, const void *addr, size_t len);

/* blk_poll.c: look for work for a while before sleeping.  true: there is some. */
bool blk_poll(struct blkback *bb);
void blk_poll_woken(struct blkback *bb);

#endif
