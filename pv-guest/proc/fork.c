/* SPDX-License-Identifier: MIT */
/*
 * fork, vfork and clone as far as it makes a process: a copy of the caller that shares the pages
 * until one of the two writes. After vfork both use the same memory, and the parent waits.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>

#define CSIGNAL			0xffUL
#define CLONE_VM		0x100UL
#define CLONE_VFORK		0x4000UL
#define CLONE_PARENT_SETTID	0x100000UL
#define CLONE_CHILD_CLEARTID	0x200000UL
#define CLONE_CHILD_SETTID	0x1000000UL
#define CLONE_SETTLS		0x80000UL
#define CLONE_KNOWN		(CSIGNAL | CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | \
				 CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)

static int copy_own(struct proc *child, struct proc *p)
{
	child->cwd = kstrdup(p->cwd);
	child->exe = kstrdup(p->exe);
	if (child->cwd == NULL || child->exe == NULL)
		return -ENOMEM;
	child->cmdline = kmalloc(MAX(p->cmdline_bytes, 1UL));
	if (child->cmdline == NULL)
		return -ENOMEM;
	memcpy(child->cmdline, p->cmdline, p->cmdline_bytes);
	child->cmdline_bytes = p->cmdline_bytes;
	memcpy(child->comm, p->comm, sizeof(child->comm));
	child->umask = p->umask;
	child->blocked = p->restore_blocked ? p->saved_blocked : p->blocked;
	memcpy(child->actions, p->actions, sizeof(child->actions));
	child->alt_sp = p->alt_sp;
	child->alt_size = p->alt_size;
	child->arg_start = p->arg_start;
	child->arg_end = p->arg_end;
	child->cloexec = p->cloexec;
	for (unsigned int i = 0; i < PROC_FILES; i++) {
		child->files[i] = p->files[i];
		if (child->files[i] != NULL)
			ofile_get(child->files[i]);
	}
	return 0;
}

static void copy_registers(struct proc *child, uint64_t stack)
{
	struct thread *t = child->thread, *me = current();
	unsigned long flags = irq_save();

	fpu_save(me);
	memcpy(t->fpu, me->fpu, fpu_bytes());
	irq_restore(flags);
	t->fs_base = me->fs_base;
	t->gs_base = me->gs_base;
	child->start = *current_proc()->frame;
	child->start.rax = 0;
	if (stack != 0)
		child->start.rsp = stack;
}

static void join_family(struct proc *child, struct proc *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	child->parent = p;
	child->pgid = p->pgid;
	child->sid = p->sid;
	list_add_tail(&child->sibling, &p->children);
	spin_unlock_irqrestore(&proc_lock, flags);
}

static void undo(struct proc *child)
{
	for (unsigned int i = 0; i < PROC_FILES; i++) {
		if (child->files[i] != NULL)
			ofile_put(child->files[i]);
	}
	if (child->mm != NULL)
		mm_put(child->mm);
	if (child->thread != NULL) {
		fpu_free(child->thread);
		page_free(child->thread, STACK_ORDER);
	}
	proc_free(child);
}

static int copy_memory(struct proc *child, struct proc *p, uint64_t flags)
{
	if (flags & CLONE_VM) {
		mm_get(p->mm);
		child->mm = p->mm;
	} else {
		child->mm = mm_fork(p->mm);
	}
	return child->mm == NULL ? -ENOMEM : 0;
}

static void tell_tids(struct proc *child, uint64_t flags, uint64_t parent_tid, uint64_t child_tid)
{
	int32_t pid = child->pid;

	if (flags & CLONE_PARENT_SETTID)
		copy_to_user(parent_tid, &pid, sizeof(pid));
	if (flags & CLONE_CHILD_SETTID)
		mm_copy_to(child->mm, child_tid, &pid, sizeof(pid));
	if (flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = child_tid;
}

/* The wait ends when the child execs or exits, and not before: it runs on our stack. */
static void vfork_wait(struct proc *child)
{
	struct proc *p = current_proc();

	wait_event(&p->wait, !__atomic_load_n(&child->vfork_waits, __ATOMIC_ACQUIRE));
}

void vfork_done(struct proc *p)
{
	struct proc *parent = p->parent;

	if (!p->vfork_waits)
		return;
	__atomic_store_n(&p->vfork_waits, false, __ATOMIC_RELEASE);
	wake_up(&parent->wait);
}

/* A child that shares memory without a parent that waits would be a thread of it: refused. */
long proc_fork(uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid)
{
	struct proc *p = current_proc(), *child;
	long pid;
	int rc;

	if ((flags & ~CLONE_KNOWN) || ((flags & CLONE_VM) && !(flags & CLONE_VFORK)))
		return -EINVAL;
	child = proc_alloc(false);
	if (child == NULL)
		return -EAGAIN;
	pid = child->pid;
	rc = copy_own(child, p);
	if (rc == 0)
		rc = copy_memory(child, p, flags);
	if (rc == 0)
		rc = proc_start(child);
	if (rc != 0) {
		undo(child);
		return -ENOMEM;
	}
	copy_registers(child, stack);
	tell_tids(child, flags, parent_tid, child_tid);
	child->vfork_waits = (flags & CLONE_VFORK) != 0;
	join_family(child, p);
	thread_launch(child->thread);
	if (flags & CLONE_VFORK)
		vfork_wait(child);
	return pid;
}
