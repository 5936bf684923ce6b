/* SPDX-License-Identifier: MIT */
/*
 * Entries from user mode: page faults, exceptions, system calls; and the last work before the
 * return. What a process does wrong becomes a signal to it, never a panic.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/signal.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/trap.h>

#define PF_WRITE	2U
#define PF_INSN		16U
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define TRAP_BRKPT	1
#define TRAP_TRACE	2

static void page_fault(struct trap_frame *f, uint64_t cr2)
{
	enum mm_access access = f->error & PF_INSN ? MM_EXEC : f->error & PF_WRITE ? MM_WRITE : MM_READ;
	int rc = mm_fault(current_proc()->mm, cr2, access);

	if (rc == -EFAULT)
		signal_force(SIGSEGV, cr2, f->error & 1 ? SEGV_ACCERR : SEGV_MAPERR);
	else if (rc == -EIO)
		signal_force(SIGBUS, cr2, 0);
	else if (rc != 0) {
		printk("%s[%u]: out of memory\n", current_proc()->comm, current_proc()->pid);
		signal_force(SIGKILL, cr2, 0);
	}
}

static unsigned int signal_for(unsigned int vector)
{
	switch (vector) {
	case 0: case 16: case 19:
		return SIGFPE;
	case 1: case 3:
		return SIGTRAP;
	case 6:
		return SIGILL;
	case 17:
		return SIGBUS;
	default:
		return SIGSEGV;
	}
}

void user_trap(struct trap_frame *f, unsigned int vector, uint64_t cr2)
{
	struct proc *p = current_proc();

	p->frame = f;
	p->syscall = ~0UL;
	irq_restore(0);
	switch (vector) {
	case VECTOR_SYSCALL:
		syscall_entry(f);
		break;
	case VECTOR_INT80:
		syscall32_entry(f);
		break;
	case 14:
		page_fault(f, cr2);
		break;
	case 1:
		signal_force(SIGTRAP, f->rip, TRAP_TRACE);
		break;
	default:
		signal_force(signal_for(vector), f->rip, vector == 3 ? TRAP_BRKPT : 0);
	}
}

/* Leaves with events masked: what comes after the last look waits for the iret, which takes it. */
void user_return_work(struct trap_frame *f)
{
	struct proc *p = current_proc();

	irq_save();
	for (;;) {
		if (this_cpu()->need_resched) {
			schedule(true);
		} else if (signal_pending() || p->restore_blocked) {
			irq_restore(0);
			signal_deliver(f);
			irq_save();
		} else {
			break;
		}
	}
}
