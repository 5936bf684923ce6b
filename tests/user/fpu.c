/* SPDX-License-Identifier: MIT */
/*
 * The registers of SSE, AVX and AVX-512, whatever of them the processor and XCR0 have, keep their
 * contents over system calls, faults, signals, preemption and switches between processes that
 * all use them.
 */
#define USER_NAME "fpu"
#include "user.h"

static uint64_t pattern[32][8] __attribute__((aligned(64))), found[32][8] __attribute__((aligned(64)));
static uint64_t masks[8], masks_found[8];
static int level;	/* 0 SSE, 1 AVX, 2 AVX-512 */

static int find_level(void)
{
	uint32_t a = 1, b, c = 0, d, lo, hi;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & 1U << 27) || !(c & 1U << 28))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	if ((lo & 6) != 6)
		return 0;
	a = 7;
	c = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return (b & 1U << 16) && (b & 1U << 30) && (lo & 0xe6) == 0xe6 ? 2 : 1;
}

#define FOR16(X)	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define FOR32(X)	FOR16(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) \
			X(28) X(29) X(30) X(31)
#define FOR_MASKS(X)	X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define LOAD(in, reg, n)	__asm__ volatile(in " %0, %%" reg #n : : "m"(pattern[n]));
#define STORE(in, reg, n)	__asm__ volatile(in " %%" reg #n ", %0" : "=m"(found[n]));
#define LOAD_X(n)	LOAD("movdqa", "xmm", n)
#define LOAD_Y(n)	LOAD("vmovdqa", "ymm", n)
#define LOAD_Z(n)	LOAD("vmovdqa64", "zmm", n)
#define LOAD_K(n)	__asm__ volatile("kmovq %0, %%k" #n : : "m"(masks[n]));
#define STORE_X(n)	STORE("movdqa", "xmm", n)
#define STORE_Y(n)	STORE("vmovdqa", "ymm", n)
#define STORE_Z(n)	STORE("vmovdqa64", "zmm", n)
#define STORE_K(n)	__asm__ volatile("kmovq %%k" #n ", %0" : "=m"(masks_found[n]));

static void fill(uint64_t seed)
{
	for (int i = 0; i < 32; i++)
		for (int j = 0; j < 8; j++)
			pattern[i][j] = seed * 0x9e3779b97f4a7c15UL + (uint64_t)(i * 8 + j) * 0x0101010101010101UL;
	for (int i = 0; i < 8; i++)
		masks[i] = ~seed * 0x123456789abcdefUL + i;
}

static void load(void)
{
	if (level == 0) {
		FOR16(LOAD_X)
	} else if (level == 1) {
		FOR16(LOAD_Y)
	} else {
		FOR32(LOAD_Z)
		FOR_MASKS(LOAD_K)
	}
}

static void check(void)
{
	int regs = level == 2 ? 32 : 16, words = level == 2 ? 8 : level == 1 ? 4 : 2;

	if (level == 0) {
		FOR16(STORE_X)
	} else if (level == 1) {
		FOR16(STORE_Y)
	} else {
		FOR32(STORE_Z)
		FOR_MASKS(STORE_K)
	}
	for (int i = 0; i < regs; i++)
		for (int j = 0; j < words; j++)
			CHECK(found[i][j] == pattern[i][j]);
	for (int i = 1; level == 2 && i < 8; i++)
		CHECK(masks_found[i] == masks[i]);
}

/* What a handler does to the registers is undone by its return. */
static void on_signal_clobber(int sig, struct siginfo *si, struct ucontext *uc)
{
	__asm__ volatile("pxor %xmm0, %xmm0\n pxor %xmm15, %xmm15");
	if (level == 2)
		__asm__ volatile("vpxorq %zmm31, %zmm31, %zmm31\n vpxorq %zmm0, %zmm0, %zmm0");
}

static void work(uint64_t seed)
{
	uint64_t end = now_ns() + 300000000;
	volatile char *fresh = map_pages(64);
	unsigned int round = 0;

	fill(seed);
	load();
	while (now_ns() < end) {
		check();
		load();
		for (volatile int i = 0; i < 20000; i++)
			;
		check();
		load();
		fresh[round++ % 64 * 4096] = 1;
		check();
		load();
		sys2(SYS_kill, sys0(SYS_getpid), SIGUSR1);
		check();
		load();
		if (round % 4 == 0)
			sys0(SYS_yield);
	}
	check();
}

int user_main(long argc, char **argv, char **envp)
{
	long pid[3];
	int status;

	level = find_level();
	on_signal(SIGUSR1, on_signal_clobber);
	for (int i = 0; i < 3; i++) {
		fill(100 + i);
		load();
		pid[i] = sys0(SYS_fork);
		CHECK(pid[i] >= 0);
		if (pid[i] == 0) {
			check();
			work(i + 1);
			die(0);
		}
	}
	for (int i = 0; i < 3; i++)
		CHECK(sys4(SYS_wait4, pid[i], &status, 0, 0) == pid[i] && status == 0);
	say(level == 2 ? "user fpu: ok, AVX-512\n" : level == 1 ? "user fpu: ok, AVX\n" :
						     "user fpu: ok, SSE\n");
	return 0;
}
