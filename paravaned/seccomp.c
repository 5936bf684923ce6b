/* SPDX-License-Identifier: MIT */
/*
 * The system call filter of a domain.
 *
 * Guest and image share a process, so the filter asks first where a system call comes from: only
 * the image's gate may make any, only its sigreturn stub may return from a signal.  From all other
 * places the call becomes a SIGSYS, which is how the image gets the guest's bare SYSCALLs (and
 * int 0x80) - the frequent case, decided in four instructions.
 *
 * The gate does not make a call trusted: a guest may jump there.  So the rules, written with
 * libseccomp, name the calls and their arguments, such that whoever uses them reaches nothing but
 * the domain's own memory, its own sockets and doorbells, and its own time.  Nothing can be mapped
 * where the image's code and the mapper's orders are: the mapper, a task in the same address
 * space with a filter of its own, maps what is not the domain's.
 */
#include "config.h"
#include "paravaned/seccomp.h"

#include <asm/prctl.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <paravane/shared.h>
#include "paravaned/spawn.h"

#define X32_BIT		0x40000000U
#define LOW(x)		((uint32_t)(x))
#define HIGH(x)		((uint32_t)((x) >> 32))
#define OFF(field)	((uint32_t)offsetof(struct seccomp_data, field))
#define TRAP		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)
#define LOAD(off)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, off)
#define JEQ(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, t, f)
#define JGE(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, k, t, f)

_Static_assert(HIGH(PVN_GATE_RIP) == HIGH(PVN_SIGRETURN_RIP), "the prologue compares the high half once");

/* Falls off its end into the rules.  Jumps count instructions to skip. */
static const struct sock_filter prologue[] = {
	/*  0 */ LOAD(OFF(instruction_pointer)),
	/*  1 */ JEQ(LOW(PVN_GATE_RIP), 9, 0),			/* to 11 */
	/*  2 */ JEQ(LOW(PVN_SIGRETURN_RIP), 1, 0),		/* to 4 */
	/*  3 */ TRAP,
	/*  4 */ LOAD(OFF(instruction_pointer) + 4),
	/*  5 */ JEQ(HIGH(PVN_SIGRETURN_RIP), 0, 12),		/* else to 18 */
	/*  6 */ LOAD(OFF(arch)),
	/*  7 */ JEQ(AUDIT_ARCH_X86_64, 0, 10),			/* else to 18 */
	/*  8 */ LOAD(OFF(nr)),
	/*  9 */ JEQ(SYS_rt_sigreturn, 0, 8),			/* else to 18 */
	/* 10 */ BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	/* 11 */ LOAD(OFF(instruction_pointer) + 4),
	/* 12 */ JEQ(HIGH(PVN_GATE_RIP), 0, 5),			/* else to 18 */
	/* 13 */ LOAD(OFF(arch)),
	/* 14 */ JEQ(AUDIT_ARCH_X86_64, 0, 3),			/* else to 18 */
	/* 15 */ LOAD(OFF(nr)),
	/* 16 */ JGE(X32_BIT, 1, 0),				/* to 18 */
	/* 17 */ BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),		/* to the rules */
	/* 18 */ TRAP,
};

/* The mapper has one place to call from.  What comes from elsewhere is not the mapper any more. */
static const struct sock_filter mapper_prologue[] = {
	/* 0 */ LOAD(OFF(instruction_pointer)),
	/* 1 */ JEQ(LOW(PVN_MAPPER_RIP), 0, 6),			/* else to 8 */
	/* 2 */ LOAD(OFF(instruction_pointer) + 4),
	/* 3 */ JEQ(HIGH(PVN_MAPPER_RIP), 0, 4),		/* else to 8 */
	/* 4 */ LOAD(OFF(arch)),
	/* 5 */ JEQ(AUDIT_ARCH_X86_64, 0, 2),			/* else to 8 */
	/* 6 */ LOAD(OFF(nr)),
	/* 7 */ JGE(X32_BIT, 0, 1),				/* else to 9, the rules */
	/* 8 */ BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_ARGS	4

struct rule {
	int nr;
	unsigned int nr_args;
	struct scmp_arg_cmp arg[MAX_ARGS];
};

#define EQ(a, v)	{ .arg = (a), .op = SCMP_CMP_EQ, .datum_a = (v) }
#define BELOW(a, v)	{ .arg = (a), .op = SCMP_CMP_LT, .datum_a = (v) }
#define AT_MOST(a, v)	{ .arg = (a), .op = SCMP_CMP_LE, .datum_a = (v) }
/* A range that begins below PVN_GUEST_END and ends below the image. */
#define IN_REACH	BELOW(0, PVN_GUEST_END), AT_MOST(1, PVN_IMAGE_BASE - PVN_GUEST_END)
#define WHOLE_GUEST	EQ(0, 0), AT_MOST(1, PVN_GUEST_END)

#define FIXED_SHARED	(MAP_SHARED | MAP_FIXED)

/*
 * What the image calls after its start, and no more.  The flags and the descriptor of mmap are the
 * boundary: nothing but the domain's own memory can be mapped, and no memory can be made.
 */
static const struct rule rules[] = {
	{ SYS_mmap, 4, { IN_REACH, EQ(3, FIXED_SHARED), EQ(4, PVN_FD_MEM) } },
	{ SYS_mmap, 4, { IN_REACH, EQ(3, FIXED_SHARED), EQ(4, PVN_FD_SHARED) } },
	{ SYS_munmap, 2, { IN_REACH } },
	{ SYS_munmap, 2, { WHOLE_GUEST } },
	/* Shared, not private: the waker is another process. */
	{ SYS_futex, 1, { EQ(1, FUTEX_WAIT) } },
	{ SYS_futex, 1, { EQ(1, FUTEX_WAKE) } },
	{ SYS_read, 1, { EQ(0, PVN_FD_MACHINE) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_MACHINE) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 0) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 1) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 2) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 3) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 4) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 5) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 6) } },
	{ SYS_write, 1, { EQ(0, PVN_FD_DOORBELL + 7) } },
	/* User mode (hv/process/user.c): its processes, by descriptors that only they are behind. */
	{ SYS_futex, 1, { EQ(1, FUTEX_CMP_REQUEUE) } },
	{ SYS_read, 1, { EQ(0, PVN_FD_USER) } },
	{ SYS_close, 1, { { .arg = 0, .op = SCMP_CMP_GE, .datum_a = PVN_FD_MAPPER } } },
	{ SYS_pidfd_send_signal, 2, { EQ(2, 0), EQ(3, 0) } },
	{ SYS_timer_settime, 0, { { 0 } } },
	{ SYS_exit_group, 0, { { 0 } } },
	{ SYS_sched_yield, 0, { { 0 } } },
	{ SYS_arch_prctl, 1, { EQ(0, ARCH_SET_FS) } },
	{ SYS_arch_prctl, 1, { EQ(0, ARCH_SET_GS) } },
};

/* Where that reaches nobody but the siblings (sandbox_siblings). */
static const struct rule kick_rule = { SYS_tgkill, 1, { EQ(2, PVN_KICK_SIGNAL) } };

_Static_assert(PVN_MAX_LINKS == 8, "one rule per doorbell");

/* The mapper has two descriptors: its socket, and the one that came with an order. */
#define MAPPER_SOCKET	0
#define MAPPER_OBJECT	1

static const struct rule mapper_rules[] = {
	{ SYS_mmap, 4, { IN_REACH, EQ(3, FIXED_SHARED), EQ(4, MAPPER_OBJECT) } },
	{ SYS_munmap, 2, { IN_REACH } },
	{ SYS_munmap, 2, { WHOLE_GUEST } },
	{ SYS_recvmsg, 1, { EQ(0, MAPPER_SOCKET) } },
	{ SYS_write, 1, { EQ(0, MAPPER_SOCKET) } },
	{ SYS_close, 1, { EQ(0, MAPPER_OBJECT) } },
	{ SYS_exit_group, 0, { { 0 } } },
};

struct program {
	const struct sock_filter *prologue;
	size_t prologue_len;
	const struct rule *rules;
	size_t nr_rules;
	uint32_t otherwise;
	struct sock_filter code[SECCOMP_MAX_LEN];
	uint32_t len;			/* 0: not made yet */
};

static struct program image_program = {
	prologue, LENGTH(prologue), rules, LENGTH(rules), SCMP_ACT_ERRNO(EPERM), { { 0 } }, 0
};
static struct program mapper_program = {
	mapper_prologue, LENGTH(mapper_prologue), mapper_rules, LENGTH(mapper_rules), SCMP_ACT_KILL_PROCESS,
	{ { 0 } }, 0
};

static int rule_add(scmp_filter_ctx ctx, const struct rule *r)
{
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, r->nr, r->nr_args, r->arg);
}

static int rules_add(scmp_filter_ctx ctx, const struct program *p)
{
	size_t i;
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);

	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (i = 0; !rc && i < p->nr_rules; i++)
		rc = rule_add(ctx, &p->rules[i]);
	if (!rc && p == &image_program && sandbox_siblings())
		rc = rule_add(ctx, &kick_rule);
	return rc;
}

/* libseccomp writes programs to descriptors only. */
static int rules_export(const struct program *p, struct sock_filter *out, uint32_t max, uint32_t *len)
{
	scmp_filter_ctx ctx = seccomp_init(p->otherwise);
	int fd = memfd_create("paravane-filter", MFD_CLOEXEC), rc;
	ssize_t n;

	if (!ctx || fd < 0) {
		rc = ctx ? -errno : -ENOMEM;
		goto out;
	}
	rc = rules_add(ctx, p);
	if (!rc)
		rc = seccomp_export_bpf(ctx, fd);
	if (rc)
		goto out;
	n = pread(fd, out, max * sizeof(*out), 0);
	if (n < (ssize_t)sizeof(*out) || n % (ssize_t)sizeof(*out) ||
	    lseek(fd, 0, SEEK_END) != n)
		rc = -E2BIG;
	else
		*len = (uint32_t)((size_t)n / sizeof(*out));
out:
	if (ctx)
		seccomp_release(ctx);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int program_copy(struct program *p, struct sock_filter *out, uint32_t *len)
{
	uint32_t n = 0;
	int rc;

	if (!p->len) {
		memcpy(p->code, p->prologue, p->prologue_len * sizeof(*out));
		rc = rules_export(p, p->code + p->prologue_len, SECCOMP_MAX_LEN - (uint32_t)p->prologue_len, &n);
		if (rc)
			return rc;
		p->len = (uint32_t)p->prologue_len + n;
	}
	memcpy(out, p->code, p->len * sizeof(*out));
	*len = p->len;
	return 0;
}

int seccomp_program(struct sock_filter *out, uint32_t *len)
{
	return program_copy(&image_program, out, len);
}

int seccomp_mapper_program(struct sock_filter *out, uint32_t *len)
{
	return program_copy(&mapper_program, out, len);
}
