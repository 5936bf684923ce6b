/* SPDX-License-Identifier: MIT */
/*
 * The block backend: one process, one loop, all disks of all domains.
 *
 * The way of a request: blk_ring.c takes it off the ring, blk_request.c judges it, blk_exec.c maps
 * its grants and carries it out in memory or through blk_uring.c, blk_ring.c answers.
 * blk_fixed.c decides which guest memory is worth registering, blk_dev.c is what xenbus calls,
 * blk_attach.c has images opened, blk_nbd*.c is a medium behind a server, blk_poll.c decides how long to look before sleeping, blkback.c turns the wheel.
 */
#ifndef PVN_BACKENDS_BLK_H
#define PVN_BACKENDS_BLK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <xengnttab.h>

#include "backends/blk_image.h"
#include "backends/blk_medium.h"
#include "backends/blk_request.h"
#include "backends/events.h"
#include "backends/xenbus.h"

struct blk_attaching;
struct blk_domain;
struct blk_opener;
struct blk_uring;
struct pvn_loop;

#define BLK_MAX_RING_ORDER	4
#define BLK_MAX_RING_PAGES	(1u << BLK_MAX_RING_ORDER)

/* Where a request is on its way; each step may have to wait for io_uring. */
enum blk_phase { BLK_WAIT, BLK_PREFLUSH, BLK_DATA, BLK_POSTFLUSH, BLK_DONE };

struct blk_request {
	STAILQ_ENTRY(blk_request) entry;	/* free, or in the backlog of the uring */
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

struct blk_device {
	struct blkback *bb;
	struct xenbus_device *xdev;
	TAILQ_ENTRY(blk_device) active_entry;
	TAILQ_ENTRY(blk_device) answered_entry;
	struct blk_image image;
	struct blk_limits lim;
	bool have_image;
	struct blk_attaching *attaching;	/* blk_attach.c: while there is no image yet */
	char *target;			/* physical-device-path */

	/* while connected */
	blkif_back_ring_t ring;		/* .sring NULL: not connected */
	unsigned int nr_ring_pages;
	int port;
	struct blk_domain *domain;
	struct blk_request *requests;	/* one per slot: what is in flight fits the ring */
	struct blk_request_list free;
	unsigned int inflight;
	struct blk_request *barrier;	/* waits until it is alone in flight, then runs alone */
	bool active, answered, disconnecting;
	bool said_full;			/* ENOSPC is logged once, other errors a few times */
	unsigned int errors_said;
};

TAILQ_HEAD(blk_device_list, blk_device);

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
	struct blk_device_list active;		/* may have requests */
	struct blk_device_list answered;	/* have responses to push */
	bool turn_due;
	uint64_t poll_ns, slept_at_ns;	/* blk_poll.c */
	struct blk_parsed parsed;	/* the request being looked at; too large for a stack frame */
};

/* blkback.c */
void blk_activate(struct blk_device *dev);	/* have its ring looked at this turn */
void blk_turn_soon(struct blkback *bb);

/* blk_dev.c */
extern const struct xenbus_backend blk_backend;
void blk_dev_drained(struct blk_device *dev);	/* the last request of a disconnecting device; frees */

/* blk_attach.c: have the disk's image opened; results as those of a probe (xenbus.h). */
int blk_attach(struct blk_device *dev, bool last);
void blk_attach_end(struct blk_device *dev);	/* as far as it has come */

/* blk_ring.c: map with the grants and the port of the frontend; 0 or -errno. */
int blk_ring_map(struct blk_device *dev, const uint32_t *refs, unsigned int nr, uint32_t port);
void blk_ring_unmap(struct blk_device *dev);
/* Take up to budget requests.  1: there may be more; 0: the frontend will notify; -EPROTO: it lies. */
int blk_ring_service(struct blk_device *dev, unsigned int budget);
void blk_ring_respond(struct blk_device *dev, uint64_t id, uint8_t operation, int status);
void blk_ring_push(struct blk_device *dev);	/* show the responses, notify if asked for */

/* blk_exec.c */
void blk_exec_start(struct blk_request *req, const struct blk_parsed *p);
void blk_exec_run(struct blk_request *req);	/* one that was told to wait */
void blk_exec_io_done(struct blk_request *req, int res);	/* from io_uring or a medium: bytes or -errno */
void blk_request_finish(struct blk_request *req);		/* blk_ring.c: answer, free */

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
