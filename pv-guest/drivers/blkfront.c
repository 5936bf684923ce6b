/* SPDX-License-Identifier: MIT */
/*
 * blkfront: the frontend of PV disks, device/vbd/ID in xenstore.
 *
 *   backend says        we                                         our state after
 *   InitWait            make rings and ports, write them           Initialised
 *   Connected           read size and features, register xvdX      Connected
 *   Connected again     read the size again                        Connected
 *   Closing, Closed     finish (when nobody uses the disk), close  Closed
 *
 * Called by the xenbus client in its watch thread, by the block layer (any context) and by
 * the event channels. What the backend writes is checked; see blkfront_ring.h for a ring.
 */
#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenbus.h>
#include "blkfront.h"

/* States of a backend that has no ring mapped; 0: its directory is gone. */
#define LET_GO		(1U << XenbusStateUnknown | 1U << XenbusStateInitWait | 1U << XenbusStateClosed)
#define LET_GO_NS	NSEC_PER_SEC

/* What is waiting fails; the rings and the ports go. Thread context. */
static void disconnect(struct blkfront *fe)
{
	blkfront_queues_close(fe, -ENODEV);
}

static void close_device(struct blkfront *fe)
{
	if (fe->registered && blk_unregister(&fe->dev)) {
		if (!fe->closing)
			printk("%s: is in use, closes when it is not\n", fe->dev.name);
		fe->closing = true;
		return;
	}
	if (fe->registered) {
		bcache_drop(&fe->dev);
		printk("%s: closed\n", fe->dev.name);
	}
	fe->registered = false;
	fe->closing = false;
	if (fe->xdev) {
		/* The rings' pages are ours again when the backend has let go of them. */
		xenbus_switch_state(fe->xdev, XenbusStateClosed);
		if (fe->has_rings)
			(void)xenbus_wait_for_state(fe->xdev, LET_GO, LET_GO_NS);
	}
	disconnect(fe);
	if (!fe->xdev)
		kfree(fe);
}

static void unused(struct blkdev *dev)
{
	struct blkfront *fe = dev->priv;

	if (fe->closing)
		close_device(fe);
}

static const struct blkdev_ops blkfront_ops = { .submit = blkfront_submit, .unused = unused };

uint64_t blkfront_feature(const struct blkfront *fe, const char *node, uint64_t absent, uint64_t limit)
{
	uint64_t value;

	if (xenbus_read_u64(XS_NO_TX, fe->xdev->otherend, node, &value))
		return absent;
	return MIN(value, limit);
}

/* The backend is in InitWait: give it the rings. */
static int connect(struct blkfront *fe)
{
	uint64_t vdev;
	int ret = xenbus_read_u64(XS_NO_TX, fe->xdev->nodename, "virtual-device", &vdev);

	if (!ret)
		ret = vdev <= UINT32_MAX ? blk_vdev_name(vdev, fe->dev.name) : -EINVAL;
	if (ret)
		return ret;
	fe->dev.rdev = vdev;
	ret = blkfront_queues_open(fe, vdev);
	if (!ret)
		ret = blkfront_publish(fe);
	if (!ret)
		ret = xenbus_switch_state(fe->xdev, XenbusStateInitialised);
	if (ret)
		disconnect(fe);
	return ret;
}

static int read_size(struct blkfront *fe)
{
	uint64_t sectors, sector_size = blkfront_feature(fe, "sector-size", BLK_SECTOR, UINT64_MAX);
	int ret = xenbus_read_u64(XS_NO_TX, fe->xdev->otherend, "sectors", &sectors);

	if (ret)
		return ret;
	if (sector_size < BLK_SECTOR || sector_size > PAGE_SIZE ||
	    (sector_size & (sector_size - 1)) || sectors > UINT64_MAX / PAGE_SIZE)
		return -EINVAL;
	fe->dev.sector_size = sector_size;
	fe->dev.sectors = sectors - sectors % (sector_size / BLK_SECTOR);
	return 0;
}

/* The backend is Connected: the disk is there. */
static int announce(struct blkfront *fe)
{
	uint64_t info = blkfront_feature(fe, "info", 0, UINT32_MAX);
	uint64_t segs = blkfront_feature(fe, "feature-max-indirect-segments", 0, BLK_MAX_SEGMENTS);
	int ret = read_size(fe);

	if (ret)
		return ret;
	fe->dev.max_segs = MAX((uint32_t)segs, (uint32_t)BLKFRONT_DIRECT_SEGS);
	for (unsigned int i = 0; i < fe->nr_queues; i++)
		fe->queues[i].ring.max_segs = fe->dev.max_segs;
	fe->dev.rdonly = info & VDISK_READONLY;
	fe->dev.can_flush = blkfront_feature(fe, "feature-flush-cache", 0, 1);
	fe->dev.ops = &blkfront_ops;
	fe->dev.priv = fe;
	ret = blk_register(&fe->dev);
	if (ret)
		return ret;
	fe->registered = true;
	printk("%s: %llu MiB, %u-byte sectors%s%s, %u x ring of %u, %u segments\n", fe->dev.name,
	       (unsigned long long)(fe->dev.sectors >> 11), fe->dev.sector_size,
	       fe->dev.rdonly ? ", read-only" : "", fe->dev.can_flush ? ", flush" : "",
	       fe->nr_queues, fe->queues[0].ring.nr_slots, fe->dev.max_segs);
	return xenbus_switch_state(fe->xdev, XenbusStateConnected);
}

static void otherend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct blkfront *fe = xdev->data;
	int ret = 0;

	switch (state) {
	case XenbusStateInitWait:
		/* Also after a Closed: the backend offers itself again. */
		if (!fe->has_rings && !fe->registered)
			ret = connect(fe);
		break;
	case XenbusStateConnected:
		if (fe->registered) {
			ret = read_size(fe);
			break;
		}
		if (fe->has_rings)
			ret = announce(fe);
		break;
	case XenbusStateClosed:
		/* Nobody answers any more, whoever still uses the disk. */
		if (fe->registered && fe->has_rings)
			disconnect(fe);
		/* fall through */
	case XenbusStateClosing:
		if (xdev->state != XenbusStateClosed)
			close_device(fe);
		break;
	default:
		break;
	}
	if (ret) {
		printk("%s: not connected: %s\n", xdev->nodename, error_text(ret));
		disconnect(fe);
		xenbus_switch_state(xdev, XenbusStateClosed);
	}
}

static int probe(struct xenbus_device *xdev)
{
	struct blkfront *fe = kzalloc(sizeof(*fe));

	if (!fe)
		return -ENOMEM;
	fe->xdev = xdev;
	xdev->data = fe;
	return 0;
}

/* Detached, in the end by force: a disk that is used answers with errors until its users have left. */
static void remove(struct xenbus_device *xdev)
{
	struct blkfront *fe = xdev->data;

	fe->xdev = NULL;
	disconnect(fe);
	close_device(fe);
}

static const struct xenbus_driver blkfront_driver = {
	.type = "vbd",
	.probe = probe,
	.remove = remove,
	.otherend_changed = otherend_changed,
};

static int blkfront_init(void)
{
	driver_register(&blkfront_driver);
	return 0;
}
INITCALL(INIT_DRIVER, blkfront_init);
