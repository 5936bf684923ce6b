/* SPDX-License-Identifier: MIT */
/*
 * Page faults: memory is zero when first touched, fork copies when written, what mprotect took
 * away faults with the right address, the stack grows, unmapped memory kills.
 */
#define USER_NAME "fault"
#include "user.h"

#define PAGES 600UL

static volatile uint64_t fault_addr;
static volatile int fault_code;
static char *area;

static void on_fault(int sig, struct siginfo *si, struct ucontext *uc)
{
	fault_addr = si->addr;
	fault_code = si->code;
	sys3(SYS_mprotect, si->addr & ~4095UL, 4096, PROT_READ | PROT_WRITE);
}

static void child_writes(void)
{
	for (size_t i = 0; i < PAGES; i += 2)
		area[i * 4096] = 2;
	for (size_t i = 0; i < PAGES; i++)
		CHECK(area[i * 4096] == (i % 2 ? 1 : 2));
}

static void reads_nowhere(void)
{
	(void)*(volatile char *)0x20000000000;
}

static void runs_data(void)
{
	((void (*)(void))area)();
}

static int deep(int n)
{
	volatile char page[4096];

	page[0] = (char)n;
	return n == 0 ? 0 : deep(n - 1) + page[0];
}

int user_main(long argc, char **argv, char **envp)
{
	long brk = sys1(SYS_brk, 0);

	area = map_pages(PAGES);
	for (size_t i = 0; i < PAGES; i++) {
		for (size_t j = 0; j < 4096; j += 512)
			CHECK(area[i * 4096 + j] == 0);
		area[i * 4096] = 1;
	}
	CHECK(in_child(child_writes) == 0);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(area[i * 4096] == 1);
	on_signal(SIGSEGV, on_fault);
	CHECK(sys3(SYS_mprotect, area + 4096, 4096, PROT_READ) == 0);
	CHECK(area[4096] == 1 && fault_addr == 0);
	area[4096 + 7] = 5;
	CHECK(fault_addr == (uint64_t)area + 4096 + 7 && fault_code == 2 && area[4096 + 7] == 5);
	CHECK(sys3(SYS_mprotect, area + 8192, 4096, PROT_NONE) == 0);
	CHECK(area[8192] == 1 && fault_addr == (uint64_t)area + 8192);
	CHECK(sys1(SYS_brk, brk + 100000) == brk + 100000);
	*(volatile char *)(brk + 99999) = 1;
	CHECK(sys1(SYS_brk, brk) == brk);
	deep(1000);
	CHECK(sys2(SYS_munmap, area + 4096 * 10, 4096 * 5) == 0);
	CHECK(area[4096 * 9] == 1 && area[4096 * 15] == 1);
	sys4(SYS_sigaction, SIGSEGV, (uint64_t[4]){ 0 }, 0, 8);
	CHECK(in_child(reads_nowhere) == SIGSEGV);
	CHECK(in_child(runs_data) == SIGSEGV);
	say("user fault: ok\n");
	return 0;
}
