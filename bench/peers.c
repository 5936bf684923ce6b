/* SPDX-License-Identifier: MIT */
/*
 * What the host itself costs, measured in the same run as our own figures: the limits and
 * peers of the benchmark table.  `peers NAME [CPU_A CPU_B]` prints one number, see usage().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static double bench_getppid(void)
{
	const unsigned int n = 2000000;
	uint64_t t = now_ns();
	unsigned int i;

	for (i = 0; i < n; i++)
		syscall(SYS_getppid);
	return (double)(now_ns() - t) / n;
}

static void on_sigsys(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_RAX] = 0;
}

/* A system call that seccomp turns into a signal, and back. */
static double bench_trap(void)
{
	const unsigned int n = 200000;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
	uint64_t t;
	unsigned int i;

	sigaction(SIGSYS, &sa, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return -1;
	t = now_ns();
	for (i = 0; i < n; i++)
		syscall(SYS_getppid);
	return (double)(now_ns() - t) / n;
}

/* Two processes, a shared word each, spinning. */
static double bench_spin(int cpu_a, int cpu_b)
{
	const uint32_t n = 300000;
	volatile uint32_t *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t t;
	uint32_t i;
	pid_t pid = fork();

	if (pid == 0) {
		pin(cpu_b);
		for (i = 1; i <= n; i++) {
			while (w[0] != i)
				__builtin_ia32_pause();
			w[512] = i;
		}
		_exit(0);
	}
	pin(cpu_a);
	t = now_ns();
	for (i = 1; i <= n; i++) {
		w[0] = i;
		while (w[512] != i)
			__builtin_ia32_pause();
	}
	t = now_ns() - t;
	waitpid(pid, NULL, 0);
	return (double)t / n;
}

static double bench_eventfd(int cpu_a, int cpu_b)
{
	const unsigned int n = 20000;
	int a = eventfd(0, 0), b = eventfd(0, 0);
	uint64_t v = 1, t;
	unsigned int i;
	pid_t pid = fork();

	if (pid == 0) {
		pin(cpu_b);
		for (i = 0; i < n; i++)
			if (read(a, &v, 8) != 8 || write(b, &v, 8) != 8)
				break;
		_exit(0);
	}
	pin(cpu_a);
	t = now_ns();
	for (i = 0; i < n; i++)
		if (write(a, &v, 8) != 8 || read(b, &v, 8) != 8)
			return -1;
	t = now_ns() - t;
	waitpid(pid, NULL, 0);
	return (double)t / n;
}

/* fork, exec a static program, wait: in ms.  The program is ourselves with "exit". */
static double bench_forkexec(const char *self)
{
	const unsigned int n = 50;
	uint64_t t = now_ns();
	unsigned int i;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl(self, self, "exit", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	return (double)(now_ns() - t) / n / 1e6;
}

/* Requests per second over Unix stream sockets: `clients` processes against one server
 * that answers each 48-byte request with 24 bytes (an average store operation). */
static void pingpong_client(int fd, unsigned int n)
{
	char buf[64];

	while (n--)
		if (write(fd, buf, 48) != 48 || read(fd, buf, 24) != 24)
			_exit(1);
	_exit(0);
}

static double bench_pingpong(unsigned int clients)
{
	const unsigned int n = 20000 / clients;
	int fd[16][2], left = (int)(n * clients);
	fd_set set;
	char buf[64];
	uint64_t t;
	unsigned int i;

	if (clients > 16)
		return -1;
	for (i = 0; i < clients; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd[i]))
			return -1;
	t = now_ns();
	for (i = 0; i < clients; i++)
		if (fork() == 0)
			pingpong_client(fd[i][1], n);
	while (left > 0) {
		int max = 0;

		FD_ZERO(&set);
		for (i = 0; i < clients; i++) {
			FD_SET(fd[i][0], &set);
			max = fd[i][0] > max ? fd[i][0] : max;
		}
		if (select(max + 1, &set, NULL, NULL, NULL) < 0)
			return -1;
		for (i = 0; i < clients; i++)
			if (FD_ISSET(fd[i][0], &set) && read(fd[i][0], buf, 48) == 48) {
				if (write(fd[i][0], buf, 24) != 24)
					return -1;
				left--;
			}
	}
	t = now_ns() - t;
	while (wait(NULL) > 0)
		;
	return (double)(n * clients) * 1e9 / (double)t;
}

static int usage(void)
{
	fputs("usage: peers getppid | trap | spin A B | eventfd A B | forkexec | pingpong CLIENTS\n"
	      "getppid, trap, spin, eventfd: ns; forkexec: ms; pingpong: requests/s\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int a = argc > 2 ? atoi(argv[2]) : -1, b = argc > 3 ? atoi(argv[3]) : -1;
	double v;

	if (!strcmp(what, "exit"))
		return 0;
	if (!strcmp(what, "getppid"))
		v = bench_getppid();
	else if (!strcmp(what, "trap"))
		v = bench_trap();
	else if (!strcmp(what, "spin"))
		v = bench_spin(a, b);
	else if (!strcmp(what, "eventfd"))
		v = bench_eventfd(a, b);
	else if (!strcmp(what, "forkexec"))
		v = bench_forkexec(argv[0]);
	else if (!strcmp(what, "pingpong") && a > 0)
		v = bench_pingpong((unsigned int)a);
	else
		return usage();
	if (v < 0) {
		fprintf(stderr, "peers: %s: cannot be measured here: %s\n", what, strerror(errno));
		return 1;
	}
	printf("%.3f\n", v);
	return 0;
}
