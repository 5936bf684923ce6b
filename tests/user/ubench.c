/* SPDX-License-Identifier: MIT */
/*
 * What entries from user mode and the process calls cost: prints `name value` lines. Runs wherever
 * Linux's system calls are served, so that the same program measures the peers.
 */
#define USER_NAME "ubench"
#include "user.h"

#define BATCHES 5

static void line(const char *name, uint64_t value, uint64_t per_1000)
{
	say(name);
	say(" ");
	say_number(value);
	say(".");
	say_number(per_1000 / 100);
	say("\n");
}

/* The best batch's time for one of n. */
static void report(const char *name, uint64_t best_ns, uint64_t n, uint64_t unit_ns)
{
	uint64_t per_1000 = best_ns * 1000 / n / unit_ns;

	line(name, per_1000 / 1000, per_1000 % 1000);
}

#define BEST(n, body) ({ uint64_t best = ~0UL; \
	for (int batch = 0; batch < BATCHES; batch++) { \
		uint64_t t = now_ns(); \
		for (long i = 0; i < (n); i++) { body; } \
		t = now_ns() - t; \
		if (t < best) best = t; } best; })

static void bench_syscall(long n)
{
	report("syscall_ns", BEST(n, sys0(SYS_getppid)), n, 1);
}

static void bench_pagefault(long pages)
{
	uint64_t best = ~0UL;

	for (int batch = 0; batch < BATCHES; batch++) {
		volatile char *p = map_pages(pages);
		uint64_t t = now_ns();

		for (long i = 0; i < pages; i++)
			p[i * 4096] = 1;
		t = now_ns() - t;
		if (t < best)
			best = t;
		sys2(SYS_munmap, p, pages * 4096);
	}
	report("pagefault_ns", best, pages, 1);
}

static void child(const char *program)
{
	const char *argv[] = { program, "nothing", NULL }, *envp[] = { NULL };
	int status;
	long pid = sys0(SYS_fork);

	if (pid == 0) {
		if (program != NULL)
			sys3(SYS_execve, program, argv, envp);
		die(program != NULL);
	}
	CHECK(pid > 0 && sys4(SYS_wait4, pid, &status, 0, 0) == pid && status == 0);
}

static void bench_fork(long n, const char *self)
{
	report("fork_exit_us", BEST(n, child(NULL)), n, 1000);
	if (self[0] == '/')
		report("fork_exec_us", BEST(n, child(self)), n, 1000);
}

/* Two processes, one byte there and back: two switches each round. */
static void bench_switch(long n)
{
	int there[2], back[2], status;
	char c = 0;
	long pid;

	CHECK(sys1(SYS_pipe, there) == 0 && sys1(SYS_pipe, back) == 0);
	pid = sys0(SYS_fork);
	if (pid == 0) {
		sys1(SYS_close, there[1]);
		while (sys3(SYS_read, there[0], &c, 1) == 1)
			sys3(SYS_write, back[1], &c, 1);
		die(0);
	}
	CHECK(pid > 0);
	report("ctxsw_us", BEST(n, sys3(SYS_write, there[1], &c, 1); sys3(SYS_read, back[0], &c, 1)),
	       n * 2, 1000);
	sys1(SYS_close, there[1]);
	CHECK(sys4(SYS_wait4, pid, &status, 0, 0) == pid);
}

int user_main(long argc, char **argv, char **envp)
{
	long scale = 1;

	if (argc > 1 && argv[1][0] == 'n')
		return 0;
	if (argc > 1 && argv[1][0] == 'q')
		scale = 10;
	bench_syscall(100000 / scale);
	bench_pagefault(4096 / scale);
	bench_fork(200 / scale, argv[0]);
	bench_switch(5000 / scale);
	return 0;
}
