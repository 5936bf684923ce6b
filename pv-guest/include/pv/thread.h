/* SPDX-License-Identifier: MIT */
/*
 * Threads, sleeping, and the locks that go with them.
 *
 * Upcall context (event handlers, timers) runs on the interrupted thread's stack with events
 * masked: it may take spinlocks (irqsave everywhere else) and wake, never sleep.
 */
#ifndef PV_THREAD_H
#define PV_THREAD_H

#include <pv/list.h>
#include <pv/types.h>

typedef struct spinlock {
	volatile uint32_t locked;
} spinlock_t;
#define SPINLOCK_INIT { 0 }

void spin_lock(spinlock_t *l);		/* also stops preemption here */
void spin_unlock(spinlock_t *l);
unsigned long spin_lock_irqsave(spinlock_t *l);
void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags);

/* Masks event upcalls on this vCPU; returns what was before. */
unsigned long irq_save(void);
void irq_restore(unsigned long flags);

struct thread;
/* Runs fn(arg) on a stack of its own (16 KiB). NULL if out of memory. */
struct thread *thread_create(const char *name, void (*fn)(void *), void *arg);
struct thread *thread_current(void);
void thread_exit(void) __attribute__((noreturn));
void thread_yield(void);
void sleep_ns(uint64_t ns);

struct wait_queue {
	spinlock_t lock;
	struct list_head waiters;
};
#define WAIT_QUEUE_INIT(name) { SPINLOCK_INIT, LIST_HEAD_INIT((name).waiters) }
struct waiter {
	struct list_head link;
	struct thread *thread;
};
void wait_queue_init(struct wait_queue *wq);
void wake_up(struct wait_queue *wq);		/* all of them; any context */
void wake_up_one(struct wait_queue *wq);

/* The parts of wait_event: be on the queue, look at the condition, sleep until woken or until
 * deadline (now_ns time, 0 = none), leave the queue. */
void wait_prepare(struct wait_queue *wq, struct waiter *w);
void wait_sleep(uint64_t deadline_ns);
void wait_finish(struct wait_queue *wq, struct waiter *w);

#define wait_event(wq, cond) do {			\
	struct waiter wait_w;				\
	for (;;) {					\
		wait_prepare(wq, &wait_w);		\
		if (cond)				\
			break;				\
		wait_sleep(0);				\
		wait_finish(wq, &wait_w);		\
	}						\
	wait_finish(wq, &wait_w);			\
} while (0)

/* true if cond held, false after ns nanoseconds without it. */
#define wait_event_timeout(wq, cond, ns) ({		\
	struct waiter wait_w;				\
	uint64_t wait_end = now_ns() + (ns);		\
	bool wait_ok;					\
	for (;;) {					\
		wait_prepare(wq, &wait_w);		\
		wait_ok = (cond);			\
		if (wait_ok || now_ns() >= wait_end)	\
			break;				\
		wait_sleep(wait_end);			\
		wait_finish(wq, &wait_w);		\
	}						\
	wait_finish(wq, &wait_w);			\
	wait_ok;					\
})

struct mutex {
	struct thread *owner;
	struct wait_queue wq;
};
#define MUTEX_INIT(name) { NULL, WAIT_QUEUE_INIT((name).wq) }
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);	/* not recursive: panics */
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);

struct condvar {
	struct wait_queue wq;
};
#define CONDVAR_INIT(name) { WAIT_QUEUE_INIT((name).wq) }
void condvar_init(struct condvar *c);
void condvar_wait(struct condvar *c, struct mutex *m);
void condvar_signal(struct condvar *c);
void condvar_broadcast(struct condvar *c);

#endif
