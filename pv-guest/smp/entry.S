/* SPDX-License-Identifier: MIT */
/* Where another vCPU begins: on the stack of its idle thread, rdi = its struct cpu. */
	.text
	.globl secondary_entry
	.type secondary_entry, @function
secondary_entry:
	cld
	xorl	%ebp, %ebp
	pushq	$0			/* ends stack traces */
	pushq	$0
	call	secondary_start
	ud2
	.size secondary_entry, . - secondary_entry

	.section .note.GNU-stack, "", @progbits
