/* SPDX-License-Identifier: MIT */
/*
 * What xenbus asks of a disk: publish the features, connect and disconnect the ring.
 *
 * There are no hotplug scripts: what `params` names is opened (blk_attach.c) and reported as a script
 * would (hotplug-status, hotplug-error, physical-device).
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <xen/io/protocols.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/log.h"

/* One process, no threads: one queue loses nothing. */
#define MAX_QUEUES	1

static bool node_is(struct xenbus_device *xdev, const char *node, const char *value)
{
	char *text;
	bool same;

	if (store_read(xdev->store, xdev->path, node, &text))
		return false;
	same = !strcmp(text, value);
	free(text);
	return same;
}

static int blk_probe(struct xenbus_device *xdev, bool last)
{
	struct blk_device *dev = xdev->priv;

	if (!dev) {
		dev = xdev->priv = calloc(1, sizeof(*dev));
		if (!dev)
			return -ENOMEM;
		dev->bb = xdev->arg;
		dev->xdev = xdev;
	}
	return blk_attach(dev, last);
}

static void publish_hotplug(struct xenbus_device *xdev, const struct blk_device *dev)
{
	const struct blk_image *img = &dev->image;

	if (img->is_blockdev)
		store_write(xdev->store, xdev->path, "physical-device", "%x:%x",
			    major(img->rdev), minor(img->rdev));
	if (dev->target && dev->target[0])
		store_write(xdev->store, xdev->path, "physical-device-path", "%s", dev->target);
	store_write(xdev->store, xdev->path, "hotplug-status", "connected");
}

static unsigned int vdisk_info(struct xenbus_device *xdev, const struct blk_image *img)
{
	return (node_is(xdev, "device-type", "cdrom") ? VDISK_CDROM : 0) |
	       (node_is(xdev, "removable", "1") ? VDISK_REMOVABLE : 0) |
	       (img->readonly ? VDISK_READONLY : 0);
}

static void blk_publish(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;
	const struct blk_image *img = &dev->image;
	unsigned int info = vdisk_info(xdev, img);
	const struct {
		const char *node;
		unsigned long long value;
	} nodes[] = {
		{ "feature-max-indirect-segments", BLK_MAX_SEGS },
		{ "multi-queue-max-queues", MAX_QUEUES },
		{ "max-ring-page-order", BLK_MAX_RING_ORDER },
		{ "max-ring-pages", BLK_MAX_RING_PAGES },
		{ "feature-flush-cache", !img->no_flush },
		{ "feature-barrier", !img->no_flush },
		{ "feature-discard", dev->lim.discard },
		{ "sectors", img->sectors },
		{ "sector-size", img->sector_size },
		{ "physical-sector-size", img->physical_sector_size },
		{ "info", info },
	};
	unsigned int i;

	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		store_write(xdev->store, xdev->path, nodes[i].node, "%llu", nodes[i].value);
	publish_hotplug(xdev, dev);
}

/* The protocol string names the layout of the requests; we speak that of 64-bit domains. */
static int protocol_check(struct xenbus_device *xdev)
{
	char *text;
	int rc = store_read(xdev->store, xdev->otherend, "protocol", &text);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (strcmp(text, XEN_IO_PROTO_ABI_X86_64))
		rc = -EPROTONOSUPPORT;
	free(text);
	return rc;
}

/* How many pages the ring has.  Count or -errno; the old and the new key must agree. */
static int ring_pages(struct xenbus_device *xdev)
{
	uint64_t order = 0, pages = 1;
	int rc;

	rc = store_read_uint(xdev->store, xdev->otherend, "ring-page-order", BLK_MAX_RING_ORDER,
			     &order);
	if (!rc)
		return 1 << order;
	if (rc != -ENOENT)
		return rc;
	rc = store_read_uint(xdev->store, xdev->otherend, "num-ring-pages", BLK_MAX_RING_PAGES,
			     &pages);
	if (rc && rc != -ENOENT)
		return rc;
	return pages && !(pages & (pages - 1)) ? (int)pages : -EINVAL;
}

static int ring_refs(struct xenbus_device *xdev, unsigned int nr, uint32_t *refs)
{
	char node[24];
	unsigned int i;
	uint64_t ref;
	int rc;

	for (i = 0; i < nr; i++) {
		rc = -ENOENT;
		if (nr == 1)
			rc = store_read_uint(xdev->store, xdev->otherend, "ring-ref", UINT32_MAX, &ref);
		if (rc == -ENOENT) {
			snprintf(node, sizeof(node), "ring-ref%u", i);
			rc = store_read_uint(xdev->store, xdev->otherend, node, UINT32_MAX, &ref);
		}
		if (rc)
			return rc;
		refs[i] = (uint32_t)ref;
	}
	return 0;
}

static int blk_connect(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;
	uint32_t refs[BLK_MAX_RING_PAGES];
	uint64_t port;
	int rc, nr;

	rc = protocol_check(xdev);
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "reading protocol");
		return rc;
	}
	nr = ring_pages(xdev);
	rc = nr < 0 ? nr : ring_refs(xdev, (unsigned int)nr, refs);
	if (!rc)
		rc = store_read_uint(xdev->store, xdev->otherend, "event-channel", UINT32_MAX, &port);
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "reading ring-ref, ring-page-order and event-channel");
		return rc;
	}
	rc = blk_ring_map(dev, refs, (unsigned int)nr, (uint32_t)port);
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "mapping ring-ref %u port %u", refs[0], (unsigned int)port);
		return rc;
	}
	dev->disconnecting = false;
	dev->said_full = false;
	dev->errors_said = 0;
	blk_fixed_open(dev->bb, &dev->domain, xdev->domid);
	pvn_log(LOG_INFO, "vbd/%u/%u: connected, %d page ring, %s%s", xdev->domid, xdev->devid, nr,
		dev->image.medium ? dev->image.medium->ops->name :
		dev->image.in_memory ? "in memory" :
		dev->image.direct_fd >= 0 ? "direct I/O" : "buffered I/O",
		dev->bb->uring ? "" : ", no io_uring");
	blk_activate(dev);	/* it may have queued requests before we bound its port */
	return 0;
}

static void ring_release(struct blk_device *dev)
{
	/* In this order: while the ring is mapped, the window is. */
	blk_fixed_close(dev->bb, dev->domain);
	dev->domain = NULL;
	blk_ring_unmap(dev);
	dev->disconnecting = false;
}

void blk_dev_drained(struct blk_device *dev)
{
	struct xenbus_device *xdev = dev->xdev;

	ring_release(dev);
	xenbus_disconnected(xdev);
}

static int blk_disconnect(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;

	if (dev->inflight) {
		dev->disconnecting = true;
		if (dev->image.medium)
			dev->image.medium->ops->abandon(dev->image.medium);
		return -EINPROGRESS;
	}
	ring_release(dev);
	return 0;
}

static bool blk_alive(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;

	return domain_alive(dev->bb->xgt, xdev->domid);
}

static void blk_remove(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;

	if (!dev)
		return;
	ring_release(dev);	/* only when the program ends is there one left */
	blk_attach_end(dev);
	if (dev->have_image)
		blk_image_close(&dev->image);
	free(dev->target);
	free(dev);
	xdev->priv = NULL;
}

const struct xenbus_backend blk_backend = {
	.kind = "vbd",
	.probe = blk_probe,
	.publish = blk_publish,
	.connect = blk_connect,
	.disconnect = blk_disconnect,
	.alive = blk_alive,
	.remove = blk_remove,
};
