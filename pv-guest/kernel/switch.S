/* SPDX-License-Identifier: MIT */
/* thread_switch(save_rsp, new_rsp): leaves this stack, continues where the other one left. */
	.text
	.globl thread_switch
	.type thread_switch, @function
thread_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size thread_switch, . - thread_switch

	.section .note.GNU-stack, "", @progbits
