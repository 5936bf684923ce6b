/* SPDX-License-Identifier: MIT */
/* Start of day, and the entry points the pieces of the core have for it. */
#ifndef PV_BOOT_H
#define PV_BOOT_H

#include <pv/types.h>
#include <pv/mm.h>
#include <pv/cpu.h>
#include <xen/xen.h>

extern struct start_info *start_info;
extern struct shared_info shared_info;	/* a page of .bss with the shared frame put in its place */
extern char kernel_start[], text_end[], kernel_end[];

void cmdline_init(const char *text);
void traps_init(void);
void mm_init(void);
pfn_t boot_mfn_to_pfn(mfn_t mfn);
void clock_init(uint64_t entry_tsc);
void vcpu_info_init(struct cpu *c);
void events_init(void);
void timer_start(void);
void console_init(void);
void console_connect(void);
void grant_init(void);
void xenstore_init(void);
void initcalls_run(unsigned int level);
void xenbus_start(void);
void shell_main(void);

#endif
