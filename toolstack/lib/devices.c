/* SPDX-License-Identifier: MIT */
/*
 * A domain's devices as the toolstack sees them: waiting for the backends at creation, and taking
 * leave of them at the end.  Backends are the control domain's, their nodes are to be trusted;
 * that they answer at all is not, so every wait has an end.
 */
#include "config.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xen/io/xenbus.h>
#include <paravane/rundir.h>
#include "libs/util/daemon.h"
#include "toolstack/lib/batch.h"

#define ATTACH_MS	10000
#define DETACH_MS	3000

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

/* Judge something in the store: 1 as wanted, 0 not yet, -errno (t->error set) never. */
typedef int condition(struct toolstack *t, uint32_t domid, const void *arg);

/* Wait for events below `path' until the condition holds.  1, 0 when the time is over, -errno. */
static int wait_watching(struct toolstack *t, const char *path, int ms, condition *cond,
			 uint32_t domid, const void *arg)
{
	uint64_t end = now_ms() + ms, now;
	struct pollfd p = {.events = POLLIN};
	char **event;
	int ret = cond(t, domid, arg);

	/* Mostly it holds already; setting a watch costs a thread. */
	if (ret)
		return ret;
	if (!xs_watch(t->xs, path, "wait"))
		return ts_fail(t, -errno, "xenstored: cannot watch %s: %s", path, strerror(errno));
	p.fd = xs_fileno(t->xs);
	while (!(ret = cond(t, domid, arg)) && (now = now_ms()) < end) {
		if (poll(&p, 1, end - now) < 0 && errno != EINTR)
			break;
		if (interrupted()) {
			ret = ts_fail(t, -EINTR, "interrupted");
			break;
		}
		while ((event = xs_check_watch(t->xs)))
			free(event);
	}
	xs_unwatch(t->xs, path, "wait");
	while ((event = xs_check_watch(t->xs)))
		free(event);
	return ret;
}

/* One disk: InitWait or further, and no hotplug error. */
static int disk_ready(struct toolstack *t, uint32_t domid, const struct disk_config *d)
{
	long state = store_number(t, 0, "/local/domain/0/backend/vbd/%u/%u/state", domid, d->devid);
	char *status, *why;

	if (state == XenbusStateInitWait || state == XenbusStateConnected)
		return 1;
	status = store_read(t, "/local/domain/0/backend/vbd/%u/%u/hotplug-status", domid, d->devid);
	if (state < XenbusStateClosing && (!status || strcmp(status, "error"))) {
		free(status);
		return 0;
	}
	free(status);
	why = store_read(t, "/local/domain/0/backend/vbd/%u/%u/hotplug-error", domid, d->devid);
	ts_fail(t, -EIO, "disk %s: the block backend refused %s: %s", d->vdev, d->target,
		why ? why : "it did not say why, see log/paravane-blkback.log");
	free(why);
	return -EIO;
}

static int disks_ready(struct toolstack *t, uint32_t domid, const void *arg)
{
	const struct domain_config *c = arg;
	unsigned int i;
	int ret = 1;

	for (i = 0; ret > 0 && i < c->nr_disks; i++)
		ret = disk_ready(t, domid, &c->disks[i]);
	return ret;
}

int devices_wait(struct toolstack *t, uint32_t domid, const struct domain_config *c)
{
	char path[PATH_BYTES];
	int ret;

	if (!c->nr_disks)
		return 0;
	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%u", domid);
	ret = wait_watching(t, path, ATTACH_MS, disks_ready, domid, c);
	if (ret)
		return ret < 0 ? ret : 0;
	return ts_fail(t, -ETIMEDOUT, "%s: the block backend did not answer within %d s; its log is "
		       "%s/log/paravane-blkback.log", c->name, ATTACH_MS / 1000, pvn_rundir());
}

static int all_closed(struct toolstack *t, uint32_t domid, const void *arg)
{
	unsigned int nr, i;
	char **ids = store_list(t, &nr, "/local/domain/0/backend/vbd/%u", domid);
	int ret = 1;

	for (i = 0; ret && i < nr; i++)
		ret = store_number(t, XenbusStateClosed, "/local/domain/0/backend/vbd/%u/%s/state",
				   domid, ids[i]) == XenbusStateClosed;
	free(ids);
	return ret;
}

static int disk_closed(struct toolstack *t, uint32_t domid, const void *arg)
{
	const uint32_t *devid = arg;

	return store_number(t, XenbusStateClosed, "/local/domain/0/backend/vbd/%u/%u/state", domid,
			    *devid) == XenbusStateClosed;
}

static void say_offline(struct batch *b, uint32_t domid, const char *devid)
{
	batch_write(b, PERMS_INHERIT, "0", "/local/domain/0/backend/vbd/%u/%s/online", domid, devid);
	batch_write(b, PERMS_INHERIT, "5", "/local/domain/0/backend/vbd/%u/%s/state", domid, devid);
}

int device_release(struct toolstack *t, uint32_t domid, uint32_t devid)
{
	char path[PATH_BYTES], id[16];
	struct batch *b = batch_new(domid);
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%u/%u", domid, devid);
	snprintf(id, sizeof(id), "%u", devid);
	say_offline(b, domid, id);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret ? ret : wait_watching(t, path, ATTACH_MS, disk_closed, domid, &devid);
}

void devices_remove(struct toolstack *t, uint32_t domid)
{
	char path[PATH_BYTES], **ids;
	unsigned int nr, i;
	struct batch *b;

	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%u", domid);
	ids = store_list(t, &nr, "%s", path);
	b = nr ? batch_new(domid) : NULL;
	for (i = 0; b && i < nr; i++)
		say_offline(b, domid, ids[i]);
	/* Nobody to wait for if the backend does not run. */
	if (b && !batch_commit(t, b) && pvn_daemon_running("paravane-blkback", NULL) == 1)
		wait_watching(t, path, DETACH_MS, all_closed, domid, NULL);
	batch_free(b);
	free(ids);
}
