/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: frames for other frames, the same number in other extents.
 *
 * Chunk by chunk: the larger of the two extents, at most 512 frames.  What goes in must be in
 * no use at all.  What comes out are free frames of the domain's range, or the very frames
 * that went in: the machine swaps those that differ in one request, so that the reservation
 * neither grows nor shrinks meanwhile.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/memory.h>
#include <hv/mm.h>
#include <xen/memory.h>

#define CHUNK_MAX	(1UL << EXTENT_ORDER_MAX)

struct exchange {
	struct xen_memory_exchange x;
	uint64_t limit;
	unsigned int in_chunk, out_chunk;	/* log2 of the extents of a chunk */
	uint64_t frame[CHUNK_MAX];		/* what goes in, frame by frame */
	uint64_t nr;
};

static struct pvn_request q;
static struct pvn_reply r;

static void unmark(struct exchange *e)
{
	while (e->nr)
		mfn_page(e->frame[--e->nr])->freeing = 0;
}

/* `freeing` marks a frame that is in the chunk, so that it cannot be there twice. */
static int take_frame(struct exchange *e, uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg || pg->count || pg->freeing)
		return -XEN_EINVAL;
	pg->freeing = 1;
	e->frame[e->nr++] = mfn;
	return 0;
}

static int take_chunk(struct exchange *e, uint64_t chunk)
{
	uint64_t j, k, mfn;
	int rc;

	e->nr = 0;
	for (j = 0; j < 1UL << e->in_chunk; j++) {
		uint64_t slot = (uint64_t)e->x.in.extent_start.p + ((chunk << e->in_chunk) + j) * 8;

		if (copy_from_guest(&mfn, slot, sizeof(mfn)))
			return -XEN_EFAULT;
		for (k = 0; k < 1UL << e->x.in.extent_order; k++) {
			rc = take_frame(e, mfn + k);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* Free, or about to be. */
static int usable(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	return !pg || (pg->freeing && !pg->count);
}

/* An aligned run of e->nr frames below the limit, 0 = there is none. */
static uint64_t find_run(const struct exchange *e)
{
	uint64_t end = this_domain.ram_mfn + this_domain.ram_frames, mfn, k;

	if (end > e->limit)
		end = e->limit;
	for (mfn = (this_domain.ram_mfn + e->nr - 1) & ~(e->nr - 1); mfn + e->nr <= end; mfn += e->nr) {
		for (k = 0; k < e->nr && usable(mfn + k); k++)
			continue;
		if (k == e->nr)
			return mfn;
	}
	return 0;
}

/* Make the run the domain's and those that went in, but for what is in both, the machine's. */
static int swap(const struct exchange *e, uint64_t run)
{
	uint32_t *give = (uint32_t *)q.data;
	uint64_t i, n = 0;

	_Static_assert(CHUNK_MAX * sizeof(*give) <= PVN_DATA_MAX, "a chunk fits a request");
	tlb_flush_stale_on(TLB_EVERYWHERE); /* no mapping may outlive the use */
	for (i = 0; i < e->nr; i++)
		if (e->frame[i] - run >= e->nr)
			give[n++] = (uint32_t)(e->frame[i] - this_domain.ram_mfn);
	if (n) {
		q.op = PVN_REQ_MEM_EXCHANGE;
		q.a[0] = run;
		q.a[1] = e->nr;
		q.len = (uint32_t)(n * sizeof(*give));
		if (machine_call(&q, &r) < 0)
			return -XEN_ENOMEM;
	}
	for (i = 0; i < e->nr; i++) {
		struct page_info *pg = mfn_page(e->frame[i]);

		pg->freeing = 0;
		pg->type = PGT_none;
		if (e->frame[i] - run < e->nr) {
			memset(mfn_ptr(e->frame[i]), 0, PAGE_SIZE);
			continue;
		}
		pg->released ^= 1;
		this_domain.tot_pages--;
	}
	for (i = 0; i < e->nr; i++)
		if (!mfn_page(run + i))
			memory_frame_given(run + i, PVN_PFN_NONE);
	return 0;
}

/* Tell the guest, and the M2P. */
static int hand_out(const struct exchange *e, uint64_t chunk, uint64_t run)
{
	uint64_t j, k, pfn, size = 1UL << e->x.out.extent_order;
	int rc = 0;

	for (j = 0; j < 1UL << e->out_chunk; j++) {
		uint64_t slot = (uint64_t)e->x.out.extent_start.p + ((chunk << e->out_chunk) + j) * 8;
		uint64_t mfn = run + j * size;

		if (copy_from_guest(&pfn, slot, sizeof(pfn))) {
			rc = -XEN_EFAULT;
			continue;
		}
		for (k = 0; k < size; k++)
			m2p[mfn + k - this_domain.mfn_base] = pfn + k;
		if (copy_to_guest(slot, &mfn, sizeof(mfn)))
			rc = -XEN_EFAULT;
	}
	return rc;
}

static int one_chunk(struct exchange *e, uint64_t chunk)
{
	int rc = take_chunk(e, chunk);
	uint64_t run = 0;

	if (!rc) {
		/* An extent that is split keeps its frames, where they lie low enough. */
		if (!e->in_chunk && e->frame[0] + e->nr <= e->limit)
			run = e->frame[0];
		else
			run = find_run(e);
		rc = run ? swap(e, run) : -XEN_ENOMEM;
	}
	if (rc) {
		unmark(e);
		return rc;
	}
	return hand_out(e, chunk, run);
}

/* Xen's checks, in its order. */
static int check(struct exchange *e)
{
	struct xen_memory_exchange *x = &e->x;
	uint64_t out_first;

	if (!memory_extent_allowed(x->in.extent_order) || !memory_extent_allowed(x->out.extent_order))
		return -XEN_EPERM;
	if (x->nr_exchanged > x->in.nr_extents || x->in.domid != x->out.domid ||
	    (~0UL >> x->in.extent_order) < x->in.nr_extents ||
	    (~0UL >> x->out.extent_order) < x->out.nr_extents ||
	    x->in.nr_extents << x->in.extent_order != x->out.nr_extents << x->out.extent_order)
		return -XEN_EINVAL;
	if (x->in.extent_order <= x->out.extent_order) {
		e->in_chunk = x->out.extent_order - x->in.extent_order;
		e->out_chunk = 0;
		out_first = x->nr_exchanged >> e->in_chunk;
	} else {
		e->in_chunk = 0;
		e->out_chunk = x->in.extent_order - x->out.extent_order;
		out_first = x->nr_exchanged << e->out_chunk;
	}
	/* A list that ends before it begins is empty; one that wraps around is none. */
	if (x->nr_exchanged < x->in.nr_extents &&
	    (!guest_range_ok((uint64_t)x->in.extent_start.p, x->nr_exchanged, x->in.nr_extents) ||
	     !guest_range_ok((uint64_t)x->out.extent_start.p, out_first, x->out.nr_extents)))
		return -XEN_EFAULT;
	e->limit = memory_mfn_limit(x->out.mem_flags);
	return memory_own_domain(x->in.domid);
}

long memory_exchange(uint64_t arg)
{
	static struct exchange e;
	uint64_t i, first, end, field = arg + offsetof(struct xen_memory_exchange, nr_exchanged);
	long rc;

	if (copy_from_guest(&e.x, arg, sizeof(e.x)))
		return -XEN_EFAULT;
	rc = check(&e);
	if (rc)
		goto out;
	first = e.x.nr_exchanged >> e.in_chunk;
	end = e.x.in.nr_extents >> e.in_chunk;
	for (i = first; i < end; i++) {
		if (i != first && hypercall_preempt_check()) {
			e.x.nr_exchanged = i << e.in_chunk;
			if (copy_to_guest(field, &e.x.nr_exchanged, sizeof(e.x.nr_exchanged)))
				return -XEN_EFAULT;
			return hypercall_continue(__HYPERVISOR_memory_op, XENMEM_exchange, arg, 0, 0);
		}
		mm_enter();
		rc = one_chunk(&e, i);
		mm_leave();
		if (rc)
			break;
	}
	e.x.nr_exchanged = i == end ? e.x.in.nr_extents : i << e.in_chunk;
out:
	if (copy_to_guest(field, &e.x.nr_exchanged, sizeof(e.x.nr_exchanged)))
		rc = -XEN_EFAULT;
	return rc;
}
