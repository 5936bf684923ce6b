/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. The order that loses no wake: the waiter joins the queue and says it sleeps,
 * then looks at the condition; the waker makes the condition true, then looks at the queue.
 */
#include <pv/thread_struct.h>

void wait_queue_init(struct wait_queue *wq)
{
	wq->lock.locked = 0;
	list_init(&wq->waiters);
}

void wait_prepare(struct wait_queue *wq, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	w->thread = current();
	list_add_tail(&w->link, &wq->waiters);
	w->thread->state = THREAD_SLEEPING;
	spin_unlock_irqrestore(&wq->lock, flags);
	mb();	/* pairs with the one in wake_up */
}

void wait_finish(struct wait_queue *wq, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	list_del(&w->link);
	w->thread->state = THREAD_RUNNABLE;
	spin_unlock_irqrestore(&wq->lock, flags);
}

static void wake(struct wait_queue *wq, bool all)
{
	unsigned long flags;
	struct waiter *w, *next;

	mb();
	flags = spin_lock_irqsave(&wq->lock);
	list_for_each_safe(w, next, &wq->waiters, link) {
		list_del(&w->link);
		thread_wake(w->thread);
		if (!all)
			break;
	}
	spin_unlock_irqrestore(&wq->lock, flags);
}

void wake_up(struct wait_queue *wq)
{
	wake(wq, true);
}

void wake_up_one(struct wait_queue *wq)
{
	wake(wq, false);
}
