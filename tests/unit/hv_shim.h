/* SPDX-License-Identifier: MIT */
/* The common code of the hv image in an ordinary process: windows at other addresses, a
 * platform that counts. */
#ifndef TESTS_HV_SHIM_H
#define TESTS_HV_SHIM_H

#include <hv/guest.h>
#include <hv/mm.h>

#define SHIM_PAGES	256
#define SHIM_MFN_BASE	0x10000UL
#define RAM(pfn)	(SHIM_MFN_BASE + PVN_HEAP_FRAMES + (pfn))

struct shim_counts {
	unsigned int data_selectors, selectors_lost, pages_filled;
	unsigned int flush_all, flush_range, flush_user, timers, waits, doorbells, yields, kicks, interrupts, restarts;
	uint64_t flushed_va, flushed_pages, flushed_l4;
};
extern struct shim_counts shim;

/* A fresh domain of SHIM_PAGES frames, nothing mapped, and a guest address space: L4 at RAM(0),
 * L3 1, L2 2, L1 3; VA = pfn << 12 for all frames, tables (0..3) read-only. */
void shim_reset(void);
#define SHIM_L4 RAM(0)
#define SHIM_L3 RAM(1)
#define SHIM_L2 RAM(2)
#define SHIM_L1 RAM(3)
uint64_t *shim_table(uint64_t mfn);
#define PTE(mfn, flags)	((uint64_t)(mfn) << PAGE_SHIFT | (flags))

/* machine_call's answer */
extern int64_t shim_machine_ret;
extern uint32_t shim_machine_op;
extern int64_t (*shim_machine_answer)(const struct pvn_request *q);	/* of machine_call, if set */
/* Serves every request in the machine's place, if set; r is NULL where the caller wants none. */
extern int64_t (*shim_machine)(const struct pvn_request *q, struct pvn_reply *r);
/* Called when the domain crashes, shuts down or sleeps for good, if set: does not return. */
extern void (*shim_ended)(const char *why);

#endif
