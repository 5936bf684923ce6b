/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: register_vcpu_info moves the vCPU's event and time fields to a place of the guest's.  Linux panics if it fails; what
 * was pending before must still be seen after.
 *
 * covers: vcpu_op.register_vcpu_info good
 * covers: vcpu_op.register_vcpu_info bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vcpu_op: register_vcpu_info, where it may be, once only";

static char page[2 * PAGE_SIZE] PAGE_ALIGNED;

static uint64_t reg(uint64_t mfn, uint32_t offset, long vcpu)
{
	struct vcpu_register_vcpu_info r = { .mfn = mfn, .offset = offset };

	return (uint64_t)HC(vcpu_op, (long)VCPUOP_register_vcpu_info, vcpu, (long)&r);
}

void test_main(void)
{
	uint64_t mfn = va_mfn(page);
	int port = port_ipi();
	struct evtchn_send s = { .port = (evtchn_port_t)port };
	vcpu_info_t *new = (void *)(page + 256);

	answer("across", reg(mfn, PAGE_SIZE - 8, 0));
	answer("misaligned", reg(mfn, 3, 0));
	answer("no-ram", reg(0xfffffffffffUL, 0, 0));
	answer("hypervisors", reg(1, 0, 0));
	answer("table", reg(va_mfn((void *)si->pt_base), 0, 0));
	answer("vcpu-1", reg(mfn, 0, 1));
	answer("efault", (uint64_t)HC(vcpu_op, (long)VCPUOP_register_vcpu_info, 0L, 0x1000L));
	events_mask();
	evtchn_op(EVTCHNOP_send, &s);
	answer("good", reg(mfn, 256, 0));
	vcpu_area = new;
	answer("good.mask", new->evtchn_upcall_mask);
	answer("good.pending", new->evtchn_upcall_pending);
	answer("good.selector", new->evtchn_pending_sel == ~0UL);
	answer("good.time", new->time.tsc_to_system_mul != 0);
	port_forget((unsigned)port);
	events_unmask();
	answer("good.upcall", port_taken((unsigned)port));
	answer("twice", reg(mfn, 512, 0));
	test_success("");
}
