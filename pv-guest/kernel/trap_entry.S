/* SPDX-License-Identifier: MIT */
/*
 * Where the hypervisor enters us: one stub per exception, the event upcall, the failsafe
 * callback; and the way back.
 *
 * Xen pushes rcx, r11, [error code], rip, cs, rflags, rsp, ss on the current stack, or from user
 * mode on the one stack_switch named. We make a
 * struct trap_frame of it. The return is the iret hypercall: it restores the event mask from
 * rflags.IF and looks for pending events in one step, so no event is lost between the two.
 */
#define __ASSEMBLY__
#include <xen/xen.h>

	.text

	.macro TRAP name, vector, has_error
	.globl trap_\name
trap_\name:
	popq	%rcx
	popq	%r11
	.if \has_error == 0
	pushq	$0
	.endif
	pushq	%rdi
	movl	$\vector, %edi
	jmp	trap_common
	.endm

	TRAP divide_error, 0, 0
	TRAP debug, 1, 0
	TRAP nmi, 2, 0
	TRAP int3, 3, 0
	TRAP overflow, 4, 0
	TRAP bounds, 5, 0
	TRAP invalid_op, 6, 0
	TRAP no_device, 7, 0
	TRAP invalid_tss, 10, 1
	TRAP no_segment, 11, 1
	TRAP stack_error, 12, 1
	TRAP gp_fault, 13, 1
	TRAP page_fault, 14, 1
	TRAP fpu_error, 16, 0
	TRAP alignment, 17, 1
	TRAP simd_error, 19, 0
	TRAP int80, 0x80, 0

	.globl upcall_entry
upcall_entry:
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	%rdi
	movl	$256, %edi
	jmp	trap_common

	/* syscall in user mode, on the stack stack_switch named. */
	.globl syscall_callback
syscall_callback:
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	%rdi
	movl	$258, %edi
	jmp	trap_common

	/* Segment registers could not be loaded on the way in; ours are never loaded. */
	.globl failsafe_entry
failsafe_entry:
	popq	%rcx
	popq	%r11
	addq	$32, %rsp		/* ds es fs gs */
	pushq	$0
	pushq	%rdi
	movl	$257, %edi

trap_common:
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movl	%edi, %esi
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	trap_dispatch
	movq	%rbx, %rsp
trap_return:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	/* The error code's slot is iret's flags: trap_dispatch put them there. */
	jmp	hypercall_page + __HYPERVISOR_iret * 32

	.globl trap_return_to
trap_return_to:
	movq	%rdi, %rsp
	jmp	trap_return

	.section .note.GNU-stack, "", @progbits
