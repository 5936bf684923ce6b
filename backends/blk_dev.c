/* SPDX-License-Identifier: MIT */
/*
 * What xenbus asks of a disk before there is a ring: have the image opened, publish the features.
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

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/log.h"

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
		{ "multi-queue-max-queues", BLK_MAX_QUEUES },
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

static bool blk_is_alive(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;

	return domain_alive(dev->bb->xgt, xdev->domid);
}

static void blk_remove(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;

	if (!dev)
		return;
	blk_release(dev, dev->bb->ends);
	if (!dev->bb->ends)
		blk_journal_forget(dev->bb->journals, xdev->domid, xdev->devid);
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
	.alive = blk_is_alive,
	.remove = blk_remove,
};
