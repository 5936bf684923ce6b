/* SPDX-License-Identifier: MIT */
/*
 * netfront and the store: what the backend offers, what we ask for, where the rings are.
 * Watch thread only. Every number from the store is bounded here.
 */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/time.h>
#include "netfront.h"

#define MTU_DEFAULT	1500U
#define MTU_MIN		68U
#define MTU_MAX		65521U	/* with its header the largest frame there is */

/* A number of a directory; limit caps it. */
static uint64_t number(const char *dir, const char *node, uint64_t absent, uint64_t limit)
{
	uint64_t value;

	if (xenbus_read_u64(XS_NO_TX, dir, node, &value) != 0)
		return absent;
	return MIN(value, limit);
}

static uint64_t feature(const struct netfront *fe, const char *node)
{
	return number(fe->xdev->otherend, node, 0, 1);
}

static uint32_t features_read(const struct netfront *fe)
{
	uint32_t f = 0;

	if (feature(fe, "feature-sg"))
		f |= NET_F_SG;
	if (!feature(fe, "feature-no-csum-offload"))
		f |= NET_F_CSUM4;
	if (feature(fe, "feature-ipv6-csum-offload"))
		f |= NET_F_CSUM6;
	/* A large segment has blank checksums and many pieces. */
	if ((f & NET_F_SG) && (f & NET_F_CSUM4) && feature(fe, "feature-gso-tcpv4"))
		f |= NET_F_TSO4;
	if ((f & NET_F_SG) && (f & NET_F_CSUM6) && feature(fe, "feature-gso-tcpv6"))
		f |= NET_F_TSO6;
	return f;
}

static int identity_read(struct netfront *fe)
{
	char *mac;
	int rc = xenbus_read(XS_NO_TX, fe->xdev->nodename, "mac", &mac, NULL);

	if (rc != 0)
		return rc;
	rc = net_parse_mac(mac, fe->dev.mac);
	kfree(mac);
	if (rc != 0)
		return rc;
	fe->dev.mtu = number(fe->xdev->nodename, "mtu", MTU_DEFAULT, MTU_MAX);
	/* Without scatter-gather a frame is one piece, in one page. */
	if (!(fe->dev.features & NET_F_SG))
		fe->dev.mtu = MIN(fe->dev.mtu, (uint16_t)MTU_DEFAULT);
	return fe->dev.mtu < MTU_MIN ? -EINVAL : 0;
}

static int write_lane(const struct netfront_lane *l, xs_tx_t tx, const char *dir)
{
	int rc = xenbus_printf(tx, dir, "tx-ring-ref", "%u", l->q.tx_ring_ref);

	if (rc == 0)
		rc = xenbus_printf(tx, dir, "rx-ring-ref", "%u", l->q.rx_ring_ref);
	if (rc == 0 && !l->fe->split)
		return xenbus_printf(tx, dir, "event-channel", "%u", l->rx_port);
	if (rc == 0)
		rc = xenbus_printf(tx, dir, "event-channel-tx", "%u", l->tx_port);
	if (rc == 0)
		rc = xenbus_printf(tx, dir, "event-channel-rx", "%u", l->rx_port);
	return rc;
}

static int write_lanes(const struct netfront *fe, xs_tx_t tx)
{
	const char *dir = fe->xdev->nodename;
	int rc = 0;

	if (fe->nr_lanes == 1) {
		/* May be there from a connection before. */
		(void)xenbus_rm(tx, dir, "multi-queue-num-queues");
		return write_lane(&fe->lanes[0], tx, dir);
	}
	rc = xenbus_printf(tx, dir, "multi-queue-num-queues", "%u", fe->nr_lanes);
	for (unsigned int i = 0; i < fe->nr_lanes && rc == 0; i++) {
		char sub[96];

		snprintf(sub, sizeof(sub), "%s/queue-%u", dir, i);
		rc = write_lane(&fe->lanes[i], tx, sub);
	}
	return rc;
}

/* What Linux's netfront says of itself, with the same values. */
static int write_features(const struct netfront *fe, xs_tx_t tx)
{
	static const char *const nodes[] = {
		"request-rx-copy", "feature-rx-notify", "feature-sg", "feature-gso-tcpv4",
		"feature-gso-tcpv6", "feature-ipv6-csum-offload",
	};
	int rc = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(nodes) && rc == 0; i++)
		rc = xenbus_write(tx, fe->xdev->nodename, nodes[i], "1");
	return rc;
}

static int publish(const struct netfront *fe)
{
	xs_tx_t tx;
	int rc;

	do {
		rc = xenbus_transaction_start(&tx);
		if (rc != 0)
			return rc;
		rc = write_lanes(fe, tx);
		if (rc == 0)
			rc = write_features(fe, tx);
		if (rc != 0) {
			xenbus_transaction_end(tx, true);
			return rc;
		}
		rc = xenbus_transaction_end(tx, false);
	} while (rc == -EAGAIN);
	return rc;
}

static int lanes_open(struct netfront *fe)
{
	uint64_t max = number(fe->xdev->otherend, "multi-queue-max-queues", 1, NET_MAX_QUEUES);
	unsigned int want = MIN(mask_count(cpus_online_mask()), (unsigned int)max);
	int rc = 0;

	want = MAX(want, 1U);
	fe->split = feature(fe, "feature-split-event-channels");
	fe->lanes = kzalloc(want * sizeof(*fe->lanes));
	if (fe->lanes == NULL)
		return -ENOMEM;
	fe->nr_lanes = 0;
	for (unsigned int i = 0; i < want && rc == 0; i++) {
		fe->lanes[i].fe = fe;
		fe->lanes[i].id = i;
		rc = netfront_lane_open(&fe->lanes[i]);
		fe->nr_lanes += rc == 0;
	}
	/* Fewer than there could be is enough, when grants or ports are few. */
	if (fe->nr_lanes > 0)
		return 0;
	kfree(fe->lanes);
	fe->lanes = NULL;
	return rc;
}

static void past_add(struct net_stats *sum, const struct net_stats *s)
{
	const uint64_t *from = (const uint64_t *)s;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*s) / sizeof(*to); i++)
		to[i] += from[i];
}

void netfront_disconnect(struct netfront *fe)
{
	fe->dev.carrier = false;
	if (fe->lanes == NULL)
		return;
	__atomic_store_n(&fe->connected, false, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&fe->senders, __ATOMIC_SEQ_CST) != 0) {
		for (unsigned int i = 0; i < fe->nr_lanes; i++)
			wake_up(&fe->lanes[i].room);
		sleep_ns(NSEC_PER_MSEC);
	}
	mutex_lock(&fe->mutex);
	for (unsigned int i = 0; i < fe->nr_lanes; i++) {
		netfront_lane_close(&fe->lanes[i]);
		past_add(&fe->past, &fe->lanes[i].q.stats);
	}
	kfree(fe->lanes);
	fe->lanes = NULL;
	mutex_unlock(&fe->mutex);
}

int netfront_connect(struct netfront *fe)
{
	int rc;

	if (!feature(fe, "feature-rx-copy")) {
		printk("%s: the backend cannot copy (feature-rx-copy)\n", fe->xdev->nodename);
		return -EOPNOTSUPP;
	}
	fe->dev.features = features_read(fe);
	rc = identity_read(fe);
	if (rc == 0)
		rc = lanes_open(fe);
	if (rc != 0)
		return rc;
	fe->dev.nr_queues = fe->nr_lanes;
	rc = publish(fe);
	if (rc != 0) {
		netfront_disconnect(fe);
		return rc;
	}
	if (!fe->registered) {
		netdev_register(&fe->dev);
		fe->registered = true;
	}
	for (unsigned int i = 0; i < fe->nr_lanes; i++)
		netfront_lane_start(&fe->lanes[i]);
	__atomic_store_n(&fe->connected, true, __ATOMIC_SEQ_CST);
	return 0;
}
