/* SPDX-License-Identifier: MIT */
/*
 * NMI: a vCPU sends itself one; it comes with events masked, and the next waits for the iret hypercall.
 *
 * A watchdog or a crash dump by `xl trigger nmi` relies on it: a second NMI inside the first would overwrite its frame.
 *
 * covers: nmi_op good
 * covers: nmi_op bad
 * covers: callback_op.register good
 * covers: callback_op.unregister good
 * covers: vcpu_op.send_nmi good
 * covers: vcpu_op.send_nmi bad
 */
#include "tests/conformance/lib/conformance.h"

#include <xen/nmi.h>

const char test_title[] = "nmi: sent, delivered once, blocked until iret";

static unsigned seen;
static uint8_t mask_inside;
static uint64_t again;

static bool on_trap(struct regs *r)
{
	if (r->vector != 2)
		return false;
	mask_inside = vcpu0()->evtchn_upcall_mask;
	if (seen++ == 0) {
		again = (uint64_t)HC(vcpu_op, (long)VCPUOP_send_nmi, 0L, 0L);
		HC(xen_version, (long)XENVER_version, 0L);
	}
	return true;
}

static long send(void)
{
	return HC(vcpu_op, (long)VCPUOP_send_nmi, 0L, 0L);
}

void test_main(void)
{
	struct xennmi_callback cb = { .handler_address = (unsigned long)trap_2 };
	struct callback_register r = { .type = CALLBACKTYPE_nmi, .address = (unsigned long)trap_2 };
	struct callback_unregister u = { .type = CALLBACKTYPE_nmi };

	trap_hook = on_trap;
	events_unmask();
	answer("no-handler", (uint64_t)send());
	answer("no-handler.seen", seen);
	answer("register", (uint64_t)HC(nmi_op, (long)XENNMI_register_callback, (long)&cb));
	HC(xen_version, (long)XENVER_version, 0L);
	answer("the-lost-one.seen", seen);
	seen = 0;
	answer("send", (uint64_t)send());
	answer("send.seen", seen);
	answer("send.inside", again);
	answer("mask-inside", mask_inside);
	answer("mask-after", vcpu0()->evtchn_upcall_mask);
	answer_trap("frame", &last_trap);
	answer("send-arg", (uint64_t)HC(vcpu_op, (long)VCPUOP_send_nmi, 0L, 1L));
	answer("send-no-vcpu", (uint64_t)HC(vcpu_op, (long)VCPUOP_send_nmi, 99L, 0L));
	answer("unregister", (uint64_t)HC(nmi_op, (long)XENNMI_unregister_callback, 0L));
	seen = 0;
	send();
	answer("unregistered.seen", seen);
	answer("callback_op", (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
	seen = 1;
	send();
	answer("callback_op.seen", seen - 1);
	answer("callback_op.unregister", (uint64_t)HC(callback_op, (long)CALLBACKOP_unregister, (long)&u));
	cb.handler_address = 0x8000000000000000;
	answer("non-canonical", (uint64_t)HC(nmi_op, (long)XENNMI_register_callback, (long)&cb));
	answer("null", (uint64_t)HC(nmi_op, (long)XENNMI_register_callback, 0L));
	answer("cmd2", (uint64_t)HC(nmi_op, 2L, 0L));
	test_success("");
}
