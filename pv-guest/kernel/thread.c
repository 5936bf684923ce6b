/* SPDX-License-Identifier: MIT */
/* Making and ending threads, and sleeping by time. */
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

LIST_HEAD(all_threads);
static unsigned int next_id = 1;

void schedule_tail(void);
static void thread_begin(void) __attribute__((noreturn));

/* First function on a new stack; entered from thread_switch with sched_lock held, events masked. */
static void thread_begin(void)
{
	struct thread *t = current();

	schedule_tail();
	irq_restore(0);
	t->fn(t->arg);
	thread_exit();
}

/* What thread_switch pops: six registers and the address to return to; the stack as after a call. */
static void *stack_prepare(struct thread *t)
{
	uint64_t *sp = (uint64_t *)((char *)t + STACK_SIZE - STACK_FRAME_ROOM);

	*--sp = 0;
	*--sp = 0;
	*--sp = 0;
	*--sp = (uint64_t)thread_begin;
	for (int i = 0; i < 6; i++)
		*--sp = 0;
	return sp;
}

struct thread *thread_prepare(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = page_alloc(STACK_ORDER);

	if (t == NULL)
		return NULL;
	memset(t, 0, sizeof(*t));
	str_copy(t->name, name, sizeof(t->name));
	t->fn = fn;
	t->arg = arg;
	t->canary = STACK_CANARY;
	t->rsp = stack_prepare(t);
	t->state = THREAD_SLEEPING;
	list_init(&t->run_link);
	return t;
}

void thread_list_add(struct thread *t)
{
	unsigned long flags = spin_lock_irqsave(&sched_lock);

	t->id = next_id++;
	list_add_tail(&t->all_link, &all_threads);
	spin_unlock_irqrestore(&sched_lock, flags);
}

void thread_launch(struct thread *t)
{
	thread_list_add(t);
	thread_wake(t);
}

struct thread *thread_create(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare(name, fn, arg);

	if (t != NULL)
		thread_launch(t);
	return t;
}

void thread_exit(void)
{
	struct thread *t = current();

	spin_lock_irqsave(&sched_lock);
	list_del(&t->all_link);
	t->state = THREAD_DEAD;
	__atomic_store_n(&sched_lock.locked, 0, __ATOMIC_RELEASE);
	schedule(false);
	panic("a dead thread ran\n");
}

/* To the tail: gives the rest of the slice away. */
void thread_yield(void)
{
	unsigned long flags = irq_save();

	current()->slice_ns = 0;
	schedule(true);
	irq_restore(flags);
}

static void sleep_over(void *arg)
{
	thread_wake(arg);
}

/* Until woken, or until deadline (0 = none). The caller has put itself on a queue and found its
 * condition false; if a wake came since, this returns at once. */
void wait_sleep(uint64_t deadline_ns)
{
	struct timer timeout;
	unsigned long flags = irq_save();

	BUG_ON(this_cpu()->in_upcall || current()->preempt_count != 0);
	if (deadline_ns != 0) {
		timer_init(&timeout, sleep_over, current());
		timer_set(&timeout, deadline_ns);
	}
	schedule(false);
	if (deadline_ns != 0)
		timer_cancel(&timeout);
	irq_restore(flags);
}

void sleep_ns(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end) {
		current()->state = THREAD_SLEEPING;
		wait_sleep(end);
	}
}

const char *thread_state_name(const struct thread *t)
{
	if (t->cpu != NULL && t->cpu->current == t)
		return "running";
	return t->state == THREAD_RUNNABLE ? "ready" : "sleeping";
}
