/* SPDX-License-Identifier: MIT */
/*
 * First instruction, Xen notes, trap and upcall entries of the test guests.
 * The notes here are those every guest has; page.S adds HYPERCALL_PAGE.
 */
#include "tests/guests/lib/asm.h"

	.section .note.xen, "a", @note
	XEN_NOTE_STRING(XEN_ELFNOTE_GUEST_OS, "paravane-test")
	XEN_NOTE_STRING(XEN_ELFNOTE_XEN_VERSION, "xen-3.0")
	XEN_NOTE_STRING(XEN_ELFNOTE_LOADER, "generic")
	XEN_NOTE_STRING(XEN_ELFNOTE_FEATURES, "!writable_page_tables")
	XEN_NOTE_NUMBER(XEN_ELFNOTE_VIRT_BASE, 0x10000000)
	XEN_NOTE_NUMBER(XEN_ELFNOTE_PADDR_OFFSET, 0)
	XEN_NOTE_NUMBER(XEN_ELFNOTE_ENTRY, _start)

/* Keep every register as it was at the first instruction: tests look at them. */
	.section .text.start, "ax"
	.globl	_start
_start:
	movq	%rax, start_regs+0(%rip)
	movq	%rbx, start_regs+8(%rip)
	movq	%rcx, start_regs+16(%rip)
	movq	%rdx, start_regs+24(%rip)
	movq	%rsi, start_regs+32(%rip)
	movq	%rdi, start_regs+40(%rip)
	movq	%rbp, start_regs+48(%rip)
	movq	%rsp, start_regs+56(%rip)
	movq	%r8, start_regs+64(%rip)
	movq	%r9, start_regs+72(%rip)
	movq	%r10, start_regs+80(%rip)
	movq	%r11, start_regs+88(%rip)
	movq	%r12, start_regs+96(%rip)
	movq	%r13, start_regs+104(%rip)
	movq	%r14, start_regs+112(%rip)
	movq	%r15, start_regs+120(%rip)
	leaq	stack_end(%rip), %rsp
	pushfq
	popq	start_regs+128(%rip)
	movw	%ds, start_regs+136(%rip)
	movw	%es, start_regs+138(%rip)
	movw	%fs, start_regs+140(%rip)
	movw	%gs, start_regs+142(%rip)
	cld
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	guest_main
	ud2

/*
 * A trap or upcall frame, low to high: rcx, r11, [error code], rip, cs, rflags, rsp, ss.
 * entry_common makes a struct regs of it: see guest.h.
 */
	.text
	.macro	ENTRY_POINT name, vec, has_error, fn
	.globl	\name
	.balign	16
\name:
	.if !\has_error
	/* [rcx r11 rip...] -> [rcx r11 0 rip...] */
	subq	$8, %rsp
	pushq	%rax
	movq	16(%rsp), %rax
	movq	%rax, 8(%rsp)
	movq	24(%rsp), %rax
	movq	%rax, 16(%rsp)
	movq	$0, 24(%rsp)
	popq	%rax
	.endif
	/* rcx and r11 in the frame are the guest's; save the rest under them. */
	pushq	$\vec
	pushq	%rax
	pushq	%rbx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	cld
	call	\fn
	jmp	trap_return
	.endm

	.globl	trap_return
trap_return:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rbx
	popq	%rax
	addq	$8, %rsp		/* vector */
	popq	%rcx
	popq	%r11
	movq	$0, (%rsp)		/* the error code's slot becomes the iret flags */
	jmp	hcall_iret

	ENTRY_POINT trap_0, 0, 0, trap_c
	ENTRY_POINT trap_1, 1, 0, trap_c
	ENTRY_POINT trap_2, 2, 0, trap_c
	ENTRY_POINT trap_3, 3, 0, trap_c
	ENTRY_POINT trap_4, 4, 0, trap_c
	ENTRY_POINT trap_5, 5, 0, trap_c
	ENTRY_POINT trap_6, 6, 0, trap_c
	ENTRY_POINT trap_7, 7, 0, trap_c
	ENTRY_POINT trap_10, 10, 1, trap_c
	ENTRY_POINT trap_11, 11, 1, trap_c
	ENTRY_POINT trap_12, 12, 1, trap_c
	ENTRY_POINT trap_13, 13, 1, trap_c
	ENTRY_POINT trap_14, 14, 1, trap_c
	ENTRY_POINT trap_16, 16, 0, trap_c
	ENTRY_POINT trap_17, 17, 1, trap_c
	ENTRY_POINT trap_19, 19, 0, trap_c
	ENTRY_POINT trap_80, 0x80, 0, trap_c
	ENTRY_POINT upcall_entry, 0x100, 0, upcall_c
	ENTRY_POINT failsafe_entry, 0x101, 0, trap_c

/* bool catch_call(void (*fn)(void *), void *arg): see guest.h. */
	.globl	catch_call
catch_call:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	catch_rsp(%rip)
	movq	%rsp, catch_rsp(%rip)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	subq	$8, %rsp
	call	*%rax
	addq	$8, %rsp
	xorl	%eax, %eax
	jmp	1f
	.globl	catch_return
catch_return:			/* rsp has been set to catch_rsp by trap_c */
	movl	$1, %eax
1:	popq	catch_rsp(%rip)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.bss
	.globl	start_regs, catch_rsp
	.balign	16
start_regs:
	.skip	144
catch_rsp:
	.skip	8
	.section .bss.pages, "aw", @nobits
	.balign	4096
	.globl	stack, stack_end
stack:	.skip	65536
stack_end:

	.section .note.GNU-stack, "", @progbits
