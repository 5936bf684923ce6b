/* SPDX-License-Identifier: MIT */
/*
 * Stress: locks. Two plain counters change together under a spinlock and two under a mutex: if
 * ever two threads are inside, they come apart or the count of those inside shows it.
 */
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/thread.h>

#include "stress.h"

static spinlock_t spin = SPINLOCK_INIT;
static struct mutex mutex = MUTEX_INIT(mutex);
static volatile uint64_t spin_a, spin_b, mutex_a, mutex_b;
static volatile unsigned int spin_inside, mutex_inside;
static uint64_t rounds;

static bool lock_begin(struct stress *s)
{
	spin_a = spin_b = mutex_a = mutex_b = rounds = 0;
	return true;
}

static bool lock_round(struct stress *s, unsigned int w)
{
	unsigned long flags = spin_lock_irqsave(&spin);
	bool ok = spin_inside++ == 0 && spin_a == spin_b;

	spin_a++;
	for (unsigned int i = 0; i < w % 4 * 8; i++)
		cpu_relax();
	spin_b++;
	spin_inside--;
	spin_unlock_irqrestore(&spin, flags);
	if (!ok)
		return stress_fail(s, "two vCPUs held one spinlock");
	mutex_lock(&mutex);
	ok = mutex_inside++ == 0 && mutex_a == mutex_b;
	mutex_a++;
	if ((mutex_a + w) % 16 == 0)
		thread_yield();
	mutex_b++;
	mutex_inside--;
	mutex_unlock(&mutex);
	__atomic_fetch_add(&rounds, 1, __ATOMIC_RELAXED);
	return ok || stress_fail(s, "two threads held one mutex");
}

static bool lock_end(struct stress *s)
{
	if (spin_a != rounds || spin_b != rounds || mutex_a != rounds || mutex_b != rounds)
		return stress_fail(s, "%lu rounds, counted %lu %lu %lu %lu", rounds, spin_a, spin_b,
				   mutex_a, mutex_b);
	return true;
}

struct stress stress_lock = {
	.name = "lock", .begin = lock_begin, .round = lock_round, .end = lock_end,
};
