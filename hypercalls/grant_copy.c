/* SPDX-License-Identifier: MIT */
/*
 * Copies by grant reference, and frames that change hands.  The machine copies, for it alone can
 * reach both sides; what concerns the use of our own frames is checked here.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/grant.h>
#include <hv/guest.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <xen/grant_table.h>

#define CHUNK		16	/* operations that are taken from the guest at once */
#define PATIENCE_NS	100000	/* without an answer, before the machine is sent for */

#define ring	(*pset(PVN_COPY_OFFSET + vcpu.id * PAGE_SIZE, struct pvn_copy_ring))

_Static_assert(PVN_COPY_RING % CHUNK == 0, "chunks do not wrap");

static struct pvn_request q;
static struct pvn_reply r;

/* Operations of all calls so far: those in the ring, and those of them whose status the guest has. */
static uint32_t asked, answered;
static uint64_t held[PVN_COPY_RING];	/* frames of ours that are being written to; 0: none */

/* One call. */
struct copies {
	uint64_t uop;
	uint32_t count, taken, told;
	int fault;
};

static uint64_t side(const struct gnttab_copy_ptr *p, int granted)
{
	return granted ? p->u.ref : p->u.gmfn;
}

/* A frame of ours that is written to is a writable page as long as that lasts. */
static void ask_for(uint32_t i, const struct gnttab_copy *op)
{
	struct pvn_grant_copy *c = &ring.op[i];
	int dst_granted = op->flags & GNTCOPY_dest_gref;
	uint64_t dst = side(&op->dest, dst_granted);
	uint16_t flags = op->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref);

	held[i] = 0;
	if (!dst_granted && mfn_page(dst)) {
		if (page_get_type(dst, PGT_writable))
			flags |= PVN_COPY_DST_BAD;
		else
			held[i] = dst;
	}
	*c = (struct pvn_grant_copy){
		.src = side(&op->source, op->flags & GNTCOPY_source_gref), .dst = dst,
		.src_domid = op->source.domid, .dst_domid = op->dest.domid,
		.src_offset = op->source.offset, .dst_offset = op->dest.offset,
		.len = op->len, .flags = flags,
	};
}

/* As many as are alike in the guest's reach; the first that is not ends the call. */
static uint32_t fetch(struct copies *c, struct gnttab_copy *ops, uint32_t n)
{
	uint64_t from = c->uop + c->taken * sizeof(*ops);
	uint32_t i;

	if (!copy_from_guest(ops, from, n * sizeof(*ops)))
		return n;
	for (i = 0; i < n; i++)
		if (copy_from_guest(&ops[i], from + i * sizeof(*ops), sizeof(*ops)))
			break;
	c->fault = i < n;
	return i;
}

/* Operations from the guest into the ring.  How many. */
static uint32_t take(struct copies *c)
{
	static struct gnttab_copy ops[CHUNK];
	uint32_t n = c->count - c->taken, i, room = PVN_COPY_RING - (asked - answered);

	if (n > CHUNK)
		n = CHUNK;
	if (n > room)
		n = room;
	if (!n || c->fault)
		return 0;
	n = fetch(c, ops, n);
	mm_enter();
	for (i = 0; i < n; i++)
		ask_for((asked + i) % PVN_COPY_RING, &ops[i]);
	mm_leave();
	asked += n;
	c->taken += n;
	__atomic_store_n(&ring.asked, asked, __ATOMIC_RELEASE);
	return n;
}

/* The n oldest are done. */
static void tell(struct copies *c, uint32_t n)
{
	uint32_t i, k;

	mm_enter();
	for (i = 0; i < n; i++) {
		k = (answered + i) % PVN_COPY_RING;
		if (held[k])
			page_put_type(held[k]);
	}
	mm_leave();
	for (i = 0; i < n; i++, c->told++) {
		int16_t status = READ_ONCE(ring.status[(answered + i) % PVN_COPY_RING]);

		if (copy_to_guest(c->uop + c->told * sizeof(struct gnttab_copy) + offsetof(struct gnttab_copy, status),
				  &status, sizeof(status)))
			c->fault = 1;
	}
	answered += n;
}

static uint32_t done(void)
{
	uint32_t n = __atomic_load_n(&ring.done, __ATOMIC_ACQUIRE) - answered;

	return n <= asked - answered ? n : 0; /* (a guest that writes there has itself to blame) */
}

/* Until some more are done: 0, or the machine does not do them. */
static int wait(void)
{
	uint64_t start;
	unsigned int i;

	smp_mb(); /* asked, and then whether anybody looks */
	if (READ_ONCE(ring.awake)) {
		start = now_ns();
		do {
			for (i = 0; i < 256; i++) {
				if (done())
					return 0;
				__builtin_ia32_pause();
			}
			platform_yield(); /* the machine may be waiting for this CPU */
		} while (now_ns() - start < PATIENCE_NS);
	}
	q.op = PVN_REQ_GRANT_COPY;
	q.len = 0;
	return machine_call(&q, &r) || !done() ? -XEN_EFAULT : 0;
}

/* The next operations go into the ring while the machine is at work on those before. */
long grant_op_copy(uint64_t uop, uint32_t count)
{
	struct copies c = { .uop = uop, .count = count };

	for (;;) {
		uint32_t taken = take(&c), n = done();

		if (n)
			tell(&c, n);
		else if (taken)
			continue;
		else if (asked == answered)
			return c.fault ? -XEN_EFAULT : 0;
		else if (wait()) {
			c.fault = 1;
			tell(&c, asked - answered);
		}
	}
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
