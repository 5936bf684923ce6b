/* SPDX-License-Identifier: MIT */
/*
 * callback_op, set_callbacks, nmi_op: which entry points can be registered and taken back.  An address that is not canonical
 * would be loaded into RIP by the hypervisor.
 *
 * covers: callback_op.register good
 * covers: callback_op.register bad
 * covers: callback_op.unregister good
 * covers: callback_op.unregister bad
 * covers: set_callbacks good
 * covers: nmi_op.register_callback good
 * covers: nmi_op.register_callback bad
 * covers: nmi_op.unregister_callback good
 */
#include "tests/conformance/lib/conformance.h"

#include <xen/nmi.h>

const char test_title[] = "callback_op, set_callbacks, nmi_op: what can be registered";

static const unsigned known[] = { 0, 1, 2, 4, 5, 7 };

static char *key(const char *what, unsigned n)
{
	static char buf[40];
	size_t len = strlen(what);

	memcpy(buf, what, len);
	buf[len] = '.';
	buf[len + 1] = (char)('0' + n);
	buf[len + 2] = 0;
	return buf;
}

void test_main(void)
{
	struct callback_register r = { .address = (unsigned long)upcall_entry };
	struct callback_unregister u = { 0 };
	struct xennmi_callback n = { .handler_address = (unsigned long)upcall_entry };
	int port;
	struct evtchn_send s;

	for (unsigned i = 0; i < 9; i++) {
		r.type = (uint16_t)i;
		r.address = 0x800000000000;
		answer(key("non-canonical", i), (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
		r.address = (unsigned long)upcall_entry;
		answer(key("register", i), (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
		u.type = (uint16_t)i;
		answer(key("unregister", i), (uint64_t)HC(callback_op, (long)CALLBACKOP_unregister, (long)&u));
	}
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		r.type = (uint16_t)known[i];
		r.flags = 0xffff;
		answer(key("flags", known[i]), (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
	}
	answer("register.efault", (uint64_t)HC(callback_op, (long)CALLBACKOP_register, 0x1000L));
	answer("unregister.efault", (uint64_t)HC(callback_op, (long)CALLBACKOP_unregister, 0x1000L));
	answer("unknown", (uint64_t)HC(callback_op, 2L, (long)&r));
	answer("set_callbacks", (uint64_t)HC(set_callbacks, (long)upcall_entry, (long)failsafe_entry, 0L));
	/* The event entry works after all that. */
	port = port_ipi();
	s.port = (evtchn_port_t)port;
	port_forget(s.port);
	events_unmask();
	evtchn_op(EVTCHNOP_send, &s);
	answer("upcall", port_taken(s.port));
	answer("set_callbacks.bad", (uint64_t)HC(set_callbacks, 0x800000000000L, 0x800000000000L, 0x800000000000L));
	HC(set_callbacks, (long)upcall_entry, (long)failsafe_entry, 0L);
	answer("nmi.register", (uint64_t)HC(nmi_op, (long)XENNMI_register_callback, (long)&n));
	n.handler_address = 0x800000000000;
	answer("nmi.non-canonical", (uint64_t)HC(nmi_op, (long)XENNMI_register_callback, (long)&n));
	answer("nmi.efault", (uint64_t)HC(nmi_op, (long)XENNMI_register_callback, 0x1000L));
	answer("nmi.unregister", (uint64_t)HC(nmi_op, (long)XENNMI_unregister_callback, 0L));
	answer("nmi.unregister-again", (uint64_t)HC(nmi_op, (long)XENNMI_unregister_callback, 0L));
	answer("nmi.unknown", (uint64_t)HC(nmi_op, 9L, 0L));
	test_success("");
}
