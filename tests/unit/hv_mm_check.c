/* SPDX-License-Identifier: MIT */
/*
 * What the frame table should say, from the tables alone.  Used after every step of the
 * randomised tests and by the fuzzers: written without the code it checks.
 */
#include <stdio.h>
#include <stdlib.h>
#include "hv_mm_check.h"

struct expected {
	uint32_t count, type_count;
	int linear;
};

static struct expected *expected;
uint64_t mm_check_lent_mfn, mm_check_lent_frames;
uint32_t mm_check_lent[MM_CHECK_LENT_MAX];

static void fail(uint64_t mfn, const char *what, long got, long want)
{
	struct page_info *pg = mfn_slot(mfn);

	fprintf(stderr, "mm_check: frame %#lx (type %u, count %u, type_count %u, pinned %u): %s is %ld, not %ld\n",
		(unsigned long)mfn, pg->type, pg->count, pg->type_count, pg->pinned, what, got, want);
	abort();
}

static struct expected *of(uint64_t mfn)
{
	return &expected[mfn - this_domain.ram_mfn];
}

static void typed(uint64_t mfn)
{
	of(mfn)->count++;
	of(mfn)->type_count++;
}

static int is_table(const struct page_info *pg)
{
	return pg->type_count && pg->type >= PGT_l1 && pg->type <= PGT_l4;
}

static void count_entry(uint64_t table, unsigned int level, uint64_t e)
{
	uint64_t mfn = PTE_MFN(e);
	struct page_info *pg = mfn_page(mfn);

	if (level == 1) {
		if (!pg) {
			if (mfn - mm_check_lent_mfn < mm_check_lent_frames)
				mm_check_lent[mfn - mm_check_lent_mfn]++;
			else if (!mfn_is_heap(mfn))
				fail(table, "an entry names a frame not the domain's", (long)mfn, 0);
		} else if (e & _PAGE_RW) {
			if (pg->type != PGT_writable)
				fail(mfn, "type of a writable frame", pg->type, PGT_writable);
			typed(mfn);
		} else {
			of(mfn)->count++;
		}
		return;
	}
	if (!pg)
		fail(table, "an entry names a table not the domain's", (long)mfn, 0);
	if (mfn == table) {
		if (e & _PAGE_RW)
			fail(table, "right to write of a self-map", 1, 0);
		return;
	}
	typed(mfn);
	if (pg->type == PGT_l1 + level - 1) {
		if (e & _PAGE_RW)
			fail(table, "right to write of a linear entry", 1, 0);
		of(table)->linear++;
		of(mfn)->linear--;
	} else if (pg->type != PGT_l1 + level - 2) {
		fail(mfn, "type of a table in use", pg->type, PGT_l1 + (long)level - 2);
	}
}

static void count_table(uint64_t mfn)
{
	unsigned int level = mfn_page(mfn)->type - PGT_l1 + 1, i;
	uint64_t *table = mfn_ptr(mfn);

	for (i = 0; i < 512; i++)
		if ((table[i] & _PAGE_PRESENT) && !(level == 4 && i >= 256 && i <= 271))
			count_entry(mfn, level, table[i]);
}

static void compare(uint64_t mfn, int strict)
{
	struct page_info *pg = mfn_page(mfn);
	struct expected *e = of(mfn);

	if (!pg) {
		if (e->count)
			fail(mfn, "count of a frame given back", e->count, 0);
		return;
	}
	if (pg->count < pg->type_count)
		fail(mfn, "count below type count", pg->count, pg->type_count);
	if (pg->count < e->count || (strict && pg->count != e->count))
		fail(mfn, "count", pg->count, e->count);
	if (pg->type_count < e->type_count || (strict && pg->type_count != e->type_count))
		fail(mfn, "type count", pg->type_count, e->type_count);
	if (is_table(pg) && !pg->validated)
		fail(mfn, "validated", 0, 1);
	if (is_table(pg) && pg->linear != e->linear)
		fail(mfn, "linear count", pg->linear, e->linear);
	if (e->linear > 0 && pg->linear < 0)
		fail(mfn, "linear both ways", pg->linear, e->linear);
	if (pg->pinned && !is_table(pg))
		fail(mfn, "type of a pinned frame", pg->type, PGT_l1);
	if (pg->freeing && !pg->count)
		fail(mfn, "count of a frame that should be gone", 0, 1);
}

void mm_check(int strict)
{
	uint64_t mfn, end = this_domain.ram_mfn + this_domain.ram_frames, owned = 0;

	if (pt_work_pending())
		return; /* in the middle of it counts cannot agree */
	memset(mm_check_lent, 0, sizeof(mm_check_lent));
	expected = calloc(this_domain.ram_frames, sizeof(*expected));
	for (mfn = this_domain.ram_mfn; mfn < end; mfn++) {
		struct page_info *pg = mfn_page(mfn);

		if (!pg)
			continue;
		owned++;
		if (pg->pinned)
			typed(mfn);
		if (is_table(pg))
			count_table(mfn);
	}
	if (strict && vcpu.cr3_mfn)
		typed(vcpu.cr3_mfn);
	if (strict && vcpu.user_cr3_mfn)
		typed(vcpu.user_cr3_mfn);
	if (this_domain.pt_work.state == PT_HELD)
		typed(this_domain.pt_work.root);
	for (mfn = this_domain.ram_mfn; mfn < end; mfn++)
		compare(mfn, strict);
	if (owned != this_domain.tot_pages)
		fail(this_domain.ram_mfn, "frames of the domain", (long)owned, (long)this_domain.tot_pages);
	free(expected);
}
