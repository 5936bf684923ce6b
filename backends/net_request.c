/* SPDX-License-Identifier: MIT */
/*
 * Decoding and judging what a guest transmits.  Pure: works on copies of ring slots, touches no memory of
 * the domain, so that every rule is testable without one.  The rules are those of <xen/io/netif.h>;
 * where the header leaves open whether a mistake costs the packet or the device, it is as with Linux.
 */
#include "config.h"
#include "backends/net_request.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(union net_tx_slot) == 12, "size of a tx ring slot");

static int fatal(const char **why, const char *text)
{
	*why = text;
	return -EPROTO;
}

static int take_gso(const struct netif_extra_info *x, struct net_tx_packet *p, const char **why)
{
	if (!x->u.gso.size)
		return fatal(why, "a GSO packet with segments of no size");
	if (x->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && x->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return fatal(why, "a GSO packet of a type that is not known");
	p->gso_size = x->u.gso.size;
	p->gso_type = x->u.gso.type;
	return 0;
}

static int take_extra(const struct netif_extra_info *x, struct net_tx_packet *p, const char **why)
{
	switch (x->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		return take_gso(x, p, why);
	case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
		p->mcast_add = true;
		memcpy(p->add_addr, x->u.mcast.addr, sizeof(p->add_addr));
		return 0;
	case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
		p->mcast_del = true;
		memcpy(p->del_addr, x->u.mcast.addr, sizeof(p->del_addr));
		return 0;
	case XEN_NETIF_EXTRA_TYPE_HASH:
		p->has_hash = true;
		p->hash_type = x->u.hash.type;
		p->hash_algorithm = x->u.hash.algorithm;
		memcpy(p->hash, x->u.hash.value, sizeof(p->hash));
		return 0;
	default:
		return fatal(why, "extra info of a type that is not known");
	}
}

/* The chain of extra info from slots[1] on.  An endless one ends here: each type makes sense once. */
static int take_extras(const union net_tx_slot *slots, unsigned int nr, struct net_tx_packet *p,
		       const char **why)
{
	const struct netif_extra_info *x;
	int rc;

	do {
		if (p->nr_extras == NET_MAX_EXTRAS)
			return fatal(why, "a chain of extra info without end");
		if (1 + p->nr_extras >= nr)
			return fatal(why, "extra info is announced and missing");
		x = &slots[1 + p->nr_extras++].extra;
		rc = take_extra(x, p, why);
		if (rc)
			return rc;
	} while (x->flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return 0;
}

static void drop(struct net_tx_packet *p, const char *text)
{
	if (!p->drop)
		p->drop = text;
}

static void piece(struct net_tx_packet *p, const struct netif_tx_request *req)
{
	p->pieces[p->nr_pieces++] = (struct net_tx_piece){
		.gref = req->gref, .offset = req->offset, .size = req->size, .id = req->id,
	};
}

/* The first slot has the size of all; what the others leave of it is its own. */
static int sizes(struct net_tx_packet *p, const char **why)
{
	unsigned int i, rest = p->size;

	for (i = 1; i < p->nr_pieces; i++) {
		if (p->pieces[i].size > rest) {
			drop(p, "pieces that are more than the whole");
			p->pieces[i].size = 0;
		}
		rest -= p->pieces[i].size;
	}
	p->pieces[0].size = (uint16_t)rest;
	for (i = 0; i < p->nr_pieces && !p->drop; i++)
		if (p->pieces[i].offset + (unsigned int)p->pieces[i].size > NET_PAGE)
			return fatal(why, "a piece of a packet that goes beyond its page");
	return 0;
}

int net_tx_decode(const union net_tx_slot *slots, unsigned int nr, struct net_tx_packet *p,
		  const char **why)
{
	unsigned int at = 1;
	uint16_t flags;
	int rc;

	if (!nr)
		return fatal(why, "no slot");
	p->nr_pieces = p->nr_extras = 0;
	p->flags = flags = slots[0].req.flags;
	p->size = slots[0].req.size;
	p->drop = NULL;
	p->gso_size = 0;
	p->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	p->mcast_add = p->mcast_del = p->has_hash = false;
	piece(p, &slots[0].req);
	if (flags & NETTXF_extra_info) {
		rc = take_extras(slots, nr, p, why);
		if (rc)
			return rc;
		at += p->nr_extras;
	}
	while (flags & NETTXF_more_data) {
		if (p->nr_pieces == NET_FATAL_SLOTS)
			return fatal(why, "a packet of too many slots");
		if (at >= nr)
			return fatal(why, "a packet that has no end");
		flags = slots[at].req.flags;
		piece(p, &slots[at++].req);
	}
	if (p->mcast_add || p->mcast_del)
		return (int)at;		/* a message, no packet */
	if (p->nr_pieces > NET_MAX_SLOTS)
		drop(p, "more slots than are served");
	if (p->size < NET_ETH_HLEN)
		drop(p, "shorter than an Ethernet header");
	rc = sizes(p, why);
	return rc ? rc : (int)at;
}
