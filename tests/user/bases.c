/* SPDX-License-Identifier: MIT */
/* FS and GS bases: set, used, read back, inherited by fork, the process's own over switches. */
#define USER_NAME "bases"
#include "user.h"

#define ARCH_SET_GS	0x1001
#define ARCH_SET_FS	0x1002
#define ARCH_GET_FS	0x1003
#define ARCH_GET_GS	0x1004

static uint64_t mine[2], other[2];

static uint64_t read_fs(void)
{
	uint64_t v;

	__asm__ volatile("movq %%fs:0, %0" : "=r"(v));
	return v;
}

static uint64_t read_gs(void)
{
	uint64_t v;

	__asm__ volatile("movq %%gs:8, %0" : "=r"(v));
	return v;
}

static void spin(uint64_t fs, uint64_t gs)
{
	uint64_t end = now_ns() + 100000000;

	while (now_ns() < end) {
		CHECK(read_fs() == fs && read_gs() == gs);
		sys0(SYS_yield);
		CHECK(read_fs() == fs && read_gs() == gs);
	}
}

int user_main(long argc, char **argv, char **envp)
{
	uint64_t base;
	int status;
	long pid;

	mine[0] = 0x1111;
	mine[1] = 0x2222;
	other[0] = 0x3333;
	other[1] = 0x4444;
	CHECK(sys2(SYS_arch_prctl, ARCH_SET_FS, mine) == 0);
	CHECK(sys2(SYS_arch_prctl, ARCH_SET_GS, mine) == 0);
	CHECK(sys2(SYS_arch_prctl, ARCH_GET_FS, &base) == 0 && base == (uint64_t)mine);
	CHECK(sys2(SYS_arch_prctl, ARCH_GET_GS, &base) == 0 && base == (uint64_t)mine);
	CHECK(sys2(SYS_arch_prctl, ARCH_SET_FS, 0xffff800000000000) < 0);
	CHECK(read_fs() == 0x1111 && read_gs() == 0x2222);
	pid = sys0(SYS_fork);
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(read_fs() == 0x1111 && read_gs() == 0x2222);
		CHECK(sys2(SYS_arch_prctl, ARCH_SET_FS, other) == 0);
		CHECK(sys2(SYS_arch_prctl, ARCH_SET_GS, other) == 0);
		spin(0x3333, 0x4444);
		die(0);
	}
	spin(0x1111, 0x2222);
	CHECK(sys4(SYS_wait4, pid, &status, 0, 0) == pid && status == 0);
	say("user bases: ok\n");
	return 0;
}
