/* SPDX-License-Identifier: MIT */
/*
 * netfront: the frontend of PV network devices, device/vif/ID in xenstore.
 *
 *   backend says        we                                         our state after
 *   InitWait            make rings and ports, write them           Connected
 *   Connected           the carrier is on, as its node says        Connected
 *   InitWait again      it started anew: begin from the start      Connected
 *   Closing, Closed     close; the device stays, without carrier   Closed
 *
 * The order is that of Linux's netfront: Connected as soon as the rings are published. A device that
 * was closed and is offered again keeps its name, and who uses it.
 */
#include <pv/errno.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/time.h>
#include "netfront.h"

static void carrier_read(struct netfront *fe)
{
	uint64_t on;

	if (xenbus_read_u64(XS_NO_TX, fe->xdev->otherend, "carrier", &on) != 0)
		on = 1;
	fe->dev.carrier = on != 0;
}

static void announce(struct netfront *fe)
{
	const uint8_t *m = fe->dev.mac;
	bool had = fe->dev.carrier;

	carrier_read(fe);
	if (!had && fe->dev.carrier)
		printk("%s: %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, %u queue%s%s%s%s%s%s%s\n", fe->dev.name,
		       m[0], m[1], m[2], m[3], m[4], m[5], fe->dev.mtu, fe->nr_lanes,
		       fe->nr_lanes == 1 ? "" : "s", fe->split ? ", split events" : "",
		       fe->dev.features & NET_F_SG ? ", sg" : "",
		       fe->dev.features & NET_F_CSUM4 ? ", csum4" : "",
		       fe->dev.features & NET_F_CSUM6 ? ", csum6" : "",
		       fe->dev.features & NET_F_TSO4 ? ", tso4" : "",
		       fe->dev.features & NET_F_TSO6 ? ", tso6" : "");
	netdev_changed(&fe->dev);
}

static int begin(struct netfront *fe)
{
	int rc;

	netfront_disconnect(fe);
	rc = netfront_connect(fe);
	return rc != 0 ? rc : xenbus_switch_state(fe->xdev, XenbusStateConnected);
}

static void end(struct netfront *fe)
{
	bool had = fe->lanes != NULL;

	netfront_disconnect(fe);
	if (had) {
		printk("%s: closed\n", fe->dev.name);
		netdev_changed(&fe->dev);
	}
}

static void otherend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct netfront *fe = xdev->data;
	bool same = state == fe->seen;
	int rc = 0;

	fe->seen = state;
	switch (state) {
	case XenbusStateInitWait:
		/* Once each time it comes there: it may be about to take the rings it was given. */
		if (!same || fe->lanes == NULL)
			rc = begin(fe);
		break;
	case XenbusStateConnected:
		if (fe->lanes != NULL)
			announce(fe);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		end(fe);
		if (xdev->state != XenbusStateClosed)
			xenbus_switch_state(xdev, XenbusStateClosed);
		break;
	default:
		break;
	}
	if (rc != 0) {
		printk("%s: not connected: %s\n", xdev->nodename, error_text(rc));
		netfront_disconnect(fe);
		xenbus_switch_state(xdev, XenbusStateClosed);
	}
}

static int probe(struct xenbus_device *xdev)
{
	struct netfront *fe = kzalloc(sizeof(*fe));

	if (fe == NULL)
		return -ENOMEM;
	fe->xdev = xdev;
	fe->dev.ops = &netfront_ops;
	fe->dev.priv = fe;
	mutex_init(&fe->mutex);
	xdev->data = fe;
	return 0;
}

/* Detached: who still uses it is told that it is gone. */
static void remove(struct xenbus_device *xdev)
{
	struct netfront *fe = xdev->data;

	end(fe);
	fe->xdev = NULL;
	if (fe->registered)
		netdev_unregister(&fe->dev);
	else
		kfree(fe);
}

static const struct xenbus_driver netfront_driver = {
	.type = "vif",
	.probe = probe,
	.remove = remove,
	.otherend_changed = otherend_changed,
};

static int netfront_init(void)
{
	driver_register(&netfront_driver);
	return 0;
}
INITCALL(INIT_DRIVER, netfront_init);
