/* SPDX-License-Identifier: MIT */
/* vcpu_op (<xen/vcpu.h>): bringing vCPUs up and down, timers, vcpu_info, run states. */
#include <hypercalls/dispatch.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define PERIOD_MIN_NS	1000000UL
#define PERIOD_MAX_NS	((1UL << 62) - 1)	/* Xen's STIME_DELTA_MAX */

/* Of this vCPU, or of one that is down: nobody uses its vcpu_info then. */
static long register_info(unsigned int v, uint64_t arg)
{
	struct vcpu_public *p = &this_domain.vcpu[v];
	struct vcpu_register_vcpu_info r;
	struct vcpu_info *to;
	int rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -XEN_EFAULT;
	if (r.offset > PAGE_SIZE - sizeof(struct vcpu_info) || r.offset % sizeof(uint64_t))
		return -XEN_ENXIO;
	if (v != vcpu.id && smp_is_up(v))
		return -XEN_EINVAL;
	if (p->info_gfn || !mfn_page(r.mfn))
		return -XEN_EINVAL;
	mm_enter();
	rc = page_get_type(r.mfn, PGT_writable);
	mm_leave();
	if (rc)
		return -XEN_EINVAL;
	to = (struct vcpu_info *)((char *)mfn_ptr(r.mfn) + r.offset);
	*to = *p->info;
	p->info_gfn = r.mfn;
	__atomic_store_n(&p->info, to, __ATOMIC_RELEASE);
	/* Events may have come while both places were in use: let the guest look at all. */
	to->evtchn_pending_sel = ~0UL;
	to->evtchn_upcall_pending = 1;
	if (v == vcpu.id) {
		vcpu_info_ptr = to;
		time_update_vcpu();
	}
	return 0;
}

static long get_runstate(unsigned int v, uint64_t arg)
{
	struct vcpu_runstate_info ri;

	runstate_get(v, &ri);
	return copy_to_guest(arg, &ri, sizeof(ri));
}

static long register_runstate(unsigned int v, uint64_t arg)
{
	struct vcpu_register_runstate_memory_area a;
	struct vcpu_runstate_info ri;

	if (copy_from_guest(&a, arg, sizeof(a)))
		return -XEN_EFAULT;
	if (!guest_handle_ok(a.addr.p))
		return -XEN_EFAULT;
	WRITE_ONCE(this_domain.vcpu[v].runstate_va, a.addr.p);
	if (v == vcpu.id) {
		runstate_publish();
		return 0;
	}
	runstate_get(v, &ri);
	copy_to_guest(a.addr.p, &ri, sizeof(ri)); /* as Xen: not there now is no error */
	return 0;
}

static long register_time(unsigned int v, uint64_t arg)
{
	struct vcpu_register_time_memory_area a;

	if (copy_from_guest(&a, arg, sizeof(a)) || !guest_handle_ok(a.addr.p))
		return -XEN_EFAULT;
	WRITE_ONCE(this_domain.vcpu[v].time_va, a.addr.p); /* another one fills it in when it runs next */
	if (v == vcpu.id)
		time_publish();
	return 0;
}

/* Another vCPU looks at its timers when it is kicked. */
static void periodic_changed(unsigned int v)
{
	if (v == vcpu.id)
		timers_arm();
	else
		vcpu_nudge(v);
}

static long set_periodic(unsigned int v, uint64_t arg)
{
	struct vcpu_set_periodic_timer t;

	if (copy_from_guest(&t, arg, sizeof(t)))
		return -XEN_EFAULT;
	if (t.period_ns < PERIOD_MIN_NS || t.period_ns > PERIOD_MAX_NS)
		return -XEN_EINVAL;
	WRITE_ONCE(this_domain.vcpu[v].periodic_ns, t.period_ns);
	WRITE_ONCE(this_domain.vcpu[v].periodic_next_ns, now_ns() + t.period_ns);
	periodic_changed(v);
	return 0;
}

/* The context waits in the page set for the process that VCPUOP_up makes. */
static long initialise(unsigned int v, uint64_t arg)
{
	static struct vcpu_guest_context c;
	struct vcpu_public *p = &this_domain.vcpu[v];
	long rc = -XEN_EEXIST;

	if (copy_from_guest(&c, arg, sizeof(c)))
		return -XEN_EFAULT;
	spin_lock(&this_domain.vcpu_lock);
	if (!p->initialised)
		rc = guest_context_take(&c);
	if (!rc) {
		memcpy(pset(PVN_CONTEXT_OFFSET + v * PVN_CONTEXT_STRIDE, void), &c, sizeof(c));
		p->initialised = 1;
	}
	spin_unlock(&this_domain.vcpu_lock);
	if (!rc && (c.flags & VGCF_online))
		rc = smp_up(v);
	return rc;
}

static long send_nmi(unsigned int v, uint64_t arg)
{
	if (arg)
		return -XEN_EINVAL;
	if (v == vcpu.id) {
		guest_nmi();
		return 0;
	}
	__atomic_store_n(&pvcpu(v).nmi, 1, __ATOMIC_SEQ_CST);
	platform_kick(v);
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

/* What only the vCPU itself may do to itself. */
static long own_vcpu_op(uint32_t cmd, uint64_t arg)
{
	if (cmd == VCPUOP_set_singleshot_timer)
		return set_singleshot(arg);
	vcpu.singleshot_ns = 0;
	return 0;
}

long do_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg, uint64_t a4, uint64_t a5)
{
	unsigned int v = (uint32_t)id;

	if (v >= header.nr_vcpus)
		return -XEN_ENOENT;
	switch ((uint32_t)cmd) {
	case VCPUOP_initialise:
		return initialise(v, arg);
	case VCPUOP_up:
		return smp_up(v);
	case VCPUOP_down:
		return smp_down(v);
	case VCPUOP_is_up:
		return smp_is_up(v);
	case VCPUOP_get_runstate_info:
		return get_runstate(v, arg);
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(v, arg);
	case VCPUOP_set_periodic_timer:
		return set_periodic(v, arg);
	case VCPUOP_stop_periodic_timer:
		WRITE_ONCE(this_domain.vcpu[v].periodic_next_ns, 0);
		return 0;
	case VCPUOP_set_singleshot_timer:
	case VCPUOP_stop_singleshot_timer:
		return v == vcpu.id ? own_vcpu_op((uint32_t)cmd, arg) : -XEN_EINVAL;
	case VCPUOP_register_vcpu_info:
		return register_info(v, arg);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_time(v, arg);
	case VCPUOP_send_nmi:
		return send_nmi(v, arg);
	case VCPUOP_get_physid:
		return -XEN_EINVAL;
	}
	return -XEN_ENOSYS;
}
