/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the system call filters of the processes that serve guest user code.
 *
 * The nursery puts on the first, which the mappers and runners it makes keep: only the stub may
 * call, and only what it does.  A runner adds the second, which is the boundary of guest user code:
 * from one address it may sleep and wake by futex, and load its own segment bases; everything
 * else anywhere becomes SIGSYS, the guest's own system call.
 *
 * Written by hand, not with libseccomp: the runner installs its filter from read-only text.
 */
#include <asm/prctl.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signal.h>
#include <hv/process/user.h>

#define LOW(x)		((uint32_t)(x))
#define HIGH(x)		((uint32_t)((uint64_t)(x) >> 32))
#define OFF(field)	((uint32_t)offsetof(struct seccomp_data, field))
#define RET(what)	BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW		RET(SECCOMP_RET_ALLOW)
#define TRAP		RET(SECCOMP_RET_TRAP)
#define LOAD(off)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, off)
#define JEQ(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, t, f)
#define JGE(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, k, t, f)
#define ARG(n)		(OFF(args) + 8 * (n))

/* With the number in A: if it is nr, allow it; if also argument n's low half must be v, else trap. */
#define IF_NR(nr)		JEQ(nr, 0, 1), ALLOW
#define IF_NR_ARG(nr, n, v)	JEQ(nr, 0, 4), LOAD(ARG(n)), JEQ(v, 0, 1), ALLOW, TRAP
#define IF_NR_ARG2(nr, n, v, w)	JEQ(nr, 0, 5), LOAD(ARG(n)), JEQ(v, 1, 0), JEQ(w, 0, 1), ALLOW, TRAP

#define STUB		(PVN_IMAGE_BASE + USER_STUB_OFFSET)
#define MAPPER_CLONE	(CLONE_FILES | CLONE_PIDFD | SIGCHLD)
#define RUNNER_CLONE	(CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | SIGCHLD)
#define FIXED_SHARED	(MAP_SHARED | MAP_FIXED)

const struct sock_filter nursery_filter[] = {
	LOAD(OFF(arch)), JEQ(AUDIT_ARCH_X86_64, 1, 0), TRAP,
	LOAD(OFF(instruction_pointer) + 4), JEQ(HIGH(STUB), 1, 0), TRAP,
	LOAD(OFF(instruction_pointer)), JGE(LOW(STUB), 1, 0), TRAP,
	JGE(LOW(STUB) + USER_STUB_BYTES, 0, 1), TRAP,
	LOAD(OFF(nr)),
	IF_NR_ARG2(__NR_futex, 1, FUTEX_WAIT, FUTEX_WAKE),
	IF_NR_ARG2(__NR_arch_prctl, 0, ARCH_SET_FS, ARCH_SET_GS),
	IF_NR(__NR_munmap),
	/* Nothing but the domain's own memory, and no new memory. */
	JEQ(__NR_mmap, 0, 8),
		LOAD(ARG(3)), JEQ(FIXED_SHARED, 2, 0), JEQ(FIXED_SHARED | MAP_POPULATE, 1, 0), TRAP,
		LOAD(ARG(4)), JEQ(PVN_FD_MEM, 1, 0), JEQ(PVN_FD_SHARED, 0, 1), ALLOW,
	JEQ(__NR_mmap, 0, 1), TRAP,
	IF_NR_ARG(__NR_write, 0, USER_EVENT_FD),
	IF_NR_ARG2(__NR_clone, 0, MAPPER_CLONE, RUNNER_CLONE),
	IF_NR_ARG(__NR_mprotect, 2, PROT_READ),
	IF_NR_ARG(__NR_prctl, 0, PR_SET_PDEATHSIG),
	IF_NR_ARG(__NR_seccomp, 0, SECCOMP_SET_MODE_FILTER),
	IF_NR(__NR_getpid),
	IF_NR(__NR_getppid),
	IF_NR(__NR_close_range),
	IF_NR(__NR_sigaltstack),
	IF_NR(__NR_exit_group),
	TRAP,
};
const unsigned int nursery_filter_len = ARRAY_SIZE(nursery_filter);

#define GATE		(PVN_IMAGE_BASE + USER_GATE_OFFSET)

const struct sock_filter runner_filter[USER_RUNNER_FILTER_LEN]
	__attribute__((section(".stub.rodata"))) = {
	LOAD(OFF(instruction_pointer)), JEQ(LOW(GATE), 1, 0), TRAP,
	LOAD(OFF(instruction_pointer) + 4), JEQ(HIGH(GATE), 1, 0), TRAP,
	LOAD(OFF(arch)), JEQ(AUDIT_ARCH_X86_64, 1, 0), TRAP,
	LOAD(OFF(nr)),
	IF_NR_ARG2(__NR_futex, 1, FUTEX_WAIT, FUTEX_WAKE),
	IF_NR_ARG2(__NR_arch_prctl, 0, ARCH_SET_FS, ARCH_SET_GS),
	TRAP,
};
const unsigned int runner_filter_len = ARRAY_SIZE(runner_filter);
