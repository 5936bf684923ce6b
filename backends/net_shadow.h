/* SPDX-License-Identifier: MIT */
/*
 * What survives a network backend that is killed: for each queue a page in a file of the run directory.
 *
 * Answers stand in the ring over the slots of requests.  A backend that dies between writing them and
 * showing them would leave slots that are neither, so they are put into the page first; its two counters
 * say how many of them are whole.  Only those are ever copied into the ring, so whatever the next backend
 * finds in the ring beyond the counters is still the frontend's request, and is carried out (again).
 */
#ifndef PVN_BACKENDS_NET_SHADOW_H
#define PVN_BACKENDS_NET_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/net_request.h"

#define NET_SHADOW_MAGIC	0x3148534e	/* "NSH1" */
#define NET_SHADOW_SLOTS	256u		/* of each ring */
#define NET_MCAST_MAX		64u		/* addresses in a guest's multicast filter */

/* Whose it is.  Frontends that connect anew do so with other ones of these, or start at index 0. */
struct net_shadow_key {
	uint32_t magic;			/* stored last; 0: nobody's */
	uint32_t domid, devid, queue;
	uint32_t tx_ref, rx_ref, tx_port, rx_port;
};

union net_rx_answer {
	struct netif_rx_response rsp;
	struct netif_extra_info extra;
};

struct net_shadow {
	struct net_shadow_key key;
	uint32_t tx_answered, rx_answered;	/* ring indices: everything before is whole */
	uint32_t nr_mcast;			/* of queue 0: the vif's multicast list */
	uint8_t mcast[NET_MCAST_MAX][6];
	struct netif_tx_response tx[NET_SHADOW_SLOTS];
	union net_rx_answer rx[NET_SHADOW_SLOTS];
};

struct net_shadows;

/* The file, made if it is not there.  0 or -errno. */
int net_shadows_open(struct net_shadows **out);
void net_shadows_close(struct net_shadows *all);

/* Forget those that an earlier backend left and whose domain is not alive. */
void net_shadows_sweep(struct net_shadows *all, bool (*alive)(void *arg, unsigned int domid), void *arg);

/*
 * A page for the queue with that key (but for the magic).  1: adopt is set and this is what an earlier
 * backend left; 0: a fresh one, valid once the caller has filled in the counters and the magic;
 * -ENOMEM.  If all is NULL, or the file cannot grow, it is memory that ends with us.
 */
int net_shadow_take(struct net_shadows *all, const struct net_shadow_key *key, bool adopt, struct net_shadow **out);

/* keep: who comes after us may have it. */
void net_shadow_release(struct net_shadows *all, struct net_shadow *s, bool keep);

#endif
