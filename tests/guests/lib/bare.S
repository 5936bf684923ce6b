/* SPDX-License-Identifier: MIT */
/* Hypercalls by a bare SYSCALL: what a guest links that has no hypercall page. */
	.text
	.globl	hcall, hcall_iret, hypercall_page
	.set	hypercall_page, 0
hcall:
	movl	%edi, %eax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	syscall
	ret
hcall_iret:
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$23, %eax
	syscall
	ud2

	.section .note.GNU-stack, "", @progbits
