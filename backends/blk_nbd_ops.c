/* SPDX-License-Identifier: MIT */
/*
 * Requests as NBD commands.
 *
 * A request in one run is transferred from and to the domain's memory; one in several runs goes through
 * a buffer, for a command costs more than copying its bytes, and NBD has no vectors.  libnbd reads and
 * writes with system calls of ours, so when its handle is closed nothing touches the domain any more.
 *
 * Its callbacks run inside of any of its calls: they only note that a command is done.
 */
#include "config.h"
#include "backends/blk_nbd_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libs/util/loop.h"

#define BOUNCE_MAX	(128u << 10)	/* a request that is larger goes in pieces: 512 can be in flight */
#define TRIM_MAX	(1u << 30)

static void reap_deferred(void *arg)
{
	struct nbd_medium *n = arg;

	n->reap_due = false;
	nbd_reap(n);
}

static void op_done(struct nbd_op *op, int err)
{
	struct nbd_medium *n = op->m;

	op->err = err;
	op->over = true;
	TAILQ_REMOVE(&n->inflight, op, entry);
	TAILQ_INSERT_TAIL(&n->done, op, entry);
	n->nr_inflight--;
	if (!n->reap_due)
		n->reap_due = pvn_loop_add_deferred(n->loop, reap_deferred, n) == 0;
}

/* 1: libnbd may forget the command. */
static int completed(void *arg, int *error)
{
	op_done(arg, *error);
	return 1;
}

static int64_t begin_trim(struct nbd_medium *n, struct nbd_op *op, nbd_completion_callback cb)
{
	uint64_t pos = op->trim_pos, len = op->trim_left < TRIM_MAX ? op->trim_left : TRIM_MAX;

	op->trim_pos += len;
	op->trim_left -= len;
	return nbd_aio_trim(n->h, len, pos, cb, 0);
}

static void gather(struct nbd_op *op)
{
	const struct iovec *iov = op->req->iov + op->req->iov_at;
	size_t at = 0, part;

	for (; at < op->bytes; at += part, iov++) {
		part = iov->iov_len < op->bytes - at ? iov->iov_len : op->bytes - at;
		memcpy(op->bounce + at, iov->iov_base, part);
	}
}

static void scatter(const struct nbd_op *op)
{
	const struct iovec *iov = op->req->iov + op->req->iov_at;
	size_t at = 0, part;

	for (; at < op->bytes; at += part, iov++) {
		part = iov->iov_len < op->bytes - at ? iov->iov_len : op->bytes - at;
		memcpy(iov->iov_base, op->bounce + at, part);
	}
}

/* How much of the request the next command takes, and from where.  NULL: no memory. */
static char *op_buffer(struct nbd_medium *n, struct nbd_op *op)
{
	struct blk_request *req = op->req;
	bool one_run = req->nr_iov - req->iov_at == 1;
	uint64_t max = one_run || n->max_bytes < BOUNCE_MAX ? n->max_bytes : BOUNCE_MAX;

	op->bytes = req->left < max ? req->left : max;
	if (one_run)
		return req->iov[req->iov_at].iov_base;
	op->bounce = malloc(op->bytes);
	if (op->bounce && req->op == BLK_WRITE)
		gather(op);
	return op->bounce;
}

static int64_t begin_transfer(struct nbd_medium *n, struct nbd_op *op, nbd_completion_callback cb)
{
	struct blk_request *req = op->req;
	char *buf = op_buffer(n, op);
	uint32_t flags = 0;

	if (!buf) {
		errno = ENOMEM;
		return -1;
	}
	if (req->op == BLK_READ)
		return nbd_aio_pread(n->h, buf, op->bytes, req->pos, cb, 0);
	if (req->postflush && n->can_fua) {
		flags = LIBNBD_CMD_FLAG_FUA;
		req->postflush = op->bytes < req->left;
	}
	return nbd_aio_pwrite(n->h, buf, op->bytes, req->pos, cb, flags);
}

static int begin(struct nbd_medium *n, struct nbd_op *op)
{
	nbd_completion_callback cb = { .callback = completed, .user_data = op };
	int64_t rc;

	/* In the list first: the command may be done before the call returns. */
	op->over = false;
	op->started_ns = pvn_now_ns();
	TAILQ_INSERT_TAIL(&n->inflight, op, entry);
	n->nr_inflight++;
	if (op->req->phase != BLK_DATA)
		rc = nbd_aio_flush(n->h, cb, 0);
	else if (op->req->op == BLK_DISCARD)
		rc = begin_trim(n, op, cb);
	else
		rc = begin_transfer(n, op, cb);
	if (rc >= 0 || op->over) {
		nbd_watch_answers(n);
		return 0;
	}
	rc = nbd_get_errno() ? -nbd_get_errno() : -errno;
	TAILQ_REMOVE(&n->inflight, op, entry);
	n->nr_inflight--;
	return rc ? (int)rc : -EIO;
}

static void op_free(struct nbd_op *op)
{
	free(op->bounce);
	free(op);
}

int nbd_queue(struct blk_medium *m, struct blk_request *req)
{
	struct nbd_medium *n = (struct nbd_medium *)m;
	struct nbd_op *op;
	int rc;

	if (n->dead)
		return -EIO;
	op = calloc(1, sizeof(*op));
	if (!op)
		return -ENOMEM;
	op->m = n;
	op->req = req;
	op->trim_pos = req->pos;
	op->trim_left = req->left;
	rc = begin(n, op);
	if (rc)
		op_free(op);
	nbd_pump(n);
	return rc;
}

/* A discard larger than one command goes on.  true: it does. */
static bool trims_on(struct nbd_medium *n, struct nbd_op *op)
{
	if (op->err || n->dead || op->req->phase != BLK_DATA || op->req->op != BLK_DISCARD ||
	    !op->trim_left)
		return false;
	op->err = -begin(n, op);
	return !op->err;
}

void nbd_reap(struct nbd_medium *n)
{
	struct blkback *bb = NULL;
	struct nbd_op *op;
	struct blk_request *req;
	int res;

	n->reaping = true;
	while ((op = TAILQ_FIRST(&n->done))) {
		TAILQ_REMOVE(&n->done, op, entry);
		if (trims_on(n, op))
			continue;
		req = op->req;
		bb = req->dev->bb;
		res = op->err ? -op->err : (int)op->bytes;
		if (!op->err && op->bounce && req->op == BLK_READ)
			scatter(op);
		op_free(op);
		blk_exec_io_done(req, res);
	}
	n->reaping = false;
	if (bb)			/* responses are to be pushed */
		blk_turn_soon(bb);
	if (!n->closed)
		nbd_pump(n);
	else if (!n->reap_due)	/* else there is one more to come */
		free(n);
}

void nbd_fail_all(struct nbd_medium *n)
{
	struct nbd_op *op;

	while ((op = TAILQ_FIRST(&n->inflight)))
		op_done(op, EIO);
}
