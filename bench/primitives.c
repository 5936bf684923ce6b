/* SPDX-License-Identifier: MIT */
/*
 * What the host must do at least for a guest's page tables and events: the limits of the mmu.* and
 * smp.* rows. `primitives NAME [CPU_A CPU_B]` prints nanoseconds, a median of rounds.
 *
 *   update   unmap PAGES touched pages: all that a batch of changed entries leaves to the host,
 *            for each of 2 * PAGES entries (a batch that maps and one that unmaps)
 *   fault    first touch of a page nobody mapped: SIGSEGV, mmap of it in the handler, the host's own fault
 *   switch   unmap one page, and the same fault: another frame at the same address
 *   ipi A B  tgkill from a thread on CPU A to one that runs on CPU B, and back
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGES	128U
#define ROUNDS	31U
#define IPIS	2001U
#define PAGE	4096UL

static int memory;
/* PAGES pages where the guest has its own (pv-guest/shell/bench_mmu.c), far from all others, so that the
 * host's page tables come and go; the last page of memory first: no two mappings can be merged. */
static char *const window = (char *)0x20000000000UL;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double median(uint64_t *v, unsigned int n, unsigned int per)
{
	qsort(v, n, sizeof(*v), compare);
	return (double)v[n / 2] / per;
}

static void on_segv(int sig, siginfo_t *si, void *context)
{
	uint64_t at = (uint64_t)si->si_addr & ~(PAGE - 1), i = (at - (uint64_t)window) / PAGE;

	if (i >= PAGES || mmap((void *)at, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory,
			       (off_t)((PAGES - 1 - i) * PAGE)) == MAP_FAILED)
		_exit(1);
}

static int begin(void)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };

	memory = memfd_create("bench", 0);
	if (memory < 0 || ftruncate(memory, PAGES * PAGE))
		return -1;
	return sigaction(SIGSEGV, &sa, NULL);
}

static void touch_all(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		((volatile char *)window)[i * PAGE] = 1;
}

/* Of each round either the faults or the unmapping is what counts. */
static double bench_window(int faults)
{
	uint64_t v[ROUNDS], t, middle;
	unsigned int r;

	if (begin())
		return -1;
	touch_all(); /* the memory itself exists from here on, as a guest's does */
	munmap(window, PAGES * PAGE);
	for (r = 0; r < ROUNDS; r++) {
		t = now_ns();
		touch_all();
		middle = now_ns();
		if (munmap(window, PAGES * PAGE))
			return -1;
		v[r] = faults ? middle - t : now_ns() - middle;
	}
	return median(v, ROUNDS, faults ? PAGES : 2 * PAGES);
}

static double bench_switch(void)
{
	uint64_t v[ROUNDS], t;
	unsigned int r, i;

	if (begin())
		return -1;
	for (r = 0; r < ROUNDS; r++) {
		t = now_ns();
		for (i = 0; i < PAGES; i++) {
			if (munmap(window, PAGE))
				return -1;
			*(volatile char *)window = 1;
		}
		v[r] = now_ns() - t;
	}
	return median(v, ROUNDS, PAGES);
}

static volatile sig_atomic_t answered, ready, stop;
static pid_t tid_a, tid_b;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		syscall(SYS_tgkill, getpid(), tid_a, SIGUSR2);
	else
		answered = 1;
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void *other(void *cpu)
{
	if (pin(*(int *)cpu))
		return NULL;
	tid_b = (pid_t)syscall(SYS_gettid);
	ready = 1;
	while (!stop)
		__builtin_ia32_pause();
	return NULL;
}

static double bench_ipi(int a, int b)
{
	struct sigaction sa = { .sa_handler = on_signal };
	static uint64_t v[IPIS];
	pthread_t thread;
	unsigned int i;

	tid_a = (pid_t)syscall(SYS_gettid);
	if (a == b || sigaction(SIGUSR1, &sa, NULL) || sigaction(SIGUSR2, &sa, NULL) || pin(a) ||
	    pthread_create(&thread, NULL, other, &b))
		return -1;
	while (!ready)
		__builtin_ia32_pause();
	for (i = 0; i < IPIS; i++) {
		uint64_t t = now_ns();

		answered = 0;
		syscall(SYS_tgkill, getpid(), tid_b, SIGUSR1);
		while (!answered)
			__builtin_ia32_pause();
		v[i] = now_ns() - t;
	}
	stop = 1;
	pthread_join(thread, NULL);
	return median(v, IPIS, 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	double v;

	if (!strcmp(what, "update") || !strcmp(what, "fault")) {
		v = bench_window(what[0] == 'f');
	} else if (!strcmp(what, "switch")) {
		v = bench_switch();
	} else if (!strcmp(what, "ipi") && argc == 4) {
		v = bench_ipi(atoi(argv[2]), atoi(argv[3]));
	} else {
		fputs("usage: primitives update | fault | switch | ipi CPU_A CPU_B\n", stderr);
		return 2;
	}
	if (v < 0) {
		fprintf(stderr, "primitives: %s: cannot be measured here: %s\n", what, strerror(errno));
		return 1;
	}
	printf("%.3f\n", v);
	return 0;
}
