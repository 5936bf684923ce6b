/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: one run queue for all vCPUs, round robin.
 *
 * Tour: guest 5. A woken thread goes to the head of the queue and takes over at once; the one it
 * displaced comes next and keeps the rest of its slice. A thread that has used up its slice
 * (10 ms of running, however often it slept) goes to the tail, so nobody starves. A vCPU that has
 * nothing to do is sent to the queue when something comes: the one the thread ran on, or any.
 *
 * sched_lock is taken with events masked and held across thread_switch: the thread that
 * continues releases it.
 */
#include <pv/boot.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/smp.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#define SLICE_NS	(10 * (int64_t)NSEC_PER_MSEC)

spinlock_t sched_lock = SPINLOCK_INIT;
static LIST_HEAD(run_queue);

struct thread *thread_current(void)
{
	unsigned long rsp;

	__asm__("movq %%rsp, %0" : "=r"(rsp));
	return (struct thread *)(rsp & ~(STACK_SIZE - 1));
}

struct cpu *this_cpu(void)
{
	return current()->cpu;
}

void sched_init(void)
{
	struct thread *t = this_cpu()->idle;

	list_init(&t->run_link);
	list_add_tail(&t->all_link, &all_threads);
	t->started_ns = now_ns();
}

static void enqueue(struct thread *t, bool head)
{
	t->queued = true;
	if (head)
		list_add(&t->run_link, &run_queue);
	else
		list_add_tail(&t->run_link, &run_queue);
}

static bool is_idle(const struct cpu *c)
{
	return c->current == c->idle && !c->kicked;
}

/* Something was put on the queue. sched_lock held. */
static void find_runner(struct cpu *last)
{
	struct cpu *me = this_cpu(), *c = NULL;
	uint64_t online = cpus_online_mask();

	if (last != NULL && is_idle(last) && (online >> last->id & 1))
		c = last;
	else if (is_idle(me))
		c = me;
	for (unsigned int i = 0; c == NULL && online >> i != 0; i++) {
		if ((online >> i & 1) && is_idle(&cpus[i]))
			c = &cpus[i];
	}
	if (c != NULL && c != me) {
		c->kicked = true;
		smp_kick(c);
		return;
	}
	me->kicked |= c == me;
	me->need_resched = true;
}

void thread_wake(struct thread *t)
{
	unsigned long flags = spin_lock_irqsave(&sched_lock);

	if (t->state == THREAD_SLEEPING) {
		t->state = THREAD_RUNNABLE;
		/* Still running, about to sleep: it will notice in schedule(). */
		if (!t->queued && (t->cpu == NULL || t->cpu->current != t)) {
			enqueue(t, true);
			find_runner(t->cpu);
		}
	}
	spin_unlock_irqrestore(&sched_lock, flags);
}

void thread_kick(struct thread *t)
{
	struct cpu *c;

	thread_wake(t);
	c = t->cpu;
	if (c != NULL && c != this_cpu() && c->current == t)
		smp_kick(c);
}

/* Charges prev for its run and says where it goes. A preempted thread stays runnable whatever it
 * has said of itself: it may be between wait_prepare and the look at its condition. */
static void put_prev(struct cpu *c, struct thread *prev, bool preempted, uint64_t now)
{
	int64_t ran = now - prev->started_ns;

	prev->run_ns += ran;
	if (prev == c->idle || (prev->state != THREAD_RUNNABLE && !preempted))
		return;
	prev->slice_ns -= ran;
	if (prev->slice_ns > 0 && !list_empty(&run_queue)) {
		struct thread *first = list_first(&run_queue, struct thread, run_link);

		prev->queued = true;
		list_add(&prev->run_link, &first->run_link);
		return;
	}
	if (prev->slice_ns <= 0)
		prev->slice_ns = SLICE_NS;
	enqueue(prev, false);
}

static struct thread *pick_next(struct cpu *c)
{
	struct thread *t;

	if (list_empty(&run_queue))
		return c->idle;
	t = list_first(&run_queue, struct thread, run_link);
	list_del(&t->run_link);
	t->queued = false;
	if (t->slice_ns <= 0)
		t->slice_ns = SLICE_NS;
	return t;
}

static void spread(struct cpu *me)
{
	uint64_t online = cpus_online_mask() & ~(1UL << me->id);

	for (unsigned int i = 0; online >> i != 0; i++) {
		if ((online >> i & 1) && is_idle(&cpus[i])) {
			cpus[i].kicked = true;
			smp_kick(&cpus[i]);
			return;
		}
	}
}

static void free_zombie(struct cpu *c)
{
	struct thread *dead = c->zombie;

	if (dead != NULL) {
		c->zombie = NULL;
		page_free(dead, STACK_ORDER);
	}
}

/* Second half of a switch, on the new thread's stack: also a new thread's first act. */
void schedule_tail(void);
void schedule_tail(void)
{
	__atomic_store_n(&sched_lock.locked, 0, __ATOMIC_RELEASE);
	free_zombie(this_cpu());
}

void schedule(bool preempted)
{
	struct thread *prev = current(), *next;
	struct cpu *c = prev->cpu;
	uint64_t now = now_ns();

	if (prev->canary != STACK_CANARY)
		panic("stack overflow in thread %s\n", prev->name);
	(void)spin_lock_irqsave(&sched_lock);
	c->need_resched = c->kicked = false;
	put_prev(c, prev, preempted, now);
	next = pick_next(c);
	next->started_ns = now;
	if (next != c->idle)
		timer_program(!list_empty(&run_queue), next->slice_ns);
	/* More than we can take: one more vCPU may look. */
	if (!list_empty(&run_queue) && next != c->idle)
		spread(c);
	if (next == prev) {
		__atomic_store_n(&sched_lock.locked, 0, __ATOMIC_RELEASE);
		return;
	}
	if (prev->state == THREAD_DEAD)
		c->zombie = prev;
	c->current = next;
	c->switches++;
	next->cpu = c;
	proc_switch(prev, next);
	thread_switch(&prev->rsp, next->rsp);
	schedule_tail();
}

/* The boot thread ends here. Events stay masked; SCHEDOP_block unmasks them and sleeps in one step. */
void idle_loop(void)
{
	struct cpu *c = this_cpu();

	irq_save();
	for (;;) {
		if (!list_empty(&run_queue)) {
			schedule(false);
			continue;
		}
		if (c->go_down)
			cpu_go_offline();
		c->kicked = false;
		timer_program(false, 0);
		HYPERVISOR_sched_op(SCHEDOP_block, NULL);
		irq_save();
		c->need_resched = false;
	}
}
