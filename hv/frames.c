/* SPDX-License-Identifier: MIT */
/*
 * The frame table: who owns a frame, what it is used as, and how often.
 *
 * Called with this_domain.mm_lock held by everything that changes types.
 */
#include <hv/mm.h>

static struct page_info *frame_table;
static uint64_t *va_hints;

void frame_table_init(uint64_t va)
{
	va_hints = (uint64_t *)va;
	frame_table = (struct page_info *)(va_hints + header.range_frames - PVN_HEAP_FRAMES);
	if (vcpu.id)
		return; /* the first one fills in what all share */
	this_domain.mfn_base = header.mfn_base;
	this_domain.range_frames = header.range_frames;
	this_domain.ram_mfn = this_domain.mfn_base + PVN_HEAP_FRAMES;
	this_domain.ram_frames = this_domain.range_frames - PVN_HEAP_FRAMES;
	this_domain.tot_pages = header.nr_pages;
}

/* The RAM frame's slot, owned or not; NULL outside the domain's range. */
struct page_info *mfn_slot(uint64_t mfn)
{
	uint64_t i = mfn - this_domain.ram_mfn;

	return i < this_domain.ram_frames ? &frame_table[i] : NULL;
}

/* `released` of a frame beyond the initial ones means the opposite: it was never given.
 * So a zeroed frame table is right from the start. */
static int slot_owned(uint64_t mfn, const struct page_info *pg)
{
	int given_at_start = mfn - this_domain.ram_mfn < header.nr_pages;

	return given_at_start ? !pg->released : pg->released;
}

/* Another domain may have transferred it to us: then the machine knows. */
static struct page_info *slot_claim(uint64_t mfn, struct page_info *pg)
{
	if (READ_ONCE(header.transfers) == this_domain.transfers_seen ||
	    machine_call1(PVN_REQ_MEM_OWNED, mfn, 0) != 1)
		return NULL;
	pg->released ^= 1;
	this_domain.tot_pages++;
	this_domain.transfers_seen++;
	return pg;
}

struct page_info *mfn_page(uint64_t mfn)
{
	struct page_info *pg = mfn_slot(mfn);

	if (!pg || likely(slot_owned(mfn, pg)))
		return pg;
	return slot_claim(mfn, pg);
}

static int mfn_is_status(uint64_t mfn)
{
	uint64_t i = mfn - this_domain.mfn_base - PVN_HEAP_STATUS;

	return i < GRANT_STATUS_FRAMES(this_domain.nr_grant_frames) && READ_ONCE(header.grant_version) == 2;
}

int mfn_is_heap(uint64_t mfn)
{
	uint64_t i = mfn - this_domain.mfn_base;

	return i == PVN_HEAP_SHARED_INFO ||
	       (i >= PVN_HEAP_GRANT && i < PVN_HEAP_GRANT + this_domain.nr_grant_frames) ||
	       mfn_is_status(mfn);
}

void status_frame_ref(uint64_t mfn, int by)
{
	if (mfn_is_status(mfn))
		this_domain.status_refs += (uint32_t)by;
}

void *mfn_ptr(uint64_t mfn)
{
	uint64_t i = mfn - this_domain.mfn_base;

	if (i < PVN_HEAP_FRAMES)
		return (void *)(PVN_SHARED_VA + PVN_HEAP_OFFSET + i * PAGE_SIZE);
	i -= PVN_HEAP_FRAMES;
	return i < this_domain.ram_frames ? (void *)(PVN_DIRECTMAP_VA + (i << PAGE_SHIFT)) : NULL;
}

uint64_t *page_va_hint(uint64_t mfn)
{
	return &va_hints[mfn - this_domain.ram_mfn];
}

int page_get(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return mfn_is_heap(mfn) ? 0 : -XEN_EBUSY;
	if (pg->count == 0xffffffffU)
		return -XEN_EBUSY;
	pg->count++;
	return 0;
}

/* Frames that left the domain: told to the machine in one go, when the lock is left.  Until
 * then nobody can get them. */
#define RELEASE_BATCH	(PVN_DATA_MAX / sizeof(uint64_t))
static struct pvn_request release;
static struct pvn_reply release_reply;
static unsigned int nr_released;

void frames_flush_released(void)
{
	if (!nr_released)
		return;
	tlb_flush_stale_on(TLB_EVERYWHERE); /* nobody may still reach them through an old mapping */
	release.op = PVN_REQ_MEM_RELEASE;
	release.len = (uint32_t)(nr_released * sizeof(uint64_t));
	nr_released = 0;
	if (machine_call(&release, &release_reply) < 0)
		machine_log("the machine did not take back frames of this domain");
}

static void page_free(uint64_t mfn, struct page_info *pg)
{
	pg->freeing = 0;
	pg->type = PGT_none;
	pg->released ^= 1;
	this_domain.tot_pages--;
	memcpy(release.data + nr_released++ * sizeof(mfn), &mfn, sizeof(mfn));
	if (nr_released == RELEASE_BATCH)
		frames_flush_released();
}

void page_put(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return;
	BUG_ON(pg->count == 0);
	if (--pg->count == 0 && pg->freeing)
		page_free(mfn, pg);
}

void page_release(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return;
	pg->freeing = 1;
	if (pg->pinned) {
		pg->pinned = 0;
		page_put_type(mfn);
	} else if (pg->count == 0) {
		page_free(mfn, pg);
	}
}

void page_become(uint64_t mfn, enum page_type type)
{
	struct page_info *pg = mfn_page(mfn);

	/* Invariant 4: nobody may still write through an old mapping. */
	if (pg->type == PGT_writable && type != PGT_writable)
		tlb_flush_stale_on(TLB_EVERYWHERE);
	pg->type = type;
	pg->type_count = 1;
	pg->validated = 0;
	pg->linear = 0;
	if (type >= PGT_l1 && type <= PGT_l4)
		*page_va_hint(mfn) = VA_HINT_NONE;
}

void mm_enter(void)
{
	spin_lock(&this_domain.mm_lock);
	while (pt_work_step())
		;
}

void mm_leave(void)
{
	frames_flush_released();
	spin_unlock(&this_domain.mm_lock);
}
