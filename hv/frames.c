/* SPDX-License-Identifier: MIT */
/*
 * The frame table: who owns a frame, what it is used as, and how often.
 *
 * Called with this_domain.mm_lock held by everything that changes types.
 */
#include <hv/descriptor.h>
#include <hv/mm.h>

static struct page_info *frame_table;
static uint32_t *va_hints;

void frame_table_init(uint64_t va)
{
	frame_table = (struct page_info *)va;
	this_domain.mfn_base = header.mfn_base;
	this_domain.range_frames = header.range_frames;
	this_domain.ram_mfn = this_domain.mfn_base + PVN_HEAP_FRAMES;
	this_domain.ram_frames = this_domain.range_frames - PVN_HEAP_FRAMES;
	this_domain.tot_pages = header.nr_pages;
	va_hints = (uint32_t *)(frame_table + this_domain.ram_frames);
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

struct page_info *mfn_page(uint64_t mfn)
{
	struct page_info *pg = mfn_slot(mfn);

	return pg && slot_owned(mfn, pg) ? pg : NULL;
}

int mfn_is_heap(uint64_t mfn)
{
	uint64_t i = mfn - this_domain.mfn_base;

	return i == PVN_HEAP_SHARED_INFO ||
	       (i >= PVN_HEAP_GRANT && i < PVN_HEAP_GRANT + this_domain.nr_grant_frames);
}

void *mfn_ptr(uint64_t mfn)
{
	uint64_t i = mfn - this_domain.mfn_base;

	if (i < PVN_HEAP_FRAMES)
		return (void *)(PVN_SHARED_VA + PVN_HEAP_OFFSET + i * PAGE_SIZE);
	i -= PVN_HEAP_FRAMES;
	return i < this_domain.ram_frames ? (void *)(PVN_DIRECTMAP_VA + (i << PAGE_SHIFT)) : NULL;
}

uint32_t *page_va_hint(uint64_t mfn)
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

void page_put(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return;
	BUG_ON(pg->count == 0);
	pg->count--;
}

int page_get_type(uint64_t mfn, enum page_type type)
{
	struct page_info *pg = mfn_page(mfn);
	int rc;

	if (!pg) /* heap frames are the hypervisor's own writable pages */
		return type == PGT_writable && mfn_is_heap(mfn) ? 0 : -XEN_EINVAL;
	if (pg->type_count && pg->type != type)
		return type == PGT_writable ? -XEN_EBUSY : -XEN_EINVAL;
	if (pg->type_count == (1U << 26) - 1 || pg->count == 0xffffffffU)
		return -XEN_EBUSY;
	pg->count++;
	if (pg->type_count++)
		return 0;

	if (pg->type != type && type != PGT_writable)
		tlb_flush_stale(); /* invariant 4: nobody may still write through an old mapping */
	pg->type = type;
	if (type == PGT_writable)
		return 0;
	*page_va_hint(mfn) = VA_HINT_NONE;
	rc = type == PGT_seg ? descriptor_page_validate(mfn) : pt_validate(mfn, type - PGT_l1 + 1);
	if (rc) {
		pg->type_count = 0;
		pg->type = PGT_none;
		pg->count--;
	}
	return rc;
}

void page_put_type(uint64_t mfn)
{
	struct page_info *pg = mfn_page(mfn);

	if (!pg)
		return;
	BUG_ON(pg->type_count == 0);
	if (--pg->type_count == 0 && pg->type >= PGT_l1 && pg->type <= PGT_l4) {
		int level = pg->type - PGT_l1 + 1;

		pt_invalidate(mfn, level);
		pg->type = PGT_none;
		tlb_stale_table(mfn);
	}
	page_put(mfn);
}
