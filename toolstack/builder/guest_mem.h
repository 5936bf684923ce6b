/* SPDX-License-Identifier: MIT */
/*
 * The builder's way into a domain's memory: an ops struct, so that the unit tests build into a
 * plain buffer.  Only what is written gets mapped, and untouched pages stay unallocated.
 */
#ifndef PVN_BUILDER_GUEST_MEM_H
#define PVN_BUILDER_GUEST_MEM_H

#include <stdint.h>
#include <xen/xen.h>

struct guest_mem {
	const xen_pfn_t *p2m;	/* mfn of each pfn */
	uint64_t nr_pages;
	/* nr frames from pfn as one writable range, nr >= 1, pfn + nr <= nr_pages; NULL with errno. */
	void *(*map)(struct guest_mem *m, uint64_t pfn, uint64_t nr);
	void (*unmap)(struct guest_mem *m, void *p, uint64_t nr);
};

#endif
