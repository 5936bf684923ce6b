/* SPDX-License-Identifier: MIT */
/*
 * The hv image's own view: one domain, and the vCPU this process is.
 *
 * Tour: 3.  A vCPU is a host process.  What all vCPUs of the domain share lies in
 * `struct domain` (MAP_SHARED, at PVN_PRIVATE_VA); what belongs to one vCPU lies in
 * `struct vcpu` (private data of the image, at the same address in every process),
 * so that "current" needs no register and no TLS: FS and GS are the guest's.
 *
 * Trust: the guest can overwrite all of this.  It then has what the process has,
 * which the sandbox makes worthless; the checks here keep an honest guest's view
 * consistent, they do not protect the host.
 */
#ifndef HV_HV_H
#define HV_HV_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/event_channel.h>
#include <paravane/shared.h>
#include <hv/fifo.h>

/* lib.c; in unit tests the C library's */
void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* Nothing here is ever linked dynamically: no GOT, please. */
#pragma GCC visibility push(hidden)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ volatile("" ::: "memory")
#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096UL
#define PAGE_MASK	(~(PAGE_SIZE - 1))

/* Trap vectors (AMD APM vol. 2, table 8-1). */
enum {
	TRAP_DE = 0, TRAP_DB = 1, TRAP_NMI = 2, TRAP_BP = 3, TRAP_OF = 4, TRAP_BR = 5, TRAP_UD = 6, TRAP_NM = 7,
	TRAP_DF = 8, TRAP_NP = 11, TRAP_SS = 12, TRAP_GP = 13, TRAP_PF = 14, TRAP_MF = 16,
	TRAP_AC = 17, TRAP_XM = 19,
};

#define X86_EFLAGS_TF	0x00000100UL
#define X86_EFLAGS_IF	0x00000200UL
#define X86_EFLAGS_DF	0x00000400UL
#define X86_EFLAGS_IOPL	0x00003000UL
#define X86_EFLAGS_NT	0x00004000UL
#define X86_EFLAGS_RF	0x00010000UL
#define X86_EFLAGS_VM	0x00020000UL
#define X86_EFLAGS_AC	0x00040000UL

#define PFEC_present	1U
#define PFEC_write	2U
#define PFEC_user	4U
#define PFEC_insn	16U

/* The guest's registers while it is not running.  Order is known to entry.S. */
struct cpu_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10;
	uint64_t r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t rip, rflags, rsp;
};

struct pv_trap {
	uint64_t address;	/* 0 = none */
	uint16_t cs;
	uint8_t flags;		/* bits 0-1 DPL, bit 2 mask events */
};

/* A tree of page tables in the middle of being typed or untyped (validate.c). */
enum pt_work_state { PT_IDLE, PT_GET, PT_PUT, PT_HELD, PT_FAILED };
struct pt_frame {
	uint64_t mfn;
	uint16_t slot;		/* GET: the next one; PUT: one past the next, going down */
	uint8_t level;
};
#define PT_WORK_DEPTH	8	/* four levels, each may have a linear table under it */
struct pt_work {
	uint8_t state;		/* enum pt_work_state */
	uint8_t depth;
	uint8_t type;		/* of root */
	uint8_t failed;		/* depth of the frames whose validation failed */
	int32_t rc;		/* PUT of a failed GET: why it failed; else 0 */
	uint32_t vcpu;		/* who started it */
	uint64_t root;
	struct pt_frame stack[PT_WORK_DEPTH];
};

/* Entries of page tables that changed, in order: each vCPU has forgotten those up to its
 * tlb_seen (tlb.c).  Written under mm_lock, read by all. */
#define TLB_LOG		256
struct tlb_log {
	uint64_t head;			/* of the next one, ever growing */
	/* Who has not seen this far has to forget: all of the kernel's; something of the kernel's, of user mode's. */
	uint64_t all, kernel, user;
	struct {
		uint64_t va, pages;
		uint64_t of;		/* whose: the table's hint */
	} range[TLB_LOG];
};

/* Of each vCPU, what its siblings have to know or may change. */
struct vcpu_public {
	struct vcpu_info *info;		/* the same address in every process */
	uint64_t info_gfn;		/* registered vcpu_info's frame, 0 = the shared_info slot */
	uint32_t initialised;		/* has a context, whose frames are referenced */
	uint32_t started;		/* has a process */
	uint32_t pid;			/* of it, as its siblings see it */

	/* tlb.c */
	uint32_t in_play;		/* may run guest code without looking at tlb_wanted first */
	uint64_t tlb_wanted, tlb_acked, tlb_seen;	/* positions in the log */

	uint64_t periodic_next_ns, periodic_ns;	/* system time, 0 = off */
	uint64_t runstate_va;		/* registered area, 0 = none */
	uint64_t time_va;		/* registered area, 0 = none or filled in */
	uint32_t runstate_version;	/* odd while the rest changes */
	uint32_t runstate;
	uint64_t state_since_ns;
	uint64_t runstate_time[4];
} __attribute__((aligned(64)));

/* Shared by the vCPUs of the domain. */
struct domain {
	uint32_t mm_lock;
	uint32_t vcpu_lock;		/* who is up */
	uint32_t ready;			/* the first vCPU has set all of this up */
	struct vcpu_public vcpu[PVN_MAX_VCPUS];
	struct tlb_log tlb;
	struct pt_work pt_work;		/* under mm_lock */
	uint64_t mfn_base;
	uint64_t ram_mfn;		/* first RAM mfn */
	uint64_t range_frames;
	uint64_t ram_frames;		/* range_frames - heap */
	uint64_t tot_pages;		/* RAM frames the domain has now */
	uint64_t vm_assist;
	uint32_t pci_cf8;		/* latches of ports, hv/emulate/io.c */
	uint8_t cmos_index;
	uint32_t nr_grant_frames;
	uint32_t grant_lock;		/* the table as a whole: size, version */
	uint32_t status_refs;		/* page-table entries that name status frames */
	uint32_t transfers_seen;	/* of header.transfers: frames got from other domains */

	/* Event channels. */
	uint32_t virq_port[PVN_MAX_VCPUS][NR_VIRQS];	/* 0 = unbound */
	uint32_t pollers;		/* a bit per vCPU that sleeps in SCHEDOP_poll */
	struct fifo fifo;
};

#define LDT_PAGES	16	/* 8192 entries of 8 bytes */

/* A hypercall that is to be made again with the rest of its work (hypercalls/dispatch.h). */
struct hypercall_again {
	uint32_t active;
	uint64_t nr, arg[4];
};

/* This vCPU: private to its process. */
struct vcpu {
	struct cpu_regs regs;
	uint32_t id;

	uint64_t cr3_mfn;		/* kernel page tables */
	uint64_t user_cr3_mfn;
	uint64_t kernel_sp, kernel_ss;
	uint64_t event_callback, failsafe_callback, syscall_callback;
	uint32_t syscall_masks_events, failsafe_masks_events;
	uint64_t sysenter_callback, syscall32_callback;
	uint32_t sysenter_masks_events, syscall32_masks_events;
	uint32_t nmi_blocked;		/* an NMI was taken, its iret has not come yet */
	uint32_t iret_in_batch;		/* a multicall ended in an iret, due when it returns */
	uint64_t iret_result_va;	/* where that entry's result goes */
	uint64_t fs_base, gs_base_kernel, gs_base_user;
	uint32_t in_user;		/* virtual mode */
	uint64_t user_cs, user_ss;	/* selectors that user mode was entered with */
	uint32_t in_multicall;
	struct hypercall_again again;
	uint32_t iopl;
	uint64_t iobmp_va;		/* of the guest, read at each access */
	uint32_t iobmp_ports;
	uint64_t cr0_ts, cr2, cr4, xcr0;
	uint64_t dr[4], dr6, dr7, dr7_io;	/* dr7_io: I/O breakpoints, kept out of dr7 */
	uint64_t gdt_mfn[FIRST_RESERVED_GDT_PAGE];
	uint32_t gdt_ents, ldt_ents;
	uint64_t ldt_va;
	uint16_t data_sel[2];		/* DS, ES: what was loaded by emulation, 0 = nothing */
	uint32_t reload_segments;	/* look at them again before going on */
	uint64_t ldt_mfn[LDT_PAGES];	/* pages of it in use, 0 = not looked at yet */

	/* Times in ns of system time; 0 = off. */
	uint64_t singleshot_ns, armed_ns;
	uint32_t timer_due;		/* the host timer fired, or a deadline lay in the past */
	uint64_t poll_window_ns;

	struct pv_trap traps[256];
};

extern struct vcpu vcpu;
#define this_domain (*(struct domain *)PVN_PRIVATE_VA)
#define this_vcpu (this_domain.vcpu[vcpu.id])	/* this one's */

/* The page set and its parts. */
#define pset(offset, type) ((type *)(PVN_SHARED_VA + (offset)))
#define header		(*pset(PVN_HEADER_OFFSET, struct pvn_header))
#define port_table		pset(PVN_PORTS_OFFSET, struct pvn_port)
#define link_table		pset(PVN_LINKS_OFFSET, struct pvn_link)
#define pvcpu(i)	(*pset(PVN_VCPU_OFFSET + (i) * PVN_VCPU_STRIDE, struct pvn_vcpu))
#define shared_info_page (*pset(PVN_HEAP_OFFSET + PVN_HEAP_SHARED_INFO * PAGE_SIZE, struct shared_info))
#define e820_map	(*pset(PVN_E820_OFFSET, struct pvn_e820))
#define m2p		pset(PVN_M2P_OFFSET, uint64_t)

/* Something happened while the image ran (a kick, a timer): look before leaving. */
extern volatile uint32_t hv_exit_work;

void spin_lock_slow(uint32_t *l);	/* smp.c */

static inline void spin_lock(uint32_t *l)
{
	if (unlikely(__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE)))
		spin_lock_slow(l);
}

static inline void spin_unlock(uint32_t *l)
{
	__atomic_store_n(l, 0, __ATOMIC_RELEASE);
}

/* machine.c: requests to paravaned. */
int64_t machine_call(struct pvn_request *q, struct pvn_reply *r);
int64_t machine_call1(uint32_t op, uint64_t a0, uint64_t a1);
int domain_exists(domid_t domid);
void machine_console(const char *bytes, size_t n);
void machine_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void domain_shutdown(uint32_t reason) __attribute__((noreturn));
void domain_crash(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
#define BUG_ON(c) do { if (unlikely(c)) domain_crash("BUG at %s:%d", __FILE__, __LINE__); } while (0)

#endif
