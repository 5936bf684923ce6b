/* SPDX-License-Identifier: MIT */
/*
 * iret: to a context that cannot be entered: the kernel gets a fault whose frame shows that context.
 *
 * covers: iret bad
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/iret.h"

const char test_title[] = "iret: an address or selector that is none is a fault of the guest";

/* The selectors of the frame are bad: not to be returned to. */
static bool mend(struct regs *r)
{
	r->cs = FLAT_KERNEL_CS & ~3UL;
	r->ss = FLAT_KERNEL_SS;
	return false;
}

static void try(const char *key)
{
	char k[40];
	size_t n = strlen(key);

	/* the handler runs on the new stack, catch_call's own comes back */
	answer_caught(key, iret_now, NULL);
	memcpy(k, key, n);
	memcpy(k + n, ".rip-shown", 11);
	answer(k, last_trap.rip == iret_frame.rip);
	memcpy(k + n, ".rsp-shown", 11);
	answer(k, last_trap.rsp == iret_frame.rsp);
	memcpy(k + n, ".cs", 4);
	answer(k, last_trap.cs & 0xffff);
	memcpy(k + n, ".ss", 4);
	answer(k, last_trap.ss & 0xffff);
}

void test_main(void)
{
	trap_hook = mend;
	iret_fill(0, 0x202);
	iret_frame.rip = 0x8000000000000000;
	try("non-canonical-rip");
	iret_fill(VGCF_in_syscall, 0x202);
	iret_frame.rip = 0x8000000000000000;
	try("syscall-non-canonical-rip");
	iret_fill(0, 0x202);
	iret_frame.cs = 0x30;
	try("cs-not-there");
	iret_fill(0, 0x202);
	iret_frame.cs = 0xe008;
	try("cs-hypervisor");
	iret_fill(0, 0x202);
	iret_frame.cs = 0xe028;
	try("cs-data");
	iret_fill(0, 0x202);
	iret_frame.ss = 0;
	try("ss-null");
	iret_fill(0, 0x202);
	iret_frame.ss = FLAT_KERNEL_CS;
	try("ss-code");
	iret_fill(0, 0x202);
	iret_frame.ss = 0xe010;
	try("ss-hypervisor");
	test_success("");
}
