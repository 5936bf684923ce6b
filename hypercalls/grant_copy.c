/* SPDX-License-Identifier: MIT */
/*
 * Copies by grant reference, and frames that change hands.  The machine copies, for it alone can
 * reach both sides; what concerns the use of our own frames is checked here.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/grant.h>
#include <hv/mm.h>
#include <xen/grant_table.h>

#define BATCH	(PVN_DATA_MAX / sizeof(struct pvn_grant_copy))

static struct pvn_request q;
static struct pvn_reply r;

static struct pvn_grant_copy *asked(uint32_t i)
{
	return (struct pvn_grant_copy *)q.data + i;
}

static uint64_t side(const struct gnttab_copy_ptr *p, int granted)
{
	return granted ? p->u.ref : p->u.gmfn;
}

/* A frame of ours that is written to is a writable page as long as that lasts. */
static void ask_for(uint32_t i, const struct gnttab_copy *op, uint64_t *held)
{
	struct pvn_grant_copy *c = asked(i);
	int dst_granted = op->flags & GNTCOPY_dest_gref;

	*c = (struct pvn_grant_copy){
		.src = side(&op->source, op->flags & GNTCOPY_source_gref),
		.dst = side(&op->dest, dst_granted),
		.src_domid = op->source.domid, .dst_domid = op->dest.domid,
		.src_offset = op->source.offset, .dst_offset = op->dest.offset,
		.len = op->len, .flags = op->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref),
	};
	*held = 0;
	if (dst_granted || !mfn_page(c->dst))
		return;
	if (page_get_type(c->dst, PGT_writable))
		c->flags |= PVN_COPY_DST_BAD;
	else
		*held = c->dst;
}

static int copy_batch(const struct gnttab_copy *ops, int16_t *status, uint32_t n)
{
	static uint64_t held[BATCH];
	uint32_t i;
	int bad;

	mm_enter();
	for (i = 0; i < n; i++)
		ask_for(i, &ops[i], &held[i]);
	mm_leave();
	q.op = PVN_REQ_GRANT_COPY;
	q.len = n * (uint32_t)sizeof(struct pvn_grant_copy);
	bad = machine_call(&q, &r) || r.len != q.len;
	mm_enter();
	for (i = 0; i < n; i++) {
		if (held[i])
			page_put_type(held[i]);
		status[i] = ((struct pvn_grant_copy *)r.data)[i].status;
	}
	mm_leave();
	return bad ? -XEN_EFAULT : 0;
}

long grant_op_copy(uint64_t uop, uint32_t count)
{
	static struct gnttab_copy ops[BATCH];
	static int16_t status[BATCH];
	uint32_t n, i;

	for (; count; count -= n, uop += n * sizeof(ops[0])) {
		int fault = 0;

		for (n = 0; n < count && n < BATCH && !fault; n += !fault)
			fault = copy_from_guest(&ops[n], uop + n * sizeof(ops[0]), sizeof(ops[0]));
		if (n && copy_batch(ops, status, n))
			return -XEN_EFAULT;
		for (i = 0; i < n; i++)
			if (copy_to_guest(uop + i * sizeof(ops[0]) + offsetof(struct gnttab_copy, status),
					  &status[i], sizeof(status[i])))
				return -XEN_EFAULT;
		if (fault)
			return -XEN_EFAULT;
	}
	return 0;
}

/* A frame that is mapped or used is not to be had.  Whoever gets it or not, it is not ours any more.
 * Under mm_lock, so that no other vCPU maps it meanwhile. */
static int16_t transfer(const struct gnttab_transfer *t)
{
	struct page_info *pg = mfn_page(t->mfn);
	int64_t rc;

	if (!pg || pg->count)
		return GNTST_bad_page;
	tlb_flush_stale_on(TLB_EVERYWHERE);
	q.op = PVN_REQ_GRANT_TRANSFER;
	q.a[0] = t->mfn;
	q.a[1] = t->domid;
	q.a[2] = t->ref;
	q.len = 0;
	rc = machine_call(&q, &r);
	if (rc)
		return GNTST_general_error;
	if (r.a[1]) {
		pg->released ^= 1;
		this_domain.tot_pages--;
	}
	return (int16_t)r.a[0];
}

long grant_op_transfer(uint64_t uop, uint32_t count)
{
	struct gnttab_transfer t;
	uint32_t i;

	for (i = 0; i < count; i++, uop += sizeof(t)) {
		if (copy_from_guest(&t, uop, sizeof(t)))
			return -XEN_EFAULT;
		mm_enter();
		t.status = transfer(&t);
		mm_leave();
		if (copy_to_guest(uop + offsetof(struct gnttab_transfer, status), &t.status, sizeof(t.status)))
			return -XEN_EFAULT;
	}
	return 0;
}
