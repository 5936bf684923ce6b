/* SPDX-License-Identifier: MIT */
/* Hypercalls through the hypercall page: what a guest links that has one. */
#include "tests/guests/lib/asm.h"

	.section .note.xen, "a", @note
	XEN_NOTE_NUMBER(XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page)

	.section .pages, "awx", @progbits
	.balign	4096
	.globl	hypercall_page
hypercall_page:
	.skip	4096, 0xcc

/* long hcall(unsigned nr, a1, a2, a3, a4, a5) */
	.text
	.globl	hcall, hcall_iret
hcall:
	movl	%edi, %eax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	shlq	$5, %rax
	addq	$hypercall_page, %rax
	jmp	*%rax
/* rsp at the iret frame's flags slot; rax, r11, rcx as they shall be */
hcall_iret:
	jmp	hypercall_page + 23 * 32

	.section .note.GNU-stack, "", @progbits
