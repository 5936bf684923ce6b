/* SPDX-License-Identifier: MIT */
/*
 * Low addresses: found out by asking for one, since what decides (a capability in the first user
 * namespace, a security module) cannot be read off anywhere.  Called by the domain builder and
 * by paravaned.
 */
#include "config.h"
#include "libs/util/lowaddr.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

#define PROBE_BYTES	4096
#define MIN_ADDR_DEFAULT 0x10000

uint64_t pvn_mmap_min_addr(void)
{
	FILE *f = fopen("/proc/sys/vm/mmap_min_addr", "re");
	uint64_t min = MIN_ADDR_DEFAULT;

	if (!f)
		return min;
	if (fscanf(f, "%" SCNu64, &min) != 1)
		min = MIN_ADDR_DEFAULT;
	fclose(f);
	return min;
}

uint64_t pvn_lowest_address(void)
{
	void *p = mmap(NULL, PROBE_BYTES, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		return pvn_mmap_min_addr();
	munmap(p, PROBE_BYTES);
	return p == NULL ? 0 : pvn_mmap_min_addr();
}
