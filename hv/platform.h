/* SPDX-License-Identifier: MIT */
/*
 * The platform contract: all that hypercalls/ and the common part of hv/ ask of what
 * they run on.  The process platform (hv/process/) answers with host system calls.
 *
 * Tour: 4.
 */
#ifndef HV_PLATFORM_H
#define HV_PLATFORM_H

#include <hv/hv.h>

/* The running guest's address translations are a cache of its page tables.
 * Each of these may be called with mm_lock held and cannot fail. */
void platform_flush_page(uint64_t va);			/* forget one page of the current tables, user mode's too */
void platform_flush_range(uint64_t va, uint64_t pages);	/* of the kernel's */
void platform_flush_user(uint64_t va, uint64_t pages, uint64_t l4_mfn);	/* of user mode's behind this L4, 0 = any */
void platform_new_tables(void);			/* the kernel has other tables; user mode has not */
void platform_table_gone(uint64_t mfn);			/* this L4 is no table any more */
/* Make the page at va usable for an access the guest's tables allow: 0, or -EFAULT if
 * the platform cannot map there (then *why says so). */
int platform_map(uint64_t va, const char **why);

/* Guest virtual addresses the platform can give a guest end here. */
uint64_t platform_va_end(void);

/* Load a segment base for the guest: 0 FS, 1 GS. */
void platform_set_segment_base(int which, uint64_t base);
uint64_t platform_get_segment_base(int which);
/* Put a flat selector into the guest's DS (0) or ES (1); is it still there? */
void platform_set_data_selector(int which);
int platform_data_selector_kept(int which);

/* Interrupt the guest at system time `ns`, with hv_exit_work and timer_due set. */
void platform_set_timer(uint64_t ns);
/* Sleep until woken, or until system time `until` (0 = no limit).  May return early.
 * `now` and the value returned are system time: clocks are read seldom on this path. */
uint64_t platform_wait(uint64_t now, uint64_t until);
void platform_yield(void);
/* Wake that vCPU, if it sleeps, or have it look for work before it goes on with the guest. */
void platform_kick(unsigned int v);
/* Have that vCPU leave the guest for a moment, or acknowledge that it is not there (tlb.c). */
void platform_interrupt(unsigned int v);
/* A vCPU that is down: sleep until platform_restart() of it and it is up again. */
void platform_rest(void);
void platform_restart(unsigned int v);


/* Ring doorbell `link` (wake its sleeping reader). */
void platform_doorbell(unsigned int link);

/* One request to the machine and its reply; rep may be NULL for one-way requests.
 * Returns 0, or -EIO when the machine is gone. */
int platform_machine(const struct pvn_request *q, struct pvn_reply *rep);

/* Run the guest with vcpu.regs.  Does not return. */
void platform_enter_guest(void) __attribute__((noreturn));
/* Address the hypercall page calls. */
extern const char hv_hypercall_entry[], hv_iret_entry[];

void platform_stop(void) __attribute__((noreturn));	/* wait to be ended */

#endif
