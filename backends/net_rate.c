/* SPDX-License-Identifier: MIT */
/*
 * rate=: Xen's credit scheme.  In each window of some microseconds a vif may transmit so many bytes; what
 * is beyond waits for the next window in the guest's ring.
 */
#include "config.h"
#include "backends/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/store.h"
#include "libs/util/loop.h"

#define BURST	131072u		/* a window never allows less than a large packet: it could not go at all */

int net_rate_set(struct net_vif *vif, const char *text)
{
	const char *comma = strchr(text, ',');
	uint64_t bytes, usec;
	char first[24];

	vif->rate = (struct net_rate){ 0 };
	if (!comma || (size_t)(comma - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(comma - text));
	first[comma - text] = 0;
	if (parse_uint(first, UINT64_MAX / 2, &bytes) || parse_uint(comma + 1, 60000000, &usec))
		return -EINVAL;
	if (!usec || bytes >= UINT32_MAX)	/* libxl's words for "no limit" */
		return 0;
	vif->rate.bytes = bytes;
	vif->rate.window_ns = usec * 1000;
	return 0;
}

static void rate_timer(void *arg)
{
	struct net_vif *vif = arg;
	unsigned int i;

	vif->rate_timer = NULL;
	for (i = 0; vif->queues && i < vif->nr_queues; i++)
		net_activate(&vif->queues[i]);
}

/* A new window: what was left of the last one is kept as far as a large packet needs it. */
static void refill(struct net_rate *r, uint64_t now)
{
	uint64_t most = r->bytes > BURST ? r->bytes : BURST;

	if (now < r->window_end)
		return;
	r->left = r->left + r->bytes > most ? most : r->left + r->bytes;
	r->window_end = now + r->window_ns;
}

bool net_rate_may(struct net_vif *vif, unsigned int bytes)
{
	struct net_rate *r = &vif->rate;

	if (!r->window_ns)
		return true;
	refill(r, vif->nb->now);
	if (bytes <= r->left)
		return true;
	if (!vif->rate_timer)
		pvn_loop_add_timer(vif->nb->loop, r->window_end - vif->nb->now, rate_timer, vif,
				   &vif->rate_timer);
	return false;
}

void net_rate_take(struct net_vif *vif, unsigned int bytes)
{
	if (vif->rate.window_ns)
		vif->rate.left -= bytes < vif->rate.left ? bytes : vif->rate.left;
}

void net_rate_stop(struct net_vif *vif)
{
	pvn_loop_del_timer(vif->rate_timer);
	vif->rate_timer = NULL;
}
