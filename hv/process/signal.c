/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the host's signals are the hardware's traps and interrupts.
 *
 * Tour: 7.  Every handler runs on the alternate stack with all signals blocked.  It takes
 * the guest's registers from the signal frame into vcpu.regs, does what Xen's entry code
 * would do for that trap, and puts them back: the kernel's sigreturn resumes the guest.
 * Interrupts (kick, timer) that hit the image itself only leave a mark; see entry.S for
 * the windows.  A trap inside the image is a bug of ours, or a guest that jumped into it.
 */
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <linux/audit.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <hv/ptwr.h>
#include <hypercalls/dispatch.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>
#include <hv/process/user.h>

#define SYSCALL_INSN_BYTES 2

static int in_image(uint64_t rip)
{
	return rip >= (uint64_t)hv_image_start && rip < (uint64_t)hv_text_end;
}

void regs_from_frame(const struct sigcontext *s)
{
	struct cpu_regs *r = &vcpu.regs;

	r->r15 = s->r15, r->r14 = s->r14, r->r13 = s->r13, r->r12 = s->r12;
	r->rbp = s->rbp, r->rbx = s->rbx, r->r11 = s->r11, r->r10 = s->r10;
	r->r9 = s->r9, r->r8 = s->r8, r->rax = s->rax, r->rcx = s->rcx;
	r->rdx = s->rdx, r->rsi = s->rsi, r->rdi = s->rdi;
	r->rip = s->rip, r->rflags = s->eflags, r->rsp = s->rsp;
}

static void store_regs(struct sigcontext *s)
{
	const struct cpu_regs *r = &vcpu.regs;

	s->r15 = r->r15, s->r14 = r->r14, s->r13 = r->r13, s->r12 = r->r12;
	s->rbp = r->rbp, s->rbx = r->rbx, s->r11 = r->r11, s->r10 = r->r10;
	s->r9 = r->r9, s->r8 = r->r8, s->rax = r->rax, s->rcx = r->rcx;
	s->rdx = r->rdx, s->rsi = r->rsi, s->rdi = r->rdi;
	s->rip = r->rip, s->eflags = r->rflags, s->rsp = r->rsp;
}

/* An interrupt while the image ran.  Returns 1 when that was all. */
static int interrupted_image(struct sigcontext *s, int sig)
{
	uint64_t rip = s->rip;

	hv_exit_work = 1;
	if (sig == SIGALRM)
		vcpu.timer_due = 1;
	if (!in_image(rip) || rip == (uint64_t)hv_fast_ret)
		return 0;
	if (!user_interrupt()) /* a program of the guest may be running: then user.c answers */
		tlb_acknowledge();
	if (rip >= (uint64_t)hv_fast_window && rip < (uint64_t)hv_fast_ret)
		s->rip = (uint64_t)hv_fast_slow;
	else if (rip >= (uint64_t)hv_enter_window && rip < (uint64_t)hv_enter_end)
		s->rip = (uint64_t)hv_enter_again;
	return 1;
}

static void pop_rip(void)
{
	if (copy_from_guest(&vcpu.regs.rip, vcpu.regs.rsp, 8))
		domain_crash("hypercall return address at %#lx is gone", vcpu.regs.rsp);
	vcpu.regs.rsp += 8;
}

/* The image's last `ret` reads the guest's stack, whose mapping a hypercall may have flushed. */
static int is_return_fault(int sig, const struct sigcontext *s)
{
	return sig == SIGSEGV && s->trapno == TRAP_PF && s->rip == (uint64_t)hv_fast_ret;
}

/* The guest's TF and AC reach the image with a call of the hypercall page: they end here. */
static int flag_trap_in_image(struct sigcontext *s)
{
	uint64_t flag = s->trapno == TRAP_DB ? X86_EFLAGS_TF : s->trapno == TRAP_AC ? X86_EFLAGS_AC : 0;

	if (!(s->eflags & flag))
		return 0;
	s->eflags &= ~flag;
	return 1;
}

static void __attribute__((noreturn)) trap_in_image(int sig, const siginfo_t *si,
						     const struct sigcontext *s)
{
	if (sig == SIGSYS)
		domain_crash("system call %d from inside the hypervisor image at %#lx", si->si_syscall,
			     (unsigned long)s->rip);
	domain_crash("trap %lu in the hypervisor image at %#lx (cr2 %#lx)", (unsigned long)s->trapno,
		     (unsigned long)s->rip, (unsigned long)s->cr2);
}

/* SYSCALL outside the image: a hypercall (the virtual mode is kernel). */
static void handle_syscall(const siginfo_t *si)
{
	struct cpu_regs *r = &vcpu.regs;

	if ((uint32_t)si->si_arch != AUDIT_ARCH_X86_64) {
		/* int 0x80 and friends: to the guest a software interrupt. */
		r->rip -= SYSCALL_INSN_BYTES;
		guest_soft_int(0x80, SYSCALL_INSN_BYTES);
		return;
	}
	r->rax = (uint32_t)si->si_syscall;
	if (r->rax == __HYPERVISOR_iret) {
		guest_iret();
		return;
	}
	r->rcx = r->rip;
	r->r11 = r->rflags;
	r->rax = (uint64_t)hypercall_dispatch(r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->rax);
	hypercall_restart(r->rip - SYSCALL_INSN_BYTES);
	if (vcpu.iret_in_batch)
		guest_iret_in_batch();
}

static void handle_page_fault(int sig, const struct sigcontext *s)
{
	uint64_t cr2 = s->cr2;
	uint32_t err = (uint32_t)s->err;
	const char *why;
	struct walk w;

	if (sig == SIGBUS)
		domain_crash("the host has no memory behind %#lx (rip %#lx)", cr2, vcpu.regs.rip);
	if (cr2 < PVN_GUEST_END && guest_walk(cr2, &w) == 0 &&
	    (!(err & PFEC_write) || (w.flags & _PAGE_RW)) &&
	    (!(err & PFEC_insn) || !(w.flags & _PAGE_NX))) {
		if (platform_map(cr2, &why))
			domain_crash("cannot map %#lx for the guest (rip %#lx): %s", cr2,
				     vcpu.regs.rip, why);
		return;
	}
	/* Whether the entry was there is what the guest's tables say, not the host's cache. */
	err &= ~PFEC_present;
	if (cr2 < PVN_GUEST_END && guest_walk(cr2, &w) == 0) {
		if ((err & PFEC_write) && ptwr_page_fault(cr2, &w))
			return;
		err |= PFEC_present;
	}
	guest_page_fault(cr2, err);
}

void image_fault(int sig, const struct sigcontext *s)
{
	switch (s->trapno) {
	case TRAP_PF:
		handle_page_fault(sig, s);
		break;
	case TRAP_GP:
		if (!emulate_privileged((uint32_t)s->err))
			guest_trap(TRAP_GP, (uint32_t)s->err);
		break;
	case TRAP_UD:
		if (!emulate_forced())
			guest_trap(TRAP_UD, NO_ERROR_CODE);
		break;
	case TRAP_NP:
	case TRAP_SS:
	case TRAP_AC:
		guest_trap((unsigned int)s->trapno, (uint32_t)s->err);
		break;
	default:
		guest_trap((unsigned int)s->trapno & 31, NO_ERROR_CODE);
	}
}

static void hv_signal(int sig, siginfo_t *si, struct ucontext *uc)
{
	struct sigcontext *s = &uc->uc_mcontext;
	int interrupt = sig == PVN_KICK_SIGNAL || sig == SIGALRM;
	int returning = s->rip == (uint64_t)hv_fast_ret;

	if (interrupt && interrupted_image(s, sig))
		return;
	__asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~X86_EFLAGS_AC) : "cc", "memory");
	if (!interrupt && in_image(s->rip) && !is_return_fault(sig, s)) {
		if (flag_trap_in_image(s))
			return;
		trap_in_image(sig, si, s);
	}
	tlb_leave_guest();
	regs_from_frame(s);
	if (returning)
		pop_rip();
	if (sig == SIGSYS)
		handle_syscall(si);
	else if (!interrupt && !returning)
		image_fault(sig, s);
	guest_exit_work();
	if (vcpu.in_user) { /* an iret by SYSCALL: the rest is done outside of the handler */
		s->rip = (uint64_t)hv_enter_again;
		s->eflags = X86_EFLAGS_IF | 2;
		return;
	}
	store_regs(s);
}

void signals_init(uint64_t base, uint64_t size)
{
	static const uint8_t signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGALRM,
					   PVN_KICK_SIGNAL };
	stack_t ss = { .ss_sp = (void *)base, .ss_size = size };
	struct sigaction sa;
	unsigned int i;

	if (sys3(__NR_sigaltstack, &ss, 0, 0))
		sys_exit(18);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = (__sighandler_t)(void *)hv_signal;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER;
	sa.sa_restorer = (__sigrestore_t)(void *)hv_sigreturn;
	memset(&sa.sa_mask, 0xff, sizeof(sa.sa_mask));
	for (i = 0; i < sizeof(signals); i++)
		if (sys6(__NR_rt_sigaction, signals[i], &sa, 0, sizeof(sa.sa_mask), 0, 0))
			sys_exit(19);
}

/* entry.S: a hypercall through the page that has work to do before it returns. */
void hv_leave_page_call(void);
void hv_leave_iret(void);

/* The code of a stub up to its call (hypercall_page.c): mov eax,nr; movabs r11,entry; call r11. */
#define STUB_CALL_BYTES	18

static int is_stub(uint64_t rip)
{
	uint8_t code[STUB_CALL_BYTES];

	return !copy_from_guest(code, rip - sizeof(code), sizeof(code)) && code[0] == 0xb8 &&
	       code[5] == 0x49 && code[6] == 0xbb && code[15] == 0x41 && code[16] == 0xff && code[17] == 0xd3;
}

void hv_leave_page_call(void)
{
	struct hypercall_again *a = &vcpu.again;

	if (vcpu.iret_in_batch) { /* the frame lies where the stub's SYSCALL would have seen it */
		vcpu.regs.rsp += 8;
		guest_iret_in_batch();
		platform_enter_guest();
	}
	pop_rip();
	/* Called by other code than the page's: it cannot call again by itself. */
	while (a->active && !is_stub(vcpu.regs.rip)) {
		a->active = 0;
		vcpu.regs.rax = (uint64_t)hypercall_dispatch(a->arg[0], a->arg[1], a->arg[2], a->arg[3], 0, a->nr);
	}
	hypercall_restart(vcpu.regs.rip - STUB_CALL_BYTES);
	platform_enter_guest();
}

void hv_leave_iret(void)
{
	guest_iret();
	platform_enter_guest();
}

void platform_enter_guest(void)
{
	guest_exit_work();
	while (vcpu.in_user) {
		user_run();
		guest_exit_work();
	}
	hv_enter_guest();
}
