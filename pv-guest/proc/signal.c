/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending, and what happens to them on the way back to user mode. One bit per signal:
 * a second one of the same number before the first is taken is the same one. Nothing stops a
 * process for later continuation: the stop signals are ignored.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>

#define UNMASKABLE	(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define IGNORED_DFL	(SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH) | \
			 SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SYSCALL_INSN	2	/* bytes of syscall and of int $0x80 */
#define CORE_BIT	0x80	/* of a wait status: none was written, so never set */

static bool ignored(const struct proc *p, unsigned int sig)
{
	uint64_t h = p->actions[sig - 1].handler;

	if (sig == SIGKILL)
		return false;
	return h == SIG_IGN || (h == SIG_DFL && (IGNORED_DFL & SIGBIT(sig)));
}

/* An ignored signal is dropped at once, unless it is masked: then its action may still change. */
void signal_send_locked(struct proc *p, unsigned int sig)
{
	if (p->state != PROC_RUNNING || p->thread == NULL)
		return;
	if (ignored(p, sig) && !(p->blocked & SIGBIT(sig)))
		return;
	/* The first process has only the signals it asked for. */
	if (p->pid == 1 && p->actions[sig - 1].handler == SIG_DFL)
		return;
	p->pending |= SIGBIT(sig);
	thread_kick(p->thread);
}

void signal_send(struct proc *p, unsigned int sig)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	signal_send_locked(p, sig);
	spin_unlock_irqrestore(&proc_lock, flags);
}

int signal_kill(int32_t pid, unsigned int sig)
{
	struct proc *me = current_proc(), *p;
	unsigned long flags;
	int rc = -ESRCH;

	if (sig > NSIG)
		return -EINVAL;
	flags = spin_lock_irqsave(&proc_lock);
	list_for_each(p, &all_procs, all_link) {
		if (pid > 0 ? p->pid != (uint32_t)pid :
		    pid == -1 ? p->pid == 1 || p == me :
		    p->pgid != (pid == 0 ? me->pgid : (uint32_t)-pid))
			continue;
		rc = 0;
		if (sig != 0)
			signal_send_locked(p, sig);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return rc;
}

void signal_group(uint32_t pgid, unsigned int sig)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct proc *p;

	list_for_each(p, &all_procs, all_link) {
		if (p->pgid == pgid)
			signal_send_locked(p, sig);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
}

bool signal_pending(void)
{
	struct proc *p = current_proc();

	return p != NULL && (__atomic_load_n(&p->pending, __ATOMIC_RELAXED) &
			     ~(p->blocked & ~UNMASKABLE)) != 0;
}

static const char *signal_name(unsigned int sig)
{
	static const char *const names[] = {
		[SIGILL] = "illegal instruction", [SIGTRAP] = "trap", [SIGABRT] = "abort",
		[SIGBUS] = "bus error", [SIGFPE] = "arithmetic error", [SIGSEGV] = "segmentation fault",
		[SIGKILL] = "killed", [SIGQUIT] = "quit",
	};

	return sig < ARRAY_SIZE(names) ? names[sig] : NULL;
}

/* For what the process itself did: with a masked or ignored signal it would do it for ever. */
void signal_force(unsigned int sig, uint64_t addr, int code)
{
	struct proc *p = current_proc();
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct sigaction_user *a = &p->actions[sig - 1];

	if (a->handler == SIG_IGN || (p->blocked & SIGBIT(sig)) || p->pid == 1) {
		if (a->handler == SIG_IGN || (p->blocked & SIGBIT(sig)))
			a->handler = SIG_DFL;
		p->blocked &= ~SIGBIT(sig);
	}
	p->pending |= SIGBIT(sig);
	p->fault_addr = addr;
	p->fault_code = code;
	p->fault_sig = sig;
	spin_unlock_irqrestore(&proc_lock, flags);
}

/* The lowest pending one, those of faults first. 0: none. */
static unsigned int take(struct proc *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	uint64_t now = p->pending & ~(p->blocked & ~UNMASKABLE);
	unsigned int sig = 0;

	if (now & SIGBIT(SIGKILL))
		sig = SIGKILL;
	else if (p->fault_sig != 0 && (now & SIGBIT(p->fault_sig)))
		sig = p->fault_sig;
	else if (now != 0)
		sig = __builtin_ctzl(now) + 1;
	if (sig != 0)
		p->pending &= ~SIGBIT(sig);
	spin_unlock_irqrestore(&proc_lock, flags);
	return sig;
}

static void die(struct proc *p, struct trap_frame *f, unsigned int sig)
{
	const char *name = signal_name(sig);

	if (name != NULL && sig != SIGKILL && sig != SIGQUIT)
		printk("%s[%u]: %s at %lx, address %lx, rsp %lx, rax %lx\n", p->comm, p->pid, name,
		       f->rip, p->fault_sig == sig ? p->fault_addr : 0, f->rsp, f->rax);
	proc_exit((int)sig);
}

static void restart(struct proc *p, struct trap_frame *f)
{
	f->rax = p->syscall;
	f->rip -= SYSCALL_INSN;
	p->syscall = ~0UL;
}

/* true: a handler is set up, the rest waits for its return (or for the next look). */
static bool deliver(struct proc *p, struct trap_frame *f, unsigned int sig)
{
	struct sigaction_user *a = &p->actions[sig - 1];
	bool interrupted = p->syscall != ~0UL && (long)f->rax == -ERESTARTSYS;

	if (ignored(p, sig))
		return false;
	if (a->handler == SIG_DFL)
		die(p, f, sig);
	if (interrupted) {
		if (a->flags & SA_RESTART)
			restart(p, f);
		else
			f->rax = -EINTR;
	}
	p->syscall = ~0UL;
	if (sigframe_push(p, f, sig) != 0) {
		printk("%s[%u]: no stack for signal %u\n", p->comm, p->pid, sig);
		proc_exit(SIGSEGV);
	}
	p->blocked |= a->mask & ~UNMASKABLE;
	if (!(a->flags & SA_NODEFER))
		p->blocked |= SIGBIT(sig);
	if (a->flags & SA_RESETHAND)
		a->handler = SIG_DFL;
	return true;
}

void signal_deliver(struct trap_frame *f)
{
	struct proc *p = current_proc();
	unsigned int sig;
	bool handled = false;

	while ((sig = take(p)) != 0)
		handled |= deliver(p, f, sig);
	if (!handled && p->syscall != ~0UL && (long)f->rax == -ERESTARTSYS)
		restart(p, f);
	if (p->restore_blocked && !handled)
		p->blocked = p->saved_blocked;
	p->restore_blocked = false;
}

long signal_return(struct trap_frame *f)
{
	struct proc *p = current_proc();

	if (sigframe_pop(p, f) != 0)
		signal_force(SIGSEGV, f->rsp, 0);
	p->blocked &= ~UNMASKABLE;
	p->syscall = ~0UL;
	return (long)f->rax;
}
