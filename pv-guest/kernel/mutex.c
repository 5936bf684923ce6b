/* SPDX-License-Identifier: MIT */
/* Mutexes and condition variables, on wait queues. Thread context only. */
#include <pv/printk.h>
#include <pv/thread_struct.h>

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	wait_queue_init(&m->wq);
}

bool mutex_trylock(struct mutex *m)
{
	struct thread *nobody = NULL;

	return __atomic_compare_exchange_n(&m->owner, &nobody, current(), false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *m)
{
	if (m->owner == current())
		panic("mutex taken twice by %s\n", current()->name);
	if (!mutex_trylock(m))
		wait_event(&m->wq, mutex_trylock(m));
}

void mutex_unlock(struct mutex *m)
{
	BUG_ON(m->owner != current());
	__atomic_store_n(&m->owner, NULL, __ATOMIC_RELEASE);
	wake_up_one(&m->wq);
}

void condvar_init(struct condvar *c)
{
	wait_queue_init(&c->wq);
}

/* On the queue before the mutex is let go: a signal in between is not lost. Wakes may be
 * spurious: the caller loops over its condition. */
void condvar_wait(struct condvar *c, struct mutex *m)
{
	struct waiter w;

	wait_prepare(&c->wq, &w);
	mutex_unlock(m);
	wait_sleep(0);
	wait_finish(&c->wq, &w);
	mutex_lock(m);
}

void condvar_signal(struct condvar *c)
{
	wake_up_one(&c->wq);
}

void condvar_broadcast(struct condvar *c)
{
	wake_up(&c->wq);
}
