/* SPDX-License-Identifier: MIT */
/*
 * Frontends and their devices: every directory device/TYPE/ID with a registered TYPE becomes a
 * struct xenbus_device. A watch on "device" finds them, now and later, and those whose directory has
 * gone; each one's backend state is watched for it. All of it happens in the watch thread.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/xenstore_internal.h>

#define DRIVERS_MAX	8
#define POLL_NS		(5 * NSEC_PER_MSEC)

static const struct xenbus_driver *drivers[DRIVERS_MAX];
static unsigned int nr_drivers;
static LIST_HEAD(devices);
static bool scanned;
static struct wait_queue state_changed = WAIT_QUEUE_INIT(state_changed);

void driver_register(const struct xenbus_driver *drv)
{
	BUG_ON(nr_drivers == DRIVERS_MAX);
	drivers[nr_drivers++] = drv;
}

static bool device_known(const char *nodename)
{
	struct xenbus_device *d;

	list_for_each(d, &devices, link) {
		if (strcmp(d->nodename, nodename) == 0)
			return true;
	}
	return false;
}

static void otherend_event(struct xenbus_watch *w, const char *path)
{
	struct xenbus_device *dev = w->data;
	enum xenbus_state state = xenbus_read_state(dev->otherend);

	dev->otherend_state = state;
	if (dev->driver->otherend_changed != NULL)
		dev->driver->otherend_changed(dev, state);
	wake_up(&state_changed);
}

/* Where the backend is, from our directory. The names come from the toolstack; lengths are checked. */
static int device_otherend(struct xenbus_device *dev)
{
	uint64_t id;
	char *path;
	int rc = xenbus_read(XS_NO_TX, dev->nodename, "backend", &path, NULL);

	if (rc != 0)
		return rc;
	rc = str_copy(dev->otherend, path, sizeof(dev->otherend)) < sizeof(dev->otherend)
		     ? 0 : -ENAMETOOLONG;
	kfree(path);
	if (rc == 0)
		rc = xenbus_read_u64(XS_NO_TX, dev->nodename, "backend-id", &id);
	if (rc == 0)
		dev->otherend_id = id;
	return rc;
}

static int device_start(struct xenbus_device *dev)
{
	static const char suffix[] = "/state";
	size_t n = strlen(dev->otherend);
	char *path = kmalloc(n + sizeof(suffix));
	int rc;

	if (path == NULL)
		return -ENOMEM;
	memcpy(path, dev->otherend, n);
	memcpy(path + n, suffix, sizeof(suffix));
	dev->otherend_watch = (struct xenbus_watch){
		.path = path, .callback = otherend_event, .data = dev };
	rc = dev->driver->probe(dev);
	if (rc != 0) {
		kfree(path);
		return rc;
	}
	list_add_tail(&dev->link, &devices);
	return xenbus_watch(&dev->otherend_watch);
}

static void device_add(const struct xenbus_driver *drv, const char *type, const char *id)
{
	struct xenbus_device *dev = kzalloc(sizeof(*dev));
	int n, rc = -ENOMEM;

	if (dev == NULL)
		return;
	n = pv_snprintf(dev->nodename, sizeof(dev->nodename), "device/%s/%s", type, id);
	if (n >= (int)sizeof(dev->nodename) || device_known(dev->nodename)) {
		kfree(dev);
		return;
	}
	dev->driver = drv;
	dev->state = XenbusStateInitialising;
	list_init(&dev->link);
	rc = device_otherend(dev);
	if (rc == 0)
		rc = device_start(dev);
	if (rc != 0) {
		printk("%s: not started: %d\n", dev->nodename, rc);
		if (list_empty(&dev->link))
			kfree(dev);
	}
}

static void type_scan(const struct xenbus_driver *drv)
{
	char **ids;
	unsigned int n;

	if (xenbus_directory(XS_NO_TX, "device", drv->type, &ids, &n) != 0)
		return;
	for (unsigned int i = 0; i < n; i++)
		device_add(drv, drv->type, ids[i]);
	kfree(ids);
}

/* The toolstack removes the directory of a device that is detached. One that cannot be read is no sign. */
static bool directory_gone(const struct xenbus_device *dev)
{
	char *backend;
	int rc = xenbus_read(XS_NO_TX, dev->nodename, "backend", &backend, NULL);

	if (rc == 0)
		kfree(backend);
	return rc == -ENOENT;
}

static void removed_scan(void)
{
	struct xenbus_device *dev, *next;

	list_for_each_safe(dev, next, &devices, link) {
		if (dev->driver->remove == NULL || !directory_gone(dev))
			continue;
		xenbus_unwatch(&dev->otherend_watch);
		kfree((void *)dev->otherend_watch.path);
		list_del(&dev->link);
		dev->driver->remove(dev);
		kfree(dev);
	}
}

static void device_event(struct xenbus_watch *w, const char *path)
{
	removed_scan();
	for (unsigned int i = 0; i < nr_drivers; i++)
		type_scan(drivers[i]);
	scanned = true;
	wake_up(&state_changed);
}

static struct xenbus_watch device_watch = { .path = "device", .callback = device_event };

void xenbus_start(void)
{
	if (!xenstore_present() || nr_drivers == 0 || xenbus_watch(&device_watch) != 0)
		scanned = true;
}

/* Connected on both sides, or given up on one. */
static bool device_settled(const struct xenbus_device *d)
{
	if (d->state > XenbusStateConnected || d->otherend_state > XenbusStateConnected)
		return true;
	return d->state == XenbusStateConnected && d->otherend_state == XenbusStateConnected;
}

static bool settled(void)
{
	struct xenbus_device *d;

	if (!scanned)
		return false;
	list_for_each(d, &devices, link) {
		if (!device_settled(d))
			return false;
	}
	return true;
}

void xenbus_settle(uint64_t ns)
{
	(void)wait_event_timeout(&state_changed, settled(), ns);
}

int xenbus_switch_state(struct xenbus_device *dev, enum xenbus_state state)
{
	dev->state = state;
	wake_up(&state_changed);
	return xenbus_printf(XS_NO_TX, dev->nodename, "state", "%d", state);
}

enum xenbus_state xenbus_read_state(const char *dir)
{
	uint64_t state;

	if (xenbus_read_u64(XS_NO_TX, dir, "state", &state) != 0 ||
	    state > XenbusStateReconfigured)
		return XenbusStateUnknown;
	return (enum xenbus_state)state;
}

/* Reads the state itself, so that it works in the watch thread too, where no event can come. */
int xenbus_wait_for_state(struct xenbus_device *dev, uint32_t states, uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	for (;;) {
		enum xenbus_state seen = dev->otherend_state;

		if (states & 1U << xenbus_read_state(dev->otherend))
			return 0;
		if (now_ns() >= end)
			return -ETIMEDOUT;
		(void)wait_event_timeout(&state_changed, dev->otherend_state != seen, POLL_NS);
	}
}
