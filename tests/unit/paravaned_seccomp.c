/* SPDX-License-Identifier: MIT */
/*
 * The filter, run in an interpreter over calls from everywhere.  What would break: a guest's bare
 * SYSCALL that is executed instead of trapped, a call or an argument too many at the gate, an
 * image that cannot do its work.
 */
#include "config.h"
#include "paravaned/seccomp.h"

#include <asm/prctl.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <paravane/shared.h>

#define TRAPPED	SECCOMP_RET_TRAP
#define ALLOWED	SECCOMP_RET_ALLOW
#define DENIED	(SECCOMP_RET_ERRNO | EPERM)
#define FOREIGN	0x401000UL

static struct sock_filter prog[SECCOMP_MAX_LEN];
static uint32_t prog_len, steps;

static void setup(void)
{
	cr_assert(seccomp_program(prog, &prog_len) == 0);
	cr_assert(prog_len > 20 && prog_len <= SECCOMP_MAX_LEN);
}

TestSuite(paravaned_seccomp, .init = setup);

static uint32_t jump(const struct sock_filter *f, uint32_t a, uint32_t k)
{
	bool yes = false;

	switch (BPF_OP(f->code)) {
	case BPF_JA: return k;
	case BPF_JEQ: yes = a == k; break;
	case BPF_JGT: yes = a > k; break;
	case BPF_JGE: yes = a >= k; break;
	case BPF_JSET: yes = a & k; break;
	default: cr_assert_fail("jump 0x%x", f->code);
	}
	return yes ? f->jt : f->jf;
}

static uint32_t interpret(const struct seccomp_data *d)
{
	uint32_t pc, a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };

	for (pc = 0, steps = 0; pc < prog_len; pc++, steps++) {
		const struct sock_filter *f = &prog[pc];

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			if (BPF_MODE(f->code) == BPF_ABS) {
				cr_assert(f->k % 4 == 0 && f->k < sizeof(*d));
				memcpy(&a, (const uint8_t *)d + f->k, 4);
			} else if (BPF_MODE(f->code) == BPF_MEM) {
				a = mem[f->k];
			} else {
				a = f->k;
			}
			break;
		case BPF_ST: mem[f->k] = a; break;
		case BPF_ALU:
			cr_assert(BPF_OP(f->code) == BPF_AND && BPF_SRC(f->code) == BPF_K);
			a &= f->k;
			break;
		case BPF_JMP:
			cr_assert(BPF_SRC(f->code) == BPF_K);
			pc += jump(f, a, f->k);
			break;
		case BPF_RET: return f->k;
		case BPF_MISC: x = a; break;
		default: cr_assert_fail("instruction 0x%x", f->code);
		}
	}
	cr_assert_fail("fell off the end");
	return x;
}

static uint32_t call(uint64_t rip, int nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct seccomp_data d = { .nr = nr, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = rip,
				  .args = { a0, a1, a2, a3, a4, 0 } };

	return interpret(&d);
}

#define GATE(nr, ...)	call(PVN_GATE_RIP, nr, __VA_ARGS__)

Test(paravaned_seccomp, every_call_from_anywhere_else_traps)
{
	static const uint64_t rips[] = { 0, 2, FOREIGN, PVN_GATE_RIP - 1, PVN_GATE_RIP + 1, PVN_GATE_RIP + 2,
					 (uint32_t)PVN_GATE_RIP, (uint32_t)PVN_SIGRETURN_RIP,
					 PVN_GATE_RIP + (1UL << 32), PVN_SIGRETURN_RIP + (1UL << 32),
					 PVN_IMAGE_BASE, 0x7fffffffffffUL, ~0UL };
	size_t i;
	int nr;

	for (i = 0; i < sizeof(rips) / sizeof(rips[0]); i++)
		for (nr = -1; nr < 600; nr++)
			cr_assert(call(rips[i], nr, 5, 0, 0, 0, 0) == TRAPPED, "nr %d from %lx", nr, rips[i]);
	call(FOREIGN, 1, 0, 0, 0, 0, 0);
	cr_assert(steps <= 3, "the frequent case takes %u instructions", steps + 1);
}

Test(paravaned_seccomp, sigreturn_stub_returns_and_nothing_else)
{
	int nr;

	for (nr = 0; nr < 600; nr++)
		cr_assert(call(PVN_SIGRETURN_RIP, nr, 5, 0, 0, 0, 0) ==
			  (nr == SYS_rt_sigreturn ? ALLOWED : TRAPPED), "nr %d", nr);
	cr_assert(GATE(SYS_rt_sigreturn, 0, 0, 0, 0, 0) == DENIED);
}

Test(paravaned_seccomp, other_architectures_and_x32_trap)
{
	static const uint32_t arches[] = { AUDIT_ARCH_I386, 0, AUDIT_ARCH_ARM, ~0U };
	static const uint64_t rips[] = { FOREIGN, PVN_GATE_RIP, PVN_SIGRETURN_RIP };
	size_t i, j;
	int nr;

	for (i = 0; i < 4; i++)
		for (j = 0; j < 3; j++)
			for (nr = 0; nr < 500; nr++) {
				struct seccomp_data d = { .nr = nr, .arch = arches[i],
							  .instruction_pointer = rips[j] };

				cr_assert(interpret(&d) == TRAPPED);
			}
	for (nr = 0; nr < 600; nr++)
		cr_assert(GATE(nr | 0x40000000, PVN_FD_MACHINE, 0, 0, 0, 0) == TRAPPED);
	cr_assert(GATE(-1, 0, 0, 0, 0, 0) == TRAPPED);
}

Test(paravaned_seccomp, gate_lets_a_fixed_list_of_calls_through)
{
	static const int listed[] = { SYS_read, SYS_write, SYS_mmap, SYS_munmap, SYS_sched_yield, SYS_arch_prctl,
				      SYS_futex, SYS_close, SYS_pidfd_send_signal, SYS_timer_settime, SYS_exit_group };
	static const uint64_t args[] = { 0, 1, 2, 3, 4, 5, 6, 13, 14, 0x1002, 0x10, 0x4032, ~0UL };
	size_t i, j, k;
	int nr;

	for (nr = 0; nr < 600; nr++) {
		for (i = 0; i < sizeof(listed) / sizeof(listed[0]) && listed[i] != nr; i++)
			continue;
		if (i < sizeof(listed) / sizeof(listed[0]))
			continue;
		for (j = 0; j < sizeof(args) / sizeof(args[0]); j++)
			for (k = 0; k < sizeof(args) / sizeof(args[0]); k++)
				cr_assert(GATE(nr, args[j], args[k], args[j], args[k], args[j]) == DENIED, "nr %d", nr);
	}
}

Test(paravaned_seccomp, only_own_descriptors_are_read_and_written)
{
	uint64_t fd;

	for (fd = 0; fd < 64; fd++) {
		cr_assert(GATE(SYS_read, fd, 0, 0, 0, 0) == (fd == PVN_FD_MACHINE || fd == PVN_FD_USER ? ALLOWED : DENIED));
		cr_assert(GATE(SYS_close, fd, 0, 0, 0, 0) == (fd >= PVN_FD_MAPPER ? ALLOWED : DENIED));
		cr_assert(GATE(SYS_write, fd, 0, 0, 0, 0) ==
			  (fd >= PVN_FD_MACHINE && fd < PVN_FD_DOORBELL + PVN_MAX_LINKS ? ALLOWED : DENIED));
		/* The kernel takes 32 bits of a descriptor, the filter insists on all 64. */
		cr_assert(GATE(SYS_write, fd | 1UL << 32, 0, 0, 0, 0) == DENIED);
	}
}

static uint32_t mmap_call(uint64_t prot, uint64_t flags, uint64_t fd)
{
	return GATE(SYS_mmap, 0x10000, 4096, prot, flags, fd);
}

Test(paravaned_seccomp, only_own_memory_can_be_mapped)
{
	const uint64_t rwx = PROT_READ | PROT_WRITE | PROT_EXEC, fixed = MAP_SHARED | MAP_FIXED;
	const uint64_t hole = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	uint64_t fd, flags;

	for (fd = 0; fd < 32; fd++) {
		uint32_t want = fd == PVN_FD_MEM || fd == PVN_FD_SHARED ? ALLOWED : DENIED;

		cr_assert(mmap_call(rwx, fixed, fd) == want);
		cr_assert(mmap_call(PROT_READ, fixed | MAP_POPULATE, fd) == DENIED);
	}
	for (flags = 0; flags < 1 << 20; flags++)
		if (flags != fixed)
			cr_assert(mmap_call(PROT_READ, flags, PVN_FD_MEM) == DENIED, "flags %lx", flags);
	cr_assert(mmap_call(PROT_READ, fixed, ~0UL) == DENIED);
	/* Memory that is in nobody's account. */
	cr_assert(mmap_call(PROT_NONE, hole, ~0UL) == DENIED);
	cr_assert(mmap_call(PROT_NONE, hole, 0xffffffffUL) == DENIED);
	cr_assert(mmap_call(PROT_NONE, hole | MAP_GROWSDOWN, ~0UL) == DENIED);
	cr_assert(mmap_call(rwx, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, ~0UL) == DENIED);
	cr_assert(GATE(SYS_mprotect, 0x10000, 4096, rwx, 0, 0) == DENIED);
	cr_assert(GATE(SYS_brk, 0x10000, 0, 0, 0, 0) == DENIED);
}

/* The image's code and the mapper's orders: who could map over them would be the mapper. */
Test(paravaned_seccomp, nothing_is_mapped_or_unmapped_at_the_image)
{
	const uint64_t fixed = MAP_SHARED | MAP_FIXED, reach = PVN_IMAGE_BASE - PVN_GUEST_END;
	static const uint64_t va[] = { PVN_GUEST_END, PVN_SHARED_VA, PVN_IMAGE_BASE, PVN_IMAGE_BASE + 0x1000,
				       PVN_MAPPER_PAGE_VA, 0x7ffffffff000UL, ~0UL };
	size_t i;

	for (i = 0; i < sizeof(va) / sizeof(va[0]); i++) {
		cr_assert(GATE(SYS_mmap, va[i], 4096, PROT_READ, fixed, PVN_FD_MEM) == DENIED, "at %lx", va[i]);
		cr_assert(GATE(SYS_munmap, va[i], 4096, 0, 0, 0) == DENIED, "at %lx", va[i]);
	}
	cr_assert(GATE(SYS_munmap, PVN_GUEST_END - 4096, reach, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_munmap, PVN_GUEST_END - 4096, reach + 1, 0, 0, 0) == DENIED);
	cr_assert(GATE(SYS_mmap, PVN_GUEST_END - 4096, reach + 1, PROT_READ, fixed, PVN_FD_SHARED) == DENIED);
	cr_assert(GATE(SYS_munmap, 0, PVN_GUEST_END, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_munmap, 0, PVN_GUEST_END + 1, 0, 0, 0) == DENIED);
	cr_assert(GATE(SYS_munmap, 4096, PVN_GUEST_END, 0, 0, 0) == DENIED);
}

#define MAPPER(nr, ...)	call(PVN_MAPPER_RIP, nr, __VA_ARGS__)

Test(paravaned_seccomp, the_mapper_does_its_work_and_nothing_else)
{
	const uint64_t fixed = MAP_SHARED | MAP_FIXED;
	int nr;

	cr_assert(seccomp_mapper_program(prog, &prog_len) == 0);
	for (nr = -1; nr < 600; nr++) {
		cr_assert(call(PVN_GATE_RIP, nr, 0, 0, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
		cr_assert(call(FOREIGN, nr, 0, 0, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
		if (nr != SYS_mmap && nr != SYS_munmap && nr != SYS_recvmsg && nr != SYS_write && nr != SYS_close &&
		    nr != SYS_exit_group)
			cr_assert(MAPPER(nr, 0, 0, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS, "nr %d", nr);
	}
	cr_assert(MAPPER(SYS_mmap, 0x10000, 4096, PROT_READ, fixed, 1) == ALLOWED);
	cr_assert(MAPPER(SYS_mmap, 0x10000, 4096, PROT_READ, fixed, 0) == SECCOMP_RET_KILL_PROCESS);
	cr_assert(MAPPER(SYS_mmap, PVN_IMAGE_BASE, 4096, PROT_READ, fixed, 1) == SECCOMP_RET_KILL_PROCESS);
	cr_assert(MAPPER(SYS_munmap, 0x10000, 4096, 0, 0, 0) == ALLOWED);
	cr_assert(MAPPER(SYS_munmap, 0, PVN_GUEST_END, 0, 0, 0) == ALLOWED);
	cr_assert(MAPPER(SYS_recvmsg, 0, 0, 0, 0, 0) == ALLOWED && MAPPER(SYS_write, 0, 0, 0, 0, 0) == ALLOWED);
	cr_assert(MAPPER(SYS_close, 1, 0, 0, 0, 0) == ALLOWED);
	cr_assert(MAPPER(SYS_close, 0, 0, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
}

Test(paravaned_seccomp, arguments_of_the_rest_are_checked_too)
{
	uint64_t op;

	for (op = 0; op < 512; op++) {
		cr_assert(GATE(SYS_futex, 0, op, 0, 0, 0) == (op == FUTEX_WAIT || op == FUTEX_WAKE || op == FUTEX_CMP_REQUEUE ? ALLOWED : DENIED));
	/* Signals by descriptor, plain ones; the only pidfds are those of its own user mode. */
	cr_assert(GATE(SYS_pidfd_send_signal, 20, 9, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_pidfd_send_signal, 20, 9, 0x1000, 0, 0) == DENIED);
	cr_assert(GATE(SYS_pidfd_send_signal, 20, 9, 0, 4, 0) == DENIED);
	cr_assert(GATE(SYS_kill, 1, 9, 0, 0, 0) == DENIED);
		cr_assert(GATE(SYS_arch_prctl, 0x1000 + op, 0, 0, 0, 0) ==
			  (0x1000 + op == ARCH_SET_FS || 0x1000 + op == ARCH_SET_GS ? ALLOWED : DENIED));
	}
	cr_assert(GATE(SYS_munmap, 0, 0, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_timer_settime, 0, 0, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_exit_group, 0, 0, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_sched_yield, 0, 0, 0, 0, 0) == ALLOWED);
	cr_assert(GATE(SYS_clone, SIGCHLD, 0, 0, 0, 0) == DENIED);
}

/* The kernel's own verifier is asked in paravaned_process; here, that no jump leaves the program. */
Test(paravaned_seccomp, jumps_stay_inside)
{
	uint32_t i;

	for (i = 0; i < prog_len; i++) {
		if (BPF_CLASS(prog[i].code) != BPF_JMP)
			continue;
		if (BPF_OP(prog[i].code) == BPF_JA)
			cr_assert(i + 1 + prog[i].k < prog_len);
		else
			cr_assert(i + 1 + prog[i].jt < prog_len && i + 1 + prog[i].jf < prog_len);
	}
	cr_assert(BPF_CLASS(prog[prog_len - 1].code) == BPF_RET);
}
