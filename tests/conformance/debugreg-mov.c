/* SPDX-License-Identifier: MIT */
/*
 * MOV to and from debug registers in kernel mode is emulated with the rules of the hypercall.
 *
 * covers: set_debugreg good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "mov dr: emulated like the hypercall";

static void write_dr0(void *arg)
{
	__asm__ volatile("mov %0, %%db0" :: "r"(arg));
}

static void write_dr7(void *arg)
{
	__asm__ volatile("mov %0, %%db7" :: "r"(arg));
}

void test_main(void)
{
	uint64_t v;

	answer_caught("write-dr0", write_dr0, (void *)0x2000);
	__asm__ volatile("mov %%db0, %0" : "=r"(v));
	answer("dr0", v);
	answer_caught("write-dr0-hypervisor", write_dr0, (void *)0xffff800000000000);
	answer_caught("write-dr7-gd", write_dr7, (void *)0x2000);
	__asm__ volatile("mov %%db7, %0" : "=r"(v));
	answer("dr7", v);
	__asm__ volatile("mov %%db6, %0" : "=r"(v));
	answer("dr6", v);
	answer_caught("clear", write_dr0, NULL);
	test_success("");
}
