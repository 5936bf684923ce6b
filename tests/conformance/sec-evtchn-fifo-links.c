/* SPDX-License-Identifier: MIT */
/*
 * event channels by FIFO: the queue's links are guest memory, and the guest writes nonsense there: loops, ports that do not exist.
 *
 * What an attacker would gain: a hypervisor that follows or trusts the links loops for ever holding a lock of all domains,
 * or sets bits behind the end of the array.
 *
 * covers: event_channel_op.send good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "event channels by FIFO: links that lie";

static struct evtchn_fifo_control_block block PAGE_ALIGNED;
static uint32_t words[1024] PAGE_ALIGNED;

static evtchn_port_t ipi(void)
{
	struct evtchn_bind_ipi b = { .vcpu = 0 };

	if (evtchn_op(EVTCHNOP_bind_ipi, &b))
		test_error("no port");
	return b.port;
}

static uint64_t sends(evtchn_port_t port, unsigned times)
{
	struct evtchn_send s = { .port = port };
	long ret = 0;

	for (unsigned i = 0; i < times; i++)
		ret = evtchn_op(EVTCHNOP_send, &s) ?: ret;
	return (uint64_t)ret;
}

void test_main(void)
{
	struct evtchn_init_control i = { .control_gfn = va_mfn(&block), .vcpu = 0 };
	struct evtchn_expand_array e = { .array_gfn = va_mfn(words) };
	evtchn_port_t a, b;

	events_mask();
	if (evtchn_op(EVTCHNOP_init_control, &i) || evtchn_op(EVTCHNOP_expand_array, &e))
		test_error("no FIFO event channels");
	a = ipi();
	b = ipi();
	words[a] = words[b] = 0;
	answer("a", sends(a, 1));
	answer("b", sends(b, 1));
	/* The tail points at itself, and says it is at work. */
	words[b] = 1u << EVTCHN_FIFO_LINKED | b;
	answer("self-loop", sends(b, 100));
	words[a] = 1u << EVTCHN_FIFO_LINKED | 0x1ffff;
	words[b] = 1u << EVTCHN_FIFO_LINKED | 0x1ffff;
	answer("no-such-port", sends(a, 100));
	words[a] = words[b] = 0xffffffff;
	answer("all-ones", sends(b, 100));
	words[a] = words[b] = 1u << EVTCHN_FIFO_BUSY;
	answer("busy", sends(a, 10));
	memset((void *)&block, 0xff, sizeof(block));
	words[a] = words[b] = 0;
	answer("heads", sends(b, 10));
	memset(words, 0, sizeof(words));
	memset((void *)&block, 0, sizeof(block));
	answer("zero", sends(a, 10) | sends(b, 10));
	test_success("");
}
