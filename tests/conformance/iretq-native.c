/* SPDX-License-Identifier: MIT */
/*
 * IRETQ executed by the kernel itself, to the flat selectors that frames show; a pending event comes with the next entry.
 *
 * Mini-OS and others return from traps so.  It does not unmask events and is no hypercall.
 *
 * covers: set_trap_table good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "iretq in guest kernel mode";

#define INSN(name, insn)	\
	void name(void *arg);	\
	__asm__(".text\n.globl " #name "\n" #name ": " insn "\n ret\n")


INSN(iretq_flat, "mov %rsp, %rax; pushq $0xe02b; push %rax; pushfq; pushq $0xe033; lea 1f(%rip), %rcx; push %rcx; iretq; 1:");
INSN(iretq_other_stack, "mov %rsp, %rdx; pushq $0xe02b; pushq $stack2+512; pushfq; orq $1, (%rsp); pushq $0xe033; lea 1f(%rip), %rcx;"
     " push %rcx; iretq; 1: mov %rsp, %rcx; mov %rdx, %rsp; setc carry(%rip); mov %rcx, stack_seen(%rip)");
INSN(iretq_ss_null, "mov %rsp, %rax; pushq $0; push %rax; pushfq; pushq $0xe033; lea 1f(%rip), %rcx; push %rcx;"
     " .globl iretq_ss_null_at; iretq_ss_null_at: iretq; 1:");
INSN(iretq_rpl0, "mov %rsp, %rax; pushq $0xe028; push %rax; pushfq; pushq $0xe030; lea 1f(%rip), %rcx; push %rcx; iretq; 1:");
INSN(lretq_flat, "pushq $0xe033; lea 1f(%rip), %rcx; push %rcx; lretq; 1:");
INSN(ljmp_flat, "lea 1f(%rip), %rcx; push $0xe033; push %rcx; mov 8(%rsp), %ax; mov %ax, 4(%rsp); ljmp *(%rsp); 1: add $16, %rsp");
uint8_t stack2[1024] __attribute__((aligned(16)));
uint64_t stack_seen;
uint8_t carry;
extern char iretq_ss_null_at[];

void test_main(void)
{
	unsigned port = (unsigned)port_ipi();

	answer_caught("flat", iretq_flat, NULL);
	answer_caught("other-stack", iretq_other_stack, NULL);
	answer("other-stack.rsp", stack_seen == (uint64_t)stack2 + 512);
	answer("other-stack.carry", carry);
	answer_caught("ss-null", iretq_ss_null, NULL);
	answer("ss-null.at-the-instruction", last_trap.rip == (uint64_t)iretq_ss_null_at);
	answer_caught("rpl0", iretq_rpl0, NULL);
	answer_caught("lretq", lretq_flat, NULL);
	answer_caught("ljmp", ljmp_flat, NULL);
	vcpu0()->evtchn_upcall_mask = 1;
	evtchn_op(EVTCHNOP_send, &(struct evtchn_send){ .port = port });
	vcpu0()->evtchn_upcall_mask = 0;
	iretq_flat(NULL);
	answer("pending.after-iretq", port_taken(port));
	HC(xen_version, (long)XENVER_version, 0L);
	answer("pending.after-a-hypercall", port_taken(port));
	test_success("");
}
