/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel is entered, what it tells the domain builder (ELF notes), and the page
 * the hypervisor fills with hypercall stubs.
 *
 * Tour: guest 1. At _start: rsi = start_info, we run in (virtual) kernel mode with events
 * masked on flat segments that are never loaded again. .bss is zero: the loader did that.
 */
#define __ASSEMBLY__
#include <xen/elfnote.h>

#define STACK_SIZE 16384

	.section .text.hypercall_page, "ax"
	.balign 4096
	.globl hypercall_page
hypercall_page:
	.skip 4096, 0xcc

	.section .text.entry, "ax"
	.globl _start
	.type _start, @function
_start:
	cld
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	$boot_stack + STACK_SIZE, %rsp
	movq	%rsi, %rdi
	movq	%rax, %rsi
	xorl	%ebp, %ebp
	pushq	$0			/* ends stack traces */
	pushq	$0
	call	start_kernel
	ud2
	.size _start, . - _start

	/* Aligned to its size: the running thread is found from the stack pointer. */
	.section .bss.page_aligned, "aw", @nobits
	.balign STACK_SIZE
	.globl boot_stack
boot_stack:
	.skip STACK_SIZE

	.macro ELFNOTE_STRING type, text
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	.asciz "\text"
2:	.balign 4
	.popsection
	.endm

	.macro ELFNOTE_QUAD type, value
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 8, \type
	.asciz "Xen"
	.quad \value
	.popsection
	.endm

	ELFNOTE_STRING XEN_ELFNOTE_GUEST_OS, "paravane-guest"
	ELFNOTE_STRING XEN_ELFNOTE_GUEST_VERSION, "1"
	ELFNOTE_STRING XEN_ELFNOTE_LOADER, "generic"
	ELFNOTE_STRING XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
	ELFNOTE_STRING XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
	ELFNOTE_STRING XEN_ELFNOTE_PAE_MODE, "yes"
	ELFNOTE_QUAD XEN_ELFNOTE_VIRT_BASE, 0x10000000
	ELFNOTE_QUAD XEN_ELFNOTE_PADDR_OFFSET, 0
	ELFNOTE_QUAD XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
	ELFNOTE_QUAD XEN_ELFNOTE_ENTRY, _start

	.section .note.GNU-stack, "", @progbits
