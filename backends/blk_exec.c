/* SPDX-License-Identifier: MIT */
/*
 * Carrying a judged request out: map its grants, move the data, flush where asked, answer.
 *
 * Where the data moves.  An image in memory (tmpfs), or one without direct I/O, is read and
 * written right here as far as that cannot block: io_uring would hand such files to a worker
 * thread, and its wake costs fifty times the copy.  Everything that may block goes to io_uring.
 *
 * The pages belong to the domain, which may change them while we use them: that changes its own
 * data and nothing else.  A mapped grant is a pointer into the window on the domain's memory, so
 * mapping costs a check and no system call.  That is why feature-persistent is not offered:
 * it would save nothing and cost the frontend a copy of everything.
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libs/util/log.h"

#define ERRORS_SAID	8	/* per device */
#define BIG_BYTES	(BLK_MAX_SEGS * (sizeof(void *) + sizeof(struct iovec)))

static int request_room(struct blk_request *req, unsigned int nr_segs)
{
	req->pages = req->small_pages;
	req->iov = req->small_iov;
	if (nr_segs <= BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return 0;
	/* Kept until the ring goes: a frontend that sends one such sends more. */
	if (!req->big)
		req->big = malloc(BIG_BYTES);
	if (!req->big)
		return -ENOMEM;
	req->iov = req->big;
	req->pages = (void **)(req->iov + BLK_MAX_SEGS);
	return 0;
}

static void request_unmap(struct blk_request *req)
{
	while (req->nr_pages)
		xengnttab_unmap(req->dev->bb->xgt, req->pages[--req->nr_pages], 1);
}

static void iov_append(struct blk_request *req, char *base, size_t len)
{
	struct iovec *last = req->nr_iov ? &req->iov[req->nr_iov - 1] : NULL;

	if (last && (char *)last->iov_base + last->iov_len == base)
		last->iov_len += len;
	else
		req->iov[req->nr_iov++] = (struct iovec){ base, len };
}

/* Map each segment and merge neighbours into runs. */
static int request_map(struct blk_request *req, const struct blk_parsed *p)
{
	int prot = p->op == BLK_READ ? PROT_READ | PROT_WRITE : PROT_READ;
	struct blk_device *dev = req->dev;
	unsigned int i;
	char *page;

	req->nr_pages = req->nr_iov = req->iov_at = 0;
	if (request_room(req, p->nr_segs))
		return BLKIF_RSP_ERROR;
	for (i = 0; i < p->nr_segs; i++) {
		const struct blkif_request_segment *s = &p->segs[i];

		page = xengnttab_map_grant_ref(dev->bb->xgt, dev->xdev->domid, s->gref, prot);
		if (!page) {
			request_unmap(req);
			return BLKIF_RSP_ERROR;
		}
		req->pages[req->nr_pages++] = page;
		iov_append(req, page + ((unsigned int)s->first_sect << BLK_SECTOR_SHIFT),
			   (size_t)(s->last_sect - s->first_sect + 1) << BLK_SECTOR_SHIFT);
	}
	return BLKIF_RSP_OKAY;
}

/* Direct I/O where offset, lengths and addresses suit it, else the page cache. */
static int choose_fd(const struct blk_request *req)
{
	const struct blk_image *img = &req->dev->image;
	uint64_t bits = req->pos;
	unsigned int i;

	if (img->direct_fd < 0)
		return img->fd;
	for (i = req->iov_at; i < req->nr_iov; i++)
		bits |= (uintptr_t)req->iov[i].iov_base | req->iov[i].iov_len;
	return bits & (img->direct_align - 1) ? img->fd : img->direct_fd;
}

/* n more bytes are done: drop them from the runs. */
static void advance(struct blk_request *req, size_t n)
{
	req->pos += n;
	req->left -= n;
	while (n) {
		struct iovec *iov = &req->iov[req->iov_at];
		size_t part = n < iov->iov_len ? n : iov->iov_len;

		iov->iov_base = (char *)iov->iov_base + part;
		iov->iov_len -= part;
		n -= part;
		if (!iov->iov_len)
			req->iov_at++;
	}
}

static void request_fail(struct blk_request *req, int err)
{
	struct blk_device *dev = req->dev;

	req->status = BLKIF_RSP_ERROR;
	req->phase = BLK_DONE;
	/* The domain causes these at will: it must not fill the log with them. */
	if (err == -ENOSPC ? !dev->said_full : dev->errors_said++ < ERRORS_SAID)
		pvn_log(LOG_WARNING, "vbd/%u/%u: %s at sector %llu: %s", dev->xdev->domid,
			dev->xdev->devid, req->op == BLK_READ ? "read" : "write",
			(unsigned long long)(req->pos >> BLK_SECTOR_SHIFT), strerror(-err));
	if (err == -ENOSPC)
		dev->said_full = true;
}

/* What may be done here and now.  Leaves req->left at what may not, or the request failed. */
static void transfer_inline(struct blk_request *req)
{
	struct blk_device *dev = req->dev;
	bool must = !dev->bb->uring || dev->image.in_memory;	/* then it may block, or cannot */
	int flags = must ? 0 : RWF_NOWAIT;
	ssize_t n;

	while (req->left) {
		const struct iovec *iov = req->iov + req->iov_at;
		int nr = req->nr_iov - req->iov_at;

		if (req->op == BLK_READ)
			n = preadv2(req->fd, iov, nr, (off_t)req->pos, flags);
		else
			n = pwritev2(req->fd, iov, nr, (off_t)req->pos, flags);
		if (n > 0) {
			advance(req, (size_t)n);
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (!must) {	/* would block, or NOWAIT is unknown here */
			return;
		} else {
			request_fail(req, n ? -errno : -EIO);
			return;
		}
	}
}

static bool wants_inline(const struct blk_request *req)
{
	const struct blkback *bb = req->dev->bb;

	if (!bb->uring || req->dev->image.in_memory)
		return true;
	/* Buffered writes cannot be asked not to wait, except on few file systems. */
	return !bb->no_nowait && req->fd == req->dev->image.fd && req->op == BLK_READ;
}

/* Give the phase to the medium.  true: it has failed; false: the medium has it. */
static bool medium_begin(struct blk_request *req)
{
	struct blk_medium *m = req->dev->image.medium;
	int rc = m->ops->queue(m, req);

	if (rc)
		request_fail(req, rc);
	return rc != 0;
}

/* true: done or failed; false: io_uring or the medium has it. */
static bool transfer(struct blk_request *req)
{
	struct blk_device *dev = req->dev;

	if (dev->image.medium)
		return medium_begin(req);
	if (req->op == BLK_DISCARD) {
		if (dev->bb->uring) {
			blk_uring_queue(req);
			return false;
		}
		if (fallocate(dev->image.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)req->pos, (off_t)req->left))
			request_fail(req, -errno);
		return true;
	}
	req->fd = choose_fd(req);
	if (wants_inline(req))
		transfer_inline(req);
	if (req->phase == BLK_DONE || !req->left)
		return true;
	blk_uring_queue(req);
	return false;
}

static bool flush(struct blk_request *req)
{
	struct blk_device *dev = req->dev;

	if (dev->image.in_memory || dev->image.readonly)
		return true;	/* nothing is in any cache */
	if (dev->image.medium)
		return medium_begin(req);
	if (dev->bb->uring) {
		blk_uring_queue(req);
		return false;
	}
	if (fdatasync(dev->image.fd))
		request_fail(req, -errno);
	return true;
}

/* Begin the phase the request is in; true: it is over already. */
static bool phase_begin(struct blk_request *req)
{
	switch (req->phase) {
	case BLK_PREFLUSH:
		return !req->preflush || flush(req);
	case BLK_DATA:
		return req->op == BLK_FLUSH || transfer(req);
	case BLK_POSTFLUSH:
		return !req->postflush || flush(req);
	default:
		return true;
	}
}

static void phases_from(struct blk_request *req)
{
	while (req->phase != BLK_DONE) {
		if (!phase_begin(req))
			return;
		if (req->phase != BLK_DONE)	/* it has not failed */
			req->phase++;
	}
	request_unmap(req);
	blk_request_finish(req);
}

void blk_exec_run(struct blk_request *req)
{
	if (req->phase != BLK_WAIT)
		return;
	req->phase = BLK_PREFLUSH;
	phases_from(req);
}

void blk_exec_start(struct blk_request *req, const struct blk_parsed *p)
{
	req->id = p->id;
	req->operation = p->operation;
	req->op = p->op;
	req->preflush = p->preflush;
	req->postflush = p->postflush;
	req->pos = p->sector << BLK_SECTOR_SHIFT;
	req->left = p->nr_sectors << BLK_SECTOR_SHIFT;
	req->retries = 0;
	req->phase = BLK_WAIT;
	req->status = request_map(req, p);
	if (req->status != BLKIF_RSP_OKAY) {
		blk_request_finish(req);
		return;
	}
	if (p->barrier && req->queue->inflight > 1)
		return;		/* blk_request_finish() of the last of the others runs it */
	blk_exec_run(req);
}

void blk_exec_io_done(struct blk_request *req, int res)
{
	bool moves = req->phase == BLK_DATA && req->op != BLK_DISCARD;

	if ((res == -EINTR || res == -EAGAIN) && req->retries++ < 100) {
		/* again: the phase has changed nothing */
	} else if (res < 0) {
		request_fail(req, res);
	} else if (!moves) {
		req->phase++;
	} else if (res == 0) {	/* the image has become shorter under us */
		request_fail(req, -EIO);
	} else {
		advance(req, (size_t)res < req->left ? (size_t)res : req->left);
		if (!req->left)
			req->phase++;
	}
	phases_from(req);
}
