/* SPDX-License-Identifier: MIT */
/*
 * What a switch between threads means for user mode: the L4, the kernel stack for entries, the
 * segment bases, the FPU registers. Only what differs from what this vCPU was told last costs a
 * hypercall, and all of it together costs one. Kernel threads run with whatever is there.
 *
 * Called by the scheduler with events masked and sched_lock held. User entries are global in the
 * TLB, so loading an L4 is not enough of a flush; and an address space believes the TLB of one
 * vCPU only, the last one it ran on.
 */
#include <pv/boot.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/thread_struct.h>

struct switch_calls {
	unsigned int n;
	struct multicall_entry call[4];
	struct mmuext_op ext[2];
};

static void add(struct switch_calls *s, unsigned long op, unsigned long a, unsigned long b,
		unsigned long c, unsigned long d)
{
	struct multicall_entry *e = &s->call[s->n++];

	e->op = op;
	e->args[0] = a;
	e->args[1] = b;
	e->args[2] = c;
	e->args[3] = d;
}

static void run(struct switch_calls *s)
{
	if (s->n == 0)
		return;
	if (HYPERVISOR_multicall(s->call, s->n) != 0)
		panic("multicall\n");
	for (unsigned int i = 0; i < s->n; i++) {
		if ((long)s->call[i].result < 0)
			panic("switch: hypercall %lu: %ld\n", s->call[i].op, (long)s->call[i].result);
	}
}

static void want_mm(struct switch_calls *s, struct cpu *c, struct mm *mm)
{
	if (c->user_mm == mm && mm->cpu == c)
		return;
	c->user_mm = mm;
	mm->cpu = c;
	s->ext[0].cmd = MMUEXT_NEW_USER_BASEPTR;
	s->ext[0].arg1.mfn = virt_to_mfn(mm->l4);
	s->ext[1].cmd = MMUEXT_TLB_FLUSH_LOCAL;
	add(s, __HYPERVISOR_mmuext_op, (unsigned long)s->ext, 2, 0, DOMID_SELF);
}

static void want_segments(struct switch_calls *s, struct cpu *c, struct thread *t)
{
	if (c->fs_base != t->fs_base)
		add(s, __HYPERVISOR_set_segment_base, SEGBASE_FS, t->fs_base, 0, 0);
	if (c->gs_base != t->gs_base)
		add(s, __HYPERVISOR_set_segment_base, SEGBASE_GS_USER, t->gs_base, 0, 0);
	c->fs_base = t->fs_base;
	c->gs_base = t->gs_base;
}

/* Selectors other than null are a process's own business, but not the next one's. Loading one
 * also loads a base, so the bases are set again after it. */
static void selectors_save(struct thread *t)
{
	__asm__ volatile("movw %%ds, %0" : "=m"(t->ds));
	__asm__ volatile("movw %%es, %0" : "=m"(t->es));
	__asm__ volatile("movw %%fs, %0" : "=m"(t->fs));
}

static bool selectors_restore(struct cpu *c, struct thread *t)
{
	uint64_t ds = t->ds, es = t->es, fs = t->fs;

	if ((c->selectors | t->ds | t->es | t->fs) == 0)
		return false;
	c->selectors = 0;
	/* One that is not valid any more is dropped. */
#define LOAD(reg, value)								\
	__asm__ volatile("1: movw %w0, %%" reg "\n"					\
			 ".pushsection .text.fixup, \"ax\"\n"				\
			 "2: xorl %k0, %k0\n jmp 1b\n"					\
			 ".popsection\n"						\
			 ".pushsection ex_table, \"a\"\n .quad 1b, 2b\n .popsection\n"	\
			 : "+r"(value))
	LOAD("ds", ds);
	LOAD("es", es);
	LOAD("fs", fs);
	return true;
}

void proc_switch(struct thread *prev, struct thread *next)
{
	struct cpu *c = this_cpu();
	struct switch_calls s;

	s.n = 0;
	if (prev->proc != NULL) {
		fpu_save(prev);
		selectors_save(prev);
		c->selectors = prev->ds | prev->es | prev->fs;
		c->fpu_owner = prev;
	}
	if (next->proc == NULL)
		return;
	want_mm(&s, c, next->proc->mm);
	if (c->kernel_stack != next) {
		c->kernel_stack = next;
		add(&s, __HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
		    (unsigned long)next + STACK_SIZE, 0, 0);
	}
	if (c->fpu_owner != next && selectors_restore(c, next))
		c->fs_base = c->gs_base = ~0UL;
	want_segments(&s, c, next);
	run(&s);
	if (c->fpu_owner != next || next->fpu_cpu != c) {
		fpu_restore(next);
		next->fpu_cpu = c;
		c->fpu_owner = next;
	}
}

void proc_mm_activate(void)
{
	unsigned long flags = irq_save();
	struct switch_calls s;

	s.n = 0;
	want_mm(&s, this_cpu(), current_proc()->mm);
	run(&s);
	irq_restore(flags);
}

void proc_segments_set(uint64_t fs_base, uint64_t gs_base)
{
	unsigned long flags = irq_save();
	struct thread *t = current();
	struct switch_calls s;

	s.n = 0;
	t->fs_base = fs_base;
	t->gs_base = gs_base;
	want_segments(&s, t->cpu, t);
	run(&s);
	irq_restore(flags);
}
