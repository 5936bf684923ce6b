/* SPDX-License-Identifier: MIT */
/* One function per exception the `trap` command raises; each returns 0 if nothing happened and
 * 1 if the exception came and was recovered (ex_table). */
	.macro PROBE name, code:vararg
	.text
	.globl probe_\name
	.type probe_\name, @function
probe_\name:
	xorl	%edx, %edx
	movl	$1, %eax
1:	\code
	xorl	%eax, %eax
	ret
2:	movl	$1, %eax
	ret
	.size probe_\name, . - probe_\name
	.pushsection ex_table, "a"
	.quad	1b, 2b
	.popsection
	.endm

	PROBE ud, ud2
	PROBE gp, hlt
	PROBE de, divl %edx
	PROBE pf_read, movq (%rdi), %rax
	PROBE pf_write, movq %rax, (%rdi)

	/* #BP is reported behind the instruction. */
	.globl probe_bp
	.type probe_bp, @function
probe_bp:
	int3
1:	xorl	%eax, %eax
	ret
2:	movl	$1, %eax
	ret
	.size probe_bp, . - probe_bp
	.pushsection ex_table, "a"
	.quad	1b, 2b
	.popsection

	.section .note.GNU-stack, "", @progbits
