/* SPDX-License-Identifier: MIT */
/*
 * From a disk's nodes to something that can be read: the opener is asked, and if the answer is a
 * socket, the NBD handshake is done.  All of it in steps, while other disks are served.
 */
#include "config.h"
#include "backends/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/blk_nbd.h"
#include "backends/blk_opener.h"
#include "backends/store.h"

/* Lives from the first look at a device until its image is there, or will never be. */
struct blk_attaching {
	struct blk_device *dev;
	int64_t asked;			/* of the opener, > 0 while it has not answered */
	struct blk_medium *medium;	/* its handshake is under way, or done */
	struct blk_image image;
	bool over;
	int rc;
	char why[256];
};

static char *node_read(void *arg, const char *node)
{
	struct xenbus_device *xdev = arg;
	char *text;

	return store_read(xdev->store, xdev->path, node, &text) ? NULL : text;
}

static bool node_is(struct xenbus_device *xdev, const char *node, const char *value)
{
	char *text = node_read(xdev, node);
	bool same = text && !strcmp(text, value);

	free(text);
	return same;
}

static void over(struct blk_attaching *a, int rc, const char *why)
{
	a->over = true;
	a->rc = rc;
	if (rc)
		snprintf(a->why, sizeof(a->why), "%s", why && why[0] ? why : strerror(-rc));
	xenbus_probe_again(a->dev->xdev);
}

static void nbd_ready(void *arg, int rc, const char *why)
{
	over(arg, rc, why);
}

static void shake_hands(struct blk_attaching *a, struct blk_opened *o)
{
	struct xenbus_device *xdev = a->dev->xdev;
	char *params = node_read(xdev, "params");
	struct blk_nbd_want want = {
		.loop = a->dev->bb->loop, .sock = o->sock, .lifetime = o->lifetime,
		.place = params ? params : "?", .export = o->export,
		.domid = xdev->domid, .devid = xdev->devid, .readonly = !node_is(xdev, "mode", "w"),
	};
	int rc = blk_nbd_open(&want, nbd_ready, a, &a->medium);

	if (rc)
		over(a, rc, NULL);
	free(params);
}

static void opened(void *arg, int rc, struct blk_opened *o)
{
	struct blk_attaching *a = arg;

	a->asked = 0;
	free(a->dev->target);
	a->dev->target = rc ? NULL : strdup(o->target);
	if (rc) {
		over(a, rc, o->why);
	} else if (o->sock >= 0) {
		shake_hands(a, o);
	} else {
		a->image = o->image;
		over(a, 0, NULL);
	}
}

/* Without an opener (tests have none) it is done right here. */
static void open_here(struct blk_attaching *a)
{
	struct blk_device *dev = a->dev;
	struct blk_opened o = { .sock = -1 };
	struct blk_spec spec;
	int rc = blk_spec_read(&spec, node_read, dev->xdev, o.why, sizeof(o.why));

	if (!rc) {
		spec.allow_direct = !dev->bb->no_direct;
		rc = blk_place_open(&spec, &o);
	}
	opened(a, rc, &o);
}

static int begin(struct blk_device *dev)
{
	struct blk_attaching *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->dev = dev;
	a->image.fd = a->image.direct_fd = -1;
	dev->attaching = a;
	if (!dev->bb->opener) {
		open_here(a);
		return 0;
	}
	a->asked = blk_opener_ask(dev->bb->opener, dev->xdev->domid, dev->xdev->devid, !dev->bb->no_direct,
				  opened, a);
	if (a->asked < 0)
		over(a, (int)a->asked, NULL);
	return 0;
}

/* Can a domain have this as a disk?  NULL, or why not. */
static const char *judge(const struct blk_image *img, bool readonly)
{
	if (!readonly && img->readonly)
		return "the server offers it for reading only; access=ro takes it so";
	if (img->sector_size > 4096 || img->sector_size & (img->sector_size - 1))
		return "it wants blocks of more than 4096 bytes, which disks of domains do not have";
	if (img->medium && !img->sectors)
		return "it is empty";
	return NULL;
}

static int take_image(struct blk_device *dev, struct blk_attaching *a)
{
	bool readonly = !node_is(dev->xdev, "mode", "w");
	const char *problem;

	if (a->medium)
		blk_nbd_describe(a->medium, &a->image);
	a->medium = NULL;
	problem = judge(&a->image, readonly);
	if (problem) {
		snprintf(a->why, sizeof(a->why), "%s", problem);
		return -EINVAL;
	}
	dev->image = a->image;
	a->image = (struct blk_image){ .fd = -1, .direct_fd = -1 };
	dev->have_image = true;
	dev->lim.sectors = dev->image.sectors;
	dev->lim.sector_size = dev->image.sector_size;
	dev->lim.readonly = readonly;
	dev->lim.discard = dev->image.can_discard && !node_is(dev->xdev, "discard-enable", "0");
	dev->lim.no_flush = dev->image.no_flush;
	return 0;
}

void blk_attach_end(struct blk_device *dev)
{
	struct blk_attaching *a = dev->attaching;

	if (!a)
		return;
	if (a->asked > 0)
		blk_opener_forget(dev->bb->opener, a->asked);
	if (a->medium)
		a->medium->ops->close(a->medium);
	blk_image_close(&a->image);
	free(a);
	dev->attaching = NULL;
}

int blk_attach(struct blk_device *dev, bool last)
{
	int rc = dev->attaching ? 0 : begin(dev);
	struct blk_attaching *a = dev->attaching;

	if (rc) {
		xenbus_probe_error(dev->xdev, "out of memory");
		return rc;
	}
	if (!a->over)
		return -EINPROGRESS;
	rc = a->rc ? a->rc : take_image(dev, a);
	/* A domain that is being restarted lets go of its image soon. */
	if (rc && (rc != -EAGAIN || last))
		xenbus_probe_error(dev->xdev, "%s", a->why);
	blk_attach_end(dev);
	return rc;
}
