/* SPDX-License-Identifier: MIT */
/* From a number to a handler; declared here is one handler per row of table.h. */
#ifndef HYPERCALLS_DISPATCH_H
#define HYPERCALLS_DISPATCH_H

#include <hv/hv.h>
#include <hypercalls/table.h>

/* rdi rsi rdx r10 r8 of the guest, and the number.  Returns the value for rax: a count,
 * 0 or a negative Xen errno. */
long hypercall_dispatch(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
			uint64_t nr);

/*
 * Long hypercalls stop for events: after each piece of work they ask, and if one is due they
 * say how the rest is to be asked for.  The guest then makes that hypercall after the event,
 * by the instruction that made the first; returns what the handler must return.
 */
int hypercall_preempt_check(void);
long hypercall_continue(uint64_t nr, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);
/* The way out: 1 if vcpu.regs now makes the hypercall again, `insn` being its address. */
int hypercall_restart(uint64_t insn);

/* Log a call that was served, by its name and its sub-operation's. */
void hypercall_trace(uint64_t nr, uint64_t a1, long ret);

/* mmu.c: load a top-level table: 0 or -EINVAL. */
long mmu_new_baseptr(uint64_t mfn);

#define X(name, args, served, brief) \
	long do_##name(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);
HYPERCALL_TABLE(X)
#undef X

#endif
