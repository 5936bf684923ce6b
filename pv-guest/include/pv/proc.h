/* SPDX-License-Identifier: MIT */
/*
 * Processes: a thread with user memory, files, signals and a parent. One thread each.
 *
 * Locks: proc_lock (a spinlock, taken with events masked) guards the table, parents and
 * children, states, process groups, pending signals. What only the process itself uses
 * (memory map apart: mm->lock) needs none: files, directory, handlers, signal mask.
 */
#ifndef PV_PROC_H
#define PV_PROC_H

#include <pv/cpu.h>
#include <pv/list.h>
#include <pv/thread.h>
#include <pv/types.h>
#include <pv/user_mm.h>
#include <pv/vfs.h>

#define PROCS_MAX	256U
#define PROC_FILES	64U
#define NSIG		64U

enum proc_state { PROC_RUNNING, PROC_ZOMBIE };

struct sigaction_user {
	uint64_t handler, flags, restorer, mask;
};

struct ofile;

struct proc {
	struct list_head all_link;	/* proc_lock: from here */
	struct proc *parent;		/* NULL: the kernel started it */
	struct list_head children, sibling;
	enum proc_state state;
	int exit_status;		/* as wait4 tells it */
	uint32_t pid, pgid, sid;
	uint64_t pending;		/* signals, bit n - 1 */
	struct thread *thread;		/* NULL: ended */
	struct wait_queue wait;		/* a child ended; for a child of the kernel: it ended */
	bool execed;
	bool orphan;			/* nobody will ask for its status */
	bool vfork_waits;		/* its parent waits until it leaves the memory they share */
	uint64_t started_ns;
	/* Its own, or nobody else's while it does not run. */
	struct mm *mm;
	struct ofile *files[PROC_FILES];
	uint64_t cloexec;		/* bit per file */
	char *cwd;
	char *exe;			/* path of the program */
	char *cmdline;			/* arguments, each with its NUL; proc_lock */
	size_t cmdline_bytes;
	char comm[16];
	uint32_t umask;
	uint64_t blocked, saved_blocked;
	bool restore_blocked;
	struct sigaction_user actions[NSIG];
	/* Of the last signal it raised itself. */
	unsigned int fault_sig;
	int fault_code;
	uint64_t fault_addr;
	uint64_t alt_sp, alt_size;
	uint64_t clear_tid;
	uint64_t arg_start, arg_end;
	struct trap_frame *frame;	/* of the entry from user mode being served */
	struct trap_frame start;	/* of a new one: where it begins */
	uint64_t syscall;		/* number to restart with; ~0: not in one */
	struct timer *alarm;
};

extern struct list_head all_procs;
extern spinlock_t proc_lock;
extern unsigned int nr_procs;

/* Of the running thread; NULL in a kernel thread. */
struct proc *current_proc(void);

/* proc.c */
struct proc *proc_alloc(bool first);	/* first: number 1. NULL: too many, or no memory */
void proc_free(struct proc *p);		/* of the table too */
struct proc *proc_find(uint32_t pid);	/* proc_lock held */
int proc_start(struct proc *p);		/* its thread begins at p->start */
void proc_user_loop(struct trap_frame *f);

/* A program from kernel context: files 0-2 are the console. *out is to be waited for. */
int proc_spawn(bool first, char *const argv[], char *const envp[], struct proc **out);
/* 0, or why path is no program. */
int proc_check_program(const char *path);
/* Runs it as a shell would: waits, its exit code. */
int proc_run(bool first, char *const argv[]);
/* Serves the console to the foreground until p ends; its wait status. */
int proc_wait_foreground(struct proc *p);

/* exec.c: strings of argv and envp are the kernel's. 0: *f is where it begins. */
struct exec_args {
	unsigned int argc, envc;
	char *strings;		/* argv then envp, each with its NUL */
	size_t bytes, size;
};
#define EXEC_ARGS_MAX	(128UL << 10)
int exec_args_add(struct exec_args *a, const char *s, size_t n);
int proc_exec(struct proc *p, const char *path, struct exec_args *args, struct trap_frame *f);

/* fork.c */
long proc_fork(uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid);

/* exit.c */
void proc_exit(int status) __attribute__((noreturn));
long proc_wait4(int32_t pid, int *status, uint32_t options);
void vfork_done(struct proc *p);

/* switch.c: on a switch of threads, events masked. */
void proc_switch(struct thread *prev, struct thread *next);
void proc_segments_set(uint64_t fs_base, uint64_t gs_base);
void proc_mm_activate(void);	/* the current process got other memory */

/* fpu.c */
int fpu_cpu_init(void);
int fpu_alloc(struct thread *t);
void fpu_free(struct thread *t);
void fpu_save(struct thread *t);
void fpu_restore(struct thread *t);
void fpu_reset(struct thread *t);	/* as a program begins */
size_t fpu_bytes(void);
uint64_t fpu_mask(void);		/* state components; 0: only what fxsave has */
bool fpu_check_user_image(void *image);

/* usertrap.c */
void user_trap(struct trap_frame *f, unsigned int vector, uint64_t cr2);
void user_return_work(struct trap_frame *f);

#endif
