/* SPDX-License-Identifier: MIT */
/* Processes: fork and exec, exit and wait, numbers, groups and sessions. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/time.h>

#include "calls.h"

#define CLONE_VM	0x100UL
#define CLONE_VFORK	0x4000UL
#define ARGS_MAX	4096U

long sys_fork(const uint64_t *a)
{
	return proc_fork(SIGCHLD, 0, 0, 0);
}

long sys_vfork(const uint64_t *a)
{
	return proc_fork(CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0);
}

long sys_clone(const uint64_t *a)
{
	return proc_fork(a[0], a[1], a[2], a[3]);
}

/* An array of pointers to strings, as execve gets it; NULL is an empty one. */
static int strings_from_user(struct exec_args *args, uint64_t uarray, unsigned int *count)
{
	char *buf = kmalloc(EXEC_ARGS_MAX);
	int rc = buf == NULL ? -ENOMEM : 0;

	*count = 0;
	while (rc == 0 && uarray != 0) {
		uint64_t ptr;
		long n;

		if (*count == ARGS_MAX)
			rc = -E2BIG;
		else if (copy_from_user(&ptr, uarray + *count * 8, sizeof(ptr)) != 0)
			rc = -EFAULT;
		if (rc != 0 || ptr == 0)
			break;
		n = string_from_user(buf, ptr, EXEC_ARGS_MAX);
		rc = n == -ENAMETOOLONG ? -E2BIG : n < 0 ? (int)n : exec_args_add(args, buf, n);
		(*count)++;
	}
	kfree(buf);
	return rc;
}

long sys_execve(const uint64_t *a)
{
	struct proc *p = current_proc();
	struct exec_args args = { 0 };
	char *path;
	int rc = user_path(AT_FDCWD, a[0], &path);

	if (rc != 0)
		return rc;
	rc = strings_from_user(&args, a[1], &args.argc);
	if (rc == 0)
		rc = strings_from_user(&args, a[2], &args.envc);
	if (rc == 0)
		rc = proc_check_program(path);
	if (rc == 0)
		rc = proc_exec(p, path, &args, p->frame);
	kfree(args.strings);
	kfree(path);
	if (rc == 0)
		p->syscall = ~0UL;	/* rax is the new program's */
	return rc;
}

long sys_exit(const uint64_t *a)
{
	proc_exit((int)(a[0] & 0xff) << 8);
}

long sys_exit_group(const uint64_t *a)
{
	proc_exit((int)(a[0] & 0xff) << 8);
}

long sys_wait4(const uint64_t *a)
{
	char usage[144] = { 0 };
	int status = 0;
	long pid = proc_wait4((int32_t)a[0], &status, (uint32_t)a[2]);

	if (pid > 0 && a[1] != 0 && copy_to_user(a[1], &status, sizeof(status)) != 0)
		return -EFAULT;
	if (pid > 0 && a[3] != 0 && copy_to_user(a[3], usage, sizeof(usage)) != 0)
		return -EFAULT;
	return pid;
}

long sys_getpid(const uint64_t *a)
{
	return current_proc()->pid;
}

long sys_gettid(const uint64_t *a)
{
	return current_proc()->pid;
}

long sys_getppid(const uint64_t *a)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct proc *parent = current_proc()->parent;
	long pid = parent != NULL ? parent->pid : 0;

	spin_unlock_irqrestore(&proc_lock, flags);
	return pid;
}

/* One of: pid 0 is the caller. */
static long number_of(uint64_t pid, bool session)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct proc *p = (uint32_t)pid == 0 ? current_proc() : proc_find((uint32_t)pid);
	long n = p == NULL ? -ESRCH : session ? (long)p->sid : (long)p->pgid;

	spin_unlock_irqrestore(&proc_lock, flags);
	return n;
}

long sys_getpgid(const uint64_t *a)
{
	return number_of(a[0], false);
}

long sys_getpgrp(const uint64_t *a)
{
	return number_of(0, false);
}

long sys_getsid(const uint64_t *a)
{
	return number_of(a[0], true);
}

/* proc_lock held. Of itself or a child that has not begun a program of its own. */
static long set_group(struct proc *me, uint32_t pid, uint32_t pgid)
{
	struct proc *p = pid == 0 ? me : proc_find(pid), *other;

	if (p == NULL || (p != me && p->parent != me))
		return -ESRCH;
	if (p != me && p->execed)
		return -EACCES;
	if (p->sid == p->pid || p->sid != me->sid)
		return -EPERM;
	if (pgid == 0)
		pgid = p->pid;
	if (pgid != p->pid) {
		bool found = false;

		list_for_each(other, &all_procs, all_link)
			found |= other->pgid == pgid && other->sid == me->sid;
		if (!found)
			return -EPERM;
	}
	p->pgid = pgid;
	return 0;
}

long sys_setpgid(const uint64_t *a)
{
	unsigned long flags;
	long rc;

	if ((int32_t)a[1] < 0)
		return -EINVAL;
	flags = spin_lock_irqsave(&proc_lock);
	rc = set_group(current_proc(), (uint32_t)a[0], (uint32_t)a[1]);
	spin_unlock_irqrestore(&proc_lock, flags);
	return rc;
}

long sys_setsid(const uint64_t *a)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct proc *me = current_proc(), *p;
	long rc = me->pid;

	list_for_each(p, &all_procs, all_link) {
		if (p->pgid == me->pid)
			rc = -EPERM;
	}
	if (rc > 0)
		me->sid = me->pgid = me->pid;
	spin_unlock_irqrestore(&proc_lock, flags);
	return rc;
}

/* One user. */
long sys_getuid(const uint64_t *a)
{
	return 0;
}

long sys_geteuid(const uint64_t *a)
{
	return 0;
}

long sys_getgid(const uint64_t *a)
{
	return 0;
}

long sys_getegid(const uint64_t *a)
{
	return 0;
}

long sys_setuid(const uint64_t *a)
{
	return (uint32_t)a[0] == 0 ? 0 : -EPERM;
}

long sys_setgid(const uint64_t *a)
{
	return (uint32_t)a[0] == 0 ? 0 : -EPERM;
}

long sys_getgroups(const uint64_t *a)
{
	return 0;
}

long sys_setgroups(const uint64_t *a)
{
	return (uint32_t)a[0] == 0 ? 0 : -EPERM;
}

long sys_set_tid_address(const uint64_t *a)
{
	current_proc()->clear_tid = a[0];
	return current_proc()->pid;
}

/* Robust lists matter where locks are shared between threads: there is one. */
long sys_set_robust_list(const uint64_t *a)
{
	return a[1] == 24 ? 0 : -EINVAL;
}

long sys_rseq(const uint64_t *a)
{
	return -ENOSYS;
}

long sys_sched_yield(const uint64_t *a)
{
	thread_yield();
	return 0;
}
