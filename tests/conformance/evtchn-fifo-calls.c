/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op: the calls that turn a domain over to FIFO event channels: where a control block may be, when pages may be
 * added, priorities; and an event that arrives in its queue.  Linux falls back to the other ABI if init_control fails.
 *
 * covers: event_channel_op.init_control good
 * covers: event_channel_op.init_control bad
 * covers: event_channel_op.expand_array good
 * covers: event_channel_op.expand_array bad
 * covers: event_channel_op.set_priority good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "event_channel_op: init_control, expand_array, set_priority and one event by FIFO";

static struct evtchn_fifo_control_block block[2] PAGE_ALIGNED;
static uint32_t words[1024] PAGE_ALIGNED;

static uint64_t init(uint64_t gfn, uint32_t offset, uint32_t vcpu)
{
	struct evtchn_init_control i = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
	long ret = evtchn_op(EVTCHNOP_init_control, &i);

	return ret ? (uint64_t)ret : i.link_bits;
}

static uint64_t expand(uint64_t gfn)
{
	struct evtchn_expand_array e = { .array_gfn = gfn };

	return (uint64_t)evtchn_op(EVTCHNOP_expand_array, &e);
}

void test_main(void)
{
	struct evtchn_set_priority p;
	struct evtchn_send s;
	struct evtchn_unmask u;
	struct evtchn_bind_ipi b = { .vcpu = 0 };

	events_mask();
	answer("expand.before-init", expand(va_mfn(words)));
	answer("init.misaligned", init(va_mfn(block), 4, 0));
	answer("init.across", init(va_mfn(block), PAGE_SIZE - 8, 0));
	answer("init.no-frame", init(0xfffffffffffUL, 0, 0));
	answer("init.vcpu-1", init(va_mfn(block), 0, 1));
	answer("init.efault", (uint64_t)evtchn_op(EVTCHNOP_init_control, (void *)0x1000));
	answer("init", init(va_mfn(block), 64, 0));
	answer("init.twice", init(va_mfn(block), 128, 0));
	answer("expand.no-frame", expand(0xfffffffffffUL));
	answer("expand.efault", (uint64_t)evtchn_op(EVTCHNOP_expand_array, (void *)0x1000));
	answer("expand", expand(va_mfn(words)));
	answer("ipi", (uint64_t)evtchn_op(EVTCHNOP_bind_ipi, &b));
	answer("ipi.word", words[b.port]);
	p.port = s.port = u.port = b.port;
	p.priority = 3;
	answer("priority", (uint64_t)evtchn_op(EVTCHNOP_set_priority, &p));
	p.priority = 16;
	answer("priority.16", (uint64_t)evtchn_op(EVTCHNOP_set_priority, &p));
	p.port = 100000;
	answer("priority.no-port", (uint64_t)evtchn_op(EVTCHNOP_set_priority, &p));
	words[b.port] = 1u << EVTCHN_FIFO_MASKED;
	answer("send.masked", (uint64_t)evtchn_op(EVTCHNOP_send, &s));
	answer("send.masked.word", words[b.port]);
	answer("unmask", (uint64_t)evtchn_op(EVTCHNOP_unmask, &u));
	answer("unmask.word", words[b.port]);
	{
		volatile struct evtchn_fifo_control_block *c = (void *)((char *)block + 64);

		/* (The console's and the store's events come when they like, in queue 7.) */
		answer("ready.but-7", c->ready & ~0x80U);
		answer("head.3-is-it", c->head[3] == b.port);
		answer("upcall-pending", vcpu0()->evtchn_upcall_pending);
	}
	/* The console's port is a FIFO port now: its events go on working for the verdict. */
	test_success("");
}
