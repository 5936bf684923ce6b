/* SPDX-License-Identifier: MIT */
/* Spinlocks, and masking of event upcalls. */
#include <pv/console.h>
#include <pv/hypercall.h>
#include <pv/thread_struct.h>

#define PANIC_SPINS		1000000UL
#define SPINS_BEFORE_YIELD	1000UL

/* An event that became pending meanwhile is delivered by the hypercall's return path. */
static void irq_unmask(void)
{
	volatile struct vcpu_info *info = this_cpu()->info;

	barrier();
	info->evtchn_upcall_mask = 0;
	barrier();
	if (info->evtchn_upcall_pending)
		HYPERVISOR_xen_version(XENVER_version, NULL);
}

void preempt_disable(void)
{
	current()->preempt_count++;
	barrier();
}

void preempt_check(void)
{
	struct thread *t = current();

	while (t->cpu->need_resched && t->preempt_count == 0 && !t->cpu->in_upcall) {
		irq_save();
		schedule(true);
		irq_unmask();
	}
}

void preempt_enable(void)
{
	struct thread *t = current();

	barrier();
	if (--t->preempt_count == 0 && t->cpu->info->evtchn_upcall_mask == 0)
		preempt_check();
}

/* The vCPU must not change under us between finding it and storing: preemption is off. */
unsigned long irq_save(void)
{
	struct thread *t = current();
	unsigned long old;

	t->preempt_count++;
	barrier();
	old = t->cpu->info->evtchn_upcall_mask;
	t->cpu->info->evtchn_upcall_mask = 1;
	barrier();
	t->preempt_count--;
	return old;
}

void irq_restore(unsigned long flags)
{
	if (flags != 0)
		return;
	irq_unmask();
	preempt_check();
}

/* Once a panic prints, nobody gives back the locks it found taken: it goes on without. */
static void acquire(spinlock_t *l)
{
	unsigned long spins = 0;

	while (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE) != 0) {
		while (l->locked != 0) {
			cpu_relax();
			if (console_urgent && spins > PANIC_SPINS)
				return;
			/* Its holder's vCPU may not be running. */
			if (++spins % SPINS_BEFORE_YIELD == 0)
				HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
		}
	}
}

void spin_lock(spinlock_t *l)
{
	preempt_disable();
	acquire(l);
}

void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
	preempt_enable();
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
	unsigned long flags = irq_save();

	acquire(l);
	return flags;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
	irq_restore(flags);
}
