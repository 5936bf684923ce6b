/* SPDX-License-Identifier: MIT */
/*
 * Multicast control: a guest that asks for it gets of all multicast only what it has listed, and broadcast.
 * The list is there to be changed whether the filter is on or not (netif.h).
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/store.h"

static int find(const struct net_mcast *m, const uint8_t *addr)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++)
		if (!memcmp(m->addr[i], addr, 6))
			return (int)i;
	return -1;
}

static int add(struct net_mcast *m, const uint8_t *addr)
{
	if (find(m, addr) >= 0)
		return 0;
	if (m->nr == NET_MCAST_MAX)
		return -ENOSPC;
	memcpy(m->addr[m->nr++], addr, 6);
	return 0;
}

static void del(struct net_mcast *m, const uint8_t *addr)
{
	int i = find(m, addr);

	if (i < 0)
		return;
	m->nr--;
	memmove(m->addr[i], m->addr[m->nr], 6);
}

/* For who comes after us, addresses first: one may be there twice for a moment. */
static void keep(struct net_vif *vif)
{
	struct net_shadow *s = vif->queues[0].shadow;

	memcpy(s->mcast, vif->mcast.addr, sizeof(s->mcast));
	__atomic_store_n(&s->nr_mcast, vif->mcast.nr, __ATOMIC_RELEASE);
}

int net_mcast_change(struct net_vif *vif, const struct net_tx_packet *p)
{
	int rc = 0;

	if (p->mcast_add)
		rc = add(&vif->mcast, p->add_addr);
	if (p->mcast_del)
		del(&vif->mcast, p->del_addr);
	keep(vif);
	return rc;
}

bool net_mcast_wants(const struct net_vif *vif, const uint8_t *mac)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return !vif->mcast.on || !memcmp(mac, broadcast, 6) || find(&vif->mcast, mac) >= 0;
}

static void look(void *arg, const char *path)
{
	struct net_vif *vif = arg;
	uint64_t on = 0;
	int rc = store_read_uint(vif->xdev->store, vif->xdev->otherend, "request-multicast-control",
				 UINT64_MAX, &on);

	if (rc != -ENOTCONN)
		vif->mcast.on = !rc && on;
}

void net_mcast_open(struct net_vif *vif, bool adopted)
{
	const struct net_shadow *s = vif->queues[0].shadow;
	char path[STORE_PATH_MAX];

	vif->mcast.nr = adopted && s->nr_mcast <= NET_MCAST_MAX ? s->nr_mcast : 0;
	memcpy(vif->mcast.addr, s->mcast, vif->mcast.nr * sizeof(s->mcast[0]));
	look(vif, NULL);
	if (snprintf(path, sizeof(path), "%s/request-multicast-control", vif->xdev->otherend) <
	    (int)sizeof(path))
		store_watch(vif->xdev->store, path, look, vif, &vif->mcast_watch);
}

void net_mcast_close(struct net_vif *vif)
{
	store_unwatch(vif->mcast_watch);
	vif->mcast_watch = NULL;
	vif->mcast.on = false;
}
