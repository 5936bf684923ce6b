/* SPDX-License-Identifier: MIT */
/*
 * Driving one device: read both ends, ask the table (xenbus_state.c), carry it out.
 *
 * The store is read anew at each look.  A read that fails for any reason but ENOENT says
 * nothing about the device, so the look ends and the next event tries again.
 */
#include "config.h"
#include "backends/xenbus_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/store.h"
#include "backends/xenbus_state.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define RETRY_NS	100000000ull
#define MAX_TRIES	20
#define ADOPT_TRIES	600	/* transfers of a backend that was killed hold its images */
#define CONNECT_RETRY_NS	20000000ull
#define ORPHAN_NS	1000000000ull
#define STEPS_PER_LOOK	4
#define PUBLISH_TRIES	16

typedef void publish_fn(struct xenbus_device *dev);

/*
 * Write our state, and with it whatever write() writes.  The toolstack may be removing the
 * directory right now, and a plain write would make it again: reading the state first makes the
 * two conflict.
 */
static void publish(struct xenbus_device *dev, enum xenbus_state state, publish_fn *write)
{
	uint64_t old;
	int rc, tries;

	dev->state = state;
	for (tries = 0; tries < PUBLISH_TRIES && !dev->dir_gone; tries++) {
		if (store_begin(dev->store))
			return;
		rc = store_read_uint(dev->store, dev->path, "state", UINT64_MAX, &old);
		dev->dir_gone = rc == -ENOENT;
		if (!rc && write)
			write(dev);
		if (!rc)
			rc = store_write(dev->store, dev->path, "state", "%d", (int)state);
		if (store_end(dev->store, !rc) != -EAGAIN)
			return;
	}
}

static void switch_state(struct xenbus_device *dev, enum xenbus_state state)
{
	publish(dev, state, NULL);
}

/* Linux's place: the device's directory with "error/" put in after the domain's. */
static void error_path(struct xenbus_device *dev, char *path, size_t size)
{
	snprintf(path, size, "/local/domain/0/error/%s", dev->path + strlen("/local/domain/0/"));
}

void xenbus_device_free(struct xenbus_device *dev)
{
	struct xenbus *bus = dev->bus;
	char path[STORE_PATH_MAX];

	dev->type->remove(dev);
	if (dev->error_written) {
		error_path(dev, path, sizeof(path));
		store_rm(dev->store, path, NULL);
	}
	if (dev->dirty)
		TAILQ_REMOVE(&bus->dirty, dev, dirty_entry);
	TAILQ_REMOVE(&bus->devices[dev->domid % XENBUS_BUCKETS], dev, entry);
	store_unwatch(dev->fe_watch);
	pvn_loop_del_timer(dev->retry);
	free(dev->otherend);
	free(dev);
}

static void frontend_event(void *arg, const char *path)
{
	xenbus_touch(arg);
}

/* The end of a disconnect.  May free dev. */
static void disconnect_done(struct xenbus_device *dev)
{
	dev->connected = dev->disconnecting = false;
	switch_state(dev, dev->after);
	if (dev->remove_after)
		xenbus_device_free(dev);
}

/* Let go of the ring, then write state.  May free dev. */
static void let_go(struct xenbus_device *dev, enum xenbus_state state, bool forget)
{
	dev->after = state;
	dev->remove_after |= forget;
	if (dev->disconnecting)
		return;
	if (dev->connected) {
		dev->disconnecting = true;
		if (dev->type->disconnect(dev) == -EINPROGRESS)
			return;
	}
	disconnect_done(dev);
}

void xenbus_disconnected(struct xenbus_device *dev)
{
	if (!dev->disconnecting)
		return;
	if (!dev->remove_after)
		xenbus_touch(dev);
	disconnect_done(dev);
}

static void write_error(struct xenbus_device *dev, const char *text)
{
	char path[STORE_PATH_MAX];

	error_path(dev, path, sizeof(path));
	dev->error_written |= store_write(dev->store, path, "error", "%s", text) == 0;
	pvn_log(LOG_WARNING, "%s/%u/%u: %s", dev->type->kind, dev->domid, dev->devid, text);
}

void xenbus_dev_fatal(struct xenbus_device *dev, int err, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n = snprintf(text, sizeof(text), "%d ", err < 0 ? -err : err);

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	write_error(dev, text);
	let_go(dev, XenbusStateClosing, false);
}

void xenbus_probe_error(struct xenbus_device *dev, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dev->hotplug_error, sizeof(dev->hotplug_error), fmt, ap);
	va_end(ap);
	pvn_log(LOG_WARNING, "%s/%u/%u: %s", dev->type->kind, dev->domid, dev->devid,
		dev->hotplug_error);
}

static void publish_error(struct xenbus_device *dev)
{
	store_write(dev->store, dev->path, "hotplug-error", "%s", dev->hotplug_error);
	store_write(dev->store, dev->path, "hotplug-status", "error");
}

static void look_again(void *arg)
{
	struct xenbus_device *dev = arg;

	dev->retry = NULL;
	xenbus_touch(dev);
}

static void device_probe(struct xenbus_device *dev)
{
	char path[STORE_PATH_MAX];
	bool last = ++dev->tries >= (dev->adopting ? ADOPT_TRIES : MAX_TRIES);
	int rc;

	if (dev->retry)		/* something else woke us: the device is as busy as it was */
		return;
	rc = dev->type->probe(dev, last);
	if (rc == -EINPROGRESS) {
		dev->tries--;
		return;
	}
	if (rc == -EAGAIN && !last) {
		pvn_loop_add_timer(dev->bus->loop, RETRY_NS, look_again, dev, &dev->retry);
		return;
	}
	dev->probed = true;
	snprintf(path, sizeof(path), "%s/state", dev->otherend);
	if (!rc)
		rc = store_watch(dev->store, path, frontend_event, dev, &dev->fe_watch);
	if (rc)
		publish(dev, XenbusStateClosing, publish_error);
	else
		publish(dev, dev->adopting ? XenbusStateConnected : XenbusStateInitWait, dev->type->publish);
	if (!rc)	/* whatever the frontend of an adopted device is let see */
		dev->state = XenbusStateInitWait;
}

void xenbus_probe_again(struct xenbus_device *dev)
{
	xenbus_touch(dev);
}

/* 1: later; 0: look again. */
static int device_connect(struct xenbus_device *dev)
{
	int rc;

	if (dev->retry)
		return 1;
	rc = dev->type->connect(dev);
	if (rc == -EAGAIN) {
		pvn_loop_add_timer(dev->bus->loop, CONNECT_RETRY_NS, look_again, dev, &dev->retry);
		return 1;
	}
	dev->adopting = false;
	if (rc)		/* connect has said why, by xenbus_dev_fatal */
		return 0;
	dev->connected = true;
	switch_state(dev, XenbusStateConnected);
	return 0;
}

/* 1: dev is as it should be, or freed; 0: look again. */
static int carry_out(struct xenbus_device *dev, enum xenbus_action action)
{
	switch (action) {
	case XB_NONE:
		return 1;
	case XB_CONNECT:
		return device_connect(dev);
	case XB_REOPEN:
		let_go(dev, XenbusStateInitWait, false);
		return dev->disconnecting;
	case XB_CLOSING:
		switch_state(dev, XenbusStateClosing);
		return 0;
	case XB_CLOSE:
		let_go(dev, XenbusStateClosed, false);
		return dev->disconnecting;
	case XB_REMOVE:
		let_go(dev, XenbusStateClosed, true);
		return 1;
	}
	return 1;
}

/* 0; -ENOENT: the backend's directory is gone; else the store said nothing. */
static int view(struct xenbus_device *dev, struct xenbus_view *v)
{
	uint64_t number;
	int rc;

	rc = store_read_uint(dev->store, dev->path, "state", XenbusStateReconfigured, &number);
	if (rc && rc != -EINVAL && rc != -ERANGE)
		return rc;
	dev->epoch = store_epoch(dev->store);
	*v = (struct xenbus_view){ .backend = dev->state, .connected = dev->connected,
				    .domain_gone = dev->domain_gone };
	rc = store_read_uint(dev->store, dev->path, "online", UINT64_MAX, &number);
	if (rc == -ENOTCONN)
		return rc;
	v->offline = !rc && !number;
	rc = store_read_uint(dev->store, dev->otherend, "state", UINT64_MAX, &number);
	if (rc == -ENOTCONN)
		return rc;
	v->frontend = rc ? XenbusStateUnknown : xenbus_state_from(number);
	dev->fe_seen |= rc != -ENOENT;
	v->frontend_seen = dev->fe_seen && rc == -ENOENT;
	return 0;
}

/*
 * The directory is not there.  In a store that was started anew that is no wonder: a device
 * that is connected is served on for as long as its domain lives.
 */
static bool orphan_stays(struct xenbus_device *dev)
{
	if (!dev->connected || dev->epoch == store_epoch(dev->store) || !dev->type->alive(dev))
		return false;
	if (!dev->retry)
		pvn_loop_add_timer(dev->bus->loop, ORPHAN_NS, look_again, dev, &dev->retry);
	return true;
}

void xenbus_check(struct xenbus_device *dev)
{
	struct xenbus_view v;
	int step, rc;

	for (step = 0; step < STEPS_PER_LOOK; step++) {
		if (dev->disconnecting)
			return;		/* looked at again when that is done */
		rc = view(dev, &v);
		if (rc == -ENOENT) {
			if (orphan_stays(dev))
				return;
			dev->dir_gone = true;
			let_go(dev, XenbusStateClosed, true);
			return;
		}
		if (rc)
			return;
		if (!dev->probed && !v.offline) {
			device_probe(dev);
			if (!dev->probed)
				return;
			continue;
		}
		/* A frontend that starts over must see what it waits for. */
		if (dev->adopting && v.frontend == XenbusStateInitialising) {
			dev->adopting = false;
			switch_state(dev, dev->state);
		}
		if (carry_out(dev, xenbus_next(&v)))
			return;
	}
}
