/* SPDX-License-Identifier: MIT */
/*
 * Process platform: every way into the image and out of it.
 *
 * Tour: 5.  In: _start (from exec), hv_hypercall_entry and hv_iret_entry (called by the
 * stubs of the guest's hypercall page), and signals (signal.c).  Out: the fast return
 * below, hv_enter_guest, and sigreturn.
 *
 * A kick or timer signal can arrive at any instruction.  Its handler only sets
 * hv_exit_work when RIP is in the image, and mends RIP in the two windows between the
 * last look at hv_exit_work and the guest:
 *   [hv_fast_window, hv_fast_ret)   -> hv_fast_slow  (the image's stack is still in use)
 *   [hv_enter_window, hv_enter_end) -> hv_enter_again (vcpu.regs still has everything)
 * At hv_fast_ret itself the registers are the guest's, one `ret` short.
 */
#include <asm/unistd.h>

#define GATE_OFFSET	0x40	/* rip after SYSCALL = section start + this */

	.section .gates, "ax", @progbits
	.globl hv_gates
hv_gates:
	/* long hv_syscall(long a1, a2, a3, a4, a5, a6, long nr): C arguments in
	 * rdi rsi rdx rcx r8 r9, nr on the stack. */
	.globl hv_syscall
	.type hv_syscall, @function
hv_syscall:
	movq	8(%rsp), %rax
	movq	%rcx, %r10
	jmp	1f
	.org hv_gates + GATE_OFFSET - 2, 0x90
1:	syscall
	/* PVN_GATE_RIP */
	ret
	.size hv_syscall, . - hv_syscall

	.org hv_gates + 0x78, 0x90
	.globl hv_sigreturn
	.type hv_sigreturn, @function
hv_sigreturn:
	movl	$__NR_rt_sigreturn, %eax
	nop
	syscall
	/* PVN_SIGRETURN_RIP */
	ud2
	.size hv_sigreturn, . - hv_sigreturn

/* The mapper's (mapper_loop.S), which has no stack: back to r12. */
	.org hv_gates + 0xc0 - 2, 0x90
	.globl hv_mapper_syscall
	.type hv_mapper_syscall, @function
hv_mapper_syscall:
	syscall
	/* PVN_MAPPER_RIP */
	jmp	*%r12
	.size hv_mapper_syscall, . - hv_mapper_syscall

/* All but rax, rcx, r11, rip, rflags and rsp, to the struct cpu_regs at rcx. */
	.macro SAVE_REGS
	movq	%r15, 0(%rcx)
	movq	%r14, 8(%rcx)
	movq	%r13, 16(%rcx)
	movq	%r12, 24(%rcx)
	movq	%rbp, 32(%rcx)
	movq	%rbx, 40(%rcx)
	movq	%r10, 56(%rcx)
	movq	%r9, 64(%rcx)
	movq	%r8, 72(%rcx)
	movq	%rdx, 96(%rcx)
	movq	%rsi, 104(%rcx)
	movq	%rdi, 112(%rcx)
	.endm

	.text
	.globl _start
	.type _start, @function
_start:
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	leaq	hv_stack_top(%rip), %rsp
	call	hv_start
	ud2

/*
 * Called by a hypercall stub: rax = number, arguments rdi rsi rdx r10 r8; the return
 * address and, above it, what the stub saved lie on the guest's stack.
 */
	.globl hv_hypercall_entry
	.p2align 6
	.type hv_hypercall_entry, @function
hv_hypercall_entry:
	movq	%rsp, hv_guest_rsp(%rip)
	leaq	hv_stack_top(%rip), %rsp
	/* A guest may name as clobbered only the arguments it passes: give all of them back. */
	pushq	%r9
	pushq	%r8
	pushq	%r10
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	movq	%r10, %rcx
	movq	%rax, %r9
	cld
	call	hypercall_dispatch
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%r10
	popq	%r8
	popq	%r9
	/* The guest may have unmasked events with a plain store before this call. */
	movq	vcpu_info_ptr(%rip), %rcx
	cmpw	$0, (%rcx)
	jne	hv_fast_pending
hv_fast_check:
	cmpl	$0, hv_exit_work(%rip)
	.globl hv_fast_window
hv_fast_window:
	jne	hv_fast_slow
	movq	hv_guest_rsp(%rip), %rsp
	.globl hv_fast_ret
hv_fast_ret:
	ret
hv_fast_pending:
	cmpb	$0, 1(%rcx)		/* masked: nothing to deliver */
	jne	hv_fast_check
	/* Build the guest's context as it would be after the return, then leave the slow way. */
	.globl hv_fast_slow
hv_fast_slow:
	leaq	vcpu(%rip), %rcx
	SAVE_REGS
	movq	%r11, 48(%rcx)
	movq	%rax, 80(%rcx)
	movq	$0, 88(%rcx)
	pushfq
	popq	128(%rcx)
	movq	hv_guest_rsp(%rip), %rax
	movq	%rax, 136(%rcx)
	leaq	hv_stack_top(%rip), %rsp
	call	hv_leave_page_call
	ud2
	.size hv_hypercall_entry, . - hv_hypercall_entry

/* The iret stub jumps here: rcx r11 rax pushed, then the rest of struct iret_context. */
	.globl hv_iret_entry
	.type hv_iret_entry, @function
hv_iret_entry:
	leaq	vcpu(%rip), %rcx
	SAVE_REGS
	movq	%rsp, 136(%rcx)
	leaq	hv_stack_top(%rip), %rsp
	cld
	call	hv_leave_iret
	ud2
	.size hv_iret_entry, . - hv_iret_entry

/* Run the guest with vcpu.regs: iretq works from ring 3 to ring 3. */
	.globl hv_enter_guest
	.type hv_enter_guest, @function
hv_enter_guest:
	leaq	hv_stack_top(%rip), %rsp
	pushq	$2			/* NT would make iretq fault; flags are the guest's until here */
	popfq
	leaq	vcpu(%rip), %rcx
	cmpl	$0, hv_exit_work(%rip)
	.globl hv_enter_window
hv_enter_window:
	jne	hv_enter_again
	movl	%ss, %eax
	pushq	%rax
	pushq	136(%rcx)
	pushq	128(%rcx)
	movl	%cs, %eax
	pushq	%rax
	pushq	120(%rcx)
	movq	0(%rcx), %r15
	movq	8(%rcx), %r14
	movq	16(%rcx), %r13
	movq	24(%rcx), %r12
	movq	32(%rcx), %rbp
	movq	40(%rcx), %rbx
	movq	48(%rcx), %r11
	movq	56(%rcx), %r10
	movq	64(%rcx), %r9
	movq	72(%rcx), %r8
	movq	80(%rcx), %rax
	movq	96(%rcx), %rdx
	movq	104(%rcx), %rsi
	movq	112(%rcx), %rdi
	movq	88(%rcx), %rcx
	iretq
	.globl hv_enter_end
hv_enter_end:
	.globl hv_enter_again
hv_enter_again:
	leaq	hv_stack_top(%rip), %rsp
	cld
	call	platform_enter_guest
	ud2
	.size hv_enter_guest, . - hv_enter_guest

	.section .bss
	.globl hv_stack
	.p2align 12
hv_stack:
	.skip 32768
	.globl hv_stack_top
hv_stack_top:
	.skip 64
	.globl hv_guest_rsp
	.p2align 3
hv_guest_rsp:
	.skip 8
	.section .note.GNU-stack, "", @progbits
