/* SPDX-License-Identifier: MIT */
/*
 * System calls: from the frame to the function, and the result back. A number nobody serves gives
 * -ENOSYS, and a line in the log the first time.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/syscall.h>

static void log_once(uint64_t nr)
{
	static uint64_t seen[SYSCALLS_MAX / 64];
	struct proc *p = current_proc();

	if (nr < SYSCALLS_MAX &&
	    (__atomic_fetch_or(&seen[nr / 64], 1UL << (nr % 64), __ATOMIC_RELAXED) >> (nr % 64) & 1))
		return;
	printk("%s[%u]: no system call %lu\n", p->comm, p->pid, nr);
}

static long call(uint64_t nr, const uint64_t *a)
{
	syscall_fn *fn = nr < SYSCALLS_MAX ? syscall_table[nr] : NULL;

	if (fn != NULL)
		return fn(a);
	log_once(nr);
	return -ENOSYS;
}

void syscall_entry(struct trap_frame *f)
{
	uint64_t a[6] = { f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9 };

	current_proc()->syscall = f->rax;
	f->rax = (uint64_t)call(f->rax, a);
}

/* int $0x80: the numbers of 32-bit Linux, for the calls whose arguments mean the same. */
void syscall32_entry(struct trap_frame *f)
{
	static const uint16_t numbers[] = {
		[1] = 60, [3] = 0, [4] = 1, [6] = 3, [20] = 39, [24] = 102, [37] = 62, [64] = 110,
		[158] = 24, [252] = 231,
	};
	uint64_t a[6] = { (uint32_t)f->rbx, (uint32_t)f->rcx, (uint32_t)f->rdx,
			  (uint32_t)f->rsi, (uint32_t)f->rdi, (uint32_t)f->rbp };
	uint32_t nr = (uint32_t)f->rax;

	if (nr >= ARRAY_SIZE(numbers) || (numbers[nr] == 0 && nr != 3)) {
		f->rax = (uint64_t)-ENOSYS;
		return;
	}
	current_proc()->syscall = f->rax;
	f->rax = (uint64_t)call(numbers[nr], a);
}
