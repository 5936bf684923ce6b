/* SPDX-License-Identifier: MIT */
/*
 * The three calls of before Xen 3.0.2 that had the numbers of sched_op, event_channel_op and physdev_op: Xen still has
 * the first and forwards the others.
 *
 * covers: sched_op_compat good
 * covers: sched_op_compat bad
 * covers: event_channel_op_compat good
 * covers: event_channel_op_compat bad
 * covers: physdev_op_compat good
 * covers: physdev_op_compat bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "the calls of old interface versions: sched, event channel, physdev";

void test_main(void)
{
	struct {
		uint32_t cmd, pad;
		union {
			struct evtchn_alloc_unbound alloc;
			struct evtchn_close close;
			uint8_t bytes[64];
		} u;
	} op;
	struct { uint32_t cmd, pad; struct physdev_set_iopl iopl; uint8_t rest[32]; } pd;

	answer("sched.yield", (uint64_t)HC(sched_op_compat, (long)SCHEDOP_yield, 0L));
	answer("sched.unknown", (uint64_t)HC(sched_op_compat, 99L, 0L));
	memset(&op, 0, sizeof(op));
	op.cmd = EVTCHNOP_alloc_unbound;
	op.u.alloc.dom = DOMID_SELF;
	op.u.alloc.remote_dom = 0;
	answer("evtchn.alloc", (uint64_t)HC(event_channel_op_compat, (long)&op));
	op.cmd = 99;
	answer("evtchn.unknown", (uint64_t)HC(event_channel_op_compat, (long)&op));
	answer("evtchn.efault", (uint64_t)HC(event_channel_op_compat, 0x1000L));
	memset(&pd, 0, sizeof(pd));
	pd.cmd = PHYSDEVOP_set_iopl;
	answer("physdev.set_iopl", (uint64_t)HC(physdev_op_compat, (long)&pd));
	pd.cmd = 99;
	answer("physdev.unknown", (uint64_t)HC(physdev_op_compat, (long)&pd));
	answer("physdev.efault", (uint64_t)HC(physdev_op_compat, 0x1000L));
	test_success("");
}
