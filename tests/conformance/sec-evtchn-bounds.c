/* SPDX-License-Identifier: MIT */
/*
 * events: port numbers at and beyond every edge, in each call that takes one, with 2-level events and with queues.
 *
 * What an attacker would gain: a bit set or read behind the end of a table (advisories 107, 342).
 *
 * covers: event_channel_op.send bad
 * covers: event_channel_op.close bad
 * covers: event_channel_op.status bad
 * covers: event_channel_op.unmask bad
 * covers: event_channel_op.bind_vcpu bad
 * covers: event_channel_op.expand_array bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "events: port numbers beyond the end";

static char control[PAGE_SIZE] PAGE_ALIGNED, array[PAGE_SIZE] PAGE_ALIGNED;
static const uint32_t beyond[] = { 0, 900, 1023, 1024, 4095, 4096, 4097, 0x1ffff, 0x20000, 0x7fffffff, 0x80000000, 0xffffffff };

/* The first answer, and whether all others beyond `from` are the same. */
static void all(const char *key, const char *same, int cmd, unsigned vcpu)
{
	uint64_t first = 0;
	bool alike = true;
	unsigned i;

	for (i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		union {
			struct evtchn_send send;
			struct evtchn_status status;
			struct evtchn_bind_vcpu bind;
			struct evtchn_set_priority prio;
		} u = { { 0 } };
		uint64_t ret;

		if (cmd == EVTCHNOP_status) {
			u.status.dom = DOMID_SELF;
			u.status.port = beyond[i];
		} else if (cmd == EVTCHNOP_bind_vcpu) {
			u.bind.port = beyond[i];
			u.bind.vcpu = vcpu;
		} else {
			u.send.port = beyond[i];
		}
		/* Port 0 and those of the table that are closed are other cases'. */
		if (cmd == EVTCHNOP_status && beyond[i] < 1024)
			continue;
		ret = (uint64_t)evtchn_op(cmd, &u);
		if (i == 0 || (cmd == EVTCHNOP_status && beyond[i] == 1024))
			first = ret;
		alike &= ret == first;
	}
	answer(key, first);
	answer(same, alike);
}

void test_main(void)
{
	struct evtchn_init_control c = { .control_gfn = va_mfn(control), .offset = 0, .vcpu = 0 };
	struct evtchn_expand_array e = { .array_gfn = va_mfn(array) };
	unsigned n;

	all("send", "send.alike", EVTCHNOP_send, 0);
	all("close", "close.alike", EVTCHNOP_close, 0);
	all("unmask", "unmask.alike", EVTCHNOP_unmask, 0);
	all("bind_vcpu", "bind_vcpu.alike", EVTCHNOP_bind_vcpu, 0);
	answer("expand.before", (uint64_t)evtchn_op(EVTCHNOP_expand_array, &e));
	c.vcpu = 1;
	answer("init.no-vcpu", (uint64_t)evtchn_op(EVTCHNOP_init_control, &c));
	c.vcpu = 0;
	c.offset = 4092;
	answer("init.crossing", (uint64_t)evtchn_op(EVTCHNOP_init_control, &c));
	c.offset = 4;
	answer("init.unaligned", (uint64_t)evtchn_op(EVTCHNOP_init_control, &c));
	c.offset = 0;
	answer("init", (uint64_t)evtchn_op(EVTCHNOP_init_control, &c));
	answer("link-bits", c.link_bits);
	all("fifo.send", "fifo.send.alike", EVTCHNOP_send, 0);
	all("fifo.unmask", "fifo.unmask.alike", EVTCHNOP_unmask, 0);
	all("fifo.close", "fifo.close.alike", EVTCHNOP_close, 0);
	answer("expand", (uint64_t)evtchn_op(EVTCHNOP_expand_array, &e));
	/* Each page is for 1024 ports; the domain has no more of them. */
	for (n = 0; n < 4; n++)
		if (evtchn_op(EVTCHNOP_expand_array, &e))
			break;
	answer("expand.more", n);
	answer("expand.over", (uint64_t)evtchn_op(EVTCHNOP_expand_array, &e));
	test_success("");
}
