/* SPDX-License-Identifier: MIT */
/*
 * A learning bridge.  What a hostile port can do to it is bounded: it fills only its share of the address
 * table, cannot take an address that the configuration gave to another port, and its broadcasts make so
 * many copies per second and no more.
 */
#include "config.h"
#include "backends/net_switch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS		256
#define NONE		UINT16_MAX

struct mac_entry {
	uint8_t mac[6];
	uint16_t next;			/* in the bucket, or in the free list */
	struct net_port *port;		/* NULL: free */
	bool fixed;			/* from the configuration: stays, and stays there */
	uint64_t seen;
};

struct net_bridge {
	TAILQ_ENTRY(net_bridge) entry;
	struct net_switch *sw;
	char name[NET_BRIDGE_NAME];
	struct net_port_list ports;
	unsigned int nr_ports;
	uint16_t bucket[BUCKETS], free;
	uint16_t sweep;			/* where the search for old entries goes on */
	struct mac_entry macs[NET_MACS];
};

struct net_switch {
	TAILQ_HEAD(, net_bridge) bridges;
};

struct net_switch *net_switch_new(void)
{
	struct net_switch *sw = calloc(1, sizeof(*sw));

	if (sw)
		TAILQ_INIT(&sw->bridges);
	return sw;
}

void net_switch_free(struct net_switch *sw)
{
	free(sw);
}

static struct net_bridge *bridge_get(struct net_switch *sw, const char *name)
{
	struct net_bridge *b;
	unsigned int i;

	TAILQ_FOREACH(b, &sw->bridges, entry)
		if (!strncmp(b->name, name, sizeof(b->name) - 1))
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->sw = sw;
	strncpy(b->name, name, sizeof(b->name) - 1);
	TAILQ_INIT(&b->ports);
	memset(b->bucket, 0xff, sizeof(b->bucket));
	for (i = 0; i < NET_MACS; i++)
		b->macs[i].next = i + 1 < NET_MACS ? (uint16_t)(i + 1) : NONE;
	TAILQ_INSERT_TAIL(&sw->bridges, b, entry);
	return b;
}

static unsigned int hash(const uint8_t *mac)
{
	uint32_t v;

	memcpy(&v, mac + 2, sizeof(v));
	v ^= (uint32_t)(mac[0] << 8 | mac[1]);
	return (v * 0x9e3779b1u) >> 24;
}

static void forget(struct net_bridge *b, uint16_t nr)
{
	struct mac_entry *m = &b->macs[nr];
	uint16_t *at = &b->bucket[hash(m->mac)];

	while (*at != nr)
		at = &b->macs[*at].next;
	*at = m->next;
	m->port->nr_macs--;
	m->port = NULL;
	m->next = b->free;
	b->free = nr;
}

void net_switch_detach(struct net_port *port)
{
	struct net_bridge *b = port->bridge;
	uint16_t i;

	if (!b)
		return;
	for (i = 0; i < NET_MACS && port->nr_macs; i++)
		if (b->macs[i].port == port)
			forget(b, i);
	TAILQ_REMOVE(&b->ports, port, entry);
	port->bridge = NULL;
	if (--b->nr_ports)
		return;
	TAILQ_REMOVE(&b->sw->bridges, b, entry);
	free(b);
}

static struct mac_entry *find(struct net_bridge *b, const uint8_t *mac)
{
	uint16_t i;

	for (i = b->bucket[hash(mac)]; i != NONE; i = b->macs[i].next)
		if (!memcmp(b->macs[i].mac, mac, 6))
			return &b->macs[i];
	return NULL;
}

/* A free entry: of those never used, or one that is old.  Looks at a few only. */
static uint16_t entry_get(struct net_bridge *b, uint64_t now)
{
	unsigned int n;
	uint16_t nr;

	for (n = 0; n < 8; n++) {
		nr = b->sweep;
		b->sweep = (uint16_t)((b->sweep + 1) % NET_MACS);
		if (b->macs[nr].port && !b->macs[nr].fixed && now - b->macs[nr].seen > NET_AGE_NS)
			forget(b, nr);
	}
	nr = b->free;
	if (nr != NONE)
		b->free = b->macs[nr].next;
	return nr;
}

static struct mac_entry *entry_add(struct net_port *port, const uint8_t *mac, uint64_t now)
{
	struct net_bridge *b = port->bridge;
	uint16_t nr = entry_get(b, now), *at = &b->bucket[hash(mac)];
	struct mac_entry *m;

	if (nr == NONE)
		return NULL;
	m = &b->macs[nr];
	memcpy(m->mac, mac, 6);
	m->port = port;
	m->fixed = false;
	m->seen = now;
	m->next = *at;
	*at = nr;
	port->nr_macs++;
	return m;
}

static void learn(struct net_port *from, const uint8_t *mac, uint64_t now)
{
	struct net_bridge *b = from->bridge;
	struct mac_entry *m = find(b, mac);

	if (m && m->port == from) {
		m->seen = now;
		return;
	}
	if (from->nr_macs >= NET_PORT_MACS || (m && m->fixed))
		return;
	if (m)				/* it has moved */
		forget(b, (uint16_t)(m - b->macs));
	entry_add(from, mac, now);
}

/* The address of the configuration, at the cost of one that was learnt if need be. */
static void fix(struct net_port *port, uint64_t now)
{
	struct net_bridge *b = port->bridge;
	struct mac_entry *m = find(b, port->mac);
	uint16_t i;

	if (m && m->fixed)		/* two have been given the same: it stays with the first */
		return;
	if (m)
		forget(b, (uint16_t)(m - b->macs));
	for (i = 0; i < NET_MACS && b->free == NONE; i++)
		if (!b->macs[i].fixed)
			forget(b, i);
	m = entry_add(port, port->mac, now);
	if (m)
		m->fixed = true;
}

int net_switch_attach(struct net_switch *sw, struct net_port *port, const char *name, uint64_t now)
{
	struct net_bridge *b = bridge_get(sw, name);

	if (!b)
		return -ENOMEM;
	port->bridge = b;
	port->nr_macs = 0;
	port->flood_at = now;
	port->flood_tokens = NET_FLOOD_BURST;
	TAILQ_INSERT_TAIL(&b->ports, port, entry);
	b->nr_ports++;
	if (port->has_mac)
		fix(port, now);
	return 0;
}

struct net_port *net_switch_lookup(struct net_port *from, const uint8_t *mac, uint64_t now)
{
	struct mac_entry *m = find(from->bridge, mac);

	return m && (m->fixed || now - m->seen <= NET_AGE_NS) ? m->port : NULL;
}

static bool may_flood(struct net_port *from, uint64_t now)
{
	uint64_t passed = now - from->flood_at < 1000000000u ? now - from->flood_at : 1000000000u;
	uint64_t add = passed * NET_FLOOD_RATE / 1000000000u;
	unsigned int cost = from->bridge->nr_ports - 1;

	if (add) {
		from->flood_tokens = (uint32_t)(add > NET_FLOOD_BURST - from->flood_tokens ?
						NET_FLOOD_BURST : from->flood_tokens + add);
		from->flood_at = now;
	}
	if (cost > from->flood_tokens)
		return false;
	from->flood_tokens -= cost;
	return true;
}

static enum net_verdict hand_over(struct net_port *to, const struct net_frame *f, struct net_port *from,
				  bool may_wait)
{
	enum net_verdict v = to->ops->send(to, f, from, may_wait);

	if (v == NET_SENT) {
		to->count.out_frames++;
		to->count.out_bytes += f->len;
	} else if (v == NET_DROPPED) {
		to->count.out_dropped++;
	}
	return v;
}

static enum net_verdict flood(struct net_port *from, const struct net_frame *f, uint64_t now)
{
	struct net_bridge *b = from->bridge;
	struct net_port *p;

	if (b->nr_ports > 1 && !may_flood(from, now)) {
		from->count.flood_dropped++;
		return NET_DROPPED;
	}
	/* Nobody waits here for the slowest of all. */
	TAILQ_FOREACH(p, &b->ports, entry)
		if (p != from && hand_over(p, f, from, false) == NET_SENT)
			from->count.flooded++;
	return NET_SENT;
}

/* 01:80:c2:00:00:0X is for the next bridge only and never forwarded by one (802.1D). */
static bool link_local(const uint8_t *mac)
{
	static const uint8_t prefix[5] = { 0x01, 0x80, 0xc2, 0, 0 };

	return !memcmp(mac, prefix, sizeof(prefix)) && mac[5] < 16;
}

enum net_verdict net_switch_forward(struct net_port *from, struct net_frame *f, uint64_t now)
{
	const uint8_t *dst = f->hdr, *src = f->hdr + 6;
	enum net_verdict v = NET_DROPPED;
	struct net_port *to;

	if (!(src[0] & 1) && !link_local(dst)) {
		learn(from, src, now);
		to = dst[0] & 1 ? NULL : net_switch_lookup(from, dst, now);
		if (!to)
			v = flood(from, f, now);
		else if (to != from)	/* else it is there already */
			v = hand_over(to, f, from, true);
	}
	if (v == NET_WAIT)
		return v;
	from->count.in_frames++;
	from->count.in_bytes += f->len;
	if (v == NET_DROPPED)
		from->count.in_dropped++;
	return v;
}

const char *net_bridge_name(const struct net_port *port)
{
	return port->bridge ? port->bridge->name : "-";
}
