/* SPDX-License-Identifier: MIT */
/*
 * The frame of a signal handler on the user stack, as Linux lays it out on x86-64: return
 * address, ucontext, siginfo, and below the old stack pointer's red zone the FPU state. What comes
 * back from it is the process's word: registers are taken, but selectors, the interrupt flag and
 * IOPL are ours, and the FPU image is checked before it is loaded.
 */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <xen/xen.h>

#define RED_ZONE		128UL
#define FP_XSTATE_MAGIC1	0x46505853U
#define FP_XSTATE_MAGIC2	0x46505845U
#define SW_RESERVED_OFFSET	464	/* of the FXSAVE image: for software */
#define UC_FP_XSTATE		1UL
#define UC_SIGCONTEXT_SS	2UL
/* What a handler may change: CF PF AF ZF SF TF DF OF RF AC. */
#define RFLAGS_USER		0x50dd5UL
#define RFLAGS_IF		0x200UL
#define RFLAGS_TF_DF		0x500UL

struct sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
	uint64_t rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate;
	uint64_t reserved[8];
};

struct rt_sigframe {
	uint64_t restorer;
	uint64_t uc_flags, uc_link;
	uint64_t ss_sp;
	int32_t ss_flags, pad;
	uint64_t ss_size;
	struct sigcontext mc;
	uint64_t sigmask;
	/* siginfo_t, 128 bytes */
	int32_t si_signo, si_errno, si_code, pad2;
	uint64_t si_addr;
	uint64_t si_rest[13];
};
_Static_assert(sizeof(struct sigcontext) == 256, "struct sigcontext");
_Static_assert(offsetof(struct rt_sigframe, mc) == 8 + 40, "uc_mcontext");
_Static_assert(sizeof(struct rt_sigframe) == 8 + 304 + 128, "rt_sigframe");

static void fill_registers(struct sigcontext *c, const struct trap_frame *f)
{
	c->r8 = f->r8;
	c->r9 = f->r9;
	c->r10 = f->r10;
	c->r11 = f->r11;
	c->r12 = f->r12;
	c->r13 = f->r13;
	c->r14 = f->r14;
	c->r15 = f->r15;
	c->rdi = f->rdi;
	c->rsi = f->rsi;
	c->rbp = f->rbp;
	c->rbx = f->rbx;
	c->rdx = f->rdx;
	c->rax = f->rax;
	c->rcx = f->rcx;
	c->rsp = f->rsp;
	c->rip = f->rip;
	c->rflags = f->rflags;
	c->cs = f->cs;
	c->ss = f->ss;
}

static void take_registers(struct trap_frame *f, const struct sigcontext *c)
{
	f->r8 = c->r8;
	f->r9 = c->r9;
	f->r10 = c->r10;
	f->r11 = c->r11;
	f->r12 = c->r12;
	f->r13 = c->r13;
	f->r14 = c->r14;
	f->r15 = c->r15;
	f->rdi = c->rdi;
	f->rsi = c->rsi;
	f->rbp = c->rbp;
	f->rbx = c->rbx;
	f->rdx = c->rdx;
	f->rax = c->rax;
	f->rcx = c->rcx;
	f->rsp = c->rsp;
	f->rip = c->rip;
	f->rflags = (c->rflags & RFLAGS_USER) | RFLAGS_IF;
	f->cs = FLAT_RING3_CS64;
	f->ss = FLAT_RING3_SS64;
}

/* The registers' state at addr, marked as Linux marks it. */
static int push_fpu(uint64_t addr)
{
	struct thread *t = current();
	size_t n = fpu_bytes();
	uint32_t magic2 = FP_XSTATE_MAGIC2;
	uint32_t *sw = (uint32_t *)((char *)t->fpu + SW_RESERVED_OFFSET);
	unsigned long flags = irq_save();
	int rc;

	fpu_save(t);
	irq_restore(flags);
	memset(sw, 0, 48);
	if (n > 512) {
		sw[0] = FP_XSTATE_MAGIC1;
		sw[1] = n + sizeof(magic2);
		*(uint64_t *)(void *)&sw[2] = fpu_mask();
		sw[4] = n;
	}
	rc = copy_to_user(addr, t->fpu, n);
	if (rc == 0 && n > 512)
		rc = copy_to_user(addr + n, &magic2, sizeof(magic2));
	return rc;
}

static int pop_fpu(uint64_t addr)
{
	struct thread *t = current();
	void *image;
	unsigned long flags;
	int rc;

	if (addr == 0) {
		fpu_reset(t);
		return 0;
	}
	image = kmalloc(fpu_bytes());
	if (image == NULL)
		return -EFAULT;
	rc = copy_from_user(image, addr, fpu_bytes());
	if (rc == 0 && !fpu_check_user_image(image))
		rc = -EFAULT;
	if (rc == 0) {
		flags = irq_save();
		memcpy(t->fpu, image, fpu_bytes());
		fpu_restore(t);
		irq_restore(flags);
	}
	kfree(image);
	return rc;
}

static uint64_t stack_for(const struct proc *p, const struct trap_frame *f,
			  const struct sigaction_user *a)
{
	bool on_alt = f->rsp - p->alt_sp <= p->alt_size;

	if ((a->flags & SA_ONSTACK) && p->alt_size != 0 && !on_alt)
		return p->alt_sp + p->alt_size;
	return f->rsp - RED_ZONE;
}

int sigframe_push(struct proc *p, struct trap_frame *f, unsigned int sig)
{
	const struct sigaction_user *a = &p->actions[sig - 1];
	struct rt_sigframe frame = { 0 };
	uint64_t fpu = (stack_for(p, f, a) - fpu_bytes() - 8) & ~63UL;
	/* As after a call: 8 bytes below a multiple of 16. */
	uint64_t sp = ((fpu - sizeof(frame)) & ~15UL) - 8;

	if (!(a->flags & SA_RESTORER))
		return -EFAULT;
	frame.restorer = a->restorer;
	frame.uc_flags = UC_SIGCONTEXT_SS | (fpu_mask() != 0 ? UC_FP_XSTATE : 0);
	frame.ss_sp = p->alt_sp;
	frame.ss_size = p->alt_size;
	fill_registers(&frame.mc, f);
	frame.mc.fpstate = fpu;
	frame.sigmask = p->restore_blocked ? p->saved_blocked : p->blocked;
	frame.si_signo = (int32_t)sig;
	if (p->fault_sig == sig) {
		frame.si_code = p->fault_code;
		frame.si_addr = frame.mc.cr2 = p->fault_addr;
		p->fault_sig = 0;
	}
	if (push_fpu(fpu) != 0 || copy_to_user(sp, &frame, sizeof(frame)) != 0)
		return -EFAULT;
	f->rsp = sp;
	f->rip = a->handler;
	f->rdi = sig;
	f->rsi = sp + offsetof(struct rt_sigframe, si_signo);
	f->rdx = sp + offsetof(struct rt_sigframe, uc_flags);
	f->rax = 0;
	f->rflags &= ~RFLAGS_TF_DF;
	return 0;
}

/* rsp is behind the return address, which the handler's ret has taken. */
int sigframe_pop(struct proc *p, struct trap_frame *f)
{
	struct rt_sigframe frame;

	if (copy_from_user(&frame, f->rsp - 8, sizeof(frame)) != 0)
		return -EFAULT;
	take_registers(f, &frame.mc);
	p->blocked = frame.sigmask;
	return pop_fpu(frame.mc.fpstate);
}
