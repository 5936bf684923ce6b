/* SPDX-License-Identifier: MIT */
/*
 * Finding devices: the watch on backend/KIND, the table of devices, and the list of those that
 * something happened to.  A burst of store events about one device makes one look at it.
 *
 * What is looked at is the store as it is now, never what an event said; so events may be lost,
 * doubled or late (the store came back, we were restarted) without harm.
 */
#include "config.h"
#include "backends/xenbus_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/store.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define LOOKS_PER_TURN	32	/* each is a few round trips to xenstored: rings come between */

static struct xenbus_devices *bucket(struct xenbus *bus, unsigned int domid)
{
	return &bus->devices[domid % XENBUS_BUCKETS];
}

static struct xenbus_device *device_find(struct xenbus_type *t, unsigned int domid,
					 unsigned int devid)
{
	struct xenbus_device *dev;

	TAILQ_FOREACH(dev, bucket(t->bus, domid), entry)
		if (dev->domid == domid && dev->devid == devid && dev->type == t->backend)
			return dev;
	return NULL;
}

static void xenbus_work(void *arg)
{
	struct xenbus *bus = arg;
	struct xenbus_device *dev;
	unsigned int n;

	bus->work_due = false;
	for (n = 0; n < LOOKS_PER_TURN && (dev = TAILQ_FIRST(&bus->dirty)); n++) {
		TAILQ_REMOVE(&bus->dirty, dev, dirty_entry);
		dev->dirty = false;
		xenbus_check(dev);
	}
	if (!TAILQ_EMPTY(&bus->dirty) && !bus->work_due)
		bus->work_due = pvn_loop_add_deferred(bus->loop, xenbus_work, bus) == 0;
}

void xenbus_touch(struct xenbus_device *dev)
{
	struct xenbus *bus = dev->bus;

	if (!dev->dirty) {
		dev->dirty = true;
		TAILQ_INSERT_TAIL(&bus->dirty, dev, dirty_entry);
	}
	if (!bus->work_due)
		bus->work_due = pvn_loop_add_deferred(bus->loop, xenbus_work, bus) == 0;
}

/* A directory we know nothing of.  State 5 with online = 0 is a toolstack that waits for the
 * end of a device which we have already let go of: tell it. */
static bool is_ours_to_make(struct xenbus_type *t, const char *path, bool *was_connected)
{
	uint64_t state, online;

	if (store_read_uint(t->bus->store, path, "state", XenbusStateReconfigured, &state))
		return false;
	if (state == XenbusStateClosing &&
	    !store_read_uint(t->bus->store, path, "online", 1, &online) && !online)
		store_write(t->bus->store, path, "state", "%d", XenbusStateClosed);
	*was_connected = state == XenbusStateConnected;
	return state >= XenbusStateInitialising && state <= XenbusStateConnected;
}

/* Both ends say Connected, and we are not: a backend was here before us, and the frontend did not see
 * it go. */
static bool frontend_waits(struct xenbus_device *dev)
{
	uint64_t state;

	return !store_read_uint(dev->store, dev->otherend, "state", XenbusStateReconfigured, &state) &&
	       (state == XenbusStateInitialised || state == XenbusStateConnected);
}

static void device_make(struct xenbus_type *t, unsigned int domid, unsigned int devid)
{
	struct xenbus_device *dev = calloc(1, sizeof(*dev));
	bool was_connected = false;

	if (!dev)
		return;
	dev->type = t->backend;
	dev->bus = t->bus;
	dev->arg = t->arg;
	dev->store = t->bus->store;
	dev->domid = (domid_t)domid;
	dev->devid = devid;
	dev->state = XenbusStateInitialising;
	snprintf(dev->path, sizeof(dev->path), "%s/%u/%u", t->root, domid, devid);
	if (!is_ours_to_make(t, dev->path, &was_connected) ||
	    store_read(dev->store, dev->path, "frontend", &dev->otherend)) {
		free(dev);
		return;
	}
	dev->adopting = was_connected && frontend_waits(dev);
	TAILQ_INSERT_TAIL(bucket(t->bus, domid), dev, entry);
	xenbus_touch(dev);
}

static void device_event(struct xenbus_type *t, unsigned int domid, unsigned int devid)
{
	struct xenbus_device *dev = device_find(t, domid, devid);

	if (dev)
		xenbus_touch(dev);
	else
		device_make(t, domid, devid);
}

/* Every device of a domain: those in the store, and those we know and it may not. */
static void domain_event(struct xenbus_type *t, unsigned int domid)
{
	struct xenbus_device *dev;
	char path[96], **names;
	uint64_t devid;
	int n, i;

	TAILQ_FOREACH(dev, bucket(t->bus, domid), entry)
		if (dev->domid == domid && dev->type == t->backend)
			xenbus_touch(dev);
	snprintf(path, sizeof(path), "%s/%u", t->root, domid);
	n = store_list(t->bus->store, path, &names);
	if (n < 0)
		return;
	for (i = 0; i < n; i++)
		if (!parse_uint(names[i], UINT32_MAX, &devid))
			device_event(t, domid, (unsigned int)devid);
	free(names);
}

static void type_scan(struct xenbus_type *t)
{
	struct xenbus_device *dev;
	uint64_t domid;
	char **names;
	int n, i, b;

	for (b = 0; b < XENBUS_BUCKETS; b++)
		TAILQ_FOREACH(dev, &t->bus->devices[b], entry)
			xenbus_touch(dev);
	n = store_list(t->bus->store, t->root, &names);
	if (n < 0)
		return;
	for (i = 0; i < n; i++)
		if (!parse_uint(names[i], DOMID_FIRST_RESERVED - 1, &domid))
			domain_event(t, (unsigned int)domid);
	free(names);
}

/* Below a device's directory only these are written by others with a meaning for us; our own
 * writes come by here too and must not make us look again. */
static bool matters(const char *rest)
{
	return !*rest || !strcmp(rest, "/state") || !strcmp(rest, "/online") ||
	       !strcmp(rest, "/frontend") || !strcmp(rest, "/params");
}

static void backend_event(void *arg, const char *path)
{
	struct xenbus_type *t = arg;
	size_t skip = strlen(t->root);
	unsigned int domid, devid;
	int used = 0;

	if (strncmp(path, t->root, skip))
		return;
	path += skip;
	if (sscanf(path, "/%u/%u%n", &domid, &devid, &used) == 2) {
		if (matters(path + used) && domid < DOMID_FIRST_RESERVED)
			device_event(t, domid, devid);
	} else if (sscanf(path, "/%u", &domid) == 1 && domid < DOMID_FIRST_RESERVED) {
		domain_event(t, domid);
	} else if (!*path) {
		type_scan(t);
	}
}

/* Somebody has gone.  Only a connected device holds anything of its domain. */
static void release_event(void *arg, const char *path)
{
	struct xenbus *bus = arg;
	struct xenbus_device *dev;
	int b;

	for (b = 0; b < XENBUS_BUCKETS; b++) {
		TAILQ_FOREACH(dev, &bus->devices[b], entry) {
			if (!dev->connected || dev->domain_gone || dev->epoch != store_epoch(bus->store))
				continue;
			if (store_introduced(bus->store, dev->domid) == 0) {
				dev->domain_gone = true;
				xenbus_touch(dev);
			}
		}
	}
}

int xenbus_open(struct pvn_loop *loop, struct store *store, struct xenbus **out)
{
	struct xenbus *bus = calloc(1, sizeof(*bus));
	int rc, b;

	if (!bus)
		return -ENOMEM;
	bus->loop = loop;
	bus->store = store;
	TAILQ_INIT(&bus->dirty);
	for (b = 0; b < XENBUS_BUCKETS; b++)
		TAILQ_INIT(&bus->devices[b]);
	rc = store_watch(store, "@releaseDomain", release_event, bus, &bus->release);
	if (rc) {
		free(bus);
		return rc;
	}
	*out = bus;
	return 0;
}

void xenbus_close(struct xenbus *bus)
{
	struct xenbus_device *dev;
	unsigned int i;

	if (!bus)
		return;
	for (i = 0; i < bus->nr_types; i++)
		store_unwatch(bus->types[i].watch);
	store_unwatch(bus->release);
	for (i = 0; i < XENBUS_BUCKETS; i++)
		while ((dev = TAILQ_FIRST(&bus->devices[i])))
			xenbus_device_free(dev);
	free(bus);
}

int xenbus_register(struct xenbus *bus, const struct xenbus_backend *backend, void *arg)
{
	struct xenbus_type *t = &bus->types[bus->nr_types];
	int rc;

	if (bus->nr_types == XENBUS_TYPES)
		return -ENOSPC;
	t->bus = bus;
	t->backend = backend;
	t->arg = arg;
	snprintf(t->root, sizeof(t->root), "/local/domain/0/backend/%s", backend->kind);
	rc = store_watch(bus->store, t->root, backend_event, t, &t->watch);
	if (rc)
		return rc;
	bus->nr_types++;
	return 0;
}

void xenbus_for_each(struct xenbus *bus, xenbus_device_cb *cb, void *arg)
{
	struct xenbus_device *dev;
	int b;

	for (b = 0; b < XENBUS_BUCKETS; b++)
		TAILQ_FOREACH(dev, &bus->devices[b], entry)
			cb(dev, arg);
}
