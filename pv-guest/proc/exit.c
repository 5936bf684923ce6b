/* SPDX-License-Identifier: MIT */
/*
 * The end of a process, and waiting for it. What it held goes at once; its number and its status
 * stay until the parent has asked. Children of the dead go to the first process, or, without one,
 * to the kernel, which asks nothing.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#define WNOHANG	1U

/* proc_lock held. Who becomes nobody's is freed by its own end, or here if that was. */
static void orphans_move(struct proc *p, struct list_head *dead)
{
	struct proc *heir = proc_find(1), *c, *next;

	if (heir == p || (heir != NULL && heir->state == PROC_ZOMBIE))
		heir = NULL;
	list_for_each_safe(c, next, &p->children, sibling) {
		list_del(&c->sibling);
		c->parent = heir;
		if (heir != NULL) {
			list_add_tail(&c->sibling, &heir->children);
			if (c->state == PROC_ZOMBIE)
				signal_send_locked(heir, SIGCHLD);
		} else if (c->state == PROC_ZOMBIE) {
			list_add_tail(&c->sibling, dead);
		} else {
			c->orphan = true;
		}
	}
	if (heir != NULL)
		wake_up(&heir->wait);
}

static void let_go(struct proc *p)
{
	struct thread *t = current();
	struct mm *mm;
	unsigned long flags;
	uint32_t zero = 0;

	for (unsigned int i = 0; i < PROC_FILES; i++) {
		if (p->files[i] != NULL)
			fd_close(p, i);
	}
	if (p->clear_tid != 0)
		copy_to_user(p->clear_tid, &zero, sizeof(zero));
	if (p->alarm != NULL)
		timer_cancel(p->alarm);
	/* From here on this is a kernel thread: switches leave user mode's state alone. */
	flags = irq_save();
	t->proc = NULL;
	irq_restore(flags);
	/* Who looks at it from outside holds the lock. */
	flags = spin_lock_irqsave(&proc_lock);
	mm = p->mm;
	p->mm = NULL;
	spin_unlock_irqrestore(&proc_lock, flags);
	mm_put(mm);
	fpu_free(t);
}

void proc_exit(int status)
{
	struct proc *p = current_proc(), *c, *next;
	struct list_head dead = LIST_HEAD_INIT(dead);
	unsigned long flags;
	bool orphan;

	let_go(p);
	vfork_done(p);
	flags = spin_lock_irqsave(&proc_lock);
	orphans_move(p, &dead);
	p->exit_status = status;
	p->thread = NULL;
	p->state = PROC_ZOMBIE;
	orphan = p->orphan;
	if (p->parent != NULL) {
		signal_send_locked(p->parent, SIGCHLD);
		wake_up(&p->parent->wait);
	}
	wake_up(&p->wait);
	spin_unlock_irqrestore(&proc_lock, flags);
	/* p may be gone from here on.  One without a parent is waited for by who reads the console. */
	console_wake();
	list_for_each_safe(c, next, &dead, sibling)
		proc_free(c);
	if (orphan)
		proc_free(p);
	thread_exit();
}

static bool matches(const struct proc *c, int32_t pid, const struct proc *p)
{
	if (pid > 0)
		return c->pid == (uint32_t)pid;
	if (pid == 0)
		return c->pgid == p->pgid;
	return pid == -1 || c->pgid == (uint32_t)-pid;
}

/* 1: *out is a dead one, taken from the family. 0: none dead yet. -ECHILD. */
static int look(struct proc *p, int32_t pid, struct proc **out)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int rc = -ECHILD;
	struct proc *c;

	list_for_each(c, &p->children, sibling) {
		if (!matches(c, pid, p))
			continue;
		rc = 0;
		if (c->state == PROC_ZOMBIE) {
			list_del(&c->sibling);
			*out = c;
			rc = 1;
			break;
		}
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return rc;
}

long proc_wait4(int32_t pid, int *status, uint32_t options)
{
	struct proc *p = current_proc(), *c = NULL;
	int rc = 0, sig;
	long dead;

	sig = wait_event_signal(&p->wait, (rc = look(p, pid, &c)) != 0 || (options & WNOHANG));
	if (sig != 0)
		return sig;
	if (rc <= 0)
		return rc;
	*status = c->exit_status;
	dead = c->pid;
	proc_free(c);
	return dead;
}
