/* SPDX-License-Identifier: MIT */
/* What xenbus asks of a shared directory: open it, publish the features, connect and disconnect the rings. */
#include "config.h"
#include "backends/p9.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/log.h"

#define PROTOCOL	"1"

static int root_open(struct p9_device *dev, const char *path)
{
	struct xenbus_device *xdev = dev->xdev;
	char *model;

	if (!store_read(xdev->store, xdev->path, "security_model", &model)) {
		bool none = !strcmp(model, "none");

		if (!none)
			xenbus_probe_error(xdev, "security_model=%s is not served, only none", model);
		free(model);
		if (!none)
			return -EOPNOTSUPP;
	}
	dev->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dev->root >= 0)
		return 0;
	xenbus_probe_error(xdev, "cannot share %s: %s", path, strerror(errno));
	return -errno;
}

static int p9_probe(struct xenbus_device *xdev, bool last)
{
	struct p9_device *dev = xdev->priv;
	char *path;
	int rc;

	if (!dev) {
		dev = xdev->priv = calloc(1, sizeof(*dev));
		if (!dev)
			return -ENOMEM;
		dev->pb = xdev->arg;
		dev->xdev = xdev;
		dev->root = -1;
	}
	rc = store_read(xdev->store, xdev->path, "path", &path);
	if (rc) {
		xenbus_probe_error(xdev, "the share has no path");
		return rc;
	}
	rc = root_open(dev, path);
	free(path);
	return rc;
}

static void p9_publish(struct xenbus_device *xdev)
{
	store_write(xdev->store, xdev->path, "versions", "%s", PROTOCOL);
	store_write(xdev->store, xdev->path, "max-rings", "%u", P9_MAX_RINGS);
	store_write(xdev->store, xdev->path, "max-ring-page-order", "%u", P9_MAX_ORDER);
	store_write(xdev->store, xdev->path, "hotplug-status", "connected");
}

static int version_check(struct xenbus_device *xdev)
{
	char *version;
	int rc = store_read(xdev->store, xdev->otherend, "version", &version);

	if (rc)
		return rc;
	if (strcmp(version, PROTOCOL))
		rc = -EPROTONOSUPPORT;
	free(version);
	return rc;
}

static void rings_unmap(struct p9_device *dev)
{
	while (dev->nr_rings)
		p9_ring_unmap(&dev->rings[--dev->nr_rings]);
	dev->waiting = NULL;
	if (dev->active)
		TAILQ_REMOVE(&dev->pb->active, dev, active_entry);
	dev->active = false;
	if (dev->message)
		p9_session_reset(&dev->session);
	free(dev->message);
	dev->message = dev->answer = NULL;
}

static int ring_map(struct p9_device *dev, unsigned int nr)
{
	struct xenbus_device *xdev = dev->xdev;
	char node[32];
	uint64_t ref, port;
	int rc;

	snprintf(node, sizeof(node), "ring-ref%u", nr);
	rc = store_read_uint(xdev->store, xdev->otherend, node, UINT32_MAX, &ref);
	snprintf(node, sizeof(node), "event-channel-%u", nr);
	if (!rc)
		rc = store_read_uint(xdev->store, xdev->otherend, node, UINT32_MAX, &port);
	if (!rc)
		rc = p9_ring_map(dev, nr, (uint32_t)ref, (uint32_t)port);
	return rc;
}

/* A message must fit into the smallest ring, in either direction. */
static int session_start(struct p9_device *dev)
{
	uint32_t msize = XEN_FLEX_RING_SIZE(P9_MAX_ORDER);
	unsigned int i;

	for (i = 0; i < dev->nr_rings; i++)
		if (XEN_FLEX_RING_SIZE(dev->rings[i].order) < msize)
			msize = XEN_FLEX_RING_SIZE(dev->rings[i].order);
	/* The smallest message that 9P allows has a page; with rings of one page there is half of that. */
	if (msize < 4096)
		return -EPROTO;
	dev->message = malloc(2ul * msize);
	if (!dev->message)
		return -ENOMEM;
	dev->answer = (char *)dev->message + msize;
	p9_session_init(&dev->session, dev->root, msize);
	return 0;
}

static int p9_connect(struct xenbus_device *xdev)
{
	struct p9_device *dev = xdev->priv;
	uint64_t nr = 0;
	int rc = version_check(xdev);

	if (!rc)
		rc = store_read_uint(xdev->store, xdev->otherend, "num-rings", P9_MAX_RINGS, &nr);
	if (!rc && !nr)
		rc = -EPROTO;
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "reading version and num-rings");
		return rc;
	}
	while (!rc && dev->nr_rings < nr) {
		rc = ring_map(dev, dev->nr_rings);
		dev->nr_rings += !rc;
	}
	if (!rc)
		rc = session_start(dev);
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "mapping ring %u", dev->nr_rings);
		rings_unmap(dev);
		return rc;
	}
	pvn_log(LOG_INFO, "9pfs/%u/%u: connected, %u rings, messages of %u bytes", xdev->domid, xdev->devid,
		dev->nr_rings, dev->session.max_msize);
	p9_activate(dev);
	return 0;
}

static int p9_disconnect(struct xenbus_device *xdev)
{
	rings_unmap(xdev->priv);
	return 0;
}

static bool p9_alive(struct xenbus_device *xdev)
{
	struct p9_device *dev = xdev->priv;

	return domain_alive(dev->pb->xgt, xdev->domid);
}

static void p9_device_remove(struct xenbus_device *xdev)
{
	struct p9_device *dev = xdev->priv;

	if (!dev)
		return;
	rings_unmap(dev);
	if (dev->root >= 0)
		close(dev->root);
	free(dev);
	xdev->priv = NULL;
}

const struct xenbus_backend p9_backend = {
	.kind = "9pfs",
	.probe = p9_probe,
	.publish = p9_publish,
	.connect = p9_connect,
	.disconnect = p9_disconnect,
	.alive = p9_alive,
	.remove = p9_device_remove,
};
