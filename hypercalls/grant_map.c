/* SPDX-License-Identifier: MIT */
/*
 * Mapping what other domains have granted.
 *
 * The machine decides and counts (paravaned/grant_map.c); here the page-table entries are written
 * and taken away, as Xen does it in the same breath.  An entry that names a frame of another domain
 * gets into a page table nowhere else.
 */
#include <hypercalls/dispatch.h>
#include <hypercalls/grant.h>
#include <hv/mm.h>
#include <xen/grant_table.h>

#define BATCH	(PVN_DATA_MAX / sizeof(struct pvn_grant_map))

static struct pvn_request q;
static struct pvn_reply r;

/* n entries in q.data; the answers are in r.data. */
static int ask(uint32_t op, uint32_t n)
{
	q.op = op;
	q.len = n * (uint32_t)sizeof(struct pvn_grant_map);
	return machine_call(&q, &r) || r.len != q.len;
}

static struct pvn_grant_map *asked(uint32_t i)
{
	return (struct pvn_grant_map *)q.data + i;
}

static struct pvn_grant_map *answer(uint32_t i)
{
	return (struct pvn_grant_map *)r.data + i;
}

/* The L1 entry that a host address of a grant operation means.  0, or -1. */
struct slot {
	uint64_t mfn;
	unsigned int index;
};

static int is_l1(uint64_t mfn)
{
	const struct page_info *pg = mfn_page(mfn);

	return pg && pg->type_count && pg->type == PGT_l1;
}

static int slot_of(uint64_t addr, int is_pte, struct slot *s)
{
	struct walk w;

	if (is_pte) {
		if (addr % sizeof(uint64_t))
			return -1;
		s->mfn = addr >> PAGE_SHIFT;
		s->index = (addr & ~PAGE_MASK) / sizeof(uint64_t);
	} else {
		w.table_mfn[1] = 0;
		guest_walk(addr, &w); /* the table is known even where its entry is not present */
		s->mfn = w.table_mfn[1];
		s->index = (addr >> PAGE_SHIFT) & 511;
	}
	return s->mfn && is_l1(s->mfn) ? 0 : -1;
}

static uint64_t slot_read(const struct slot *s)
{
	return READ_ONCE(((uint64_t *)mfn_ptr(s->mfn))[s->index]);
}

static int slot_write(const struct slot *s, uint64_t e)
{
	if (!(e & _PAGE_PRESENT) || mfn_page(PTE_MFN(e)))
		return pt_write_entry(s->mfn, 1, s->index, e, 0);
	pt_write_foreign(s->mfn, s->index, e);
	return 0;
}

static uint64_t grant_pte(uint64_t mfn, uint32_t flags)
{
	uint64_t e = mfn << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY;

	if (flags & GNTMAP_application_map)
		e |= _PAGE_USER;
	if (!(flags & GNTMAP_readonly))
		e |= _PAGE_RW;
	return e | ((uint64_t)(flags >> _GNTMAP_guest_avail0) << 9 & 0xe00);
}

static int16_t install(const struct gnttab_map_grant_ref *op, uint64_t mfn)
{
	struct slot s;

	if (!(op->flags & GNTMAP_host_map))
		return GNTST_okay;
	if (slot_of(op->host_addr, op->flags & GNTMAP_contains_pte, &s))
		return GNTST_general_error;
	return slot_write(&s, grant_pte(mfn, op->flags)) ? GNTST_general_error : GNTST_okay;
}

/* Handles of mappings for which there was no place in the page tables. */
static void undo(const uint32_t *handles, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		*asked(i) = (struct pvn_grant_map){ .handle = handles[i],
						    .flags = GNTMAP_host_map | GNTMAP_device_map };
	if (n)
		ask(PVN_REQ_GRANT_UNMAP, n);
}

static int map_batch(struct gnttab_map_grant_ref *ops, uint32_t n)
{
	static uint32_t failed[BATCH];
	uint32_t i, nr_failed = 0;

	for (i = 0; i < n; i++)
		*asked(i) = (struct pvn_grant_map){ .ref = ops[i].ref, .flags = ops[i].flags,
						    .domid = ops[i].dom };
	if (ask(PVN_REQ_GRANT_MAP, n))
		return -XEN_EFAULT;
	mm_enter();
	for (i = 0; i < n; i++) {
		ops[i].status = answer(i)->status;
		if (ops[i].status)
			continue;
		ops[i].status = install(&ops[i], answer(i)->mfn);
		if (ops[i].status) {
			failed[nr_failed++] = answer(i)->handle;
			continue;
		}
		ops[i].handle = answer(i)->handle;
		ops[i].dev_bus_addr = answer(i)->mfn << PAGE_SHIFT;
	}
	tlb_flush_stale(); /* what was mapped there before */
	mm_leave();
	undo(failed, nr_failed);
	return 0;
}

long grant_op_map(uint64_t uop, uint32_t count)
{
	static struct gnttab_map_grant_ref ops[BATCH];
	uint32_t n;

	for (; count; count -= n, uop += n * sizeof(ops[0])) {
		int fault = 0;

		for (n = 0; n < count && n < BATCH && !fault; n += !fault)
			fault = copy_from_guest(&ops[n], uop + n * sizeof(ops[0]), sizeof(ops[0]));
		if (n && (map_batch(ops, n) || copy_to_guest(uop, ops, n * sizeof(ops[0]))))
			return -XEN_EFAULT;
		if (fault)
			return -XEN_EFAULT;
	}
	return 0;
}

/* What the two ways to unmap have in common. */
struct unmap {
	uint64_t host_addr, dev_bus_addr, new_addr;
	uint32_t handle;
	int16_t status;
};

static int16_t take_away(const struct unmap *u, uint64_t mfn, uint32_t flags)
{
	uint64_t want = grant_pte(mfn, flags), now;
	struct slot s, from;

	if (u->new_addr && (flags & GNTMAP_contains_pte))
		return GNTST_general_error;
	if (u->new_addr && slot_of(u->new_addr, 0, &from))
		return GNTST_general_error;
	if (slot_of(u->host_addr, flags & GNTMAP_contains_pte, &s))
		return GNTST_general_error;
	now = slot_read(&s);
	if (PTE_MFN(now) != mfn || ((now ^ want) & (_PAGE_PRESENT | _PAGE_RW)))
		return GNTST_general_error;
	if (slot_write(&s, 0))
		return GNTST_general_error;
	/* The other mapping moves here as it is, with its references. */
	if (u->new_addr)
		pt_write_foreign(s.mfn, s.index, pt_steal_entry(from.mfn, from.index));
	return GNTST_okay;
}

/* Which uses of the mapping end, after its entry is gone; 0 with u->status: none. */
static uint32_t unmap_one(struct unmap *u, const struct pvn_grant_map *m)
{
	uint32_t ends = 0;

	u->status = m->status;
	if (u->status)
		return 0;
	if (u->dev_bus_addr && (m->flags & GNTMAP_device_map) && u->dev_bus_addr != m->mfn << PAGE_SHIFT) {
		u->status = GNTST_general_error;
		return 0;
	}
	if (u->host_addr && (m->flags & GNTMAP_host_map)) {
		u->status = take_away(u, m->mfn, m->flags);
		if (u->status)
			return 0;
		ends |= GNTMAP_host_map;
	}
	if (u->dev_bus_addr)
		ends |= m->flags & GNTMAP_device_map;
	return ends;
}

static int unmap_batch(struct unmap *u, uint32_t n)
{
	static uint32_t which[BATCH];
	uint32_t i, nr = 0;

	for (i = 0; i < n; i++)
		*asked(i) = (struct pvn_grant_map){ .handle = u[i].handle };
	if (ask(PVN_REQ_GRANT_LOOKUP, n))
		return -XEN_EFAULT;
	mm_enter();
	for (i = 0; i < n; i++) {
		uint32_t ends = unmap_one(&u[i], answer(i));

		if (!ends)
			continue;
		*asked(nr) = (struct pvn_grant_map){ .handle = u[i].handle, .flags = ends };
		which[nr++] = i;
	}
	if (nr)
		tlb_flush_stale_on(TLB_EVERYWHERE);
	mm_leave();
	if (nr && ask(PVN_REQ_GRANT_UNMAP, nr))
		return -XEN_EFAULT;
	for (i = 0; i < nr; i++)
		u[which[i]].status = answer(i)->status;
	return 0;
}

/* One batch from the guest: its length, which ends before a handle that is in it already. */
static uint32_t unmap_get(struct unmap *u, uint64_t uop, uint32_t count, int replace, int *fault)
{
	union {
		struct gnttab_unmap_grant_ref unmap;
		struct gnttab_unmap_and_replace replace;
	} op;
	uint64_t size = replace ? sizeof(op.replace) : sizeof(op.unmap);
	uint32_t n, i;

	for (n = 0; n < count && n < BATCH; n++) {
		*fault = copy_from_guest(&op, uop + n * size, size);
		if (*fault)
			break;
		u[n] = replace ? (struct unmap){ op.replace.host_addr, 0, op.replace.new_addr, op.replace.handle, 0 } :
				 (struct unmap){ op.unmap.host_addr, op.unmap.dev_bus_addr, 0, op.unmap.handle, 0 };
		for (i = 0; i < n; i++)
			if (u[i].handle == u[n].handle)
				return n;
	}
	return n;
}

static long unmap_all(uint64_t uop, uint32_t count, int replace)
{
	static struct unmap u[BATCH];
	uint64_t size = replace ? sizeof(struct gnttab_unmap_and_replace) : sizeof(struct gnttab_unmap_grant_ref);
	uint64_t status = replace ? offsetof(struct gnttab_unmap_and_replace, status) :
				    offsetof(struct gnttab_unmap_grant_ref, status);
	uint32_t n, i;

	for (; count; count -= n, uop += n * size) {
		int fault = 0;

		n = unmap_get(u, uop, count, replace, &fault);
		if (n && unmap_batch(u, n))
			return -XEN_EFAULT;
		for (i = 0; i < n; i++)
			if (copy_to_guest(uop + i * size + status, &u[i].status, sizeof(u[i].status)))
				return -XEN_EFAULT;
		if (fault)
			return -XEN_EFAULT;
	}
	return 0;
}

long grant_op_unmap(uint64_t uop, uint32_t count)
{
	return unmap_all(uop, count, 0);
}

long grant_op_unmap_and_replace(uint64_t uop, uint32_t count)
{
	return unmap_all(uop, count, 1);
}
