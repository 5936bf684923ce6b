/* SPDX-License-Identifier: MIT */
/*
 * Process platform: making the mapper (mapper_loop.S) while nobody hostile is in this address space.
 */
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <asm/signal.h>
#include <hv/hv.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>

extern volatile uint32_t hv_mapper_ready;
long hv_mapper_clone(unsigned long flags);
void hv_mapper_child(void);

_Static_assert(PVN_MAPPER_PAGE_VA == 0x710000000000UL && PVN_MAPPER_DONE == 1 && PVN_MAPPER_REFUSED == 2,
	       "mapper_loop.S knows these");
_Static_assert((MAP_SHARED | MAP_FIXED) == 0x11, "and this");
_Static_assert(offsetof(struct pvn_mapper_order, va) == 8 && offsetof(struct pvn_mapper_order, offset) == 32,
	       "mapper_loop.S knows the order");

static void check(int ok, int code)
{
	if (!ok)
		sys_exit(code);
}

/* In the mapper: what it has of the domain's process ends here, but for the memory. */
void hv_mapper_child(void)
{
	uint64_t all = ~0UL;
	struct sock_fprog prog = {
		.len = (unsigned short)header.mapper_seccomp_len,
		.filter = pset(PVN_MAPPER_SECCOMP_OFFSET, struct sock_filter),
	};
	long rc = sys3(__NR_dup2, PVN_FD_MAPPER, 0, 0);

	if (rc == 0)
		rc = sys3(__NR_close_range, 1, ~0U, 0);
	if (rc == 0)
		rc = sys6(__NR_rt_sigprocmask, SIG_BLOCK, &all, 0, sizeof(all), 0, 0);
	if (rc == 0)
		rc = sys6(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if (rc == 0)
		rc = sys6(__NR_prctl, PR_SET_NAME, "paravane-mapper", 0, 0, 0, 0);
	if (rc == 0)
		rc = sys3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
	if (rc == 0)
		return;
	hv_mapper_ready = 2;
	sys_exit(1);
}

static void no_more(int what)
{
	struct rlimit none = { 0, 0 };

	check(sys3(__NR_setrlimit, what, &none, 0) == 0, 24);
}

void mapper_start(void)
{
	check(sys_mmap(PVN_MAPPER_PAGE_VA, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, PVN_FD_MAPPER_PAGE, 0) ==
	      (long)PVN_MAPPER_PAGE_VA, 22);
	check(hv_mapper_clone(CLONE_VM) > 0, 23);
	while (!hv_mapper_ready)
		sys3(__NR_sched_yield, 0, 0, 0);
	check(hv_mapper_ready == 1, 23);
	check(sys3(__NR_close, PVN_FD_MAPPER, 0, 0) == 0 && sys3(__NR_close, PVN_FD_MAPPER_PAGE, 0, 0) == 0, 24);
	no_more(RLIMIT_NPROC);
	no_more(RLIMIT_NOFILE);
}
