/* SPDX-License-Identifier: MIT */
/*
 * What the user-mode test programs stand on: system calls of Linux on x86-64, nothing else. They
 * are static and freestanding, and run as well on an ordinary Linux. A program checks one way
 * into the kernel, prints "user NAME: ok" or what went wrong, and exits with 0 or 1.
 */
#ifndef TESTS_USER_H
#define TESTS_USER_H

#include <stddef.h>
#include <stdint.h>

enum { SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_mmap = 9, SYS_mprotect = 10, SYS_munmap = 11,
       SYS_brk = 12, SYS_sigaction = 13, SYS_sigreturn = 15, SYS_pipe = 22, SYS_yield = 24,
       SYS_nanosleep = 35, SYS_getpid = 39, SYS_fork = 57, SYS_execve = 59, SYS_exit = 60,
       SYS_wait4 = 61, SYS_kill = 62, SYS_getppid = 110, SYS_arch_prctl = 158,
       SYS_clock_gettime = 228 };
enum { EFAULT = 14, EINVAL = 22, ENOSYS = 38 };
enum { SIGILL = 4, SIGTRAP = 5, SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11 };
enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2 };
#define MAP_ANON_PRIVATE	0x22

static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			 "r"(r9) : "rcx", "r11", "memory");
	return rc;
}
#define sys0(nr)		sys6(nr, 0, 0, 0, 0, 0, 0)
#define sys1(nr, a)		sys6(nr, (long)(a), 0, 0, 0, 0, 0)
#define sys2(nr, a, b)		sys6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define sys3(nr, a, b, c)	sys6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define sys4(nr, a, b, c, d)	sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

__attribute__((unused)) static void die(int code)
{
	for (;;)
		sys1(SYS_exit, code);
}

__attribute__((unused)) static void say(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	sys3(SYS_write, 1, s, n);
}

__attribute__((unused)) static void say_number(uint64_t v)
{
	char buf[21], *p = buf + 20;

	*p = 0;
	do
		*--p = '0' + v % 10;
	while (v /= 10);
	say(p);
}

#define CHECK(cond) do { if (!(cond)) { \
	say("user " USER_NAME ": line "); say_number(__LINE__); say(": " #cond "\n"); die(1); } } while (0)

__attribute__((unused)) static char *map_pages(size_t n)
{
	long p = sys6(SYS_mmap, 0, (long)(n * 4096), PROT_READ | PROT_WRITE, MAP_ANON_PRIVATE, -1, 0);

	CHECK(p > 0);
	return (char *)p;
}

/* Runs fn in a child; its wait status. */
__attribute__((unused)) static int in_child(void (*fn)(void))
{
	int status = -1;
	long pid = sys0(SYS_fork);

	CHECK(pid >= 0);
	if (pid == 0) {
		fn();
		die(0);
	}
	CHECK(sys4(SYS_wait4, pid, &status, 0, 0) == pid);
	return status;
}

struct siginfo {
	int signo, err, code, pad;
	uint64_t addr;
};
/* gregs as in ucontext_t: r8-r15 rdi rsi rbp rbx rdx rax rcx rsp rip efl. */
enum { REG_RSP = 15, REG_RIP = 16, REG_EFL = 17 };
struct ucontext {
	uint64_t flags, link, stack[3];
	uint64_t greg[23];
};

void restorer(void);
__asm__(".text\nrestorer: movl $15, %eax\n syscall\n");

__attribute__((unused)) static void on_signal(int sig, void (*fn)(int, struct siginfo *,
								   struct ucontext *))
{
	struct {
		void (*handler)(int, struct siginfo *, struct ucontext *);
		uint64_t flags;
		void (*restorer)(void);
		uint64_t mask;
	} sa = { fn, 0x04000004, restorer, 0 };

	CHECK(sys4(SYS_sigaction, sig, &sa, 0, 8) == 0);
}

__attribute__((unused)) static uint64_t now_ns(void)
{
	uint64_t ts[2];

	sys2(SYS_clock_gettime, 1, ts);
	return ts[0] * 1000000000UL + ts[1];
}

int user_main(long argc, char **argv, char **envp);
void start(long *sp);
__asm__(".globl _start\n_start: xorl %ebp, %ebp\n movq %rsp, %rdi\n andq $-16, %rsp\n call start\n");
void start(long *sp)
{
	die(user_main(sp[0], (char **)(sp + 1), (char **)(sp + 2 + sp[0])));
}

#endif
