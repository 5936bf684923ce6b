/* SPDX-License-Identifier: MIT */
/*
 * set_timer_op: a deadline raises VIRQ_TIMER once; one in the past at once; 0 takes it back; one that
 * is absurdly far (or negative) is taken for a mistake and fires soon.  A kernel sleeps by this.
 *
 * covers: set_timer_op good
 * covers: set_timer_op bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "set_timer_op: future, past, none, absurd";

static unsigned port;

static bool fires(uint64_t within_ns)
{
	uint64_t stop = now_ns() + within_ns;

	port_clear(port);
	while (now_ns() < stop)
		if (port_pending(port)) {
			port_clear(port);
			return true;
		}
	return false;
}

static long timer(uint64_t when)
{
	return HC(set_timer_op, (long)when);
}

void test_main(void)
{
	struct evtchn_bind_virq b = { .virq = VIRQ_TIMER, .vcpu = 0 };
	uint64_t t;

	HC(vcpu_op, (long)VCPUOP_stop_periodic_timer, 0L, 0L);
	answer("bind", (uint64_t)evtchn_op(EVTCHNOP_bind_virq, &b));
	port = b.port;
	t = now_ns();
	answer("future", (uint64_t)timer(t + 20000000));
	answer("future.fires", fires(5000000000));
	CHECK(now_ns() >= t + 20000000, "it fired early");
	answer("future.again", fires(50000000));
	/* port_pending is cleared by fires() itself, so a past deadline is looked for with a longer wait after it. */
	timer(now_ns() + 30000000);
	answer("stop", (uint64_t)timer(0));
	answer("stop.fires", fires(150000000));
	port_clear(port);
	answer("past", (uint64_t)timer(1));
	for (uint64_t stop = now_ns() + 5000000000; !port_pending(port) && now_ns() < stop;)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	answer("past.fires", port_pending(port));
	port_clear(port);
	answer("negative", (uint64_t)timer(1UL << 63));
	answer("negative.fires", fires(5000000000));
	answer("far", (uint64_t)timer(now_ns() + (1UL << 60)));
	answer("far.fires", fires(5000000000));
	timer(0);
	test_success("");
}
