/* SPDX-License-Identifier: MIT */
/*
 * memory_op (<xen/memory.h>): queries, and the reservation with the machine's help.
 *
 * increase, decrease and populate return the number of extents done, never an errno; the
 * number done so far comes back in the high bits of cmd when they stop for an event.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/memory.h>
#include <hv/mm.h>
#include <xen/memory.h>

#define MEMOP_CMD_MASK	63
#define MEMOP_SHIFT	6
#define LOCK_BATCH	64

static struct pvn_request q;
static struct pvn_reply r;

int memory_extent_allowed(unsigned int order)
{
	return order <= EXTENT_ORDER_MAX;
}

uint64_t memory_mfn_limit(unsigned int mem_flags)
{
	unsigned int bits = XENMEMF_get_address_bits(mem_flags);

	if (!bits || bits >= PVN_MAX_MFN_ORDER + PAGE_SHIFT)
		return PVN_MAX_MFN;
	return bits <= PAGE_SHIFT ? 0 : 1UL << (bits - PAGE_SHIFT);
}

void memory_frame_given(uint64_t mfn, uint64_t pfn)
{
	struct page_info *pg = mfn_slot(mfn);
	uint64_t before = this_domain.tot_pages;

	/* (To look may itself take a frame over, where others transfer frames to us.) */
	if (!pg || (mfn_page(mfn) && this_domain.tot_pages == before))
		domain_crash("the machine gave frame %#lx, which cannot be", mfn);
	this_domain.tot_pages = before;
	memset(pg, 0, sizeof(*pg));
	pg->released = mfn - this_domain.ram_mfn >= header.nr_pages;
	this_domain.tot_pages++;
	m2p[mfn - this_domain.mfn_base] = pfn;
}

/* One extent of new frames, all of them below limit. */
static int populate_extent(uint64_t pfn, unsigned int order, uint64_t limit, uint64_t *mfn_out)
{
	uint64_t i, mfn;

	q.op = PVN_REQ_MEM_POPULATE;
	/* Where the pfn would lie, or for a limit the lowest there are. */
	q.a[0] = limit < PVN_MAX_MFN || pfn >= PVN_MAX_MFN ? PVN_PFN_NONE : pfn;
	q.a[1] = order;
	q.len = 0;
	if (machine_call(&q, &r) < 0)
		return 0;
	mfn = r.a[0];
	for (i = 0; i < 1UL << order; i++)
		memory_frame_given(mfn + i, pfn == PVN_PFN_NONE ? pfn : pfn + i);
	if (mfn + (1UL << order) > limit) {
		for (i = 0; i < 1UL << order; i++)
			page_release(mfn + i);
		return 0;
	}
	*mfn_out = mfn;
	return 1;
}

static int decrease_extent(uint64_t mfn, unsigned int order)
{
	uint64_t i;

	for (i = 0; i < 1UL << order; i++) {
		if (!mfn_page(mfn + i))
			return 0;
		page_release(mfn + i);
	}
	return 1;
}

/* One extent; 0 ends the call, with those before it done. */
static int one_extent(uint64_t cmd, const struct xen_memory_reservation *m, uint64_t limit, uint64_t i)
{
	uint64_t slot = (uint64_t)m->extent_start.p + i * sizeof(uint64_t), frame = PVN_PFN_NONE, out;

	if (cmd != XENMEM_increase_reservation && copy_from_guest(&frame, slot, sizeof(frame)))
		return 0;
	if (cmd == XENMEM_decrease_reservation)
		return decrease_extent(frame, m->extent_order);
	/* increase_reservation has no pfn to give: the frame gets none in the M2P */
	if (!populate_extent(frame, m->extent_order, limit, &out))
		return 0;
	return (cmd == XENMEM_increase_reservation && !m->extent_start.p) ||
	       !copy_to_guest(slot, &out, sizeof(out));
}

static int reservation_ok(uint64_t cmd, const struct xen_memory_reservation *m, uint64_t start)
{
	if (m->nr_extents > UINT32_MAX >> MEMOP_SHIFT || start >= m->nr_extents)
		return 0;
	if (!memory_mfn_limit(m->mem_flags) || (m->domid != DOMID_SELF && m->domid != header.domid))
		return 0;
	if (cmd == XENMEM_populate_physmap && (m->mem_flags & XENMEMF_populate_on_demand))
		return 0; /* not on oneself */
	return memory_extent_allowed(m->extent_order) && guest_handle_ok((uint64_t)m->extent_start.p + start * 8);
}

static long reservation(uint64_t cmd, uint64_t start, uint64_t arg)
{
	struct xen_memory_reservation m;
	uint64_t i;

	if (copy_from_guest(&m, arg, sizeof(m)) || !reservation_ok(cmd, &m, start))
		return (long)start;
	mm_enter();
	for (i = start; i < m.nr_extents; i++) {
		if (i != start && hypercall_preempt_check()) {
			mm_leave();
			return hypercall_continue(__HYPERVISOR_memory_op, cmd | i << MEMOP_SHIFT, arg, 0, 0);
		}
		if (i % LOCK_BATCH == LOCK_BATCH - 1) {
			mm_leave();
			mm_enter();
		}
		if (!one_extent(cmd, &m, memory_mfn_limit(m.mem_flags), i))
			break;
	}
	mm_leave();
	return (long)i;
}

/* The domain a query or change is about: only this one is. */
int memory_own_domain(domid_t d)
{
	if (d == DOMID_SELF || d == header.domid)
		return 0;
	return domain_exists(d) ? -XEN_EPERM : -XEN_ESRCH;
}

static long query(uint64_t cmd, uint64_t arg)
{
	struct xen_memory_domain md;
	uint64_t n;
	int rc;

	if (copy_from_guest(&md, arg, sizeof(md)))
		return -XEN_EFAULT;
	rc = memory_own_domain(md.domid);
	if (rc)
		return rc;
	if (cmd == XENMEM_current_reservation)
		return (long)(this_domain.tot_pages + READ_ONCE(header.transfers) - this_domain.transfers_seen);
	if (cmd == XENMEM_maximum_reservation)
		return (long)header.max_pages;
	n = shared_info_page.arch.max_pfn; /* what a PV guest writes there is a number of frames */
	return n ? (long)(n - 1) : 0;
}

long do_memory_op(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t cmd = op & MEMOP_CMD_MASK, start = op >> MEMOP_SHIFT;

	switch (cmd) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return reservation(cmd, start, arg);
	case XENMEM_exchange:
		return memory_exchange(arg);
	case XENMEM_maximum_ram_page:
		return (long)PVN_MAX_MFN - 1;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return query(cmd, arg);
	}
	return memory_map_op(cmd, start, arg);
}
