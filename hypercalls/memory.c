/* SPDX-License-Identifier: MIT */
/*
 * memory_op (<xen/memory.h>): queries here, the reservation with the machine's help.
 * increase, decrease and populate return the number of extents done, never an errno.
 */
#include <hypercalls/dispatch.h>
#include <hv/mm.h>
#include <xen/memory.h>

#define MEMOP_CMD_MASK	63
#define EXTENT_ORDER_MAX 9
#define BATCH		(PVN_DATA_MAX / sizeof(uint64_t))

static struct pvn_request q;
static struct pvn_reply r;

/* Give one run back.  The machine says how many frames of it have gone. */
static int release_run(uint64_t mfn, uint64_t n)
{
	uint64_t i, *list = (uint64_t *)q.data;
	int64_t done;

	for (i = 0; i < n; i++)
		list[i] = mfn + i;
	q.op = PVN_REQ_MEM_RELEASE;
	q.len = (uint32_t)(n * sizeof(uint64_t));
	done = machine_call(&q, &r);
	for (i = 0; (int64_t)i < done && i < n; i++) {
		mfn_page(mfn + i)->released ^= 1;
		this_domain.tot_pages--;
	}
	return done == (int64_t)n;
}

/* Frames must be the domain's and in no use at all: a mapping keeps its frame. */
static int release_extent(uint64_t mfn, unsigned int order)
{
	uint64_t i, part, n = 1UL << order;

	for (i = 0; i < n; i++) {
		struct page_info *pg = mfn_page(mfn + i);

		if (!pg || pg->count)
			return 0;
	}
	tlb_flush_stale_on(TLB_EVERYWHERE);
	for (i = 0; i < n; i += part) {
		part = n - i < BATCH ? n - i : BATCH;
		if (!release_run(mfn + i, part))
			return 0;
	}
	return 1;
}

static int populate_extent(uint64_t pfn, unsigned int order, uint64_t *mfn_out)
{
	uint64_t i, mfn;

	q.op = PVN_REQ_MEM_POPULATE;
	q.a[0] = pfn;
	q.a[1] = order;
	q.len = 0;
	if (machine_call(&q, &r) < 0)
		return 0;
	mfn = r.a[0];
	for (i = 0; i < 1UL << order; i++) {
		struct page_info *pg = mfn_slot(mfn + i);

		if (!pg || mfn_page(mfn + i))
			domain_crash("the machine gave frame %#lx, which cannot be", mfn + i);
		pg->released ^= 1;
		this_domain.tot_pages++;
	}
	*mfn_out = mfn;
	return 1;
}

static long reservation(uint64_t cmd, uint64_t start, uint64_t arg)
{
	struct xen_memory_reservation m;
	uint64_t i, frame, out;

	if (copy_from_guest(&m, arg, sizeof(m)))
		return (long)start;
	if (m.domid != DOMID_SELF && m.domid != header.domid)
		return (long)start;
	if (m.extent_order > EXTENT_ORDER_MAX)
		return (long)start;
	for (i = start; i < m.nr_extents; i++) {
		uint64_t slot = (uint64_t)m.extent_start.p + i * sizeof(frame);

		frame = 0;
		if ((m.extent_start.p || cmd != XENMEM_increase_reservation) &&
		    copy_from_guest(&frame, slot, sizeof(frame)))
			break;
		if (cmd == XENMEM_decrease_reservation) {
			if (!release_extent(frame, m.extent_order))
				break;
			continue;
		}
		/* increase_reservation has no pfn to give: the frame gets none in the M2P */
		if (!populate_extent(cmd == XENMEM_populate_physmap ? frame : PVN_PFN_NONE,
				     m.extent_order, &out))
			break;
		if (m.extent_start.p && copy_to_guest(slot, &out, sizeof(out)))
			break;
	}
	return (long)i;
}

static long query(uint64_t cmd, uint64_t arg)
{
	domid_t d;

	if (copy_from_guest(&d, arg, sizeof(d)))
		return -XEN_EFAULT;
	if (d != DOMID_SELF && d != header.domid)
		return -XEN_EPERM;
	if (cmd == XENMEM_current_reservation)
		return (long)(this_domain.tot_pages + READ_ONCE(header.transfers) - this_domain.transfers_seen);
	if (cmd == XENMEM_maximum_reservation)
		return (long)header.max_pages;
	return (long)shared_info_page.arch.max_pfn;
}

static long machphys_mapping(uint64_t arg)
{
	struct xen_machphys_mapping m = {
		.v_start = PVN_M2P_VA,
		.v_end = PVN_M2P_VA + PVN_MAX_MFN * sizeof(uint64_t),
		.max_mfn = PVN_MAX_MFN - 1,
	};

	return copy_to_guest(arg, &m, sizeof(m));
}

long do_memory_op(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t cmd = op & MEMOP_CMD_MASK, start = op >> 6;
	long rc;

	switch (cmd) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		mm_enter();
		rc = reservation(cmd, start, arg);
		mm_leave();
		return rc;
	case XENMEM_maximum_ram_page:
		return (long)PVN_MAX_MFN - 1;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return query(cmd, arg);
	case XENMEM_machphys_mapping:
		return machphys_mapping(arg);
	case XENMEM_add_to_physmap:
	case XENMEM_add_to_physmap_batch:
	case XENMEM_remove_from_physmap:
		return -XEN_EACCES; /* translated guests only */
	case XENMEM_machine_memory_map:
	case XENMEM_acquire_resource:
	case XENMEM_claim_pages:
		return -XEN_EPERM;
	case XENMEM_get_vnumainfo:
		return -XEN_EOPNOTSUPP;
	}
	return -XEN_ENOSYS;
}
