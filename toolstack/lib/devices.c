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

static const struct {
	const char *name, *daemon, *what;
} kinds[] = {
	{"vbd", "paravane-blkback", "block"},
	{"vif", "paravane-netback", "network"},
	{"9pfs", "paravane-9pfsd", "9pfs"},
};
enum { VBD, VIF, P9, NR_KINDS };

/* One device: 1 in InitWait or further, 0 not yet, -EIO refused, what and where for the message. */
static int device_ready(struct toolstack *t, uint32_t domid, int kind, uint32_t devid, const char *what,
			const char *name, const char *place)
{
	char path[PATH_BYTES], *status, *why;
	long state;

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u", kinds[kind].name, domid, devid);
	state = store_number(t, 0, "%s/state", path);
	if (state == XenbusStateInitWait || state == XenbusStateConnected)
		return 1;
	status = store_read(t, "%s/hotplug-status", path);
	if (state < XenbusStateClosing && (!status || strcmp(status, "error"))) {
		free(status);
		return 0;
	}
	free(status);
	why = store_read(t, "%s/hotplug-error", path);
	if (why)
		ts_fail(t, -EIO, "%s %s: the %s backend refused %s: %s", what, name, kinds[kind].what, place, why);
	else
		ts_fail(t, -EIO, "%s %s: the %s backend refused %s: it did not say why, see log/%s.log", what,
			name, kinds[kind].what, place, kinds[kind].daemon);
	free(why);
	return -EIO;
}

static int disks_ready(struct toolstack *t, uint32_t domid, const void *arg)
{
	const struct domain_config *c = arg;
	unsigned int i;
	int ret = 1;

	for (i = 0; ret > 0 && i < c->nr_disks; i++)
		ret = device_ready(t, domid, VBD, c->disks[i].devid, "disk", c->disks[i].vdev,
				   c->disks[i].target);
	return ret;
}

static int nics_ready(struct toolstack *t, uint32_t domid, const void *arg)
{
	const struct domain_config *c = arg;
	char number[16];
	unsigned int i;
	int ret = 1;

	for (i = 0; ret > 0 && i < c->nr_nics; i++) {
		snprintf(number, sizeof(number), "%u", c->nics[i].devid);
		ret = device_ready(t, domid, VIF, c->nics[i].devid, "interface", number,
				   c->nics[i].bridge);
	}
	return ret;
}

static int p9s_ready(struct toolstack *t, uint32_t domid, const void *arg)
{
	const struct domain_config *c = arg;
	unsigned int i;
	int ret = 1;

	for (i = 0; ret > 0 && i < c->nr_p9s; i++)
		ret = device_ready(t, domid, P9, i, "p9", c->p9s[i].tag, c->p9s[i].path);
	return ret;
}

static int kind_wait(struct toolstack *t, uint32_t domid, const struct domain_config *c, int kind, condition *ready)
{
	char path[PATH_BYTES];
	int ret;

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", kinds[kind].name, domid);
	ret = wait_watching(t, path, ATTACH_MS, ready, domid, c);
	if (ret)
		return ret < 0 ? ret : 0;
	return ts_fail(t, -ETIMEDOUT, "%s: the %s backend did not answer within %d s; its log is "
		       "%s/log/%s.log", c->name, kinds[kind].what, ATTACH_MS / 1000, pvn_rundir(),
		       kinds[kind].daemon);
}

int devices_wait(struct toolstack *t, uint32_t domid, const struct domain_config *c)
{
	int ret = c->nr_disks ? kind_wait(t, domid, c, VBD, disks_ready) : 0;

	if (!ret && c->nr_nics)
		ret = kind_wait(t, domid, c, VIF, nics_ready);
	return !ret && c->nr_p9s ? kind_wait(t, domid, c, P9, p9s_ready) : ret;
}

int devices_daemons(struct toolstack *t, const struct domain_config *c)
{
	return c->nr_p9s ? session_daemon(t, "paravane-9pfsd") : 0;
}

/* Every device of a kind; arg: the kind. */
static int all_closed(struct toolstack *t, uint32_t domid, const void *arg)
{
	const int *kind = arg;
	unsigned int nr, i;
	char **ids = store_list(t, &nr, "/local/domain/0/backend/%s/%u", kinds[*kind].name, domid);
	int ret = 1;

	for (i = 0; ret && i < nr; i++)
		ret = store_number(t, XenbusStateClosed, "/local/domain/0/backend/%s/%u/%s/state",
				   kinds[*kind].name, domid, ids[i]) == XenbusStateClosed;
	free(ids);
	return ret;
}

/* arg: the backend's directory */
static int one_closed(struct toolstack *t, uint32_t domid, const void *arg)
{
	return store_number(t, XenbusStateClosed, "%s/state", (const char *)arg) == XenbusStateClosed;
}

static void say_offline(struct batch *b, const char *path)
{
	batch_write(b, PERMS_INHERIT, "0", "%s/online", path);
	batch_write(b, PERMS_INHERIT, "5", "%s/state", path);
}

int device_release(struct toolstack *t, uint32_t domid, const char *kind, uint32_t devid)
{
	char path[PATH_BYTES];
	struct batch *b = batch_new(domid);
	int ret;

	if (!b)
		return ts_fail(t, -ENOMEM, "xl: out of memory");
	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u", kind, domid, devid);
	say_offline(b, path);
	ret = batch_commit(t, b);
	batch_free(b);
	return ret ? ret : wait_watching(t, path, ATTACH_MS, one_closed, domid, path);
}

static void kind_remove(struct toolstack *t, uint32_t domid, int kind)
{
	char dir[PATH_BYTES], path[PATH_BYTES + 32], **ids;
	unsigned int nr, i;
	struct batch *b;

	snprintf(dir, sizeof(dir), "/local/domain/0/backend/%s/%u", kinds[kind].name, domid);
	ids = store_list(t, &nr, "%s", dir);
	b = nr ? batch_new(domid) : NULL;
	for (i = 0; b && i < nr; i++) {
		snprintf(path, sizeof(path), "%s/%.16s", dir, ids[i]);
		say_offline(b, path);
	}
	/* Nobody to wait for if the backend does not run. */
	if (b && !batch_commit(t, b) && pvn_daemon_running(kinds[kind].daemon, NULL) == 1)
		wait_watching(t, dir, DETACH_MS, all_closed, domid, &kind);
	batch_free(b);
	free(ids);
}

void devices_remove(struct toolstack *t, uint32_t domid)
{
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		kind_remove(t, domid, kind);
}
