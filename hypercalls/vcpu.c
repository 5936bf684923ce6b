/* SPDX-License-Identifier: MIT */
/* vcpu_op (<xen/vcpu.h>): timers, vcpu_info, run states. */
#include <hypercalls/dispatch.h>
#include <hv/guest.h>
#include <hv/mm.h>

#define PERIOD_MIN_NS	1000000UL
#define PERIOD_MAX_NS	((1UL << 62) - 1)	/* Xen's STIME_DELTA_MAX */

static long register_info(uint64_t arg)
{
	struct vcpu_register_vcpu_info r;
	struct vcpu_info *to;
	int rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -XEN_EFAULT;
	if (r.offset > PAGE_SIZE - sizeof(struct vcpu_info) || r.offset % sizeof(uint64_t))
		return -XEN_ENXIO;
	if (vcpu.info_gfn || !mfn_page(r.mfn))
		return -XEN_EINVAL;
	mm_enter();
	rc = page_get_type(r.mfn, PGT_writable);
	mm_leave();
	if (rc)
		return -XEN_EINVAL;
	to = (struct vcpu_info *)((char *)mfn_ptr(r.mfn) + r.offset);
	*to = *vcpu_info_ptr;
	vcpu.info_gfn = r.mfn;
	vcpu_info_ptr = to;
	/* Events may have come while both places were in use: let the guest look at all. */
	to->evtchn_pending_sel = ~0UL;
	to->evtchn_upcall_pending = 1;
	time_update_vcpu();
	return 0;
}

static long register_runstate(uint64_t arg)
{
	struct vcpu_register_runstate_memory_area a;

	if (copy_from_guest(&a, arg, sizeof(a)))
		return -XEN_EFAULT;
	if (!guest_handle_ok(a.addr.p))
		return -XEN_EFAULT;
	vcpu.runstate_va = a.addr.p;
	runstate_publish();
	return 0;
}

static long register_time(uint64_t arg)
{
	struct vcpu_register_time_memory_area a;

	if (copy_from_guest(&a, arg, sizeof(a)) || !guest_handle_ok(a.addr.p))
		return -XEN_EFAULT;
	vcpu.time_va = a.addr.p;
	time_publish();
	return 0;
}

static long get_runstate(uint64_t arg)
{
	struct vcpu_runstate_info ri;
	uint64_t now = now_ns();

	memset(&ri, 0, sizeof(ri));
	ri.state = RUNSTATE_running;
	ri.state_entry_time = vcpu.state_since_ns;
	memcpy(ri.time, vcpu.runstate_time, sizeof(ri.time));
	ri.time[RUNSTATE_running] += now - vcpu.state_since_ns;
	return copy_to_guest(arg, &ri, sizeof(ri));
}

static long set_periodic(uint64_t arg)
{
	struct vcpu_set_periodic_timer t;

	if (copy_from_guest(&t, arg, sizeof(t)))
		return -XEN_EFAULT;
	if (t.period_ns < PERIOD_MIN_NS || t.period_ns > PERIOD_MAX_NS)
		return -XEN_EINVAL;
	vcpu.periodic_ns = t.period_ns;
	vcpu.periodic_next_ns = now_ns() + t.period_ns;
	timers_arm();
	return 0;
}

static long set_singleshot(uint64_t arg)
{
	struct vcpu_set_singleshot_timer t;

	if (copy_from_guest(&t, arg, sizeof(t)))
		return -XEN_EFAULT;
	vcpu.singleshot_ns = t.timeout_abs_ns ? t.timeout_abs_ns : 1;
	if (vcpu.singleshot_ns <= now_ns())
		hv_exit_work = vcpu.timer_due = 1; /* past: fires now (Xen ignores SSHOTTMR_future) */
	else
		timers_arm();
	return 0;
}

long do_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg, uint64_t a4, uint64_t a5)
{
	id = (uint32_t)id;
	if (id >= header.nr_vcpus)
		return -XEN_ENOENT;
	switch ((uint32_t)cmd) {
	case VCPUOP_is_up:
		return id == vcpu.id;
	case VCPUOP_get_runstate_info:
		return get_runstate(arg);
	}
	if (id != vcpu.id)
		return cmd <= VCPUOP_register_vcpu_info ? -XEN_EINVAL : -XEN_ENOSYS;
	switch ((uint32_t)cmd) {
	case VCPUOP_up:
		return 0;
	case VCPUOP_initialise:
		return -XEN_EEXIST;
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(arg);
	case VCPUOP_set_periodic_timer:
		return set_periodic(arg);
	case VCPUOP_stop_periodic_timer:
		vcpu.periodic_next_ns = 0;
		return 0;
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(arg);
	case VCPUOP_stop_singleshot_timer:
		vcpu.singleshot_ns = 0;
		return 0;
	case VCPUOP_register_vcpu_info:
		return register_info(arg);
	case VCPUOP_send_nmi:
		if (arg)
			return -XEN_EINVAL;
		guest_nmi();
		return 0;
	case VCPUOP_register_vcpu_time_memory_area:
		return register_time(arg);
	case VCPUOP_get_physid:
		return -XEN_EINVAL;
	}
	return -XEN_ENOSYS;
}
