/* SPDX-License-Identifier: MIT */
/* The parts of memory_op, each in a file of its own. */
#ifndef HYPERCALLS_MEMORY_H
#define HYPERCALLS_MEMORY_H

#include <hv/hv.h>

#define EXTENT_ORDER_MAX	9	/* CONFIG_DOMU_MAX_ORDER of Xen */
#define PVN_MAX_MFN_ORDER	32	/* log2 of PVN_MAX_MFN */

/* memory.c */
int memory_extent_allowed(unsigned int order);
uint64_t memory_mfn_limit(unsigned int mem_flags);	/* frames must lie below; 0 = nonsense asked */
void memory_frame_given(uint64_t mfn, uint64_t pfn);	/* by the machine: it is the domain's now */
int memory_own_domain(domid_t d);			/* 0, -XEN_EPERM, -XEN_ESRCH */

/* memory_exchange.c, memory_map.c */
long memory_exchange(uint64_t arg);
long memory_map_op(uint64_t cmd, uint64_t start, uint64_t arg);

#endif
