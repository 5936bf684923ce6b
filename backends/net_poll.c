/* SPDX-License-Identifier: MIT */
/*
 * How long to look for events before sleeping; the reasons and the rule are those of blk_poll.c: a wake from
 * another CPU costs far more than seeing a bit in shared memory, so the window grows when the next event
 * comes soon after we slept and shrinks when we looked in vain.
 */
#include "config.h"
#include "backends/net.h"

#include "libs/util/loop.h"

#define MAX_NS		50000u
#define GROW_START_NS	5000u

bool net_poll(struct netback *nb)
{
	if (nb->no_poll || !events_can_poll())
		return false;
	if (nb->poll_ns) {
		if (events_poll(nb->events, nb->poll_ns))
			return true;
		nb->poll_ns = nb->poll_ns < 2 * GROW_START_NS ? 0 : nb->poll_ns / 2;
	}
	nb->slept_at_ns = pvn_now_ns();
	return false;
}

void net_poll_woken(struct netback *nb)
{
	if (!nb->slept_at_ns)
		return;
	if (pvn_now_ns() - nb->slept_at_ns <= MAX_NS) {
		nb->poll_ns = nb->poll_ns ? nb->poll_ns * 2 : GROW_START_NS;
		if (nb->poll_ns > MAX_NS)
			nb->poll_ns = MAX_NS;
	}
	nb->slept_at_ns = 0;
}
