/* SPDX-License-Identifier: MIT */
/* One packet that a guest transmits, from the bytes of its ring slots to something that may be carried out. */
#ifndef PVN_BACKENDS_NET_REQUEST_H
#define PVN_BACKENDS_NET_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/grant_table.h>

/* The macros of ring.h name their barriers; x86 needs a real one for store-then-load only. */
#ifndef xen_mb
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#endif
#include <xen/io/ring.h>
#include <xen/io/netif.h>

#define NET_PAGE	4096u
#define NET_ETH_HLEN	14u
#define NET_MAX_SLOTS	XEN_NETIF_NR_SLOTS_MIN	/* data slots of a packet that is forwarded */
#define NET_FATAL_SLOTS	(NET_MAX_SLOTS + 2)	/* so many are no mistake any more */
#define NET_MAX_EXTRAS	(XEN_NETIF_EXTRA_TYPE_MAX - 1)
/* The most ring slots that one packet may take. */
#define NET_MAX_RING_SLOTS	(NET_FATAL_SLOTS + NET_MAX_EXTRAS)

/* A slot as the frontend filled it, already copied out of the ring. */
union net_tx_slot {
	struct netif_tx_request req;
	struct netif_extra_info extra;
};

struct net_tx_piece {
	grant_ref_t gref;
	uint16_t offset, size;
	uint16_t id;
};

struct net_tx_packet {
	struct net_tx_piece pieces[NET_FATAL_SLOTS];
	unsigned int nr_pieces;
	unsigned int nr_extras;		/* they stand after the first piece in the ring */
	uint16_t flags;			/* NETTXF_* of the first slot */
	uint16_t size;			/* of the whole packet */
	const char *drop;		/* why it is not forwarded; NULL: it is */

	uint16_t gso_size;		/* 0: no GSO */
	uint8_t gso_type;
	bool mcast_add, mcast_del;	/* then it carries no data */
	bool has_hash;
	uint8_t add_addr[6], del_addr[6];
	uint8_t hash_type, hash_algorithm, hash[4];
};

/*
 * Decode the packet that begins at slots[0], of which nr are there.  The slots it takes; or -EPROTO:
 * the frontend breaks the protocol and *why says how.  A packet with ->drop set is to be answered
 * with an error and forgotten.
 */
int net_tx_decode(const union net_tx_slot *slots, unsigned int nr, struct net_tx_packet *p,
		  const char **why);

#endif
