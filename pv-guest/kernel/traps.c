/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. One at an address listed in ex_table continues at its fixup; anything else is our
 * bug: a register dump, the stack with names, panic. (A stray int3 is shown and passed over.)
 *
 * Tour: guest 4. Every gate masks events, so that cr2 and the dump belong together; iret
 * brings the interrupted state of the mask back.
 */
#include <pv/boot.h>
#include <pv/console.h>
#include <pv/console_internal.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/trap.h>

#define GATE_MASK_EVENTS	4

struct ex_entry {
	uint64_t fault_rip, fixup_rip;
};
extern const struct ex_entry ex_table_start[], ex_table_end[];

extern char trap_divide_error[], trap_debug[], trap_nmi[], trap_int3[], trap_overflow[], trap_bounds[],
	trap_invalid_op[], trap_no_device[], trap_invalid_tss[], trap_no_segment[],
	trap_stack_error[], trap_gp_fault[], trap_page_fault[], trap_fpu_error[], trap_alignment[],
	trap_simd_error[], trap_int80[], upcall_entry[], failsafe_entry[], syscall_callback[];

struct trap_record last_trap;

static const char *const vector_names[] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bounds", "invalid opcode",
	"device not available", "double fault", "", "invalid TSS", "segment not present",
	"stack fault", "general protection", "page fault", "", "FPU error", "alignment check",
	"machine check", "SIMD error",
};

static void gate(struct trap_info *t, unsigned int vector, unsigned int dpl, const char *entry)
{
	t->vector = vector;
	t->flags = dpl | GATE_MASK_EVENTS;
	t->cs = FLAT_KERNEL_CS;
	t->address = (unsigned long)entry;
}

static long callback(unsigned int type, const char *entry)
{
	struct callback_register reg = { .type = type, .address = (unsigned long)entry };

	return HYPERVISOR_callback_op(CALLBACKOP_register, &reg);
}

static struct trap_info table[17];

/* Of this vCPU: each has its own. */
void traps_cpu_init(void)
{
	long rc = HYPERVISOR_set_trap_table(table);

	if (rc != 0)
		panic("set_trap_table: %ld\n", rc);
	if (callback(CALLBACKTYPE_event, upcall_entry) != 0 ||
	    callback(CALLBACKTYPE_failsafe, failsafe_entry) != 0)
		HYPERVISOR_set_callbacks(upcall_entry, failsafe_entry);
	rc = callback(CALLBACKTYPE_nmi, trap_nmi);
	if (rc != 0)
		printk("no NMI callback: %ld\n", rc);
	/* Without it there is no user mode, and the first program says so. */
	rc = callback(CALLBACKTYPE_syscall, syscall_callback);
	if (rc != 0)
		printk("no system calls: %ld\n", rc);
}

void traps_init(void)
{
	struct trap_info *t = table;

	gate(t++, 0, 0, trap_divide_error);
	gate(t++, 1, 0, trap_debug);
	gate(t++, 3, 3, trap_int3);
	gate(t++, 4, 3, trap_overflow);
	gate(t++, 5, 0, trap_bounds);
	gate(t++, 6, 0, trap_invalid_op);
	gate(t++, 7, 0, trap_no_device);
	gate(t++, 10, 0, trap_invalid_tss);
	gate(t++, 11, 0, trap_no_segment);
	gate(t++, 12, 0, trap_stack_error);
	gate(t++, 13, 0, trap_gp_fault);
	gate(t++, 14, 0, trap_page_fault);
	gate(t++, 16, 0, trap_fpu_error);
	gate(t++, 17, 0, trap_alignment);
	gate(t++, 19, 0, trap_simd_error);
	gate(t++, VECTOR_INT80, 3, trap_int80);
	BUG_ON(t != &table[ARRAY_SIZE(table) - 1]);	/* the zero entry ends the table */
	traps_cpu_init();
}

static bool recover(struct trap_frame *f, unsigned int vector, uint64_t cr2)
{
	for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++) {
		if (e->fault_rip != f->rip)
			continue;
		last_trap.vector = vector;
		last_trap.error = f->error;
		last_trap.rip = f->rip;
		last_trap.cr2 = cr2;
		f->rip = e->fixup_rip;
		return true;
	}
	return false;
}

void regs_print(const struct trap_frame *f)
{
	printk("rip %016lx cs %04lx rflags %08lx  rsp %016lx ss %04lx\n", f->rip, f->cs & 0xffff,
	       f->rflags, f->rsp, f->ss & 0xffff);
	printk("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	printk("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
	printk("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
	printk("r13 %016lx r14 %016lx r15 %016lx\n", f->r13, f->r14, f->r15);
}

static void trap_report(const struct trap_frame *f, unsigned int vector, uint64_t cr2)
{
	const char *name = vector < ARRAY_SIZE(vector_names) ? vector_names[vector] : "failsafe";

	printk("trap %u (%s), error %lx, cr2 %lx, thread %s, cpu %u\n", vector, name, f->error, cr2,
	       current()->name, this_cpu()->id);
	regs_print(f);
	stack_print(f->rip, f->rbp);
}

static void kernel_trap(struct trap_frame *f, unsigned int vector, uint64_t cr2)
{
	if (recover(f, vector, cr2))
		return;
	if (vector != 3)
		console_urgent = true;
	trap_report(f, vector, cr2);
	if (vector != 3)
		panic("unexpected trap %u at %lx\n", vector, f->rip);
}

/* Held by what was interrupted: a lock is taken with preemption off, and the idle thread, which always
 * has it off, takes one with events masked only. */
static bool no_locks(const struct trap_frame *f)
{
	return frame_is_user(f) ||
	       ((f->cs >> 32 & 0xff) == 0 && (current()->preempt_count == 0 || current() == this_cpu()->idle));
}

/*
 * Somebody typed `xl trigger DOMAIN nmi': say where we are, and go on.  It can come while the
 * console's own lock is held; then only the hypervisor's console can be written to.
 */
static void nmi(const struct trap_frame *f)
{
	char line[160];
	uint64_t offset = 0;
	const char *name = frame_is_user(f) ? "user mode" : symbol_find(f->rip, &offset);
	int n = pv_snprintf(line, sizeof(line), "NMI on cpu %u, thread %s, at %lx (%s+%lx)\n", this_cpu()->id,
			    current()->name, f->rip, name != NULL ? name : "?", offset);

	if (!no_locks(f)) {
		hvcon_write(line, MIN((size_t)n, sizeof(line) - 1));
		return;
	}
	printk("%s", line);
	if (!frame_is_user(f))
		stack_print(f->rip, f->rbp);
}

/* The error code's slot becomes the flags of the iret that ends this. */
void trap_dispatch(struct trap_frame *f, unsigned int vector)
{
	bool user = frame_is_user(f);
	uint64_t cr2 = vector == 14 ? this_cpu()->info->arch.cr2 : 0;

	if (vector == VECTOR_UPCALL) {
		if (user)
			current_proc()->syscall = ~0UL;
		upcall_dispatch(f);
	} else if (vector == VECTOR_NMI) {
		nmi(f);
		f->error = 0;
		return;
	} else if (user) {
		user_trap(f, vector, cr2);
	} else {
		kernel_trap(f, vector, cr2);
	}
	f->error = 0;
	if (user)
		user_return_work(f);
}
