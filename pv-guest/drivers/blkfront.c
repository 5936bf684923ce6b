/* SPDX-License-Identifier: MIT */
/*
 * blkfront: the frontend of PV disks, device/vbd/ID in xenstore.
 *
 *   backend says        we                                         our state after
 *   InitWait            make ring and port, write them             Initialised
 *   Connected           read size and features, register xvdX      Connected
 *   Connected again     read the size again                        Connected
 *   Closing, Closed     finish (when nobody uses the disk), close  Closed
 *
 * Called by the xenbus client in its watch thread, by the block layer (any context) and by
 * the event channel. What the backend writes is checked; see blkfront_ring.h for the ring.
 */
#include "blkfront_ring.h"
#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/event.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenbus.h>
#include <xen/io/protocols.h>

/* States of a backend that has no ring mapped; 0: its directory is gone. */
#define LET_GO		(1U << XenbusStateUnknown | 1U << XenbusStateInitWait | 1U << XenbusStateClosed)
#define LET_GO_NS	NSEC_PER_SEC

struct blkfront {
	struct xenbus_device *xdev;	/* NULL: it is gone, we stay for who uses the disk */
	struct blkdev dev;
	struct blkfront_ring ring;
	evtchn_port_t port;
	bool has_ring;
	bool registered;
	bool closing;		/* the backend wants to go; waits for the last user */
};

static void end_bios(struct bio *bio)
{
	while (bio) {
		struct bio *next = bio->next;

		bio->done(bio);
		bio = next;
	}
}

static void submit(struct blkdev *dev, struct bio *bio)
{
	struct blkfront *fe = dev->priv;
	bool notify;
	struct bio *ended = blkfront_ring_submit(&fe->ring, bio, &notify);

	if (notify)
		evtchn_notify(fe->port);
	end_bios(ended);
}

static void on_event(evtchn_port_t port, void *data)
{
	struct blkfront *fe = data;
	bool was_broken = fe->ring.broken != NULL, notify;
	struct bio *ended = blkfront_ring_respond(&fe->ring, &notify);

	if (notify)
		evtchn_notify(fe->port);
	if (fe->ring.broken && !was_broken)
		printk("%s: the backend broke the ring: %s\n", fe->dev.name, fe->ring.broken);
	end_bios(ended);
}

/* What is waiting fails; the ring and the port go. Thread context. */
static void disconnect(struct blkfront *fe)
{
	fe->dev.gone = true;
	if (!fe->has_ring)
		return;
	evtchn_unbind(fe->port);
	end_bios(blkfront_ring_fail(&fe->ring, "closed", -ENODEV));
	blkfront_ring_close(&fe->ring);
	fe->has_ring = false;
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
		/* The ring's pages are ours again when the backend has let go of them. */
		xenbus_switch_state(fe->xdev, XenbusStateClosed);
		if (fe->has_ring)
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

static const struct blkdev_ops blkfront_ops = { .submit = submit, .unused = unused };

/* A number the backend may offer; limit caps what it says. */
static uint64_t feature(const struct blkfront *fe, const char *node, uint64_t absent,
			uint64_t limit)
{
	uint64_t value;

	if (xenbus_read_u64(XS_NO_TX, fe->xdev->otherend, node, &value))
		return absent;
	return MIN(value, limit);
}

static int write_ring_refs(const struct blkfront *fe, xs_tx_t tx)
{
	const char *dir = fe->xdev->nodename;
	int ret = 0;

	if (!fe->ring.order)
		return xenbus_printf(tx, dir, "ring-ref", "%u", fe->ring.page_refs[0]);
	/* The two spellings of the same thing: see note 3 in <xen/io/blkif.h>. */
	ret = xenbus_printf(tx, dir, "ring-page-order", "%u", fe->ring.order);
	if (!ret)
		ret = xenbus_printf(tx, dir, "num-ring-pages", "%u", 1U << fe->ring.order);
	for (unsigned int i = 0; i < 1U << fe->ring.order && !ret; i++) {
		char node[16];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		ret = xenbus_printf(tx, dir, node, "%u", fe->ring.page_refs[i]);
	}
	return ret;
}

static int publish(struct blkfront *fe)
{
	const char *dir = fe->xdev->nodename;
	xs_tx_t tx;
	int ret;

	do {
		ret = xenbus_transaction_start(&tx);
		if (ret)
			return ret;
		ret = write_ring_refs(fe, tx);
		if (!ret)
			ret = xenbus_printf(tx, dir, "event-channel", "%u", fe->port);
		if (!ret)
			ret = xenbus_write(tx, dir, "protocol", XEN_IO_PROTO_ABI_X86_64);
		if (ret) {
			xenbus_transaction_end(tx, true);
			return ret;
		}
		ret = xenbus_transaction_end(tx, false);
	} while (ret == -EAGAIN);
	return ret;
}

/* The backend is in InitWait: give it the ring. */
static int connect(struct blkfront *fe)
{
	unsigned int order = feature(fe, "max-ring-page-order", 0, BLKFRONT_MAX_ORDER);
	uint64_t vdev;
	int ret = xenbus_read_u64(XS_NO_TX, fe->xdev->nodename, "virtual-device", &vdev);

	if (!ret)
		ret = vdev <= UINT32_MAX ? blk_vdev_name(vdev, fe->dev.name) : -EINVAL;
	if (!ret)
		ret = blkfront_ring_open(&fe->ring, fe->xdev->otherend_id, order);
	if (ret)
		return ret;
	fe->ring.handle = vdev;
	fe->dev.rdev = vdev;
	ret = evtchn_alloc_unbound(fe->xdev->otherend_id, &fe->port);
	if (ret) {
		blkfront_ring_close(&fe->ring);
		return ret;
	}
	fe->has_ring = true;
	fe->dev.gone = false;
	ret = evtchn_set_handler(fe->port, on_event, fe, "blkfront");
	if (!ret)
		ret = publish(fe);
	if (!ret)
		ret = xenbus_switch_state(fe->xdev, XenbusStateInitialised);
	if (ret)
		disconnect(fe);
	return ret;
}

static int read_size(struct blkfront *fe)
{
	uint64_t sectors, sector_size = feature(fe, "sector-size", BLK_SECTOR, UINT64_MAX);
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
	uint64_t info = feature(fe, "info", 0, UINT32_MAX);
	uint64_t segs = feature(fe, "feature-max-indirect-segments", 0, BLK_MAX_SEGMENTS);
	int ret = read_size(fe);

	if (ret)
		return ret;
	fe->ring.max_segs = MAX((uint32_t)segs, (uint32_t)BLKFRONT_DIRECT_SEGS);
	fe->dev.max_segs = fe->ring.max_segs;
	fe->dev.rdonly = info & VDISK_READONLY;
	fe->dev.can_flush = feature(fe, "feature-flush-cache", 0, 1);
	fe->dev.ops = &blkfront_ops;
	fe->dev.priv = fe;
	ret = blk_register(&fe->dev);
	if (ret)
		return ret;
	fe->registered = true;
	printk("%s: %llu MiB, %u-byte sectors%s%s, ring of %u, %u segments\n", fe->dev.name,
	       (unsigned long long)(fe->dev.sectors >> 11), fe->dev.sector_size,
	       fe->dev.rdonly ? ", read-only" : "", fe->dev.can_flush ? ", flush" : "",
	       fe->ring.nr_slots, fe->ring.max_segs);
	return xenbus_switch_state(fe->xdev, XenbusStateConnected);
}

static void otherend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct blkfront *fe = xdev->data;
	int ret = 0;

	switch (state) {
	case XenbusStateInitWait:
		/* Also after a Closed: the backend offers itself again. */
		if (!fe->has_ring && !fe->registered)
			ret = connect(fe);
		break;
	case XenbusStateConnected:
		if (fe->registered) {
			ret = read_size(fe);
			break;
		}
		if (fe->has_ring)
			ret = announce(fe);
		break;
	case XenbusStateClosed:
		/* Nobody answers any more, whoever still uses the disk. */
		if (fe->registered && fe->has_ring)
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
