/* SPDX-License-Identifier: MIT */
/* Scheduling: sched_op (<xen/sched.h>) and set_timer_op. */
#include <hypercalls/dispatch.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>

#define POLL_MAX_PORTS	128
#define TIMER_FAR_NS	(1UL << 50)
#define TIMER_SOON_NS	100000000UL

/* An NMI ends a sleep without a kick, which the way out to the guest would have noticed. */
static int nmi_ends_it(void)
{
	if (!guest_nmi_due())
		return 0;
	hv_exit_work = 1;
	return 1;
}

/* Wait for something, take in what came; the time it is then. */
static uint64_t wait_once(uint64_t now, uint64_t deadline)
{
	uint64_t next = timers_next();

	if (deadline && (!next || deadline < next))
		next = deadline;
	now = platform_wait(now, next);
	evtchn_drain();
	timers_run_at(now);
	return now;
}

/* Where Xen would have switched to another vCPU and back. */
static void switched(void)
{
	if (!vcpu.data_sel[0] && !vcpu.data_sel[1])
		return;
	vcpu.reload_segments = 1;
	hv_exit_work = 1;
}

static long block(void)
{
	uint64_t now;

	WRITE_ONCE(vcpu_info_ptr->evtchn_upcall_mask, 0);
	evtchn_drain();
	timers_run();
	if (READ_ONCE(vcpu_info_ptr->evtchn_upcall_pending) || nmi_ends_it())
		return 0;
	now = now_ns();
	runstate_change(RUNSTATE_blocked, now);
	while (!READ_ONCE(vcpu_info_ptr->evtchn_upcall_pending) && !nmi_ends_it())
		now = wait_once(now, 0);
	switched();
	runstate_change(RUNSTATE_running, now);
	return 0;
}

static int any_pending(const evtchn_port_t *port, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (evtchn_port_pending(port[i]))
			return 1;
	return 0;
}

/* Ports one by one, as Xen looks at them: 1 if one is pending, whatever comes behind it. */
static long poll_ports(const struct sched_poll *p, evtchn_port_t *port)
{
	unsigned int i;

	for (i = 0; i < p->nr_ports; i++) {
		if (copy_from_guest(&port[i], (uint64_t)(p->ports.p + i), sizeof(port[i])))
			return -XEN_EFAULT;
		if (!evtchn_port_valid(port[i]))
			return -XEN_EINVAL;
		if (evtchn_port_pending(port[i]))
			return 1;
	}
	return 0;
}

static void poll_sleep(const struct sched_poll *p, const evtchn_port_t *port)
{
	uint64_t now = now_ns();

	runstate_change(RUNSTATE_blocked, now);
	while (!any_pending(port, p->nr_ports) && !evtchn_pending_any() && !nmi_ends_it() &&
	       !(p->timeout && now >= p->timeout))
		now = wait_once(now, p->timeout);
	runstate_change(RUNSTATE_running, now);
}

static long poll(uint64_t arg)
{
	evtchn_port_t port[POLL_MAX_PORTS];
	struct sched_poll p;
	long rc = 0;

	if (copy_from_guest(&p, arg, sizeof(p)))
		return -XEN_EFAULT;
	if (p.nr_ports > POLL_MAX_PORTS)
		return -XEN_EINVAL;
	if (!guest_handle_ok((uint64_t)p.ports.p))
		return -XEN_EFAULT;
	evtchn_drain();
	/* Pairs with who sets a port pending: the bit first, then a look for pollers. */
	__atomic_fetch_or(&this_domain.pollers, 1U << vcpu.id, __ATOMIC_SEQ_CST);
	if (!evtchn_pending_any()) {
		rc = poll_ports(&p, port);
		if (!rc)
			poll_sleep(&p, port);
	}
	__atomic_fetch_and(&this_domain.pollers, ~(1U << vcpu.id), __ATOMIC_SEQ_CST);
	return rc < 0 ? rc : 0;
}

/* Any reason will do, as on Xen, which keeps eight bits of it. */
static long shutdown(uint64_t arg)
{
	struct sched_shutdown s;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -XEN_EFAULT;
	domain_shutdown((uint8_t)s.reason);
}

static long shutdown_code(uint64_t arg)
{
	struct sched_shutdown s;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -XEN_EFAULT;
	return machine_call1(PVN_REQ_SHUTDOWN_CODE, s.reason, 0);
}

/* For who controls the other domain: nobody here. */
static long remote_shutdown(uint64_t arg)
{
	struct sched_remote_shutdown s;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -XEN_EFAULT;
	return domain_exists(s.domain_id) ? -XEN_EPERM : -XEN_ESRCH;
}

static long watchdog(uint64_t arg)
{
	struct sched_watchdog w;

	if (copy_from_guest(&w, arg, sizeof(w)))
		return -XEN_EFAULT;
	return machine_call1(PVN_REQ_WATCHDOG, w.id, w.timeout);
}

long do_sched_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	switch ((uint32_t)cmd) {
	case SCHEDOP_yield:
		platform_yield();
		switched();
		hv_exit_work = 1; /* pollers of rings rely on events coming in meanwhile */
		return 0;
	case SCHEDOP_block:
		return block();
	case SCHEDOP_shutdown:
		return shutdown(arg);
	case SCHEDOP_poll:
		return poll(arg);
	case SCHEDOP_shutdown_code:
		return shutdown_code(arg);
	case SCHEDOP_remote_shutdown:
		return remote_shutdown(arg);
	case SCHEDOP_watchdog:
		return watchdog(arg);
	case SCHEDOP_pin_override:
		return -XEN_EPERM;
	}
	return -XEN_ENOSYS;
}

long do_set_timer_op(uint64_t timeout, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t now = now_ns();

	if ((int64_t)timeout < 0 || (timeout > now && timeout - now >= TIMER_FAR_NS))
		timeout = now + TIMER_SOON_NS; /* a guest whose clock went wrong must not hang */
	vcpu.singleshot_ns = timeout;
	if (timeout && timeout <= now)
		hv_exit_work = vcpu.timer_due = 1;
	else
		timers_arm();
	return 0;
}
