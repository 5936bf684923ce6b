/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one vCPU, reachable as this_cpu(); the trap frame; barriers.
 * The running thread is found from the stack pointer (struct thread lies at the low end of its
 * aligned stack) and names its vCPU, so no segment register is needed.
 */
#ifndef PV_CPU_H
#define PV_CPU_H

#include <pv/types.h>
#include <xen/xen.h>

#define MAX_CPUS	XEN_LEGACY_MAX_VCPUS

struct thread;
struct mm;
struct timer_base;

struct cpu {
	/* VCPUOP_register_vcpu_info moves it here where the hypervisor can; must not cross a page. */
	struct vcpu_info info_area __attribute__((aligned(64)));
	volatile struct vcpu_info *info;
	unsigned int id;
	volatile bool need_resched;
	bool in_upcall;
	bool kicked;			/* idle, and somebody sent it to the run queue; sched_lock */
	volatile bool go_down;
	struct thread *current;
	struct thread *idle;
	struct thread *zombie;		/* exited, its stack to be freed by who runs next */
	uint64_t timer_programmed_ns;	/* 0 = none */
	uint64_t upcalls, switches;
	/* Event channels that are served here, a bit each; its own are among them. */
	uint64_t ports[64];
	uint32_t resched_port, call_port;
	struct timer_base *timers;
	/* What the hypervisor was told last of this vCPU's user mode (proc/switch.c). */
	struct mm *user_mm;
	struct thread *kernel_stack, *fpu_owner;
	uint64_t fs_base, gs_base;
	uint16_t selectors;		/* some are not null */
} __attribute__((aligned(256)));

extern struct cpu cpus[MAX_CPUS];
struct cpu *this_cpu(void);
uint64_t cpus_online_mask(void);

/* Saved by kernel/trap_entry.S; the tail from rip is Xen's bounce frame. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define barrier()	__asm__ volatile("" ::: "memory")
#define mb()		__asm__ volatile("mfence" ::: "memory")
#define rmb()		barrier()	/* x86 keeps loads in order */
#define wmb()		barrier()	/* and stores */
#define cpu_relax()	__asm__ volatile("pause" ::: "memory")

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* Not before what stands before it: else a vCPU could read a time that another's is already past. */
static inline uint64_t rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

#endif
