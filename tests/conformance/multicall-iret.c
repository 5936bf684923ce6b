/* SPDX-License-Identifier: MIT */
/*
 * multicall: an iret in a batch ends it with the frame on the stack; the entries behind it are not made.
 *
 * Kernels do not do it on purpose; the point is what is left when they do (advisory 213).
 *
 * covers: iret good
 * covers: multicall good
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/iret.h"

const char test_title[] = "multicall: iret inside a batch";

static multicall_entry_t m[3];

/* multicall by a bare SYSCALL with the stack on the frame. */
void batch_now(void *arg);
__asm__("	.text\n	.globl batch_now\n"
	"batch_now:\n"
	"	push %rbp\n"
	"	mov %rsp, iret_saved_rsp(%rip)\n"
	"	mov %rdi, %r8\n"
	"	lea iret_frame(%rip), %rsp\n"
	"	mov $3, %esi\n"
	"	mov $13, %eax\n"
	"	syscall\n"
	"	mov iret_saved_rsp(%rip), %rsp\n"
	"	mov %rax, iret_out(%rip)\n"
	"	movq $0x99, iret_out+8(%rip)\n"
	"	pop %rbp\n"
	"	ret\n");

static void fill(uint64_t flags)
{
	memset(m, 0, sizeof(m));
	memset(&iret_out, 0, sizeof(iret_out));
	m[0].op = __HYPERVISOR_xen_version;
	m[1].op = __HYPERVISOR_iret;
	m[2].op = __HYPERVISOR_xen_version;
	m[0].result = m[1].result = m[2].result = 0x5555;
	iret_fill(flags, 0x202);
}

void test_main(void)
{
	fill(0);
	answer_caught("batch", batch_now, m);
	answer("at-the-target", iret_out.rcx != 0x99);
	answer("rax", iret_out.rax);
	answer("rcx", iret_out.rcx);
	answer("r11", iret_out.r11);
	answer("mask", vcpu0()->evtchn_upcall_mask);
	answer("first", m[0].result == (4 << 16 | 17));
	answer("behind", m[2].result);
	fill(VGCF_in_syscall);
	answer_caught("in-syscall", batch_now, m);
	answer("in-syscall.at-the-target", iret_out.rcx == (uint64_t)iret_target);
	answer("in-syscall.behind", m[2].result);
	test_success("");
}
