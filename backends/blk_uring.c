/* SPDX-License-Identifier: MIT */
/*
 * The io_uring of the block backend: one ring for all disks, submitted once per turn.
 *
 * A request has at most one operation out at a time; its user_data is the request, which stays
 * where it is until the operation has completed (blk_ring_unmap() waits for that).
 */
#include "config.h"
#include "backends/blk_uring.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "libs/util/uring-restrict.h"

#define ENTRIES		512
#define CQ_ENTRIES	4096
#define REAP_PER_TURN	256

static const int needed_ops[] = {
	IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC,
	IORING_OP_FALLOCATE,
};

/* All that this ring will ever do: it is no way around the sandbox. */
static int uring_limit(struct blk_uring *u)
{
	static const uint8_t ops[] = {
		IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC,
		IORING_OP_FALLOCATE, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED,
	};
	static const uint8_t registers[] = { IORING_REGISTER_BUFFERS2, IORING_REGISTER_BUFFERS_UPDATE };
	static const struct pvn_uring_limits limits = { ops, sizeof(ops), registers, sizeof(registers) };

	return pvn_uring_restrict(&u->ring, &limits);
}

static int uring_probe(struct blk_uring *u)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&u->ring);
	unsigned int i;
	int rc = 0;

	if (!probe)
		return -ENOSYS;
	for (i = 0; i < sizeof(needed_ops) / sizeof(needed_ops[0]); i++)
		if (!io_uring_opcode_supported(probe, needed_ops[i]))
			rc = -ENOSYS;
	io_uring_free_probe(probe);
	return rc;
}

static int uring_init(struct blk_uring *u)
{
	/* Completions are reaped in turns: no need to interrupt us for each. */
	struct io_uring_params p = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_COOP_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED,
		.cq_entries = CQ_ENTRIES,
	};
	int rc = io_uring_queue_init_params(ENTRIES, &u->ring, &p);

	if (rc == -EINVAL) {	/* before Linux 5.19 */
		p = (struct io_uring_params){ .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
						       IORING_SETUP_R_DISABLED,
					      .cq_entries = CQ_ENTRIES };
		rc = io_uring_queue_init_params(ENTRIES, &u->ring, &p);
	}
	return rc;
}

static void uring_event(void *arg, uint32_t revents)
{
	struct blkback *bb = arg;

	blk_poll_woken(bb);
	blk_turn_soon(bb);
}

int blk_uring_open(struct blkback *bb)
{
	struct blk_uring *u = calloc(1, sizeof(*u));
	int rc;

	if (!u)
		return -ENOMEM;
	STAILQ_INIT(&u->backlog);
	rc = uring_init(u);
	if (rc) {
		free(u);
		return rc;
	}
	rc = uring_probe(u);
	if (!rc && blk_alive_fd(bb) >= 0) {
		int fd = blk_alive_fd(bb);

		rc = io_uring_register_files(&u->ring, &fd, 1);
	}
	if (!rc)
		rc = uring_limit(u);
	if (!rc)
		rc = pvn_loop_add_fd(bb->loop, u->ring.ring_fd, POLLIN, uring_event, bb, &u->watch);
	if (rc) {
		io_uring_queue_exit(&u->ring);
		free(u);
		return rc;
	}
	u->fixed = !bb->no_fixed &&
		   io_uring_register_buffers_sparse(&u->ring, BLK_FIXED_SLOTS) == 0;
	bb->uring = u;
	return 0;
}

void blk_uring_close(struct blkback *bb)
{
	struct blk_uring *u = bb->uring;

	if (!u)
		return;
	pvn_loop_del_fd(u->watch);
	io_uring_queue_exit(&u->ring);
	free(u);
	bb->uring = NULL;
}

static void prep_transfer(struct blkback *bb, struct io_uring_sqe *sqe, struct blk_request *req)
{
	const struct iovec *iov = &req->iov[req->iov_at];
	unsigned int nr = (unsigned int)(req->nr_iov - req->iov_at);
	bool read = req->op == BLK_READ;
	int slot;

	if (nr > 1) {
		if (read)
			io_uring_prep_readv(sqe, req->fd, iov, nr, req->pos);
		else
			io_uring_prep_writev(sqe, req->fd, iov, nr, req->pos);
		return;
	}
	/* Registered pages save pinning them for the transfer, which only direct I/O does. */
	slot = req->fd == req->dev->image.direct_fd ?
		blk_fixed_slot(bb, req->dev->domain, iov->iov_base, iov->iov_len) : -1;
	if (slot >= 0 && read)
		io_uring_prep_read_fixed(sqe, req->fd, iov->iov_base, (unsigned int)iov->iov_len,
					 req->pos, slot);
	else if (slot >= 0)
		io_uring_prep_write_fixed(sqe, req->fd, iov->iov_base, (unsigned int)iov->iov_len,
					  req->pos, slot);
	else if (read)
		io_uring_prep_read(sqe, req->fd, iov->iov_base, (unsigned int)iov->iov_len, req->pos);
	else
		io_uring_prep_write(sqe, req->fd, iov->iov_base, (unsigned int)iov->iov_len, req->pos);
}

static void prep(struct blkback *bb, struct io_uring_sqe *sqe, struct blk_request *req)
{
	const struct blk_image *img = &req->dev->image;

	if (req->phase != BLK_DATA)
		io_uring_prep_fsync(sqe, img->fd, IORING_FSYNC_DATASYNC);
	else if (req->op == BLK_DISCARD)
		io_uring_prep_fallocate(sqe, img->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					(off_t)req->pos, (off_t)req->left);
	else
		prep_transfer(bb, sqe, req);
	io_uring_sqe_set_data(sqe, req);
	bb->uring->inflight++;
}

static struct io_uring_sqe *sqe_get(struct blk_uring *u)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	if (!sqe && io_uring_submit(&u->ring) > 0)
		sqe = io_uring_get_sqe(&u->ring);
	return sqe;
}

/* Queue what the request's phase asks for; without room it waits for completions. */
void blk_uring_queue(struct blk_request *req)
{
	struct blkback *bb = req->dev->bb;
	struct io_uring_sqe *sqe = NULL;

	if (STAILQ_EMPTY(&bb->uring->backlog))
		sqe = sqe_get(bb->uring);
	if (sqe)
		prep(bb, sqe, req);
	else
		STAILQ_INSERT_TAIL(&bb->uring->backlog, req, entry);
	blk_turn_soon(bb);
}

void blk_uring_submit(struct blkback *bb)
{
	struct blk_uring *u = bb->uring;
	struct io_uring_sqe *sqe;
	struct blk_request *req;

	if (!u)
		return;
	while ((req = STAILQ_FIRST(&u->backlog)) && (sqe = sqe_get(u))) {
		STAILQ_REMOVE_HEAD(&u->backlog, entry);
		prep(bb, sqe, req);
	}
	if (io_uring_sq_ready(&u->ring))
		io_uring_submit(&u->ring);	/* what it leaves, the next turn submits */
}

bool blk_uring_ready(struct blkback *bb)
{
	struct blk_uring *u = bb->uring;
	struct io_uring_cqe *cqe;

	if (!u)
		return false;
	return !STAILQ_EMPTY(&u->backlog) || io_uring_sq_ready(&u->ring) ||
	       io_uring_peek_cqe(&u->ring, &cqe) == 0;
}

bool blk_uring_busy(const struct blkback *bb)
{
	return bb->uring && bb->uring->inflight;
}

void blk_uring_reap(struct blkback *bb)
{
	struct blk_uring *u = bb->uring;
	struct io_uring_cqe *cqe;
	struct blk_request *req;
	unsigned int n;
	int res;

	for (n = 0; u && n < REAP_PER_TURN && io_uring_peek_cqe(&u->ring, &cqe) == 0; n++) {
		req = io_uring_cqe_get_data(cqe);
		res = cqe->res;
		io_uring_cqe_seen(&u->ring, cqe);
		u->inflight--;
		blk_exec_io_done(req, res);
	}
}
