/* SPDX-License-Identifier: MIT */
/*
 * Rings of a disk: what the frontend says of them, making them, taking over those of a backend that was
 * killed, letting them go.
 *
 * A frontend with one queue has its keys in its directory, one with several in queue-N below it
 * (<xen/io/blkif.h>).
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/protocols.h>

#include "backends/store.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

/* How long what an earlier backend had of a domain may take to be given back. */
#define TAKE_OVER_NS	5000000000ull

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

/* How many pages each ring has.  Count or -errno; the old and the new key must agree. */
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

/* Refs and port below dir. */
static int transport_read(struct xenbus_device *xdev, const char *dir, struct blk_transport *t)
{
	uint64_t value;
	char node[24];
	unsigned int i;
	int rc;

	for (i = 0; i < t->nr_refs; i++) {
		rc = -ENOENT;
		if (t->nr_refs == 1)
			rc = store_read_uint(xdev->store, dir, "ring-ref", UINT32_MAX, &value);
		if (rc == -ENOENT) {
			snprintf(node, sizeof(node), "ring-ref%u", i);
			rc = store_read_uint(xdev->store, dir, node, UINT32_MAX, &value);
		}
		if (rc)
			return rc;
		t->refs[i] = (uint32_t)value;
	}
	rc = store_read_uint(xdev->store, dir, "event-channel", UINT32_MAX, &value);
	t->port = (uint32_t)value;
	return rc;
}

/* Count of queues, t[] filled; or -errno. */
static int transports_read(struct xenbus_device *xdev, struct blk_transport *t)
{
	uint64_t nr = 1, i;
	char dir[STORE_PATH_MAX];
	int pages = ring_pages(xdev), rc;

	if (pages < 0)
		return pages;
	rc = store_read_uint(xdev->store, xdev->otherend, "multi-queue-num-queues", BLK_MAX_QUEUES, &nr);
	if ((rc && rc != -ENOENT) || !nr)
		return rc ? rc : -EINVAL;
	for (i = 0; i < nr; i++) {
		int n = nr == 1 ? snprintf(dir, sizeof(dir), "%s", xdev->otherend) :
			snprintf(dir, sizeof(dir), "%s/queue-%u", xdev->otherend, (unsigned int)i);

		memset(&t[i], 0, sizeof(t[i]));
		t[i].nr_refs = (uint32_t)pages;
		rc = n < (int)sizeof(dir) ? transport_read(xdev, dir, &t[i]) : -ENAMETOOLONG;
		if (rc)
			return rc;
	}
	return (int)nr;
}

static int queues_map(struct blk_device *dev, const struct blk_transport *t, unsigned int nr, bool adopted)
{
	unsigned int i;
	int rc = 0;

	dev->queues = calloc(nr, sizeof(*dev->queues));
	if (!dev->queues)
		return -ENOMEM;
	dev->nr_queues = nr;
	for (i = 0; i < nr && !rc; i++) {
		dev->queues[i].dev = dev;
		rc = blk_queue_map(&dev->queues[i], &t[i], blk_journal_queue(dev->journal, i), adopted);
	}
	return rc;
}

static int rings_make(struct blk_device *dev, const struct blk_transport *t, unsigned int nr)
{
	struct xenbus_device *xdev = dev->xdev;
	struct blk_journals *js = dev->bb->journals;
	int rc;

	if (xdev->adopting)
		rc = blk_journal_adopt(&dev->journal, js, xdev->domid, xdev->devid, t, nr);
	else
		rc = blk_journal_create(&dev->journal, js, xdev->domid, xdev->devid, t, nr);
	if (!rc)
		rc = queues_map(dev, t, nr, xdev->adopting);
	if (rc)
		blk_release(dev, true);
	return rc;
}

/* What is not there yet while an earlier backend is being buried. */
static bool try_again(struct blk_device *dev, int rc)
{
	if (!dev->xdev->adopting || rc == -EPROTO || rc == -ESTALE || rc == -ENOMEM)
		return false;
	return pvn_now_ns() - dev->waits_since_ns < TAKE_OVER_NS;
}

static int refuse(struct blk_device *dev, int rc, const struct blk_transport *t)
{
	struct xenbus_device *xdev = dev->xdev;

	if (rc == -ESTALE)
		xenbus_dev_fatal(xdev, rc, "there is no journal of the ring it names, so what was in flight "
				 "is unknown");
	else if (rc == -EPROTO && xdev->adopting)
		xenbus_dev_fatal(xdev, rc, "its ring and the journal of it do not agree");
	else
		xenbus_dev_fatal(xdev, rc, "mapping ring-ref %u port %u", t->refs[0], t->port);
	blk_journal_forget(dev->bb->journals, xdev->domid, xdev->devid);
	return rc;
}

static void connected(struct blk_device *dev)
{
	const struct blk_image *img = &dev->image;
	struct xenbus_device *xdev = dev->xdev;
	unsigned int i, owed = 0;

	dev->disconnecting = false;
	dev->said_full = false;
	dev->errors_said = 0;
	blk_fixed_open(dev->bb, &dev->domain, xdev->domid);
	for (i = 0; i < dev->nr_queues; i++)
		owed += dev->queues[i].ring.req_cons - dev->queues[i].ring.rsp_prod_pvt;
	if (xdev->adopting)
		pvn_log(LOG_INFO, "vbd/%u/%u: taken over with %u requests in flight", xdev->domid,
			xdev->devid, owed);
	pvn_log(LOG_INFO, "vbd/%u/%u: connected, %u %s of %u %s, %s%s", xdev->domid, xdev->devid,
		dev->nr_queues, dev->nr_queues == 1 ? "ring" : "rings", dev->queues[0].nr_ring_pages,
		dev->queues[0].nr_ring_pages == 1 ? "page" : "pages",
		img->medium ? img->medium->ops->name : img->in_memory ? "in memory" :
		img->direct_fd >= 0 ? "direct I/O" : "buffered I/O", dev->bb->uring ? "" : ", no io_uring");
	for (i = 0; i < dev->nr_queues; i++)
		blk_queue_replay(&dev->queues[i]);
}

int blk_connect(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;
	struct blk_transport t[BLK_MAX_QUEUES];
	int rc, nr;

	rc = protocol_check(xdev);
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "reading protocol");
		return rc;
	}
	nr = transports_read(xdev, t);
	if (nr < 0) {
		xenbus_dev_fatal(xdev, nr, "reading ring-ref, ring-page-order, event-channel and "
				 "multi-queue-num-queues");
		return nr;
	}
	if (xdev->adopting && blk_alive_others(dev->bb))
		return -EAGAIN;		/* for as long as the disk takes */
	if (!dev->waits_since_ns)
		dev->waits_since_ns = pvn_now_ns();
	rc = rings_make(dev, t, (unsigned int)nr);
	if (rc)
		return try_again(dev, rc) ? -EAGAIN : refuse(dev, rc, t);
	connected(dev);
	dev->waits_since_ns = 0;
	return 0;
}

void blk_release(struct blk_device *dev, bool stays)
{
	unsigned int i;

	/* In this order: while a ring is mapped, the window is. */
	blk_fixed_close(dev->bb, dev->domain);
	dev->domain = NULL;
	for (i = 0; i < dev->nr_queues; i++)
		blk_queue_unmap(&dev->queues[i]);
	free(dev->queues);
	dev->queues = NULL;
	dev->nr_queues = 0;
	blk_journal_close(dev->journal, stays);
	dev->journal = NULL;
	dev->disconnecting = false;
}

void blk_drained(struct blk_device *dev)
{
	struct xenbus_device *xdev = dev->xdev;

	blk_release(dev, false);
	xenbus_disconnected(xdev);
}

int blk_disconnect(struct xenbus_device *xdev)
{
	struct blk_device *dev = xdev->priv;

	if (dev->inflight) {
		dev->disconnecting = true;
		if (dev->image.medium)
			dev->image.medium->ops->abandon(dev->image.medium);
		return -EINPROGRESS;
	}
	blk_release(dev, false);
	return 0;
}
