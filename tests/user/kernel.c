/* SPDX-License-Identifier: MIT */
/*
 * Kernel memory is out of reach: reads, writes and jumps to where the kernel of the guest lies, or
 * where a hypervisor would, end in SIGSEGV. Otherwise a program could take the guest over.
 */
#define USER_NAME "kernel"
#include "user.h"

static uint64_t target;

static void reads(void)
{
	(void)*(volatile uint64_t *)target;
}

static void writes(void)
{
	*(volatile uint64_t *)target = 0;
}

static void jumps(void)
{
	((void (*)(void))target)();
}

int user_main(long argc, char **argv, char **envp)
{
	static const uint64_t targets[] = { 0, 0x1000, 0x10100000, 0x10300000, 0x12000000, 0x8000000000,
					    0xffff800000100000, 0xffff830000000000,
					    0xffffffff80000000 };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		target = targets[i];
		/* Xen lets every guest read the machine-to-physical table. */
		if (target >> 40 != 0xffff80)
			CHECK(in_child(reads) == SIGSEGV);
		CHECK(in_child(writes) == SIGSEGV);
		CHECK(in_child(jumps) == SIGSEGV);
	}
	say("user kernel: ok\n");
	return 0;
}
