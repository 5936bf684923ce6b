/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers in a list by deadline for each vCPU, and its PV timer behind them. There is no
 * tick: the timer is programmed for the next deadline, or the end of a slice when somebody waits for
 * it. A timer fires on the vCPU that set it.
 *
 * A base's lock is taken inside sched_lock, and no timer function is called under it.
 */
#include <pv/boot.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

struct timer_base {
	spinlock_t lock;
	struct list_head timers;
	struct timer *volatile running;
};

static struct timer_base bases[MAX_CPUS];

/* Before the first timer. */
void timer_init_bases(void)
{
	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		list_init(&bases[i].timers);
		cpus[i].timers = &bases[i];
	}
}

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
	struct timer_base *b = c->timers;
	unsigned long flags = spin_lock_irqsave(&b->lock);

	if (!list_empty(&b->timers))
		hardware_want(c, list_first(&b->timers, struct timer, link)->deadline_ns);
	if (others_wait)
		hardware_want(c, now_ns() + (slice_ns > 0 ? slice_ns : 0));
	spin_unlock_irqrestore(&b->lock, flags);
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	list_init(&t->link);
	t->base = NULL;
	t->fn = fn;
	t->arg = arg;
	t->armed = false;
}

static void insert(struct timer_base *b, struct timer *t)
{
	struct timer *pos;

	list_for_each(pos, &b->timers, link) {
		if (pos->deadline_ns > t->deadline_ns)
			break;
	}
	list_add_tail(&t->link, &pos->link);
	t->base = b;
}

/* The base t is on, locked; NULL: on none. A vCPU that goes offline moves its timers meanwhile. */
static struct timer_base *lock_base(struct timer *t)
{
	struct timer_base *b;

	while ((b = __atomic_load_n(&t->base, __ATOMIC_ACQUIRE)) != NULL) {
		unsigned long flags = spin_lock_irqsave(&b->lock);

		if (t->base == b)
			return b;
		spin_unlock_irqrestore(&b->lock, flags);
	}
	return NULL;
}

/* Events masked. */
static void take_off(struct timer *t)
{
	struct timer_base *b = lock_base(t);

	if (b == NULL)
		return;
	list_del(&t->link);
	t->armed = false;
	__atomic_store_n(&b->lock.locked, 0, __ATOMIC_RELEASE);
}

void timer_set(struct timer *t, uint64_t deadline_ns)
{
	unsigned long flags = irq_save();
	struct cpu *c = this_cpu();
	struct timer_base *b = c->timers;

	take_off(t);
	(void)spin_lock_irqsave(&b->lock);
	t->deadline_ns = deadline_ns;
	t->armed = true;
	insert(b, t);
	hardware_want(c, list_first(&b->timers, struct timer, link)->deadline_ns);
	__atomic_store_n(&b->lock.locked, 0, __ATOMIC_RELEASE);
	irq_restore(flags);
}

/* After this t is not used any more, unless its function itself cancels it. */
void timer_cancel(struct timer *t)
{
	unsigned long flags = irq_save();
	struct timer_base *b = t->base;

	take_off(t);
	while (b != NULL && b->running == t && b != this_cpu()->timers)
		cpu_relax();
	irq_restore(flags);
}

void timer_run_expired(void)
{
	struct timer_base *b = this_cpu()->timers;
	unsigned long flags = spin_lock_irqsave(&b->lock);

	while (!list_empty(&b->timers)) {
		struct timer *t = list_first(&b->timers, struct timer, link);

		if (t->deadline_ns > now_ns())
			break;
		list_del(&t->link);
		t->armed = false;
		b->running = t;
		spin_unlock_irqrestore(&b->lock, flags);
		t->fn(t->arg);
		flags = spin_lock_irqsave(&b->lock);
		b->running = NULL;
	}
	spin_unlock_irqrestore(&b->lock, flags);
}

/* Events masked on from, which runs nothing any more. */
void timer_migrate(struct cpu *from, struct cpu *to)
{
	struct timer *t, *next;

	(void)spin_lock_irqsave(&from->timers->lock);
	(void)spin_lock_irqsave(&to->timers->lock);
	list_for_each_safe(t, next, &from->timers->timers, link) {
		list_del(&t->link);
		insert(to->timers, t);
	}
	__atomic_store_n(&to->timers->lock.locked, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&from->timers->lock.locked, 0, __ATOMIC_RELEASE);
	from->timer_programmed_ns = 0;
	/* It programs its timer when it looks. */
	smp_kick(to);
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
