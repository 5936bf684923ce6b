/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers in a list by deadline, and the PV timer behind them. There is no tick: the
 * timer is programmed for the next deadline, or the end of a slice when somebody waits for it.
 *
 * timer_lock is taken inside sched_lock, and no timer function is called under it.
 */
#include <pv/boot.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

static LIST_HEAD(timers);
static spinlock_t timer_lock = SPINLOCK_INIT;
static struct timer *volatile running;

static void hardware_set(struct cpu *c, uint64_t deadline)
{
	struct vcpu_set_singleshot_timer single = { .timeout_abs_ns = deadline };

	c->timer_programmed_ns = deadline;
	if (HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, c->id, &single) != 0)
		HYPERVISOR_set_timer_op(deadline);
}

/* An earlier one that is already set is left alone: it costs one idle wake, not a hypercall a switch. */
static void hardware_want(struct cpu *c, uint64_t deadline)
{
	if (c->timer_programmed_ns == 0 || deadline < c->timer_programmed_ns)
		hardware_set(c, deadline);
}

void timer_program(bool others_wait, int64_t slice_ns)
{
	struct cpu *c = this_cpu();
	unsigned long flags = spin_lock_irqsave(&timer_lock);

	if (!list_empty(&timers))
		hardware_want(c, list_first(&timers, struct timer, link)->deadline_ns);
	if (others_wait)
		hardware_want(c, now_ns() + (slice_ns > 0 ? slice_ns : 0));
	spin_unlock_irqrestore(&timer_lock, flags);
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	list_init(&t->link);
	t->fn = fn;
	t->arg = arg;
	t->armed = false;
}

static void insert(struct timer *t)
{
	struct timer *pos;

	list_for_each(pos, &timers, link) {
		if (pos->deadline_ns > t->deadline_ns)
			break;
	}
	list_add_tail(&t->link, &pos->link);
}

void timer_set(struct timer *t, uint64_t deadline_ns)
{
	unsigned long flags = spin_lock_irqsave(&timer_lock);

	list_del(&t->link);
	t->deadline_ns = deadline_ns;
	t->armed = true;
	insert(t);
	hardware_want(this_cpu(), list_first(&timers, struct timer, link)->deadline_ns);
	spin_unlock_irqrestore(&timer_lock, flags);
}

/* After this t is not used any more, unless its function itself cancels it. */
void timer_cancel(struct timer *t)
{
	unsigned long flags = spin_lock_irqsave(&timer_lock);

	list_del(&t->link);
	t->armed = false;
	spin_unlock_irqrestore(&timer_lock, flags);
	while (running == t && !this_cpu()->in_upcall)
		cpu_relax();
}

void timer_run_expired(void)
{
	unsigned long flags = spin_lock_irqsave(&timer_lock);

	while (!list_empty(&timers)) {
		struct timer *t = list_first(&timers, struct timer, link);

		if (t->deadline_ns > now_ns())
			break;
		list_del(&t->link);
		t->armed = false;
		running = t;
		spin_unlock_irqrestore(&timer_lock, flags);
		t->fn(t->arg);
		flags = spin_lock_irqsave(&timer_lock);
		running = NULL;
	}
	spin_unlock_irqrestore(&timer_lock, flags);
}

static void timer_event(evtchn_port_t port, void *data)
{
	struct cpu *c = this_cpu();

	c->timer_programmed_ns = 0;
	timer_run_expired();
	/* The slice may be over: let the scheduler look. It programs the next deadline too. */
	c->need_resched = true;
	timer_program(false, 0);
}

void timer_start(void)
{
	struct cpu *c = this_cpu();
	evtchn_port_t port;
	int rc;

	HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, c->id, NULL);
	rc = evtchn_bind_virq(VIRQ_TIMER, timer_event, NULL, "timer", &port);
	if (rc != 0)
		panic("no timer: %d\n", rc);
}
