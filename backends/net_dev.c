/* SPDX-License-Identifier: MIT */
/*
 * What xenbus asks of a network interface: plug it into its bridge, publish the features, connect and
 * disconnect the rings.
 *
 * There are no hotplug scripts for the switch in this process: hotplug-status is written here.
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

static bool flag(struct xenbus_device *xdev, const char *node, bool missing)
{
	uint64_t value;
	int rc = store_read_uint(xdev->store, xdev->otherend, node, UINT64_MAX, &value);

	return rc ? missing : value != 0;
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	unsigned int b[6], i;
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6)
		return false;
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return !(mac[0] & 1);
}

static int probe_keys(struct net_vif *vif)
{
	struct xenbus_device *xdev = vif->xdev;
	uint64_t mtu = NET_MTU;
	char *text;

	if (store_read(xdev->store, xdev->path, "bridge", &text))
		return -ENOENT;
	snprintf(vif->bridge, sizeof(vif->bridge), "%s", text);
	free(text);
	if (!store_read(xdev->store, xdev->path, "mac", &text)) {
		vif->port.has_mac = parse_mac(text, vif->port.mac);
		free(text);
	}
	if (!store_read(xdev->store, xdev->path, "rate", &text)) {
		if (net_rate_set(vif, text))
			pvn_log(LOG_WARNING, "vif/%u/%u: rate `%s' is not BYTES,USEC: no limit",
				xdev->domid, xdev->devid, text);
		free(text);
	}
	store_read_uint(xdev->store, xdev->path, "mtu", NET_MTU_MAX, &mtu);
	vif->mtu = (unsigned int)mtu;
	return 0;
}

static bool wants_tap(struct xenbus_device *xdev, const char *bridge)
{
	char *script, *base;
	bool wants;

	if (store_read(xdev->store, xdev->path, "script", &script))
		return net_tap_possible(bridge);
	base = strrchr(script, '/');
	wants = !strcmp(base ? base + 1 : script, "vif-bridge");
	free(script);
	return wants || net_tap_possible(bridge);
}

/* A vif that is to have a way out of its own: a bridge that only the two are on. */
static int probe_uplink(struct net_vif *vif, bool last)
{
	struct xenbus_device *xdev = vif->xdev;
	bool passt = !strcmp(vif->bridge, NET_PASST);
	char bridge[NET_BRIDGE_NAME], name[16], why[200] = "out of memory", *given;
	int rc;

	if (!passt && !wants_tap(xdev, vif->bridge))
		return 0;
	memcpy(bridge, vif->bridge, sizeof(bridge));
	snprintf(name, sizeof(name), "vif%u.%u", xdev->domid, xdev->devid);
	snprintf(vif->bridge, sizeof(vif->bridge), "/%s", name);	/* a slash: nobody else can have it */
	if (!store_read(xdev->store, xdev->path, "vifname", &given)) {
		snprintf(name, sizeof(name), "%s", given);
		free(given);
	}
	rc = passt ? net_uplink_passt(vif, why, sizeof(why)) :
		net_uplink_tap(vif, bridge, name, why, sizeof(why));
	if (rc == -EBUSY && xdev->adopting && !last)	/* the tap of a backend that was killed goes with the last of that */
		return -EAGAIN;
	if (rc)
		xenbus_probe_error(xdev, "%s", why);
	else
		pvn_log(LOG_INFO, "vif/%u/%u: %s %s", xdev->domid, xdev->devid,
			passt ? "its way out is" : "it is in the Linux bridge", bridge);
	return rc;
}

static int net_probe(struct xenbus_device *xdev, bool last)
{
	struct net_vif *vif = xdev->priv;
	int rc;

	if (!vif) {
		vif = xdev->priv = calloc(1, sizeof(*vif));
		if (!vif)
			return -ENOMEM;
		vif->nb = xdev->arg;
		vif->xdev = xdev;
		vif->port.ops = &net_vif_port_ops;
	}
	rc = probe_keys(vif);
	if (rc) {
		xenbus_probe_error(xdev, "the interface has no bridge: say bridge=NAME");
		return rc;
	}
	rc = probe_uplink(vif, last);
	if (rc)
		return rc;
	return net_switch_attach(vif->nb->sw, &vif->port, vif->bridge, pvn_now_ns());
}

static void net_publish(struct xenbus_device *xdev)
{
	static const struct {
		const char *node;
		unsigned int value;
	} nodes[] = {
		{ "feature-sg", 1 },
		{ "feature-gso-tcpv4", 1 },
		{ "feature-gso-tcpv6", 1 },
		{ "feature-ipv6-csum-offload", 1 },
		{ "feature-rx-copy", 1 },
		{ "feature-rx-flip", 0 },
		{ "feature-multicast-control", 1 },
		{ "feature-dynamic-multicast-control", 1 },
		{ "feature-split-event-channels", 1 },
		{ "multi-queue-max-queues", NET_MAX_QUEUES },
	};
	unsigned int i;

	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		store_write(xdev->store, xdev->path, nodes[i].node, "%u", nodes[i].value);
	store_write(xdev->store, xdev->path, "hotplug-status", "connected");
}

static int read_port(struct xenbus_device *xdev, const char *dir, const char *node, uint32_t *value)
{
	uint64_t v = 0;
	int rc = store_read_uint(xdev->store, dir, node, UINT32_MAX, &v);

	*value = (uint32_t)v;
	return rc;
}

/* The keys of one queue, which are in dir. */
static int queue_keys(struct xenbus_device *xdev, const char *dir, struct net_ring_keys *k)
{
	int rc;

	rc = read_port(xdev, dir, "tx-ring-ref", &k->tx_ref);
	if (!rc)
		rc = read_port(xdev, dir, "rx-ring-ref", &k->rx_ref);
	if (rc)
		return rc;
	k->split = true;
	rc = read_port(xdev, dir, "event-channel-tx", &k->tx_port);
	if (!rc)
		return read_port(xdev, dir, "event-channel-rx", &k->rx_port);
	if (rc != -ENOENT)
		return rc;
	k->split = false;
	return read_port(xdev, dir, "event-channel", &k->tx_port);
}

/* What is not there yet while an earlier backend is being buried. */
static bool try_again(struct net_vif *vif, int rc)
{
	if (!vif->xdev->adopting || rc == -EPROTO || rc == -ENOMEM)
		return false;
	if (!vif->waits_since_ns)
		vif->waits_since_ns = pvn_now_ns();
	return pvn_now_ns() - vif->waits_since_ns < NET_TAKE_OVER_NS;
}

static int queue_connect(struct net_vif *vif, unsigned int nr)
{
	struct xenbus_device *xdev = vif->xdev;
	struct net_queue *q = &vif->queues[nr];
	char dir[STORE_PATH_MAX];
	struct net_ring_keys k;
	int rc;

	q->vif = vif;
	q->nr = nr;
	snprintf(dir, sizeof(dir), "%s", xdev->otherend);
	if (vif->nr_queues > 1 && snprintf(dir, sizeof(dir), "%s/queue-%u", xdev->otherend, nr) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	rc = queue_keys(xdev, dir, &k);
	if (rc) {
		xenbus_dev_fatal(xdev, rc, "reading the ring references and event channels of queue %u", nr);
		return rc;
	}
	rc = net_queue_map(q, &k, xdev->adopting);
	if (rc && try_again(vif, rc))
		return -EAGAIN;
	if (rc)
		xenbus_dev_fatal(xdev, rc, "mapping tx-ring-ref %u rx-ring-ref %u port %u of queue %u",
				 k.tx_ref, k.rx_ref, k.tx_port, nr);
	return rc;
}

static void queues_free(struct net_vif *vif, bool keep)
{
	unsigned int i;

	for (i = 0; i < vif->nr_queues && vif->queues; i++)
		net_queue_unmap(&vif->queues[i], keep);
	free(vif->queues);
	vif->queues = NULL;
	vif->nr_queues = 0;
	net_mcast_close(vif);
	net_rate_stop(vif);
}

static void read_features(struct net_vif *vif)
{
	struct xenbus_device *xdev = vif->xdev;

	vif->can_sg = flag(xdev, "feature-sg", false);
	vif->can_gso4 = flag(xdev, "feature-gso-tcpv4", false);
	vif->can_gso6 = flag(xdev, "feature-gso-tcpv6", false);
	vif->can_csum4 = !flag(xdev, "feature-no-csum-offload", false);
	vif->can_csum6 = flag(xdev, "feature-ipv6-csum-offload", false);
}

/* How many queues the frontend has set up, or -errno. */
static int queues_asked(struct xenbus_device *xdev)
{
	uint64_t nr = 1;
	int rc = store_read_uint(xdev->store, xdev->otherend, "multi-queue-num-queues", UINT32_MAX, &nr);

	if (rc && rc != -ENOENT)
		return rc;
	return nr && nr <= NET_MAX_QUEUES ? (int)nr : -EINVAL;
}

/* It may have filled its rings before we bound the ports; and of what an earlier backend has answered it
 * may have seen nothing. */
static void queue_begin(struct net_queue *q, bool adopted)
{
	net_activate(q);
	if (!adopted)
		return;
	q->tx_answered = q->rx_answered = true;
	net_push_later(q);
	net_queue_push(q);
	net_queue_notify(q);
}

static int net_connect(struct xenbus_device *xdev)
{
	struct net_vif *vif = xdev->priv;
	int rc = 0, nr = queues_asked(xdev);
	unsigned int i;

	if (nr < 0) {
		xenbus_dev_fatal(xdev, nr, "multi-queue-num-queues must be 1 to %u", NET_MAX_QUEUES);
		return nr;
	}
	if (!flag(xdev, "request-rx-copy", false)) {
		xenbus_dev_fatal(xdev, -EOPNOTSUPP, "the frontend does not set request-rx-copy");
		return -EOPNOTSUPP;
	}
	read_features(vif);
	vif->broken = NULL;
	vif->said = 0;
	vif->queues = calloc((size_t)nr, sizeof(*vif->queues));
	if (!vif->queues) {
		xenbus_dev_fatal(xdev, -ENOMEM, "queues");
		return -ENOMEM;
	}
	vif->nr_queues = (unsigned int)nr;
	for (i = 0; !rc && i < vif->nr_queues; i++)
		rc = queue_connect(vif, i);
	if (rc) {
		queues_free(vif, rc == -EAGAIN);
		return rc;
	}
	vif->waits_since_ns = 0;
	net_mcast_open(vif, xdev->adopting);
	pvn_log(LOG_INFO, "vif/%u/%u: %s bridge %s, %u queue%s%s%s", xdev->domid, xdev->devid,
		xdev->adopting ? "taken over, on" : "connected to", vif->bridge, vif->nr_queues, vif->nr_queues > 1 ? "s" : "", vif->can_sg ? ", sg" : "",
		vif->can_gso4 ? ", gso" : "");
	for (i = 0; i < vif->nr_queues; i++)
		queue_begin(&vif->queues[i], xdev->adopting);
	return 0;
}

static int net_disconnect(struct xenbus_device *xdev)
{
	struct net_vif *vif = xdev->priv;
	const struct net_counters *c = &vif->port.count;

	queues_free(vif, false);
	pvn_log(LOG_INFO, "vif/%u/%u: disconnected; sent %llu frames (%llu dropped, %llu floods refused), "
		"received %llu (%llu dropped)", xdev->domid, xdev->devid, (unsigned long long)c->in_frames,
		(unsigned long long)c->in_dropped, (unsigned long long)c->flood_dropped,
		(unsigned long long)c->out_frames, (unsigned long long)c->out_dropped);
	return 0;
}

static bool net_alive(struct xenbus_device *xdev)
{
	struct net_vif *vif = xdev->priv;

	return domain_alive(vif->nb->xgt, xdev->domid);
}

static void net_remove(struct xenbus_device *xdev)
{
	struct net_vif *vif = xdev->priv;

	if (!vif)
		return;
	queues_free(vif, vif->nb->ends);	/* only when the program ends are there any left */
	net_uplink_close(vif->uplink);
	net_switch_detach(&vif->port);
	free(vif);
	xdev->priv = NULL;
}

const struct xenbus_backend net_backend = {
	.kind = "vif",
	.probe = net_probe,
	.publish = net_publish,
	.connect = net_connect,
	.disconnect = net_disconnect,
	.alive = net_alive,
	.remove = net_remove,
};
