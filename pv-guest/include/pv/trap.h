/* SPDX-License-Identifier: MIT */
/* Exceptions: what the last recovered one was, and symbolised stacks. */
#ifndef PV_TRAP_H
#define PV_TRAP_H

#include <pv/cpu.h>
#include <pv/types.h>

#define VECTOR_NMI	2
#define VECTOR_UPCALL	256
#define VECTOR_FAILSAFE	257
#define VECTOR_SYSCALL	258
#define VECTOR_INT80	0x80

/* Recovered through ex_table, by this vCPU, most recently. */
struct trap_record {
	unsigned int vector;
	uint64_t error, rip, cr2;
};
extern struct trap_record last_trap;

void trap_dispatch(struct trap_frame *f, unsigned int vector);
/* Continues at a frame; to user mode after user_return_work. */
void trap_return_to(struct trap_frame *f) __attribute__((noreturn));
static inline bool frame_is_user(const struct trap_frame *f)
{
	return (f->cs & 3) == 3;
}
void traps_cpu_init(void);
void upcall_dispatch(struct trap_frame *f);
void regs_print(const struct trap_frame *f);
void stack_print(uint64_t rip, uint64_t rbp);
/* "name" and offset of the function rip is in; NULL if it is in none. */
const char *symbol_find(uint64_t rip, uint64_t *offset);

#endif
