/* SPDX-License-Identifier: MIT */
/* Signals: handlers, masks, kill, waiting for one. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#include "calls.h"

#define UNMASKABLE	(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SS_DISABLE	2
#define SIGSTACK_MIN	2048UL

long sys_rt_sigaction(const uint64_t *a)
{
	struct proc *p = current_proc();
	uint32_t sig = (uint32_t)a[0];
	struct sigaction_user new, old;
	unsigned long flags;

	if (sig == 0 || sig > NSIG || a[3] != 8)
		return -EINVAL;
	if (a[1] != 0 && (sig == SIGKILL || sig == SIGSTOP))
		return -EINVAL;
	if (a[1] != 0 && copy_from_user(&new, a[1], sizeof(new)) != 0)
		return -EFAULT;
	flags = spin_lock_irqsave(&proc_lock);
	old = p->actions[sig - 1];
	if (a[1] != 0) {
		p->actions[sig - 1] = new;
		if (new.handler == SIG_IGN)
			p->pending &= ~SIGBIT(sig);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return a[2] != 0 ? copy_to_user(a[2], &old, sizeof(old)) : 0;
}

long sys_rt_sigprocmask(const uint64_t *a)
{
	struct proc *p = current_proc();
	uint64_t set = 0, old = p->blocked;

	if (a[3] != 8)
		return -EINVAL;
	if (a[1] != 0) {
		if (copy_from_user(&set, a[1], sizeof(set)) != 0)
			return -EFAULT;
		if ((uint32_t)a[0] > 2)
			return -EINVAL;
		p->blocked = (uint32_t)a[0] == 0 ? old | set :
			     (uint32_t)a[0] == 1 ? old & ~set : set;
		p->blocked &= ~UNMASKABLE;
	}
	return a[2] != 0 ? copy_to_user(a[2], &old, sizeof(old)) : 0;
}

long sys_rt_sigpending(const uint64_t *a)
{
	uint64_t set = current_proc()->pending & current_proc()->blocked;

	return copy_to_user(a[0], &set, sizeof(set));
}

long sys_rt_sigreturn(const uint64_t *a)
{
	return signal_return(current_proc()->frame);
}

static long wait_for_signal(void)
{
	static struct wait_queue never = WAIT_QUEUE_INIT(never);

	(void)wait_event_signal(&never, false);
	return -EINTR;
}

long sys_pause(const uint64_t *a)
{
	return wait_for_signal();
}

long sys_rt_sigsuspend(const uint64_t *a)
{
	struct proc *p = current_proc();
	uint64_t mask;

	if (a[1] != 8)
		return -EINVAL;
	if (copy_from_user(&mask, a[0], sizeof(mask)) != 0)
		return -EFAULT;
	p->saved_blocked = p->blocked;
	p->restore_blocked = true;
	p->blocked = mask & ~UNMASKABLE;
	return wait_for_signal();
}

long sys_kill(const uint64_t *a)
{
	return signal_kill((int32_t)a[0], (uint32_t)a[1]);
}

long sys_tgkill(const uint64_t *a)
{
	if ((int32_t)a[1] <= 0 || a[0] != a[1])
		return -EINVAL;
	return signal_kill((int32_t)a[1], (uint32_t)a[2]);
}

struct stack_user {
	uint64_t sp;
	int32_t flags, pad;
	uint64_t size;
};

long sys_sigaltstack(const uint64_t *a)
{
	struct proc *p = current_proc();
	struct stack_user new, old = { .sp = p->alt_sp, .size = p->alt_size,
				       .flags = p->alt_size == 0 ? SS_DISABLE : 0 };

	if (a[0] != 0) {
		if (copy_from_user(&new, a[0], sizeof(new)) != 0)
			return -EFAULT;
		if (!(new.flags & SS_DISABLE) && new.size < SIGSTACK_MIN)
			return -ENOMEM;
		p->alt_sp = new.flags & SS_DISABLE ? 0 : new.sp;
		p->alt_size = new.flags & SS_DISABLE ? 0 : new.size;
	}
	return a[1] != 0 ? copy_to_user(a[1], &old, sizeof(old)) : 0;
}

/* The process may be gone: it cancels the timer before it goes. */
static void alarm_over(void *arg)
{
	signal_send(arg, SIGALRM);
}

long sys_alarm(const uint64_t *a)
{
	struct proc *p = current_proc();
	uint64_t left = 0, now = now_ns();

	if (p->alarm == NULL) {
		p->alarm = kzalloc(sizeof(*p->alarm));
		if (p->alarm == NULL)
			return -ENOMEM;
		timer_init(p->alarm, alarm_over, p);
	}
	if (p->alarm->armed && p->alarm->deadline_ns > now)
		left = (p->alarm->deadline_ns - now + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	timer_cancel(p->alarm);
	if ((uint32_t)a[0] != 0)
		timer_set(p->alarm, now + (uint32_t)a[0] * NSEC_PER_SEC);
	return (long)left;
}
