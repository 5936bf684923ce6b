/* SPDX-License-Identifier: MIT */
/*
 * The way from one vif out of this process: a tap of a Linux bridge, or passt.  It is the second port of a
 * bridge that only the two are on.
 */
#ifndef PVN_BACKENDS_NET_UPLINK_H
#define PVN_BACKENDS_NET_UPLINK_H

#include <stdbool.h>
#include <stddef.h>

struct net_uplink;
struct net_vif;

#define NET_PASST	"passt"		/* the bridge of this name is no bridge but the way out by passt */

/* Is there a Linux bridge of this name that we may plug into? */
bool net_tap_possible(const char *bridge);

/* A tap called name in the Linux bridge, or a passt, for vif; 0, or -errno and why in words. */
int net_uplink_tap(struct net_vif *vif, const char *bridge, const char *name, char *why, size_t size);
int net_uplink_passt(struct net_vif *vif, char *why, size_t size);
void net_uplink_close(struct net_uplink *u);	/* NULL is fine */

/* The guest has room again. */
void net_uplink_retry(struct net_uplink *u);

/* net_uplink_open.c: a descriptor, or -errno and why.  mtu: of the interface. */
int net_tap_open(const char *bridge, const char *name, unsigned int mtu, char *why, size_t size);
int net_passt_start(unsigned int mtu, int *pid, char *why, size_t size);

#endif
