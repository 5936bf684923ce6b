/* SPDX-License-Identifier: MIT */
/*
 * The connection to an NBD server.
 *
 * A server that dies takes its disk with it: what is in flight and what comes later fails, for
 * nobody can tell what of the writes it had answered was kept, and to go on with the next server would let a
 * flush lie.  A server that hangs is a disk that hangs: requests wait, with a line in the log; when
 * the domain goes they are given up.  Neither keeps the loop from anybody else's disk.
 */
#include "config.h"
#include "backends/blk_nbd_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"

#define HANDSHAKE_NS	8000000000ull
#define TICK_NS		1000000000ull
#define SLOW_NS		10000000000ull
#define ABANDON_NS	3000000000ull
#define NOTIFIES	64	/* answers taken before the loop looks at something else */

static void tick(void *arg);

static void hang_up(struct nbd_medium *n)
{
	pvn_loop_del_fd(n->watch);
	n->watch = NULL;
	if (n->h)
		nbd_close(n->h);
	n->h = NULL;
	n->dead = true;
	nbd_fail_all(n);
}

/* The handshake has ended.  n may be gone afterwards. */
static void tell(struct nbd_medium *n, int rc, const char *why)
{
	blk_nbd_ready_cb *cb = n->ready_cb;
	char line[256];

	pvn_loop_del_timer(n->timer);
	n->timer = NULL;
	n->ready_cb = NULL;
	n->ready = !rc;
	snprintf(line, sizeof(line), "%.120s: %.120s", n->place, why);
	if (rc)
		hang_up(n);
	cb(n->ready_arg, rc, line);
}

/* libnbd's texts begin with the name of its function. */
static const char *nbd_why(void)
{
	const char *text = nbd_get_error(), *colon = text ? strstr(text, ": ") : NULL;

	return colon ? colon + 2 : text ? text : "the server has closed the connection";
}

static void lost(struct nbd_medium *n)
{
	if (n->dead)
		return;
	if (n->ready_cb) {
		tell(n, -EIO, nbd_why());
		return;
	}
	pvn_log(LOG_ERR, "vbd/%u/%u: the NBD server at %s has gone: all requests of this disk fail from "
		"now on; detach it and attach it again when the server is back", n->domid, n->devid, n->place);
	hang_up(n);
}

static void answered(struct nbd_medium *n, unsigned int before)
{
	if (!n->said_slow || n->nr_inflight >= before)
		return;
	n->said_slow = false;
	pvn_log(LOG_NOTICE, "vbd/%u/%u: the NBD server at %s answers again, after %llu s", n->domid, n->devid,
		n->place, (unsigned long long)((pvn_now_ns() - n->slow_since_ns) / 1000000000));
}

/* One step of libnbd's machine for what the descriptor is ready for. */
static void notify(struct nbd_medium *n, short revents)
{
	unsigned int dir = nbd_aio_get_direction(n->h);

	if ((revents & (POLLIN | POLLHUP | POLLERR)) && (dir & LIBNBD_AIO_DIRECTION_READ))
		nbd_aio_notify_read(n->h);
	else if ((revents & (POLLOUT | POLLHUP | POLLERR)) && (dir & LIBNBD_AIO_DIRECTION_WRITE))
		nbd_aio_notify_write(n->h);
	if (nbd_aio_is_dead(n->h) || nbd_aio_is_closed(n->h))
		lost(n);
}

static short wanted(struct nbd_medium *n)
{
	unsigned int dir = nbd_aio_get_direction(n->h);

	return (short)((dir & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
		       (dir & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0));
}

static void take(struct nbd_medium *n)
{
	unsigned int i, before = n->nr_inflight;
	struct pollfd p;

	for (i = 0; i < NOTIFIES && !n->dead; i++) {
		p = (struct pollfd){ .fd = n->fd, .events = wanted(n) };
		if (poll(&p, 1, 0) <= 0)
			break;
		notify(n, p.revents);
		if (n->ready_cb && !n->dead && nbd_aio_is_ready(n->h))
			break;
	}
	answered(n, before);
}

static void socket_event(void *arg, uint32_t revents)
{
	struct nbd_medium *n = arg;

	take(n);
	if (n->ready_cb && !n->dead && nbd_aio_is_ready(n->h)) {
		nbd_pump(n);
		tell(n, 0, "ready");
		return;
	}
	nbd_reap(n);
}

void nbd_pump(struct nbd_medium *n)
{
	if (n->dead)
		return;
	if (nbd_aio_is_dead(n->h) || nbd_aio_is_closed(n->h))
		lost(n);
	else
		pvn_loop_mod_fd(n->watch, (uint32_t)wanted(n));
}

static void tick(void *arg)
{
	struct nbd_medium *n = arg;
	const struct nbd_op *oldest = TAILQ_FIRST(&n->inflight);
	uint64_t now = pvn_now_ns();

	n->timer = NULL;
	if (n->ready_cb) {
		tell(n, -ETIMEDOUT, "the server does not answer");
		return;
	}
	if (!oldest)
		return;
	if (n->abandoned && now - n->abandoned_ns >= ABANDON_NS) {
		pvn_log(LOG_WARNING, "vbd/%u/%u: the NBD server at %s does not answer: %u requests are given up",
			n->domid, n->devid, n->place, n->nr_inflight);
		hang_up(n);
		return;
	}
	if (!n->said_slow && now - oldest->started_ns >= SLOW_NS) {
		n->said_slow = true;
		n->slow_since_ns = oldest->started_ns;
		pvn_log(LOG_WARNING, "vbd/%u/%u: the NBD server at %s has not answered for %llu s, %u requests wait",
			n->domid, n->devid, n->place, SLOW_NS / 1000000000, n->nr_inflight);
	}
	nbd_watch_answers(n);
}

void nbd_watch_answers(struct nbd_medium *n)
{
	if (!n->timer)
		pvn_loop_add_timer(n->loop, TICK_NS, tick, n, &n->timer);
}

static void nbd_poll_answers(struct blk_medium *m)
{
	struct nbd_medium *n = (struct nbd_medium *)m;

	if (!n->dead)
		take(n);
	nbd_reap(n);
}

static void nbd_abandon(struct blk_medium *m)
{
	struct nbd_medium *n = (struct nbd_medium *)m;

	n->abandoned = true;
	n->abandoned_ns = pvn_now_ns();
	nbd_watch_answers(n);
}

static void nbd_medium_close(struct blk_medium *m)
{
	struct nbd_medium *n = (struct nbd_medium *)m;

	pvn_loop_del_timer(n->timer);
	if (!n->dead && n->ready)
		nbd_aio_disconnect(n->h, 0);	/* a helper that is told so writes out what it has, and ends */
	hang_up(n);
	if (n->lifetime >= 0)
		close(n->lifetime);
	n->lifetime = -1;
	n->closed = true;
	/* nbd_reap(), which we may be called from or which comes yet, frees it. */
	if (!n->reaping && !n->reap_due)
		free(n);
}

static const struct blk_medium_ops nbd_ops = {
	.name = "NBD",
	.queue = nbd_queue,
	.poll = nbd_poll_answers,
	.abandon = nbd_abandon,
	.close = nbd_medium_close,
};

static int handle_open(struct nbd_medium *n, const struct blk_nbd_want *want)
{
	int rc = -ENOMEM;

	n->h = nbd_create();
	if (!n->h) {
		close(want->sock);
		return rc;
	}
	nbd_set_export_name(n->h, want->export);
	nbd_set_pread_initialize(n->h, false);
	/* It takes the socket, and closes it if it fails. */
	if (nbd_aio_connect_socket(n->h, want->sock))
		return nbd_get_errno() ? -nbd_get_errno() : -EIO;
	n->fd = nbd_aio_get_fd(n->h);
	/* POLLOUT: that call may have come to the end already, and then nothing else would wake us. */
	rc = pvn_loop_add_fd(n->loop, n->fd, POLLIN | POLLOUT, socket_event, n, &n->watch);
	if (!rc)
		rc = pvn_loop_add_timer(n->loop, HANDSHAKE_NS, tick, n, &n->timer);
	return rc;
}

int blk_nbd_open(const struct blk_nbd_want *want, blk_nbd_ready_cb *cb, void *arg,
		 struct blk_medium **out)
{
	struct nbd_medium *n = calloc(1, sizeof(*n));
	int rc;

	if (!n) {
		close(want->sock);
		if (want->lifetime >= 0)
			close(want->lifetime);
		return -ENOMEM;
	}
	n->m.ops = &nbd_ops;
	TAILQ_INIT(&n->inflight);
	TAILQ_INIT(&n->done);
	n->loop = want->loop;
	n->lifetime = want->lifetime;
	n->ready_cb = cb;
	n->ready_arg = arg;
	n->domid = want->domid;
	n->devid = want->devid;
	n->readonly = want->readonly;
	snprintf(n->place, sizeof(n->place), "%s", want->place);
	rc = handle_open(n, want);
	if (rc) {
		nbd_medium_close(&n->m);
		return rc;
	}
	*out = &n->m;
	return 0;
}

void blk_nbd_describe(struct blk_medium *m, struct blk_image *img)
{
	struct nbd_medium *n = (struct nbd_medium *)m;
	int64_t size = nbd_get_size(n->h), min = nbd_get_block_size(n->h, LIBNBD_SIZE_MINIMUM),
		max = nbd_get_block_size(n->h, LIBNBD_SIZE_MAXIMUM);

	*img = (struct blk_image){ .fd = -1, .direct_fd = -1, .medium = m };
	img->readonly = n->readonly || nbd_is_read_only(n->h) == 1;
	img->sector_size = img->physical_sector_size = min > 512 ? (uint32_t)min : 512;
	img->sectors = size > 0 ? (uint64_t)size >> BLK_SECTOR_SHIFT : 0;
	img->sectors &= ~((uint64_t)(img->sector_size >> BLK_SECTOR_SHIFT) - 1);
	img->can_discard = !img->readonly && nbd_can_trim(n->h) == 1;
	img->no_flush = !img->readonly && nbd_can_flush(n->h) != 1;
	n->can_fua = nbd_can_fua(n->h) == 1;
	/* Of whole sectors, so that what is left is, too. */
	n->max_bytes = max > 0 && max < 4 << 20 ? (uint64_t)max & ~(uint64_t)(img->sector_size - 1) : 4 << 20;
	if (img->no_flush)
		pvn_log(LOG_WARNING, "vbd/%u/%u: the NBD server at %s has no flush: nobody can say that what is "
			"written there survives", n->domid, n->devid, n->place);
}
