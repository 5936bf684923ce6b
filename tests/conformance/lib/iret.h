/* SPDX-License-Identifier: MIT */
/* For cases about the iret hypercall: a frame, taken by a bare SYSCALL, and the registers that come out of it. */
#ifndef CONFORMANCE_IRET_H
#define CONFORMANCE_IRET_H

#include "tests/conformance/lib/conformance.h"

struct iret_context iret_frame;
struct { uint64_t rax, rcx, r11, rflags, rsp; } iret_out;
uint8_t iret_stack[4096] __attribute__((aligned(16)));
uint64_t iret_saved_rsp;
extern char iret_target[];

void iret_now(void *arg);
__asm__("	.text\n"
	"	.globl iret_now, iret_target\n"
	"iret_now:\n"
	"	push %rbp\n"
	"	mov %rsp, iret_saved_rsp(%rip)\n"
	"	lea iret_frame(%rip), %rsp\n"
	"	mov $23, %eax\n"
	"	syscall\n"
	"	ud2\n"
	"iret_target:\n"
	"	mov %rax, iret_out(%rip)\n"
	"	mov %rcx, iret_out+8(%rip)\n"
	"	mov %r11, iret_out+16(%rip)\n"
	"	pushfq\n"
	"	pop iret_out+24(%rip)\n"
	"	mov %rsp, iret_out+32(%rip)\n"
	"	mov iret_saved_rsp(%rip), %rsp\n"
	"	push $0\n"
	"	popfq\n"
	"	pop %rbp\n"
	"	ret\n");

static inline void iret_fill(uint64_t flags, uint64_t rflags)
{
	iret_frame = (struct iret_context){ .rax = 0x11, .r11 = 0x22, .rcx = 0x33, .flags = flags,
					    .rip = (uint64_t)iret_target, .cs = FLAT_KERNEL_CS & ~3UL,
					    .rflags = rflags, .rsp = (uint64_t)iret_stack + 2048,
					    .ss = FLAT_KERNEL_SS };
}

#endif
