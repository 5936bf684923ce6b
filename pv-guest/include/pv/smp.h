/* SPDX-License-Identifier: MIT */
/*
 * More than one vCPU: who is online, events from one to another, coming and going.
 * Bit n of a mask is vCPU n.
 */
#ifndef PV_SMP_H
#define PV_SMP_H

#include <pv/cpu.h>
#include <pv/types.h>

static inline unsigned int mask_count(uint64_t mask)
{
	unsigned int n = 0;

	for (; mask != 0; mask &= mask - 1)
		n++;
	return n;
}

extern uint64_t cpus_possible, cpus_online;	/* online: changed atomically */

/* Has it look at the scheduler. Any context. */
void smp_kick(struct cpu *c);
/* Runs fn(arg) on the vCPUs of mask that are online, in upcall context, and waits until all have.
 * Thread context, events not masked, not under a spinlock. */
void smp_call(uint64_t mask, void (*fn)(void *), void *arg);
/* The event channels of this vCPU: timer and the two above. 0 or -errno. */
int smp_cpu_events(void);

/* 0 or -errno. Thread context; one at a time. */
int cpu_up(unsigned int id);
int cpu_down(unsigned int id);
bool cpu_wanted(unsigned int id);	/* by the store; without one always */
/* Its idle thread gives it back to the hypervisor, until somebody wants it again. */
void cpu_go_offline(void);

#endif
