/* SPDX-License-Identifier: MIT */
/*
 * Process platform: what the image and the processes of guest user code have in common.
 *
 * Three kinds of task serve one vCPU besides its own process K (user.c says how they play):
 *   the nursery, forked from K before the filter is on, which makes address spaces;
 *   a mapper per user address space, which alone may change its mappings;
 *   a runner in that address space, which runs the guest's user code.
 * They talk through slots, one per address space, at the same addresses in all of them.
 * Offsets are known to user_stub.S, which includes this.
 *
 * Trust: a runner can write its slot's state and stack and read the slot's command page.
 * K copies what it reads there, once, and believes nothing of it but what the user code
 * could have done anyway.  The command page is written by K alone.
 */
#ifndef HV_PROCESS_USER_H
#define HV_PROCESS_USER_H

#define USER_GUEST_END		0x600000000000	/* PVN_GUEST_END, for the assembler */
#define USER_EVENT_FD		24	/* PVN_FD_USER: mapper and nursery answer K */
#define USER_RUNNER_FILTER_LEN	23

#define USER_SLOTS		32
#define USER_SLOT_BYTES		0x10000
#define USER_VA			0x650000000000	/* the slots, and one more for the nursery */
#define USER_NURSERY_VA		(USER_VA + USER_SLOTS * USER_SLOT_BYTES)
#define USER_BYTES		((USER_SLOTS + 1) * USER_SLOT_BYTES)

/* The command page: K writes, the others read. */
#define CMD_SEQ			0x00	/* the number of the command; a futex */
#define CMD_NR			0x04	/* operations in it */
#define CMD_STACK		0x08	/* stack_t of the runner */
#define CMD_FSGSBASE		0x20	/* the host has those instructions */
#define CMD_XMASK		0x24	/* state components that XSAVE and XRSTOR move */
#define CMD_SLOT		0x28	/* nursery: address of the slot to fill */
#define CMD_PIDFD		0x30	/* nursery: of the new mapper */
#define CMD_OPS			0x40	/* struct user_op[] */
#define CMD_OP_BYTES		64
#define CMD_MAX_OPS		62
#define CMD_OP_RUNNER		0xffff	/* instead of a system call's number: make the runner */

/* The state: the runner's. */
#define ST_WORD			0x1000	/* whose turn it is; a futex */
#define ST_SIG			0x1004	/* the signal that ended the run */
#define ST_FRAME		0x1008	/* its ucontext; 0 = nothing has changed since the entry */
#define ST_INFO			0x1010	/* its siginfo */
#define ST_FS			0x1018
#define ST_GS			0x1020
#define ST_SET			0x1028	/* load 1 FS, 2 GS before the run */
#define ST_PIDFD		0x1030	/* of the runner */
#define ST_PARK			0x1038	/* the futex a stopped runner sleeps on for certain */
#define ST_REGS			0x1040	/* struct cpu_regs */
#define ST_IRET			0x1100	/* rip, cs, rflags, rsp, ss */
#define ST_XSAVE		0x1400
#define ST_XSAVE_MAX		0x1c00
#define ST_ALTSTACK		0x3000	/* to the end of the slot */

#define TURN_DEAD		0	/* the host cleared it: the runner is no more */
#define TURN_KERNEL		1
#define TURN_USER		2
#define TURN_WANTED		4	/* with TURN_USER: come back */
#define TURN_STARTING		8	/* the runner is not ready yet */

/* The stub's pages, and the one place where a runner may call the host. */
#define USER_STUB_OFFSET	0x2000
#define USER_STUB_BYTES		0x2000
#define USER_GATE_OFFSET	(USER_STUB_OFFSET + 0x40)

#ifndef __ASSEMBLER__
#include <linux/filter.h>
#include <hv/hv.h>

struct user_op {
	uint64_t nr;		/* mmap, munmap or CMD_OP_RUNNER */
	uint64_t arg[6];
	uint64_t pad;
};

extern const char hv_stub_start[], hv_stub_end[], hv_user_handler[];
void hv_nursery(uint64_t control, uint64_t pid) __attribute__((noreturn));

/* user_filter.c */
extern const struct sock_filter nursery_filter[], runner_filter[];
extern const unsigned int nursery_filter_len, runner_filter_len;

/* user_start.c: before the filter is on. */
void user_init(uint64_t signal_frame_bytes);
extern uint32_t user_xmask, user_xsave_bytes;

/* user.c: run vcpu.regs in user mode until something ends that; vcpu.regs is then what goes on. */
void user_run(void);
/* A signal came to K: the sleep for the runner must end.  1 if user code may be running. */
int user_interrupt(void);

/* user_space.c: the address spaces. */
struct user_space {
	uint64_t l4_mfn;	/* 0 = free */
	uint64_t last_used;
	uint64_t fault_va;	/* the guest was told of this fault: map it on the way back */
	uint64_t fs, gs;	/* what the runner has loaded */
	int pidfd_mapper, pidfd_runner;
	uint32_t has_mapper, has_runner;
	uint32_t parked;	/* the runner sleeps on ST_PARK, for certain */
	uint32_t flush_all, nr_stale;
	struct stale_range {
		uint64_t va, pages;
	} stale[16];
	uint32_t nr_ops;	/* queued in the command page */
};

/* va.c: what one mmap can map around va, whose walk is w. */
struct walk;
struct map_run {
	uint64_t va, pages, off;
	int fd, prot;
	uint64_t *first_entry;
};
int walk_and_note(uint64_t va, struct walk *w);
int map_run_find(uint64_t va, const struct walk *w, struct map_run *m);	/* 0 or -1: no frame of ours */
void map_run_used(const struct map_run *m);

struct user_space *user_space_current(void);	/* of vcpu.user_cr3_mfn, with a runner */
uint64_t user_slot(const struct user_space *s);
#define slot_word(s, off, type) ((type *)(user_slot(s) + (off)))
int user_space_sync(struct user_space *s);	/* carry out what is queued: 0 or -1 */
int user_space_map(struct user_space *s, uint64_t va, uint32_t err);	/* 1 mapped, 0 not allowed, -1 refused */
int user_space_stopped(struct user_space *s);	/* 1 for certain, 0: it will not stop */
void user_space_end_runner(struct user_space *s);
void user_table_gone(uint64_t mfn);
/* From va.c: translations that must be forgotten before anybody can miss them. */
void user_flush_range(uint64_t va, uint64_t pages, uint64_t l4_mfn);	/* 0: behind any L4 */
void user_flush_commit(void);
#endif
#endif
