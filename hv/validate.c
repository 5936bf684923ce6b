/* SPDX-License-Identifier: MIT */
/*
 * Typing a tree of page tables, and untyping it, as work that can be left and taken up.
 *
 * Validating an L4 may mean looking at every frame of the domain, and so may dropping the last
 * reference of one.  Both go entry by entry with a stack of their own in struct domain, at
 * most PT_STEP entries at a time; between two steps the lock may go to another vCPU and
 * events to the guest.  Whoever wants to change frames first completes what is under way
 * (mm_enter), so a half-typed table is seen by nobody.
 *
 *   IDLE -> GET                  page_get_type_preemptible of an untyped table
 *   GET  -> IDLE                 done, and the caller wanted just this
 *   GET  -> HELD                 done, but by another: the reference waits for its owner
 *   GET  -> PUT                  an entry is refused: what was taken is given back
 *   IDLE -> PUT                  the last reference of a table goes
 *   PUT  -> IDLE, PUT -> FAILED  done; rc waits for the owner
 */
#include <hv/descriptor.h>
#include <hv/mm.h>

#define PT_STEP		2048U

static struct pt_work *work(void)
{
	return &this_domain.pt_work;
}

static void push(uint64_t mfn, int level, unsigned int slot)
{
	struct pt_work *w = work();

	BUG_ON(w->depth == PT_WORK_DEPTH);
	w->stack[w->depth++] = (struct pt_frame){ .mfn = mfn, .slot = (uint16_t)slot, .level = (uint8_t)level };
}

static void start(enum pt_work_state state, uint64_t mfn, enum page_type type)
{
	struct pt_work *w = work();

	w->state = (uint8_t)state;
	w->depth = 0;
	w->type = (uint8_t)type;
	w->rc = 0;
	w->vcpu = vcpu.id;
	w->root = mfn;
	push(mfn, type - PGT_l1 + 1, state == PT_PUT ? 512 : 0);
}

/* The frame stops being a table; its references are gone. */
static void untype(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);
	int level = (int)pg->type - PGT_l1 + 1;

	pg->type = PGT_none;
	pg->type_count = 0;
	pg->validated = 0;
	tlb_stale_table(mfn, level);
	page_put(mfn);
}

/* Give back what the tables on the stack have taken so far, deepest first. */
static void unwind(int rc)
{
	struct pt_work *w = work();

	w->state = PT_PUT;
	w->rc = rc;
	w->failed = w->depth;
}

static void get_step(void)
{
	struct pt_work *w = work();
	struct pt_frame *f = &w->stack[w->depth - 1];
	uint64_t *table = mfn_ptr(f->mfn), e;
	int rc;

	if (f->slot == 512) {
		mfn_page(f->mfn)->validated = 1;
		if (--w->depth == 0) {
			w->state = PT_HELD;
			return;
		}
		f = &w->stack[w->depth - 1];
		table = mfn_ptr(f->mfn);
		table[f->slot - 1] = pt_adjust(table[f->slot - 1], f->level);
		return;
	}
	e = table[f->slot];
	if (pt_slot_reserved(f->level, f->slot)) {
		table[f->slot++] = 0; /* Xen puts its own entries there */
		return;
	}
	if (!(e & _PAGE_PRESENT)) {
		f->slot++;
		return;
	}
	rc = pt_get_entry(e, f->mfn, f->level);
	if (rc < 0) {
		unwind(rc);
		return;
	}
	if (rc == PT_PUSHED)
		push(PTE_MFN(e), f->level - 1, 0);
	else
		table[f->slot] = pt_adjust(e, f->level);
	f->slot++;
}

static void pop_put(void)
{
	struct pt_work *w = work();
	int failed = w->rc && w->depth == w->failed;

	if (--w->depth == 0) {
		w->state = w->rc ? PT_FAILED : PT_IDLE;
	} else if (failed) { /* the parent's entry for it holds nothing: not to be put */
		w->stack[w->depth - 1].slot--;
		w->failed--;
	}
}

static void put_step(void)
{
	struct pt_work *w = work();
	struct pt_frame *f = &w->stack[w->depth - 1];
	uint64_t *table = mfn_ptr(f->mfn), e;

	if (f->slot == 0) {
		untype(f->mfn);
		pop_put();
		return;
	}
	e = table[--f->slot];
	if (!(e & _PAGE_PRESENT) || pt_slot_reserved(f->level, f->slot))
		return;
	if (pt_put_entry(e, f->mfn, f->level) == PT_PUSHED)
		push(PTE_MFN(e), (int)(mfn_page(PTE_MFN(e))->type - PGT_l1 + 1), 512);
}

int pt_work_pending(void)
{
	return work()->state == PT_GET || work()->state == PT_PUT;
}

int pt_work_step(void)
{
	unsigned int budget = PT_STEP;

	while (pt_work_pending()) {
		if (!budget--)
			return -XEN_ERESTART;
		if (work()->state == PT_GET)
			get_step();
		else
			put_step();
	}
	return 0;
}

static void run(void)
{
	while (pt_work_step())
		;
}

/* A result nobody came for. */
static void drop_kept(void)
{
	uint64_t root = work()->root;
	enum pt_work_state state = work()->state;

	work()->state = PT_IDLE;
	if (state == PT_HELD)
		page_put_type(root);
}

void pt_work_new_operation(void)
{
	run();
	if (work()->state != PT_IDLE && work()->vcpu == vcpu.id)
		drop_kept();
}

/* The result of the work, if it is this one's. */
static int take_result(uint64_t mfn, enum page_type type, int *rc)
{
	struct pt_work *w = work();

	if ((w->state != PT_HELD && w->state != PT_FAILED) || w->root != mfn || w->type != type)
		return 0;
	*rc = w->state == PT_FAILED ? w->rc : 0;
	w->state = PT_IDLE;
	return 1;
}

static int is_table_type(enum page_type type)
{
	return type >= PGT_l1 && type <= PGT_l4;
}

int page_get_type_preemptible(uint64_t mfn, enum page_type type)
{
	struct page_info *pg = mfn_page(mfn);
	int rc = 0;

	if (pt_work_step())
		return -XEN_ERESTART;
	if (take_result(mfn, type, &rc))
		return rc;
	if (!pg || pg->type_count || !is_table_type(type))
		return page_get_type(mfn, type);
	if (pg->count == 0xffffffffU)
		return -XEN_EINVAL;
	drop_kept();
	run();
	page_become(mfn, type);
	pg->count++;
	start(PT_GET, mfn, type);
	if (pt_work_step())
		return -XEN_ERESTART;
	BUG_ON(!take_result(mfn, type, &rc));
	return rc;
}

int page_get_type(uint64_t mfn, enum page_type type)
{
	struct page_info *pg = mfn_page(mfn);
	int rc;

	if (!pg) /* heap frames are the hypervisor's own writable pages */
		return type == PGT_writable && mfn_is_heap(mfn) ? 0 : -XEN_EINVAL;
	if (pg->type_count && pg->type != type)
		return type == PGT_writable ? -XEN_EBUSY : -XEN_EINVAL;
	if (pg->type_count == PAGE_TYPE_COUNT_MAX || pg->count == 0xffffffffU)
		return -XEN_EBUSY;
	if (!pg->type_count && is_table_type(type)) {
		do
			rc = page_get_type_preemptible(mfn, type);
		while (rc == -XEN_ERESTART);
		return rc;
	}
	pg->count++;
	if (pg->type_count++)
		return 0;
	page_become(mfn, type);
	rc = type == PGT_seg ? descriptor_page_validate(mfn) : 0;
	if (rc) {
		pg->type_count = 0;
		pg->type = PGT_none;
		pg->count--;
	}
	return rc;
}

void page_put_type_deferred(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return;
	BUG_ON(pg->type_count == 0);
	if (pg->type_count == 1 && is_table_type(pg->type)) {
		BUG_ON(pt_work_pending());
		if (work()->state != PT_IDLE)
			drop_kept();
		start(PT_PUT, mfn, pg->type);
		return;
	}
	pg->type_count--;
	page_put(mfn);
}

void page_put_type(uint64_t mfn)
{
	page_put_type_deferred(mfn);
	run();
}
