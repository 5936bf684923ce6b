/* SPDX-License-Identifier: MIT */
/*
 * Process platform: all code that runs in the address space of guest user code: the
 * runner's handler and return, the mapper, and the nursery that makes both.
 *
 * Mapper and nursery keep all they know in registers.  They have no stack and write no memory that
 * user code can reach, so nothing it does there can move them; what they are told stands in
 * the command page, which only K can write.
 *
 * The runner: a signal ends the user code; the handler names its frame in the slot, gives the
 * turn to K and sleeps.  When it has the turn again, the slot's state becomes the
 * registers.  There is no sigreturn and no signal is ever blocked, so K's kick always comes
 * through.  A kick that finds the runner in the stub itself is resolved by where it is (nested:):
 * always to a point that can be reached by running on.  Its frame is dropped then, or the next ones would
 * use up the stack; what registers that takes are those of our own code there, and user code
 * that came there by a jump harms itself.
 */
#include <asm/unistd.h>
#include "hv/process/user.h"

#define UC_RDI		104
#define UC_RSI		112
#define UC_RDX		136
#define UC_RSP		160
#define UC_RIP		168
#define SIGKILL		9
#define SIGCHLD		17
#define KICK		12
#define FUTEX_WAIT	0
#define FUTEX_WAKE	1
#define PR_SET_PDEATHSIG 1
#define PROT_READ	1
#define ARCH_SET_GS	0x1001
#define ARCH_SET_FS	0x1002
#define CLONE_VM	0x100
#define CLONE_FILES	0x400
#define CLONE_PIDFD	0x1000
#define CLONE_CHILD_CLEARTID 0x200000

	.section .stub, "ax", @progbits
	.globl hv_stub_start
hv_stub_start:
	.org hv_stub_start + 0x40 - 2, 0xcc
gate:	syscall
	/* USER_GATE_OFFSET */
	jmp	*%rbp

/* rdi signal, rsi siginfo, rdx ucontext, rsp in the slot's stack. */
	.globl hv_user_handler
	.p2align 4
hv_user_handler:
	movq	%rsp, %rbx
	andq	$-USER_SLOT_BYTES, %rbx
classify:
	movq	UC_RIP(%rdx), %rax
	leaq	hv_stub_start(%rip), %rcx
	subq	%rcx, %rax
	cmpq	$USER_STUB_BYTES, %rax
	jb	nested
publish:
	movq	%rdx, ST_FRAME(%rbx)
	movq	%rsi, ST_INFO(%rbx)
	movl	%edi, ST_SIG(%rbx)
give:
	cmpl	$0, CMD_FSGSBASE(%rbx)
	je	store
	rdfsbase %rax
	movq	%rax, ST_FS(%rbx)
	rdgsbase %rax
	movq	%rax, ST_GS(%rbx)
store:
	movl	$TURN_KERNEL, ST_WORD(%rbx)
wake:
	leaq	ST_WORD(%rbx), %rdi
	movl	$FUTEX_WAKE, %esi
	movl	$1, %edx
	movl	$__NR_futex, %eax
	leaq	wait(%rip), %rbp
	jmp	gate
wait:
	testl	$TURN_USER, ST_WORD(%rbx)
	jnz	go
	leaq	ST_WORD(%rbx), %rdi
	xorl	%esi, %esi
	movl	$TURN_KERNEL, %edx
	xorl	%r10d, %r10d
	movl	$__NR_futex, %eax
	leaq	wait(%rip), %rbp
	jmp	gate
back:	/* a kick here has nothing to tell: the stack is as it was, and what we waited for is looked at again */
	movq	UC_RSP(%rdx), %rsp
	jmp	wake

/* The turn is the user's.  Until iretq the slot's state is all there is: a kick from here on gives
 * the turn back with nothing changed. */
go:
	testl	$1, ST_SET(%rbx)
	jz	2f
	movq	ST_FS(%rbx), %rsi
	cmpl	$0, CMD_FSGSBASE(%rbx)
	je	1f
	wrfsbase %rsi
	jmp	2f
1:	movl	$ARCH_SET_FS, %edi
	movl	$__NR_arch_prctl, %eax
	leaq	2f(%rip), %rbp
	jmp	gate
2:	testl	$2, ST_SET(%rbx)
	jz	2f
	movq	ST_GS(%rbx), %rsi
	cmpl	$0, CMD_FSGSBASE(%rbx)
	je	1f
	wrgsbase %rsi
	jmp	2f
1:	movl	$ARCH_SET_GS, %edi
	movl	$__NR_arch_prctl, %eax
	leaq	2f(%rip), %rbp
	jmp	gate
2:	movl	CMD_XMASK(%rbx), %eax
	xorl	%edx, %edx
	xrstor64 ST_XSAVE(%rbx)
	testl	$TURN_WANTED, ST_WORD(%rbx)
	jnz	unchanged_kick
	leaq	ST_IRET(%rbx), %rsp
	movq	ST_REGS+0(%rbx), %r15
	movq	ST_REGS+8(%rbx), %r14
	movq	ST_REGS+16(%rbx), %r13
	movq	ST_REGS+24(%rbx), %r12
	movq	ST_REGS+32(%rbx), %rbp
	movq	ST_REGS+48(%rbx), %r11
	movq	ST_REGS+56(%rbx), %r10
	movq	ST_REGS+64(%rbx), %r9
	movq	ST_REGS+72(%rbx), %r8
	movq	ST_REGS+80(%rbx), %rax
	movq	ST_REGS+88(%rbx), %rcx
	movq	ST_REGS+96(%rbx), %rdx
	movq	ST_REGS+104(%rbx), %rsi
	movq	ST_REGS+112(%rbx), %rdi
	movq	ST_REGS+40(%rbx), %rbx
	iretq
unchanged_kick:
	movl	$KICK, %edi
unchanged:
	leaq	ST_IRET(%rbx), %rsp	/* no frame is needed any more: the next one begins at the top */
	movq	$0, ST_FRAME(%rbx)
	movl	%edi, ST_SIG(%rbx)
	jmp	give
go_end:

#define OFF(label) $(label - hv_stub_start)

nested:
	cmpl	$KICK, %edi
	jne	2f
nested_kick:
	cmpq	OFF(hv_user_handler), %rax
	jb	back			/* at the gate */
	cmpq	OFF(give), %rax
	jb	earlier
	cmpq	OFF(store), %rax
	jbe	give
	cmpq	OFF(go), %rax
	jb	back
	cmpq	OFF(go_end), %rax
	jb	unchanged
	cmpq	OFF(nested_kick), %rax
	jb	earlier
	cmpq	OFF(loaded), %rax
	jae	earlier
	/* It found an earlier kick being sorted out: that one once more. */
	movq	UC_RSI(%rdx), %rsi
	movq	UC_RDX(%rdx), %rdx
	jmp	classify
	/* An earlier frame is not named yet: rdi, rsi and rdx of then are still in ours. */
earlier:
	movq	UC_RDI(%rdx), %rdi
	movq	UC_RSI(%rdx), %rsi
	movq	UC_RDX(%rdx), %rdx
loaded:
	jmp	classify
	/* A fault of ours is that of a state user code has spoilt; all others are its own. */
2:	cmpq	OFF(go), %rax
	jb	publish
	cmpq	OFF(go_end), %rax
	jb	unchanged
	jmp	publish

/* ---- the mapper and the nursery: r12 = their command page, r13 = the last command ---- */

	.macro	SYS nr
	movl	$\nr, %eax
	syscall
	.endm
	.macro	MUNMAP_TO		/* [rdi, rsi) */
	subq	%rdi, %rsi
	SYS	__NR_munmap
	.endm

/* void hv_nursery(control, pid): unmap all but this code and the slots, then make spaces. */
	.globl hv_nursery
	.p2align 4
hv_nursery:
	movq	%rdi, %r12
	movq	%rsi, %r14
	xorl	%edi, %edi
	movq	$USER_VA, %rsi
	MUNMAP_TO
	movq	$USER_VA + USER_BYTES, %rdi
	leaq	hv_stub_start(%rip), %rsi
	MUNMAP_TO
	leaq	hv_stub_end(%rip), %rdi
	movq	$0x7ffffffff000, %rsi
	MUNMAP_TO
	xorl	%r13d, %r13d
nursery_wait:
	leaq	CMD_SEQ(%r12), %rdi
	xorl	%esi, %esi
	movl	%r13d, %edx
	xorl	%r10d, %r10d
	SYS	__NR_futex
	cmpl	%r13d, CMD_SEQ(%r12)
	je	nursery_wait
	movl	CMD_SEQ(%r12), %r13d
	/* A slot's address, and no other. */
	movq	CMD_SLOT(%r12), %r15
	movq	$USER_VA, %rax
	movq	%r15, %rcx
	subq	%rax, %rcx
	cmpq	$(USER_SLOTS - 1) * USER_SLOT_BYTES, %rcx
	ja	nursery_wait
	testl	$USER_SLOT_BYTES - 1, %ecx
	jnz	nursery_wait
	movl	$CLONE_FILES | CLONE_PIDFD | SIGCHLD, %edi
	xorl	%esi, %esi
	leaq	CMD_PIDFD(%r12), %rdx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	SYS	__NR_clone
	testq	%rax, %rax
	jz	mapper
	jns	nursery_wait
	leaq	answer_failed(%rip), %rsi
	movl	$USER_EVENT_FD, %edi
	movl	$8, %edx
	SYS	__NR_write
	jmp	nursery_wait

mapper:
	movl	$PR_SET_PDEATHSIG, %edi
	movl	$SIGKILL, %esi
	SYS	__NR_prctl
	SYS	__NR_getppid
	cmpl	%r14d, %eax		/* it was sooner dead than we could ask */
	jne	leave
	movq	$USER_VA, %rdi
	movq	%r15, %rsi
	cmpq	%rdi, %rsi
	je	1f
	MUNMAP_TO
1:	leaq	USER_SLOT_BYTES(%r15), %rdi
	movq	$USER_VA + USER_BYTES, %rsi
	MUNMAP_TO
	movq	%r15, %rdi
	movl	$4096, %esi
	movl	$PROT_READ, %edx
	SYS	__NR_mprotect
	testq	%rax, %rax
	jnz	leave
	movq	%r15, %r12
	xorl	%r13d, %r13d
	xorl	%ebx, %ebx
mapper_answer:
	leaq	answer_ok(%rip), %rsi
	testl	%ebx, %ebx
	jz	1f
	leaq	answer_failed(%rip), %rsi
1:	movl	$USER_EVENT_FD, %edi
	movl	$8, %edx
	SYS	__NR_write
mapper_wait:
	leaq	CMD_SEQ(%r12), %rdi
	xorl	%esi, %esi
	movl	%r13d, %edx
	xorl	%r10d, %r10d
	SYS	__NR_futex
	cmpl	%r13d, CMD_SEQ(%r12)
	je	mapper_wait
	movl	CMD_SEQ(%r12), %r13d
	movl	CMD_NR(%r12), %r14d
	cmpl	$CMD_MAX_OPS, %r14d
	ja	mapper_wait
	leaq	CMD_OPS(%r12), %r15
	xorl	%ebx, %ebx
mapper_next:
	subl	$1, %r14d
	js	mapper_answer
	movq	0(%r15), %rax
	movq	8(%r15), %rdi
	movq	16(%r15), %rsi
	movq	24(%r15), %rdx
	movq	32(%r15), %r10
	movq	40(%r15), %r8
	movq	48(%r15), %r9
	addq	$CMD_OP_BYTES, %r15
	cmpq	$CMD_OP_RUNNER, %rax
	je	make_runner
	cmpq	$__NR_mmap, %rax
	je	1f
	cmpq	$__NR_munmap, %rax
	jne	2f
	/* Never this code, nor the slot. */
1:	movq	$USER_GUEST_END, %rcx
	cmpq	%rcx, %rdi
	ja	2f
	subq	%rdi, %rcx
	cmpq	%rcx, %rsi
	ja	2f
	syscall
	cmpq	$-4096, %rax
	jb	mapper_next
2:	movl	$1, %ebx
	jmp	mapper_next

make_runner:
	SYS	__NR_getpid
	movl	%eax, %ebp
	movl	$CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | SIGCHLD, %edi
	xorl	%esi, %esi
	leaq	ST_PIDFD(%r12), %rdx
	leaq	ST_WORD(%r12), %r10
	xorl	%r8d, %r8d
	SYS	__NR_clone
	testq	%rax, %rax
	js	2b
	jnz	mapper_next
	/* The runner. */
	movl	$PR_SET_PDEATHSIG, %edi
	movl	$SIGKILL, %esi
	SYS	__NR_prctl
	SYS	__NR_getppid
	cmpl	%ebp, %eax
	jne	leave
	xorl	%edi, %edi
	movl	$-1, %esi
	xorl	%edx, %edx
	SYS	__NR_close_range
	leaq	CMD_STACK(%r12), %rdi
	xorl	%esi, %esi
	SYS	__NR_sigaltstack
	testq	%rax, %rax
	jnz	leave
	movl	$1, %edi		/* SECCOMP_SET_MODE_FILTER */
	xorl	%esi, %esi
	leaq	runner_prog(%rip), %rdx
	SYS	__NR_seccomp
	testq	%rax, %rax
	jnz	leave
	movq	%r12, %rbx
	jmp	store			/* ready; whatever it was, it is K's turn now */
leave:
	movl	$1, %edi
	SYS	__NR_exit_group
	ud2

	.p2align 3
answer_ok:
	.quad	1
answer_failed:
	.quad	0x100000000
runner_prog:				/* struct sock_fprog */
	.quad	USER_RUNNER_FILTER_LEN
	.quad	runner_filter
	.section .note.GNU-stack, "", @progbits
