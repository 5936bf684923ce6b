/* SPDX-License-Identifier: MIT */
/*
 * Watchdogs of a domain (SCHEDOP_watchdog): a timer that the domain sets anew in time, or it shuts
 * down with the reason "watchdog".
 *
 * They run here and not in the domain's image, so that a domain that hangs, whatever it did to its
 * image, cannot keep them from firing.  Called by request.c; domain.c ends them.
 */
#include "config.h"
#include "paravaned/domain.h"

#include <errno.h>
#include <stddef.h>
#include <xen/sched.h>

#include "libs/util/loop.h"
#include "paravaned/console_ring.h"
#include "paravaned/machine.h"

static void fired(void *arg)
{
	struct watchdog *w = arg;

	w->timer = NULL;
	if (w->d->is_shut_down)
		return;
	machine_log("d%u: its watchdog fired", w->d->domid);
	domain_shutdown(w->d, SHUTDOWN_watchdog);
}

static int start(struct watchdog *w, struct domain *d, uint32_t seconds)
{
	pvn_loop_del_timer(w->timer);
	w->timer = NULL;
	w->d = d;
	w->in_use = true;
	return pvn_loop_add_timer(machine.loop, (uint64_t)seconds * 1000000000ULL, fired, w, &w->timer);
}

static void stop(struct watchdog *w)
{
	pvn_loop_del_timer(w->timer);
	w->timer = NULL;
	w->in_use = false;
}

/* id 0: a new one, whose id (1..NR_WATCHDOGS) is returned; else 0.  -ENOSPC; -EINVAL; -ENOMEM. */
int watchdog_set(struct domain *d, uint64_t id, uint64_t seconds)
{
	uint32_t i;

	if (id > NR_WATCHDOGS)
		return -EINVAL;
	if (id) {
		if (!d->watchdog[id - 1].in_use)
			return -EINVAL;
		if (seconds)
			return start(&d->watchdog[id - 1], d, (uint32_t)seconds);
		stop(&d->watchdog[id - 1]);
		return 0;
	}
	for (i = 0; i < NR_WATCHDOGS; i++)
		if (!d->watchdog[i].in_use)
			return start(&d->watchdog[i], d, (uint32_t)seconds) ? -ENOMEM : (int)i + 1;
	return -ENOSPC;
}

void watchdogs_stop(struct domain *d)
{
	uint32_t i;

	for (i = 0; i < NR_WATCHDOGS; i++)
		stop(&d->watchdog[i]);
}
