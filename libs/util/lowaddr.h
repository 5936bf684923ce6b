/* SPDX-License-Identifier: MIT */
/* The lowest address this host lets a process of ours have. */
#ifndef PVN_LOWADDR_H
#define PVN_LOWADDR_H

#include <stdint.h>

/*
 * 0 where page 0 can be mapped: vm.mmap_min_addr is 0, or the caller has CAP_SYS_RAWIO in the
 * host's first user namespace.  Else vm.mmap_min_addr (or what it is by default, unread).
 */
uint64_t pvn_lowest_address(void);

/* vm.mmap_min_addr, 65536 where it cannot be read. */
uint64_t pvn_mmap_min_addr(void);

#endif
