/* SPDX-License-Identifier: MIT */
/*
 * The test guests' runtime: a PV kernel just big enough to ask the hypervisor questions.
 *
 * A guest is one file of TEST()s linked with libguest.a.  It runs every test in the order of
 * the file, prints one line each to the console ring and by console_io, then
 * "N passed, N failed, N skipped", and powers off.  tests/system/guests.sh reads that.
 * The command line may have `only=PREFIX` (run tests whose name starts so).
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define BASE		0x10000000UL	/* VIRT_BASE */
#define PAGE_SIZE	4096UL
#define PTE_P		0x001UL
#define PTE_RW		0x002UL
#define PTE_US		0x004UL
#define PTE_A		0x020UL
#define PTE_D		0x040UL
#define PTE_KERNEL	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)	/* what guests write */
#define PTE_MFN(e)	((e) >> 12 & 0xffffffffffUL)
#define PAGE_ALIGNED	__attribute__((aligned(4096), section(".bss.pages")))

/* --- start of day --- */
extern start_info_t *si;
extern shared_info_t *shared;		/* mapped before the first test */
struct start_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rflags;
	uint16_t ds, es, fs, gs;
};
extern struct start_regs start_regs;
extern char _image[], _end[], stack[], stack_end[], hypercall_page[];

/* --- hypercalls --- */
/* The hypercall page, NULL in a guest linked with bare.S. */
static inline const uint8_t *page_or_null(void)
{
	const uint8_t *p = (const uint8_t *)hypercall_page;

	__asm__("" : "+r"(p));
	return p;
}
long hcall(unsigned nr, ...);		/* up to 5 arguments, each cast to long */
#define HC(nr, ...)	hcall(__HYPERVISOR_##nr, ##__VA_ARGS__)
/* One bare SYSCALL, arguments as the ABI has them. */
long hcall_bare(unsigned nr, long a1, long a2, long a3, long a4, long a5);

/* What asking about a domain that is not there says: Xen knows ESRCH; an image that cannot see
 * other domains at all says EPERM for each. */
static inline bool no_such_domain(long ret) { return ret == -XEN_ESRCH || ret == -XEN_EPERM; }

#ifndef CONFORMANCE_H	/* those have outcomes of their own */
/* --- tests --- */
struct test {
	const char *name;
	void (*fn)(void);
};
#define STR2(x)	#x
#define STR(x)	STR2(x)
#define TEST(n)									\
	static void n(void);							\
	static const struct test test_##n					\
		__attribute__((used, aligned(8), section(".tests." STR(__LINE__)))) = { #n, n }; \
	static void n(void)
void test_fail(const char *file, int line, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void test_skip(const char *why);
void test_report(const char *name);	/* print the verdict of what ran since the last one */
#define CHECK(cond, ...)							\
	do { if (!(cond)) test_fail(__FILE__, __LINE__, #cond, __VA_ARGS__); } while (0)
#define CHECK_EQ(got, want)							\
	do { long got_ = (long)(got), want_ = (long)(want); if (got_ != want_)	\
		test_fail(__FILE__, __LINE__, #got " == " #want, "is %ld (%#lx), not %ld",	\
			  got_, (unsigned long)got_, want_); } while (0)
#endif

/* --- console --- */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void console_write(const char *s, size_t n);
/* A command-line word NAME=VALUE; NULL if absent.  The value ends at a blank or the end. */
const char *option(const char *name);
unsigned long option_number(const char *name, unsigned long otherwise);
void guest_shutdown(unsigned reason) __attribute__((noreturn));

/* --- traps --- */
struct regs {			/* as start.S pushes */
	uint64_t r15, r14, r13, r12, r10, r9, r8, rbp, rdi, rsi, rdx, rbx, rax;
	uint64_t vector, rcx, r11, error, rip, cs, rflags, rsp, ss;
};
#define REGS_SAVED_MASK(r)	((r)->cs >> 32 & 0xff)	/* evtchn_upcall_mask before the trap */
extern char trap_0[], trap_1[], trap_2[], trap_3[], trap_4[], trap_5[], trap_6[], trap_7[], trap_10[],
	trap_11[], trap_12[], trap_13[], trap_14[], trap_16[], trap_17[], trap_19[], trap_80[],
	upcall_entry[], failsafe_entry[];
extern struct regs last_trap;		/* the last trap taken */
extern unsigned trap_count;
extern uint64_t last_cr2;
extern uint8_t last_mask;		/* evtchn_upcall_mask as the handler found it */
extern uint64_t trap_frame_rsp;		/* rsp at the handler's first instruction */
/* Runs before anything else on a trap; true = handled, return to r. */
extern bool (*trap_hook)(struct regs *r);
/* Call fn(arg); true if a trap ended it (then last_trap tells), false if it returned. */
bool catch_call(void (*fn)(void *), void *arg);
void traps_install(void);		/* done before the first test */
void trap_set(unsigned vector, unsigned flags, const void *handler);
void regs_print(const struct regs *r);

/* --- memory --- */
void mm_init(void);
void *page_alloc(void);			/* a zeroed page of the initial mapping, never given back */
uint64_t pfn_mfn(uint64_t pfn);
uint64_t va_pfn(const void *va);	/* of the initial mapping */
static inline uint64_t va_mfn(const void *va) { return pfn_mfn(va_pfn(va)); }
void *mfn_va(uint64_t mfn);		/* the initial mapping's address of our frame */
uint64_t *pte_of(const void *va, unsigned level);	/* 1..4; NULL if there is none */
uint64_t pte_maddr(const void *va);	/* machine address of the L1 entry */
long map_va(const void *va, uint64_t pte);		/* update_va_mapping, local invlpg */
long page_protect(const void *va, bool writable);
extern const uint64_t *m2p;		/* NULL if XENMEM_machphys_mapping failed */

/* --- events and time --- */
extern volatile unsigned upcall_count;
extern volatile uint64_t port_seen[64];	/* bits of ports whose event the upcall has taken */
extern void (*volatile upcall_hook)(void);
void events_install(void);
extern vcpu_info_t *vcpu_area;		/* where vCPU 0's vcpu_info is: in shared until moved */
static inline vcpu_info_t *vcpu0(void) { return vcpu_area; }
void events_mask(void);
void events_unmask(void);		/* with the forced hypercall that takes what is pending */
long evtchn_op(int cmd, void *arg);
int port_ipi(void);			/* a fresh IPI port of vCPU 0, unmasked; < 0 errno */
void port_close(unsigned port);
void port_mask(unsigned port, bool masked);
bool port_pending(unsigned port);
void port_clear(unsigned port);
bool port_taken(unsigned port);		/* seen by the upcall since the last port_forget */
void port_forget(unsigned port);
uint64_t now_ns(void);			/* pvclock system time */
uint64_t rdtsc(void);

/* --- libc's few --- */
void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int format(char *buf, size_t size, const char *fmt, __builtin_va_list ap);

#define barrier()	__asm__ volatile("" ::: "memory")
#define mb()		__asm__ volatile("mfence" ::: "memory")

#endif
