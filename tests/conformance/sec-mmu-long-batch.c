/* SPDX-License-Identifier: MIT */
/*
 * mmu_update, mmuext_op, multicall: batches as long as they get.
 *
 * What an attacker would gain: a hypervisor that works through a batch without looking up keeps its CPU from every other domain
 * for as long as the attacker likes.  The work has to be done in steps; the guest sees one call, all done, and
 * its timer's event no later than the call's end.
 *
 * covers: mmu_update good
 * covers: mmuext_op good
 * config: memory=32
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "batches of thousands of updates are done, and events come in between";

#define MANY	20000

static mmu_update_t u[MANY];
static struct mmuext_op ops[5000];
static multicall_entry_t m[MANY];
static char page[PAGE_SIZE] PAGE_ALIGNED;

void test_main(void)
{
	unsigned done = 0, good = 0;
	uint64_t entry = va_mfn(page) << 12 | PTE_KERNEL, at;
	struct evtchn_bind_virq b = { .virq = VIRQ_TIMER, .vcpu = 0 };

	HC(vcpu_op, (long)VCPUOP_stop_periodic_timer, 0L, 0L);
	if (evtchn_op(EVTCHNOP_bind_virq, &b))
		test_error("no timer");
	port_mask(b.port, false);
	port_forget(b.port);
	at = pte_maddr(page);
	for (unsigned i = 0; i < MANY; i++) {
		u[i].ptr = at | MMU_NORMAL_PT_UPDATE;
		u[i].val = i & 1 ? entry : entry & ~PTE_RW;
	}
	events_unmask();
	HC(set_timer_op, (long)(now_ns() + 1000000));
	answer("mmu_update", (uint64_t)HC(mmu_update, (long)u, (long)MANY, (long)&done, (long)DOMID_SELF));
	answer("mmu_update.done", done);
	for (uint64_t stop = now_ns() + 5000000000; !port_taken(b.port) && now_ns() < stop;)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	answer("event", port_taken(b.port));
	*(volatile char *)page = 1;
	for (unsigned i = 0; i < 5000; i++)
		ops[i].cmd = i & 1 ? MMUEXT_TLB_FLUSH_LOCAL : MMUEXT_INVLPG_LOCAL, ops[i].arg1.linear_addr = (uint64_t)page;
	answer("mmuext_op", (uint64_t)HC(mmuext_op, (long)ops, 5000L, (long)&done, (long)DOMID_SELF));
	answer("mmuext_op.done", done);
	for (unsigned i = 0; i < MANY; i++) {
		m[i].op = __HYPERVISOR_xen_version;
		m[i].args[0] = XENVER_version;
	}
	answer("multicall", (uint64_t)HC(multicall, (long)m, (long)MANY));
	for (unsigned i = 0; i < MANY; i++)
		good += m[i].result == (4 << 16 | 17);
	answer("multicall.good", good);
	test_success("");
}
