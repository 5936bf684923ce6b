/* SPDX-License-Identifier: MIT */
/*
 * paravane-blkback: the program, and the turn of its wheel.
 *
 * A turn: every disk that has something to do gets a bounded piece of it done, completions are
 * reaped, everything new is submitted with one system call, and each disk that was answered has its
 * domain notified once.  Between turns the loop looks at everything else.  So no domain, however
 * busy, keeps another from its turn.
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <paravane/rundir.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define REQUESTS_PER_TURN	32
#define EVENTS_PER_TURN		256
#define MAX_PORT		(1u << 20)
#define DRAIN_NS		5000000000ull

static void turn(void *arg);

void blk_turn_soon(struct blkback *bb)
{
	if (!bb->turn_due)
		bb->turn_due = pvn_loop_add_deferred(bb->loop, turn, bb) == 0;
}

void blk_activate(struct blk_device *dev)
{
	struct blkback *bb = dev->bb;

	if (!dev->active && dev->ring.sring) {
		dev->active = true;
		TAILQ_INSERT_TAIL(&bb->active, dev, active_entry);
	}
	blk_turn_soon(bb);
}

int blk_port_set(struct blkback *bb, int port, struct blk_device *dev)
{
	unsigned int nr = bb->nr_ports ? bb->nr_ports : 64;
	struct blk_device **p;

	if (port < 0 || (unsigned int)port >= MAX_PORT)
		return -ERANGE;
	if ((unsigned int)port >= bb->nr_ports) {
		while (nr <= (unsigned int)port)
			nr *= 2;
		p = reallocarray(bb->by_port, nr, sizeof(*p));
		if (!p)
			return -ENOMEM;
		memset(p + bb->nr_ports, 0, (nr - bb->nr_ports) * sizeof(*p));
		bb->by_port = p;
		bb->nr_ports = nr;
	}
	bb->by_port[port] = dev;
	return 0;
}

static void take_events(struct blkback *bb)
{
	xenevtchn_port_or_error_t port;
	int n;

	for (n = 0; n < EVENTS_PER_TURN && (port = xenevtchn_pending(bb->xce)) >= 0; n++) {
		/* Unmask first: what comes while we look is then another event. */
		xenevtchn_unmask(bb->xce, (evtchn_port_t)port);
		if ((unsigned int)port < bb->nr_ports && bb->by_port[port])
			blk_activate(bb->by_port[port]);
	}
}

static void service(struct blkback *bb, struct blk_device *dev)
{
	int rc;

	TAILQ_REMOVE(&bb->active, dev, active_entry);
	dev->active = false;
	if (dev->disconnecting)
		return;
	rc = blk_ring_service(dev, REQUESTS_PER_TURN);
	if (rc > 0)
		blk_activate(dev);
	else if (rc < 0)
		xenbus_dev_fatal(dev->xdev, rc, "the ring's request producer is out of range");
}

static void turn(void *arg)
{
	struct blkback *bb = arg;
	struct blk_device *dev, *last = TAILQ_LAST(&bb->active, blk_device_list);
	bool end = !last;

	bb->turn_due = false;
	/* Those that are active now, once each; they may go, or queue up again behind last. */
	while (!end && (dev = TAILQ_FIRST(&bb->active))) {
		end = dev == last;
		service(bb, dev);
	}
	blk_uring_submit(bb);
	blk_uring_reap(bb);
	blk_uring_submit(bb);
	while ((dev = TAILQ_FIRST(&bb->answered)))
		blk_ring_push(dev);
	if (!TAILQ_EMPTY(&bb->active) || blk_uring_ready(bb) || blk_poll(bb)) {
		take_events(bb);
		blk_turn_soon(bb);
	}
}

static void evtchn_event(void *arg, uint32_t revents)
{
	struct blkback *bb = arg;

	if (revents & (POLLERR | POLLHUP | POLLNVAL)) {
		pvn_log(LOG_NOTICE, "paravaned has gone, so do we");
		pvn_loop_stop(bb->loop);
		return;
	}
	blk_poll_woken(bb);
	take_events(bb);
	blk_turn_soon(bb);
}

/* Fallbacks by hand: for hosts that are odd, and for the tests of each of them. */
static void switches(struct blkback *bb, bool *no_uring)
{
	const char *env = getenv("PARAVANE_BLKBACK");

	if (!env)
		return;
	*no_uring = strstr(env, "no-uring") != NULL;
	bb->no_direct = strstr(env, "no-direct") != NULL;
	bb->no_fixed = strstr(env, "no-fixed") != NULL;
	bb->no_nowait = strstr(env, "no-nowait") != NULL;
	bb->no_poll = strstr(env, "no-poll") != NULL;
}

static int blkback_open(struct blkback *bb)
{
	bool no_uring = false;
	struct pvn_watch *w;
	int rc, fd;

	TAILQ_INIT(&bb->active);
	TAILQ_INIT(&bb->answered);
	switches(bb, &no_uring);
	bb->xce = xenevtchn_open(NULL, 0);
	bb->xgt = bb->xce ? xengnttab_open(NULL, 0) : NULL;
	if (!bb->xgt)
		return program_error(-errno, "cannot reach paravaned");
	fd = xenevtchn_fd(bb->xce);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	rc = pvn_loop_add_fd(bb->loop, fd, POLLIN, evtchn_event, bb, &w);
	if (rc)
		return program_error(rc, "event channels");
	rc = no_uring ? -EOPNOTSUPP : blk_uring_open(bb);
	if (rc)
		pvn_log(LOG_NOTICE, "no io_uring (%s): disks are served by blocking calls",
			strerror(-rc));
	rc = store_open(bb->loop, &bb->store);
	if (rc)
		return program_error(rc, "cannot reach xenstored");
	rc = xenbus_open(bb->loop, bb->store, &bb->bus);
	if (!rc)
		rc = xenbus_register(bb->bus, &blk_backend, bb);
	return rc ? program_error(rc, "cannot watch the store") : 0;
}

static void count_inflight(struct xenbus_device *xdev, void *arg)
{
	const struct blk_device *dev = xdev->priv;

	if (dev)
		*(unsigned int *)arg += dev->inflight;
}

/* What was taken off a ring is answered before we go: who follows us starts at rsp_prod. */
static void drain(struct blkback *bb)
{
	uint64_t end = pvn_now_ns() + DRAIN_NS;
	struct blk_device *dev;
	unsigned int inflight;

	do {
		inflight = 0;
		xenbus_for_each(bb->bus, count_inflight, &inflight);
		blk_uring_submit(bb);
		blk_uring_reap(bb);
		while ((dev = TAILQ_FIRST(&bb->answered)))
			blk_ring_push(dev);
		if (inflight)
			usleep(1000);
	} while (inflight && pvn_now_ns() < end);
	if (inflight) {		/* the disk hangs; our memory must outlive its transfers */
		pvn_log(LOG_WARNING, "%u requests were not answered in time", inflight);
		_exit(1);
	}
}

static void blkback_close(struct blkback *bb)
{
	if (bb->bus)
		drain(bb);
	xenbus_close(bb->bus);
	store_close(bb->store);
	blk_uring_close(bb);
	if (bb->xgt)
		xengnttab_close(bb->xgt);
	if (bb->xce)
		xenevtchn_close(bb->xce);
	pvn_loop_free(bb->loop);
	free(bb->by_port);
	free(bb);
}

static int blkback_main(const struct program *prog, struct pvn_loop *loop)
{
	struct blkback *bb = calloc(1, sizeof(*bb));
	int rc;

	if (!bb)
		return program_error(-ENOMEM, "start");
	bb->loop = loop;
	rc = blkback_open(bb);
	if (!rc) {
		pvn_daemon_ready();
		pvn_log(LOG_INFO, "serving disks, %s", bb->uring ? "io_uring" : "blocking calls");
		rc = pvn_loop_run(loop);
	}
	blkback_close(bb);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct program prog = {
		.name = "paravane-blkback",
		.what = "Serve the paravirtual disks of domains",
		.run = blkback_main,
	};

	return program_main(&prog, argc, argv);
}
