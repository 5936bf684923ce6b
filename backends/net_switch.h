/* SPDX-License-Identifier: MIT */
/*
 * The switch inside this process: what bridge=NAME plugs a vif into where no Linux bridge is meant.
 *
 * A bridge is there while it has ports.  A port says where its frames go by ops->send; the switch
 * says to which ports a frame goes.  Nothing here knows of rings.
 */
#ifndef PVN_BACKENDS_NET_SWITCH_H
#define PVN_BACKENDS_NET_SWITCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "backends/net_frame.h"

#define NET_BRIDGE_NAME	64
#define NET_MACS	1024		/* addresses a bridge learns */
#define NET_PORT_MACS	256		/* and of them from one port */
#define NET_AGE_NS	300000000000ull
#define NET_FLOOD_RATE	50000u		/* copies that a port's flooding may make, per second */
#define NET_FLOOD_BURST	5000u

struct net_port;
struct net_switch;

enum net_verdict {
	NET_SENT,
	NET_DROPPED,
	NET_WAIT,	/* the receiver has no room now: try the same frame again when it has */
};

struct net_port_ops {
	/* Give the frame to whatever is behind the port.  NET_WAIT only if may_wait. */
	enum net_verdict (*send)(struct net_port *port, const struct net_frame *f,
				 struct net_port *from, bool may_wait);
};

struct net_counters {
	uint64_t in_frames, in_bytes;		/* came from the port */
	uint64_t out_frames, out_bytes;		/* went to it */
	uint64_t in_dropped, out_dropped;
	uint64_t flooded, flood_dropped;	/* copies made of its frames, frames beyond the limit */
};

struct net_port {
	const struct net_port_ops *ops;
	struct net_bridge *bridge;		/* NULL: not plugged in */
	TAILQ_ENTRY(net_port) entry;
	uint8_t mac[6];				/* its configured address: nobody else can take it */
	bool has_mac;
	unsigned int nr_macs;			/* learnt */
	uint64_t flood_at;			/* when its flooding was counted last */
	uint32_t flood_tokens;
	struct net_counters count;
};

TAILQ_HEAD(net_port_list, net_port);

struct net_switch *net_switch_new(void);
void net_switch_free(struct net_switch *sw);	/* all ports are out */

/* Plug a port into the bridge of this name.  0 or -ENOMEM. */
int net_switch_attach(struct net_switch *sw, struct net_port *port, const char *name, uint64_t now);
void net_switch_detach(struct net_port *port);

/* A frame comes from a port.  NET_WAIT: nothing has happened. */
enum net_verdict net_switch_forward(struct net_port *from, struct net_frame *f, uint64_t now);

/* The port that an address is behind, as it would be found; NULL: it would be flooded. */
struct net_port *net_switch_lookup(struct net_port *from, const uint8_t *mac, uint64_t now);

const char *net_bridge_name(const struct net_port *port);

#endif
