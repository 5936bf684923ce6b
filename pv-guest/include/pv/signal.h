/* SPDX-License-Identifier: MIT */
/* Signals, with Linux's numbers. */
#ifndef PV_SIGNAL_H
#define PV_SIGNAL_H

#include <pv/proc.h>

enum {
	SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7,
	SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13,
	SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20,
	SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGWINCH = 28,
};
#define SIG_DFL		0UL
#define SIG_IGN		1UL
#define SA_SIGINFO	4UL
#define SA_ONSTACK	0x08000000UL
#define SA_RESTART	0x10000000UL
#define SA_NODEFER	0x40000000UL
#define SA_RESETHAND	0x80000000UL
#define SA_RESTORER	0x04000000UL
#define SIGBIT(n)	(1UL << ((n) - 1))

/* Inside the kernel: the call goes again if no handler runs (or one with SA_RESTART). */
#define ERESTARTSYS	512

/* proc_lock held or not; any context. */
void signal_send(struct proc *p, unsigned int sig);
void signal_send_locked(struct proc *p, unsigned int sig);
/* pid as kill(2) has it; sig 0 only looks. 0 or -errno. */
int signal_kill(int32_t pid, unsigned int sig);
void signal_group(uint32_t pgid, unsigned int sig);
/* One the process cannot mask: it raised it itself by what it did. */
void signal_force(unsigned int sig, uint64_t addr, int code);
bool signal_pending(void);	/* of the current process, not masked and not ignored */
/* Delivers what is pending, before a return to user mode. */
void signal_deliver(struct trap_frame *f);
long signal_return(struct trap_frame *f);

/* sigframe.c: 0 or -EFAULT. */
int sigframe_push(struct proc *p, struct trap_frame *f, unsigned int sig);
int sigframe_pop(struct proc *p, struct trap_frame *f);

/* wait_event that ends early for a signal. 0 or -ERESTARTSYS. */
#define wait_event_signal(wq, cond) ({				\
	struct waiter wait_w;					\
	int wait_rc = 0;					\
	for (;;) {						\
		wait_prepare(wq, &wait_w);			\
		if (cond)					\
			break;					\
		if (signal_pending()) {				\
			wait_rc = -ERESTARTSYS;			\
			break;					\
		}						\
		wait_sleep(0);					\
		wait_finish(wq, &wait_w);			\
	}							\
	wait_finish(wq, &wait_w);				\
	wait_rc;						\
})

#endif
