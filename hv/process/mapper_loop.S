/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the mapper, paravaned's hand in this address space (paravaned/mapper.c).
 *
 * A task of its own, with the domain's memory but not its descriptors, its signals or its filter.
 * The guest may write to every writable byte here, at any moment.  So the mapper believes none:
 * its code is read-only, where the domain's filter lets nobody map anything; so is the page with
 * its orders; what it needs between two instructions is in registers.  The one thing in writable
 * memory is what recvmsg() wants: where the kernel is to put the datagram's byte and the descriptor's
 * number.  A guest that changes that may have them put elsewhere in its own memory, and gains nothing:
 * the byte means nothing, and the number is known, the lowest that is free.
 * If anything else fails, the mapper ends, and paravaned sees the end of its socket.
 */
#include <asm/unistd.h>

#define ORDER_PAGE	0x710000000000	/* PVN_MAPPER_PAGE_VA */
#define SHARED_FIXED	0x11		/* MAP_SHARED | MAP_FIXED */
#define SOCKET		0
#define OBJECT		1		/* the lowest number free */
#define DONE		1		/* PVN_MAPPER_DONE */
#define REFUSED		2		/* PVN_MAPPER_REFUSED */

	.macro HOST_CALL nr
	movl	$\nr, %eax
	leaq	9f(%rip), %r12
	jmp	hv_mapper_syscall
9:
	.endm

	.text
/* long hv_mapper_clone(unsigned long flags): its pid or -errno.  Before the filter is on. */
	.globl hv_mapper_clone
	.type hv_mapper_clone, @function
hv_mapper_clone:
	movl	$__NR_clone, %eax
	leaq	mapper_stack_top(%rip), %rsi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	syscall
	testq	%rax, %rax
	jz	1f
	ret
1:	xorl	%ebp, %ebp
	call	hv_mapper_child
	/* The last that is done with memory; the guest has not run yet. */
	movl	$1, hv_mapper_ready(%rip)

hv_mapper_loop:
	movl	$SOCKET, %edi
	leaq	mapper_msg(%rip), %rsi
	movq	$0, 0(%rsi)		/* msg_name */
	movl	$0, 8(%rsi)		/* msg_namelen */
	leaq	mapper_iov(%rip), %rax
	movq	%rax, 16(%rsi)		/* msg_iov */
	movq	$1, 24(%rsi)		/* msg_iovlen */
	leaq	mapper_control(%rip), %rax
	movq	%rax, 32(%rsi)		/* msg_control */
	movq	$24, 40(%rsi)		/* msg_controllen: one descriptor */
	xorl	%edx, %edx
	HOST_CALL __NR_recvmsg
	cmpq	$1, %rax
	jne	hv_mapper_end
	movabsq	$ORDER_PAGE, %rbx
	movq	8(%rbx), %rdi
	movq	16(%rbx), %rsi
	cmpq	$0, 0(%rbx)
	jne	2f
	HOST_CALL __NR_munmap
	jmp	3f
2:	movq	24(%rbx), %rdx
	movl	$SHARED_FIXED, %r10d
	movl	$OBJECT, %r8d
	movq	32(%rbx), %r9
	HOST_CALL __NR_mmap
3:	movq	%rax, %r13
	movl	$OBJECT, %edi
	HOST_CALL __NR_close
	movl	$SOCKET, %edi
	movabsq	$ORDER_PAGE, %rsi	/* any bytes: the length is the answer */
	movl	$DONE, %edx
	cmpq	$-4096, %r13
	jbe	4f
	movl	$REFUSED, %edx
4:	HOST_CALL	__NR_write
	testq	%rax, %rax
	jg	hv_mapper_loop
hv_mapper_end:
	xorl	%edi, %edi
	HOST_CALL __NR_exit_group
	ud2
	.size hv_mapper_clone, . - hv_mapper_clone

	.data
	.p2align 3
mapper_iov:
	.quad	mapper_byte, 1
mapper_msg:
	.skip	56
mapper_control:
	.skip	24
mapper_byte:
	.skip	8
	.globl hv_mapper_ready
hv_mapper_ready:
	.long	0

	.section .bss
	.p2align 12
	.skip 4096
mapper_stack_top:
	.section .note.GNU-stack, "", @progbits
