/* SPDX-License-Identifier: MIT */
/* paravane-blkback: the program. */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backends/blk_opener.h"
#include "backends/blk_sandbox.h"
#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define DRAIN_NS		5000000000ull
#define LOOK_AGAIN_NS		10000000000ull

static void woken(void *arg)
{
	blk_poll_woken(arg);
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

static int journals_open(struct blkback *bb)
{
	int dir = blk_journal_dir(), rc;

	if (dir < 0)
		return dir;
	rc = blk_journals_open(&bb->journals, dir);
	if (!rc)
		rc = blk_alive_open(bb, dir);
	close(dir);
	return rc;
}

/* The journal of a device whose domain died while there was no backend. */
static void journal_look(void *arg, unsigned int domid, unsigned int devid)
{
	struct blkback *bb = arg;
	char path[96], *state;
	int rc;

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u", blk_backend.kind, domid, devid);
	rc = store_read(bb->store, path, "state", &state);
	if (!rc)
		free(state);
	else if (rc == -ENOENT)
		blk_journal_forget(bb->journals, domid, devid);
}

/* Those that went while we looked for devices are not known to anybody else. */
static void journals_look(void *arg)
{
	struct blkback *bb = arg;

	blk_journals_for_each(bb->journals, journal_look, bb);
}

static int blkback_open(struct blkback *bb)
{
	bool no_uring = false;
	int rc;

	TAILQ_INIT(&bb->active);
	TAILQ_INIT(&bb->answered);
	switches(bb, &no_uring);
	rc = events_open(bb->loop, woken, bb, &bb->events);
	if (!rc)
		bb->xgt = xengnttab_open(NULL, 0);
	if (!rc && !bb->xgt)
		rc = -errno;
	if (rc)
		return program_error(rc, "cannot reach paravaned");
	rc = journals_open(bb);
	if (rc)
		return program_error(rc, "cannot keep journals in the run directory");
	rc = no_uring ? -EOPNOTSUPP : blk_uring_open(bb);
	if (rc)
		pvn_log(LOG_NOTICE, "no io_uring (%s): disks are served by blocking calls",
			strerror(-rc));
	rc = store_open(bb->loop, &bb->store);
	if (rc)
		return program_error(rc, "cannot reach xenstored");
	journals_look(bb);
	pvn_loop_add_timer(bb->loop, LOOK_AGAIN_NS, journals_look, bb, NULL);
	rc = xenbus_open(bb->loop, bb->store, &bb->bus);
	if (!rc)
		rc = xenbus_register(bb->bus, &blk_backend, bb);
	return rc ? program_error(rc, "cannot watch the store") : 0;
}

static void count_inflight(struct xenbus_device *xdev, void *arg)
{
	const struct blk_device *dev = xdev->priv;

	if (!dev)
		return;
	if (dev->inflight && dev->image.medium)
		dev->image.medium->ops->poll(dev->image.medium);
	*(unsigned int *)arg += dev->inflight;
}

/* What was taken off a ring is answered before we go: who follows us starts at rsp_prod. */
static void drain(struct blkback *bb)
{
	uint64_t end = pvn_now_ns() + DRAIN_NS;
	struct blk_queue *q;
	unsigned int inflight;

	do {
		inflight = 0;
		xenbus_for_each(bb->bus, count_inflight, &inflight);
		blk_uring_submit(bb);
		blk_uring_reap(bb);
		while ((q = TAILQ_FIRST(&bb->answered)))
			blk_ring_push(q);
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
	bb->ends = true;
	xenbus_close(bb->bus);
	blk_opener_stop(bb->opener);
	store_close(bb->store);
	blk_uring_close(bb);
	blk_alive_close(bb);
	blk_journals_close(bb->journals);
	if (bb->xgt)
		xengnttab_close(bb->xgt);
	events_close(bb->events);
	pvn_loop_free(bb->loop);
	free(bb);
}

/* The last step: what follows is fed by domains. */
static int sandbox(struct blkback *bb)
{
	const char *env = getenv("PARAVANE_BLKBACK");
	int notify, rc;

	if (!BLK_SANDBOX_POSSIBLE) {
		pvn_log(LOG_NOTICE, "no sandbox: a sanitizer works by calls that it refuses");
		return 0;
	}
	if (env && strstr(env, "no-sandbox")) {
		pvn_log(LOG_WARNING, "no sandbox, as PARAVANE_BLKBACK says");
		return 0;
	}
	tzset();		/* gmtime() reads a file the first time */
	rc = blk_sandbox_enter(&notify);
	if (!rc && notify >= 0)
		rc = blk_opener_supervise(bb->opener, notify);
	if (rc)
		program_error(rc, "cannot enter the sandbox");
	return rc;
}

static int blkback_main(const struct program *prog, struct pvn_loop *loop)
{
	struct blkback *bb = calloc(1, sizeof(*bb));
	int rc;

	if (!bb)
		return program_error(-ENOMEM, "start");
	bb->loop = loop;
	rc = blk_opener_start(&bb->opener);
	if (!rc)
		rc = blk_opener_listen(bb->opener, loop);
	if (rc)
		program_error(rc, "cannot start the opener");
	else
		rc = blkback_open(bb);
	if (!rc)
		pvn_daemon_ready();
	if (!rc)
		rc = sandbox(bb);
	if (!rc) {
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
