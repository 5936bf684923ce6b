/* SPDX-License-Identifier: MIT */
/*
 * iret: what the hypercall loads: flags it lets through, the mask from IF, rcx and r11 as the frame or as SYSRET has them.
 *
 * Every return of a kernel to what was interrupted goes this way.
 *
 * covers: iret good
 * covers: vm_assist good
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/iret.h"

const char test_title[] = "iret: registers, flags and the upcall mask";

static void one(const char *name, uint64_t flags, uint64_t rflags)
{
	char key[40];
	size_t n = strlen(name);

	memcpy(key, name, n);
	iret_fill(flags, rflags);
	vcpu0()->evtchn_upcall_mask = !!(rflags & 0x200) ;
	iret_now(NULL);
#define PUT(what, val) do { memcpy(key + n, "." what, sizeof("." what)); answer(key, val); } while (0)
	PUT("rax", iret_out.rax);
	PUT("rcx", iret_out.rcx == (uint64_t)iret_target ? 0x11110000 : iret_out.rcx);
	PUT("r11", iret_out.r11);
	PUT("rflags", iret_out.rflags);
	PUT("rsp-is-the-frames", iret_out.rsp == (uint64_t)iret_stack + 2048);
	PUT("mask", vcpu0()->evtchn_upcall_mask);
	vcpu0()->evtchn_upcall_mask = 1;
}

void test_main(void)
{
	one("plain", 0, 0x202);
	one("masked", 0, 2);
	one("arithmetic", 0, 0x8d7);
	one("iopl", 0, 0x3202);
	one("all-but-tf-nt", 0, 0x3a8ed7 & ~0x4100UL);
	one("syscall", VGCF_in_syscall, 0x202);
	one("syscall-masked", VGCF_in_syscall, 2);
	one("syscall-iopl-vm", VGCF_in_syscall, 0x23202);
	iret_fill(VGCF_in_syscall, 0x202);
	iret_frame.cs = 0, iret_frame.ss = 0;
	iret_now(NULL);
	answer("syscall-selectors-do-not-matter", iret_out.rax);
	iret_fill(0xfeff, 0x202);
	iret_now(NULL);
	answer("other-flags-do-not-matter", iret_out.rax);
	test_success("");
}
