/* SPDX-License-Identifier: MIT */
/*
 * The table of processes, and their threads.
 *
 * Tour: guest 7. A process's thread runs in the kernel like any other; it enters user mode by the
 * return path of a trap, and comes back on the top of its stack.
 */
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/time.h>
#include <pv/trap.h>

#define PID_MAX	32767U

LIST_HEAD(all_procs);
spinlock_t proc_lock = SPINLOCK_INIT;
unsigned int nr_procs;
static uint32_t last_pid = 1;	/* 1 is for init= */

struct proc *current_proc(void)
{
	return current()->proc;
}

struct proc *proc_find(uint32_t pid)
{
	struct proc *p;

	list_for_each(p, &all_procs, all_link) {
		if (p->pid == pid)
			return p;
	}
	return NULL;
}

/* A number neither a process nor a group has. */
static uint32_t pid_take(void)
{
	struct proc *p;
	bool taken;

	do {
		last_pid = last_pid == PID_MAX ? 2 : last_pid + 1;
		taken = false;
		list_for_each(p, &all_procs, all_link)
			taken |= p->pid == last_pid || p->pgid == last_pid || p->sid == last_pid;
	} while (taken);
	return last_pid;
}

struct proc *proc_alloc(bool first)
{
	struct proc *p = kzalloc(sizeof(*p));
	unsigned long flags;

	if (p == NULL)
		return NULL;
	list_init(&p->children);
	list_init(&p->sibling);
	wait_queue_init(&p->wait);
	p->umask = 022;
	p->syscall = ~0UL;
	p->started_ns = now_ns();
	flags = spin_lock_irqsave(&proc_lock);
	if (nr_procs < PROCS_MAX) {
		nr_procs++;
		p->pid = p->pgid = p->sid = first ? 1 : pid_take();
		list_add_tail(&p->all_link, &all_procs);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	if (p->pid != 0)
		return p;
	kfree(p);
	return NULL;
}

void proc_free(struct proc *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	list_del(&p->all_link);
	list_del(&p->sibling);
	nr_procs--;
	spin_unlock_irqrestore(&proc_lock, flags);
	kfree(p->cwd);
	kfree(p->exe);
	kfree(p->cmdline);
	kfree(p->alarm);
	kfree(p);
}

/* The thread's whole life in the kernel, seen from its first moment. */
static void user_begin(void *arg)
{
	struct proc *p = arg;
	struct trap_frame *f = (struct trap_frame *)(void *)((char *)current() + STACK_SIZE) - 1;

	*f = p->start;
	f->error = 0;
	user_return_work(f);
	trap_return_to(f);
}

int proc_start(struct proc *p)
{
	struct thread *t = thread_prepare(p->comm, user_begin, p);
	int rc = t == NULL ? -ENOMEM : fpu_alloc(t);

	if (rc != 0) {
		if (t != NULL)
			page_free(t, STACK_ORDER);
		return rc;
	}
	t->proc = p;
	p->thread = t;
	return 0;
}
