/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the nursery of user address spaces, made before the filter is on.
 *
 * It shares K's descriptors, so that the pidfds of what it makes appear where K can use
 * them, and nothing else: its memory is a copy, of which it keeps the stub and the slots.
 * Everything it starts dies with its maker, and it with K.
 */
#include <asm/signal.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <hv/platform.h>
#include <hv/guest.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>
#include <hv/process/user.h>

#define XSAVE_COMPONENTS	0xe7U	/* x87 SSE AVX, AVX-512: what user code may have and no more */
#define XSAVE_HEADER_END	576U
#define CPUID_OSXSAVE		(1U << 27)

_Static_assert(USER_GUEST_END == PVN_GUEST_END && USER_EVENT_FD == PVN_FD_USER, "the assembler's copies");
_Static_assert(PVN_USER_TASKS == 1 + 2 * USER_SLOTS, "a nursery, mappers, runners");

uint32_t user_xmask, user_xsave_bytes;

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t *out)
{
	__asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(sub));
}

/* What there is to save, and how far it reaches in the standard format. */
static void probe_xsave(void)
{
	uint32_t r[4], lo, hi, i;

	cpuid(1, 0, r);
	if (!(r[2] & CPUID_OSXSAVE))
		return; /* user_xmask 0: there will be no user mode */
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	user_xmask = lo & XSAVE_COMPONENTS;
	user_xsave_bytes = XSAVE_HEADER_END;
	for (i = 2; i < 8; i++) {
		if (!(user_xmask >> i & 1))
			continue;
		cpuid(0xd, i, r);
		if (r[0] + r[1] > user_xsave_bytes)
			user_xsave_bytes = r[0] + r[1];
	}
	if (user_xsave_bytes > ST_XSAVE_MAX)
		user_xmask = 0;
}

static void fill_command_pages(uint64_t stack_bytes)
{
	unsigned int i;

	for (i = 0; i < USER_SLOTS; i++) {
		uint64_t slot = USER_VA + (uint64_t)i * USER_SLOT_BYTES;
		stack_t *ss = (stack_t *)(slot + CMD_STACK);

		ss->ss_sp = (void *)(slot + ST_ALTSTACK);
		ss->ss_flags = 0;
		ss->ss_size = stack_bytes;
		*(uint32_t *)(slot + CMD_FSGSBASE) = (uint32_t)platform_have_fsgsbase;
		*(uint32_t *)(slot + CMD_XMASK) = user_xmask;
	}
}

static void nursery_signals(void)
{
	static const uint8_t signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS,
					   PVN_KICK_SIGNAL };
	struct sigaction sa;
	unsigned int i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN; /* what it makes and what dies needs no burial */
	if (sys6(__NR_rt_sigaction, SIGCHLD, &sa, 0, sizeof(sa.sa_mask), 0, 0))
		sys_exit(26);
	sa.sa_handler = (__sighandler_t)(void *)hv_user_handler;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER;
	sa.sa_restorer = (__sigrestore_t)(void *)hv_user_handler; /* never used, must be there */
	for (i = 0; i < sizeof(signals); i++)
		if (sys6(__NR_rt_sigaction, signals[i], &sa, 0, sizeof(sa.sa_mask), 0, 0))
			sys_exit(26);
}

static void __attribute__((noreturn)) nursery(long parent)
{
	struct sock_fprog prog = {
		.len = (unsigned short)nursery_filter_len,
		.filter = (struct sock_filter *)nursery_filter,
	};

	long pid;

	sys6(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if (sys3(__NR_getppid, 0, 0, 0) != parent)
		sys_exit(26);
	nursery_signals();
	pid = sys3(__NR_getpid, 0, 0, 0);
	if (sys6(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) ||
	    sys3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		sys_exit(26);
	hv_nursery(USER_NURSERY_VA, (uint64_t)pid);
}

void user_init(uint64_t signal_frame_bytes)
{
	/* A frame, another for a kick that finds the first one unread, two for kicks that find one being
	 * sorted out, and a little. */
	uint64_t stack = 4 * ((signal_frame_bytes + 512) & ~511UL) + 4096;
	long fd, pid = sys3(__NR_getpid, 0, 0, 0);

	if (stack > USER_SLOT_BYTES - ST_ALTSTACK)
		sys_exit(26);
	if (sys_mmap(USER_VA, USER_BYTES, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != (long)USER_VA)
		sys_exit(26);
	fd = sys3(__NR_eventfd2, 0, 0, 0);
	if (fd < 0 || sys3(__NR_dup3, fd, USER_EVENT_FD, 0) != USER_EVENT_FD)
		sys_exit(26);
	sys3(__NR_close, fd, 0, 0);
	probe_xsave();
	fill_command_pages(stack);
	long child = sys6(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0, 0);

	if (child == 0)
		nursery(pid);
	if (child < 0)
		sys_exit(26);
}
