/* SPDX-License-Identifier: MIT */
/*
 * emulator: CPUID behind the forced-emulation prefix shows the hypervisor's leaves, wherever the processor would not.
 *
 * It is how a kernel finds out that it is on Xen before it has made a hypercall.
 *
 * covers: xen_version.version good
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "emulator: the forced CPUID";

static uint32_t r[4];
static uint32_t in[2];

static void forced(void *arg)
{
	__asm__ volatile("ud2a; .ascii \"xen\"; cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "0"(in[0]), "2"(in[1]));
}

static void prefix_then_nop(void *arg)
{
	__asm__ volatile("ud2a; .ascii \"xen\"; nop");
}

static void leaf(uint32_t a, uint32_t c)
{
	in[0] = a;
	in[1] = c;
	if (catch_call(forced, NULL))
		memset(r, 0xff, sizeof(r));
}

void test_main(void)
{
	in[0] = 0x40000000;
	answer_caught("forced", forced, NULL);
	leaf(0x40000000, 0);
	answer("signature", r[1] == 0x566e6558 && r[2] == 0x65584d4d && r[3] == 0x4d4d566e);
	answer("leaves", r[0] >= 0x40000002);
	leaf(0x40000001, 0);
	answer("version", r[0]);
	answer("version.rest", r[1] | r[2] | r[3]);
	leaf(0x40000002, 0);
	answer("pages", r[0]);
	answer("msr", r[1]);
	answer("features.mmu-pt-update-preserve-ad", r[2] & 1);
	answer("features.rest", r[3]);
	leaf(0x40000003, 0);
	answer("tsc.mode", r[1]);
	leaf(1, 0);
	answer("hypervisor-bit", r[2] >> 31);
	leaf(0x80000001, 0);
	answer("long-mode-nx-syscall", r[3] >> 29 & 1 && r[3] >> 20 & 1 && r[3] >> 11 & 1);
	answer_caught("prefix-and-another", prefix_then_nop, NULL);
	test_success("");
}
