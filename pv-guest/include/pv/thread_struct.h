/* SPDX-License-Identifier: MIT */
/* The inside of a thread, for kernel/ only. */
#ifndef PV_THREAD_STRUCT_H
#define PV_THREAD_STRUCT_H

#include <pv/cpu.h>
#include <pv/thread.h>

#define STACK_SIZE	16384UL
#define STACK_ORDER	2
/* At the top: room for the frame of an entry from user mode. */
#define STACK_FRAME_ROOM	256UL
#define STACK_CANARY	0x70766775657374a5ULL

enum thread_state { THREAD_RUNNABLE, THREAD_SLEEPING, THREAD_DEAD };

struct shell_out;

/* At the low end of its stack. Fields of the second group: under sched_lock. */
struct thread {
	void *rsp;			/* while switched out */
	struct cpu *cpu;		/* runs or ran last there */
	int preempt_count;		/* > 0: not to be preempted; only the thread itself changes it */
	void (*fn)(void *);
	void *arg;
	struct shell_out *out;		/* where printf goes; NULL = console */
	unsigned int id;
	char name[20];

	volatile enum thread_state state;
	bool queued;			/* on the run queue */
	struct list_head run_link;
	struct list_head all_link;
	int64_t slice_ns;		/* left of this round */
	uint64_t run_ns;
	uint64_t started_ns;		/* running since */

	/* Of a process: what its user mode needs besides general registers (proc/switch.c). */
	struct proc *proc;		/* NULL: a kernel thread */
	void *fpu;			/* xsave area */
	struct cpu *fpu_cpu;		/* whose registers have, or had, its state last */
	uint64_t fs_base, gs_base;
	uint16_t ds, es, fs;

	uint64_t canary;		/* last: an overflowing stack meets it first */
};

extern struct list_head all_threads;
extern spinlock_t sched_lock;

#define current()	thread_current()
void preempt_disable(void);
void preempt_enable(void);
/* Events masked; picks another thread if one is due. preempted: the caller does not mean to sleep. */
void schedule(bool preempted);
/* schedule(true) if something was woken and nothing forbids it; events unmasked. */
void preempt_check(void);
/* Makes a sleeping thread runnable; any context. */
void thread_wake(struct thread *t);
/* Wakes it, or has the vCPU it runs on come into the kernel. */
void thread_kick(struct thread *t);
/* In two steps: a thread that does not run yet, and its start. */
struct thread *thread_prepare(const char *name, void (*fn)(void *), void *arg);
void thread_launch(struct thread *t);
void sched_init(void);
void idle_loop(void) __attribute__((noreturn));
void thread_switch(void **save_rsp, void *new_rsp);
/* Programs the PV timer for the earlier of the timer list and the end of the slice. Events masked. */
void timer_program(bool others_wait, int64_t slice_ns);
void timer_run_expired(void);
void timer_init_bases(void);
void timer_migrate(struct cpu *from, struct cpu *to);
void thread_list_add(struct thread *t);
const char *thread_state_name(const struct thread *t);

#endif
