/* SPDX-License-Identifier: MIT */
/*
 * Which domains need addresses below vm.mmap_min_addr: those whose first page tables map one.
 * Called when the process is made, for sandbox.c to leave it the one capability that lets it have
 * them.
 *
 * The tables are the domain's own and may say anything.  They are read with bounded reads, and all a
 * false answer does is to give, or not give, a capability that the system call filter makes good
 * for nothing but mapping the domain's own memory there.
 */
#include "config.h"
#include "paravaned/lowmap.h"

#include <stdint.h>
#include <unistd.h>
#include <xen/xen.h>

#include "libs/util/lowaddr.h"
#include "paravaned/domain.h"

#define PTE_PRESENT	1UL
#define PTE_FRAME(e)	((e) >> PVN_PAGE_SHIFT & 0xffffffffffUL)
#define L1_ENTRIES	512

/* Entries first..first+n of the table in frame mfn; false if that is no RAM of the domain. */
static bool table_read(const struct domain *d, uint64_t mfn, uint64_t *entry, size_t n)
{
	uint64_t i = mfn - d->range.base - PVN_HEAP_FRAMES;
	ssize_t bytes = (ssize_t)(n * sizeof(*entry));

	if (mfn < d->range.base + PVN_HEAP_FRAMES || i >= d->range.frames - PVN_HEAP_FRAMES)
		return false;
	return pread(d->mem_fd, entry, (size_t)bytes, (off_t)(i << PVN_PAGE_SHIFT)) == bytes;
}

bool lowmap_wanted(const struct domain *d)
{
	const struct vcpu_guest_context *c =
		(const struct vcpu_guest_context *)(d->shared + PVN_CONTEXT_OFFSET);
	uint64_t mfn = xen_cr3_to_pfn(c->ctrlreg[3]), entry[L1_ENTRIES];
	uint64_t low = pvn_mmap_min_addr() >> PVN_PAGE_SHIFT, i;
	int level;

	if (low > L1_ENTRIES)
		low = L1_ENTRIES;
	for (level = 4; level > 1; level--) {
		if (!table_read(d, mfn, entry, 1) || !(entry[0] & PTE_PRESENT))
			return false;
		mfn = PTE_FRAME(entry[0]);
	}
	if (!table_read(d, mfn, entry, low))
		return false;
	for (i = 0; i < low; i++)
		if (entry[i] & PTE_PRESENT)
			return true;
	return false;
}
