/* SPDX-License-Identifier: MIT */
/*
 * probe_copy(dst, src, n): a copy that may meet memory that is not there. A fault at an
 * address in ex_table continues at the fixup instead of ending in panic (kernel/traps.c).
 */
	.text
	.globl probe_copy
	.type probe_copy, @function
probe_copy:
	movq	%rdx, %rcx
	xorl	%eax, %eax
1:	rep movsb
	ret
2:	movl	$-14, %eax		/* -EFAULT */
	ret
	.size probe_copy, . - probe_copy

	.pushsection ex_table, "a"
	.quad	1b, 2b
	.popsection

	.section .note.GNU-stack, "", @progbits
