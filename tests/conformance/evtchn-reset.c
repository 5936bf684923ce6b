/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op: reset closes every port of the domain, also the console's and the store's; the domain lives on.
 *
 * covers: event_channel_op.reset good
 * covers: event_channel_op.reset bad
 * config: expect=crash
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "event_channel_op: reset closes all ports";

static uint64_t status(unsigned port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };
	long ret = evtchn_op(EVTCHNOP_status, &s);

	return ret ? (uint64_t)ret : s.status;
}

void test_main(void)
{
	struct evtchn_reset r = { .dom = 0 };
	unsigned store = si->store_evtchn, console = si->console.domU.evtchn, ipi = (unsigned)port_ipi();

	answer("foreign", (uint64_t)evtchn_op(EVTCHNOP_reset, &r));
	r.dom = 30000;
	answer("nobody", (uint64_t)evtchn_op(EVTCHNOP_reset, &r));
	answer("efault", (uint64_t)evtchn_op(EVTCHNOP_reset, (void *)0x1000));
	answer("before.store", status(store));
	answer("before.ipi", status(ipi));
	r.dom = DOMID_SELF;
	/* Nobody hears of the console ring after it: the end says how it went. */
	test_crash_next("every port is closed, then a trap without a stack");
	if (evtchn_op(EVTCHNOP_reset, &r) == 0 && status(store) == EVTCHNSTAT_closed &&
	    status(console) == EVTCHNSTAT_closed && status(ipi) == EVTCHNSTAT_closed)
		__asm__ volatile("movl $0x1000, %%esp; ud2" ::: "memory");
	test_failure("ports are open after a reset");
}
