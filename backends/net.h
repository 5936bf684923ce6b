/* SPDX-License-Identifier: MIT */
/*
 * The network backend: one process, one loop, all interfaces of all domains.
 *
 * The way of a frame: net_tx.c takes it off the sender's ring, net_request.c judges the slots,
 * net_frame.c the headers, net_switch.c says where it goes, net_rx.c copies it into the receiver's
 * pages.  That is the one copy.  net_dev.c is what xenbus calls, net_ring.c maps the rings,
 * net_turn.c turns the wheel, netback.c is the program.
 */
#ifndef PVN_BACKENDS_NET_H
#define PVN_BACKENDS_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <xengnttab.h>

#include "backends/events.h"
#include "backends/net_frame.h"
#include "backends/net_request.h"
#include "backends/net_shadow.h"
#include "backends/net_switch.h"
#include "backends/net_uplink.h"
#include "backends/xenbus.h"

struct net_vif;
struct pvn_loop;
struct pvn_timer;

#define NET_MAX_QUEUES	8
#define NET_MTU		1500u
#define NET_MTU_MAX	65521u		/* with the Ethernet header it is what 16 bits can say */
#define NET_WAIT_NS	50000000u	/* so long a sender waits for a receiver without room */
#define NET_TAKE_OVER_NS	5000000000ull	/* what a killed backend had of a domain may take so long to be given back */

/* One pair of rings. */
struct net_queue {
	struct net_vif *vif;
	unsigned int nr;
	netif_tx_back_ring_t tx;
	netif_rx_back_ring_t rx;
	struct net_shadow *shadow;	/* answers, until they are shown */
	RING_IDX tx_shown, rx_shown;	/* those before are in the rings */
	int tx_port, rx_port;		/* the same if the frontend does not split them */
	TAILQ_ENTRY(net_queue) active_entry;
	TAILQ_ENTRY(net_queue) pushed_entry;
	TAILQ_ENTRY(net_queue) wait_entry;	/* among the waiters of another */
	TAILQ_ENTRY(net_queue) waiting_entry;	/* among all that wait */
	struct net_queue *waits_for;	/* this queue's next frame goes there and there is no room */
	uint64_t waits_since;
	TAILQ_HEAD(, net_queue) waiters;	/* those whose waits_for is this */
	bool active;			/* its tx ring is to be looked at */
	bool pushed;			/* it has responses nobody has seen */
	bool tx_answered, rx_answered;
	bool stalled;			/* the guest does not read: nobody waits for it */
	RING_IDX stalled_at;		/* the rx request producer then */
};

TAILQ_HEAD(net_queue_list, net_queue);

/* The credit scheme of Xen: so many bytes in each window of usec. */
struct net_rate {
	uint64_t bytes, window_ns;	/* 0: no limit */
	uint64_t left, window_end;
};

struct net_vif {
	struct netback *nb;
	struct xenbus_device *xdev;
	struct net_port port;		/* into the switch */
	struct net_uplink *uplink;	/* the other end of a bridge of its own; NULL: of several */
	char bridge[NET_BRIDGE_NAME];
	unsigned int mtu;
	struct net_rate rate;
	struct pvn_timer *rate_timer;

	struct net_mcast {
		bool on;
		unsigned int nr;
		uint8_t addr[NET_MCAST_MAX][6];
	} mcast;
	struct store_watch *mcast_watch;

	/* what the frontend can receive */
	bool can_sg, can_gso4, can_gso6, can_csum4, can_csum6;

	/* while connected */
	struct net_queue *queues;
	unsigned int nr_queues;
	uint64_t waits_since_ns;	/* for what an earlier backend had */
	const char *broken;		/* the rule that was found broken while another was served */
	unsigned int said;		/* log lines that this guest has caused */
};

struct netback {
	struct pvn_loop *loop;
	struct store *store;
	struct xenbus *bus;
	struct events *events;
	xengnttab_handle *xgt;
	struct net_switch *sw;
	struct net_queue_list active, pushed, waiting;
	struct net_queue *receiver;	/* the queue whose room a NET_WAIT was about */
	struct pvn_timer *wait_timer;
	struct net_shadows *shadows;	/* NULL: none */
	bool ends;			/* the program does: who comes next takes the vifs over */
	bool turn_due, no_poll;
	uint64_t now;			/* of this lap */
	uint64_t poll_ns, slept_at_ns;
	struct net_frame frame;		/* the one on its way; too large for a stack frame */
};

/* net_turn.c, net_wait.c */
void net_activate(struct net_queue *q);		/* have its tx ring looked at this turn */
void net_turn_soon(struct netback *nb);
void net_push_later(struct net_queue *q);	/* responses are shown at the end of the lap */
void net_wait(struct net_queue *q, struct net_queue *receiver);
void net_wait_end(struct net_queue *q);
void net_wake(struct net_queue *receiver);	/* it has room, or goes */
bool net_poll(struct netback *nb);		/* net_poll.c */
void net_poll_woken(struct netback *nb);

/* net_dev.c */
extern const struct xenbus_backend net_backend;

/* net_ring.c */
struct net_ring_keys {
	uint32_t tx_ref, rx_ref, tx_port, rx_port;
	bool split;
};
/* adopt: go on where an earlier backend stopped.  0 or -errno. */
int net_queue_map(struct net_queue *q, const struct net_ring_keys *k, bool adopt);
void net_queue_unmap(struct net_queue *q, bool keep);	/* keep: for who comes after us */
void net_queue_notify(struct net_queue *q);		/* whatever the frontend waits for */
void net_queue_push(struct net_queue *q);

/* net_tx.c: up to budget packets.  1: there may be more; 0: the frontend will notify, or it waits; -EPROTO:
 * it lies, *why says how. */
int net_tx_service(struct net_queue *q, unsigned int budget, const char **why);

/* net_rx.c */
extern const struct net_port_ops net_vif_port_ops;
/* The guest has given the ring new buffers. */
void net_rx_event(struct net_queue *q);

/* net_rate.c: may a packet of so many bytes go now?  Else a timer has the queues looked at again. */
bool net_rate_may(struct net_vif *vif, unsigned int bytes);
void net_rate_take(struct net_vif *vif, unsigned int bytes);
int net_rate_set(struct net_vif *vif, const char *text);	/* "BYTES,USEC"; 0 or -EINVAL */
void net_rate_stop(struct net_vif *vif);

/* net_mcast.c: the guest's filter.  0, or -ENOSPC, -EINVAL. */
int net_mcast_change(struct net_vif *vif, const struct net_tx_packet *p);
bool net_mcast_wants(const struct net_vif *vif, const uint8_t *mac);
void net_mcast_open(struct net_vif *vif, bool adopted);	/* connected: look at request-multicast-control */
void net_mcast_close(struct net_vif *vif);

#endif
