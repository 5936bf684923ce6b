/* SPDX-License-Identifier: MIT */
/*
 * __HYPERVISOR_memory_op from the control domain, mostly on behalf of a domain it builds.
 *
 * The reservation calls return the number of extents done, as Xen's do: less than asked means
 * that there is no more, a bad pointer gives 0.
 */
#include "config.h"
#include "paravaned/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <xen/memory.h>

#include "paravaned/buffers.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"
#include "libs/util/log.h"

#define MAX_ORDER	18	/* CONFIG_DOM0_MAX_ORDER of Xen on x86 */
#define BATCH		512

/* Extents go through here in batches: copied in, worked on, and the results copied out. */
struct batch {
	struct client *c;
	struct domain *d;
	struct xen_memory_reservation r;
	xen_pfn_t extent[BATCH];
};

static struct domain *lookup(domid_t domid)
{
	return domid == DOMID_SELF ? dom0 : domain_by_id(domid);
}

/* Returns how many of the first n extents were done. */
typedef unsigned int batch_fn(struct batch *b, unsigned int n);

static unsigned int populate_batch(struct batch *b, unsigned int n)
{
	unsigned int i;
	uint64_t mfn;

	for (i = 0; i < n; i++) {
		if (b->extent[i] >= PVN_MAX_MFN ||
		    memory_populate(b->d, b->extent[i], b->r.extent_order, &mfn))
			break;
		b->extent[i] = mfn;
	}
	return i;
}

static unsigned int decrease_batch(struct batch *b, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (memory_release(b->d, b->extent[i], 1UL << b->r.extent_order))
			break;
	return i;
}

static int64_t reservation(struct client *c, uint64_t arg, batch_fn *fn, bool out)
{
	static struct batch b;
	uint64_t done = 0, va;

	b.c = c;
	if (copy_from_client(c, &b.r, arg, sizeof(b.r)) || b.r.extent_order > MAX_ORDER)
		return 0;
	b.d = lookup(b.r.domid);
	if (!b.d || b.d == dom0 || b.r.nr_extents > PVN_MAX_MFN)
		return 0;
	va = (uint64_t)b.r.extent_start.p;
	while (done < b.r.nr_extents) {
		unsigned int n = b.r.nr_extents - done < BATCH ? (unsigned int)(b.r.nr_extents - done) : BATCH, k;

		if (copy_from_client(c, b.extent, va + done * 8, n * 8))
			break;
		k = fn(&b, n);
		if (out && k && copy_to_client(c, va + done * 8, b.extent, k * 8))
			break;
		done += k;
		if (k < n)
			break;
	}
	return (int64_t)done;
}

static int64_t one_domain(struct client *c, uint64_t arg, uint64_t cmd)
{
	struct xen_memory_domain md;
	struct domain *d;

	if (copy_from_client(c, &md, arg, sizeof(md)))
		return -EFAULT;
	d = lookup(md.domid);
	if (!d)
		return -ESRCH;
	if (d == dom0)
		return (int64_t)(machine.total_pages - (cmd == XENMEM_maximum_reservation ? 0 : machine.used_pages));
	switch (cmd) {
	case XENMEM_current_reservation:
		return (int64_t)d->tot_pages;
	case XENMEM_maximum_reservation:
		return (int64_t)d->max_pages;
	default:
		return d->range.frames ? (int64_t)(d->range.frames - PVN_HEAP_FRAMES - 1) : 0;
	}
}

static int64_t claim(struct client *c, uint64_t arg)
{
	struct xen_memory_reservation r;
	struct domain *d;

	if (copy_from_client(c, &r, arg, sizeof(r)))
		return -EFAULT;
	if (r.extent_start.p || r.extent_order || r.mem_flags)
		return -EINVAL;
	d = lookup(r.domid);
	if (!d)
		return -ESRCH;
	return d == dom0 ? -EINVAL : memory_claim(d, r.nr_extents);
}

/* For the guest to read: the image hands it out as it is. */
static int64_t set_memory_map(struct client *c, uint64_t arg)
{
	static uint8_t entry[PVN_E820_MAX][20];
	struct xen_foreign_memory_map m;
	struct pvn_e820 *e820;
	struct domain *d;

	if (copy_from_client(c, &m, arg, sizeof(m)))
		return -EFAULT;
	if (m.map.nr_entries > PVN_E820_MAX)
		return -EINVAL;
	d = lookup(m.domid);
	if (!d)
		return -ESRCH;
	if (copy_from_client(c, entry, (uint64_t)m.map.buffer.p, m.map.nr_entries * sizeof(entry[0])))
		return -EFAULT;
	if (d == dom0 || !d->shared)
		return 0; /* nobody would read it */
	e820 = (struct pvn_e820 *)(d->shared + PVN_E820_OFFSET);
	memcpy(e820->entry, entry, m.map.nr_entries * sizeof(entry[0]));
	__atomic_store_n(&e820->nr, m.map.nr_entries, __ATOMIC_RELEASE);
	return 0;
}

int64_t memory_op(struct client *c, uint64_t cmd, uint64_t arg)
{
	switch (cmd) {
	case XENMEM_increase_reservation:
	case XENMEM_populate_physmap:
		return reservation(c, arg, populate_batch, true);
	case XENMEM_decrease_reservation:
		return reservation(c, arg, decrease_batch, false);
	case XENMEM_maximum_ram_page:
		return (int64_t)frame_range_end() - 1;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return one_domain(c, arg, cmd);
	case XENMEM_claim_pages:
		return claim(c, arg);
	case XENMEM_set_memory_map:
		return set_memory_map(c, arg);
	default:
		if (machine.trace)
			pvn_log(LOG_INFO, "memory_op %lu: not served", cmd);
		return -ENOSYS;
	}
}
