/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op on a domain of one vCPU: run states, timers, registered areas, and vCPUs that are not there.  Linux scans thousands
 * of vCPU numbers by is_up and must get a clean end.
 *
 * covers: vcpu_op.initialise bad
 * covers: vcpu_op.up bad
 * covers: vcpu_op.down bad
 * covers: vcpu_op.is_up good
 * covers: vcpu_op.is_up bad
 * covers: vcpu_op.get_runstate_info good
 * covers: vcpu_op.get_runstate_info bad
 * covers: vcpu_op.register_runstate_memory_area good
 * covers: vcpu_op.register_runstate_memory_area bad
 * covers: vcpu_op.set_periodic_timer good
 * covers: vcpu_op.set_periodic_timer bad
 * covers: vcpu_op.stop_periodic_timer good
 * covers: vcpu_op.stop_periodic_timer bad
 * covers: vcpu_op.set_singleshot_timer good
 * covers: vcpu_op.set_singleshot_timer bad
 * covers: vcpu_op.stop_singleshot_timer good
 * covers: vcpu_op.stop_singleshot_timer bad
 * covers: vcpu_op.register_vcpu_time_memory_area good
 * covers: vcpu_op.register_vcpu_time_memory_area bad
 * covers: vcpu_op.get_physid bad
 * covers: vcpu_op.send_nmi bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "vcpu_op: one vCPU's run states, timers and areas, and vCPUs that are not there";

static struct vcpu_runstate_info run, area;
static struct vcpu_time_info time_area;
static char page[2 * PAGE_SIZE] PAGE_ALIGNED;

static uint64_t op(int cmd, long vcpu, void *arg)
{
	return (uint64_t)HC(vcpu_op, (long)cmd, vcpu, (long)arg);
}

static void runstates(void)
{
	struct vcpu_register_runstate_memory_area r;

	answer("runstate", op(VCPUOP_get_runstate_info, 0, &run));
	answer("runstate.state", (uint64_t)run.state);
	answer("runstate.offline-zero", run.time[RUNSTATE_offline] == 0);
	answer("runstate.efault", op(VCPUOP_get_runstate_info, 0, (void *)0x1000));
	answer("runstate.vcpu-1", op(VCPUOP_get_runstate_info, 1, &run));
	memset(&area, 0xff, sizeof(area));
	r.addr.v = &area;
	answer("runstate-area", op(VCPUOP_register_runstate_memory_area, 0, &r));
	answer("runstate-area.state", (uint64_t)area.state);
	answer("runstate-area.vcpu-1", op(VCPUOP_register_runstate_memory_area, 1, &r));
	answer("runstate-area.efault", op(VCPUOP_register_runstate_memory_area, 0, (void *)0x1000));
	r.addr.v = (void *)(page + PAGE_SIZE - 8);
	answer("runstate-area.across", op(VCPUOP_register_runstate_memory_area, 0, &r));
	answer("runstate-area.across-state", *(uint32_t *)(page + PAGE_SIZE - 8));
	r.addr.v = (void *)0xffff828000000000;
	answer("runstate-area.hypervisors", op(VCPUOP_register_runstate_memory_area, 0, &r));
	r.addr.v = (void *)0x1000;
	answer("runstate-area.unmapped", op(VCPUOP_register_runstate_memory_area, 0, &r));
}

static void timers(void)
{
	struct vcpu_set_periodic_timer p = { .period_ns = 10000000 };
	struct vcpu_set_singleshot_timer s = { .timeout_abs_ns = now_ns() + 1000000000, .flags = 0 };

	answer("periodic", op(VCPUOP_set_periodic_timer, 0, &p));
	p.period_ns = 999999;
	answer("periodic.short", op(VCPUOP_set_periodic_timer, 0, &p));
	p.period_ns = 1UL << 63;
	answer("periodic.negative", op(VCPUOP_set_periodic_timer, 0, &p));
	answer("periodic.efault", op(VCPUOP_set_periodic_timer, 0, (void *)0x1000));
	answer("periodic.vcpu-1", op(VCPUOP_set_periodic_timer, 1, &p));
	answer("periodic.stop", op(VCPUOP_stop_periodic_timer, 0, NULL));
	answer("periodic.stop-again", op(VCPUOP_stop_periodic_timer, 0, NULL));
	answer("periodic.stop-vcpu-1", op(VCPUOP_stop_periodic_timer, 1, NULL));
	answer("singleshot", op(VCPUOP_set_singleshot_timer, 0, &s));
	s.timeout_abs_ns = 1;
	answer("singleshot.past", op(VCPUOP_set_singleshot_timer, 0, &s));
	s.flags = VCPU_SSHOTTMR_future;
	answer("singleshot.past-future", op(VCPUOP_set_singleshot_timer, 0, &s));
	answer("singleshot.efault", op(VCPUOP_set_singleshot_timer, 0, (void *)0x1000));
	answer("singleshot.vcpu-1", op(VCPUOP_set_singleshot_timer, 1, &s));
	answer("singleshot.stop", op(VCPUOP_stop_singleshot_timer, 0, NULL));
	answer("singleshot.stop-vcpu-1", op(VCPUOP_stop_singleshot_timer, 1, NULL));
}

void test_main(void)
{
	struct vcpu_register_time_memory_area t = { .addr.v = &time_area };
	struct vcpu_get_physid id;

	answer("is_up", op(VCPUOP_is_up, 0, NULL));
	answer("is_up.1", op(VCPUOP_is_up, 1, NULL));
	answer("is_up.8191", op(VCPUOP_is_up, 8191, NULL));
	answer("is_up.minus1", op(VCPUOP_is_up, -1, NULL));
	answer("up.0", op(VCPUOP_up, 0, NULL));
	answer("up.1", op(VCPUOP_up, 1, NULL));
	answer("down.1", op(VCPUOP_down, 1, NULL));
	answer("initialise.1", op(VCPUOP_initialise, 1, page));
	answer("initialise.0-efault", op(VCPUOP_initialise, 0, (void *)0x1000));
	runstates();
	timers();
	answer("time-area", op(VCPUOP_register_vcpu_time_memory_area, 0, &t));
	answer("time-area.filled", time_area.tsc_to_system_mul != 0);
	answer("time-area.efault", op(VCPUOP_register_vcpu_time_memory_area, 0, (void *)0x1000));
	answer("time-area.vcpu-1", op(VCPUOP_register_vcpu_time_memory_area, 1, &t));
	t.addr.v = (void *)0x1000;
	answer("time-area.unmapped", op(VCPUOP_register_vcpu_time_memory_area, 0, &t));
	answer("physid", op(VCPUOP_get_physid, 0, &id));
	answer("physid.vcpu-1", op(VCPUOP_get_physid, 1, &id));
	answer("nmi.argument", op(VCPUOP_send_nmi, 0, page));
	answer("nmi.vcpu-1", op(VCPUOP_send_nmi, 1, NULL));
	answer("unknown", op(99, 0, NULL));
	answer("unknown.vcpu-1", op(99, 1, NULL));
	test_success("");
}
