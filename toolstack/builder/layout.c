/* SPDX-License-Identifier: MIT */
/* The start-of-day layout; see layout.h.  Trusts kernel_open's checks: no sum of addresses below
 * KERNEL_MAX_PHYS pages can overflow. */
#include "toolstack/builder/layout.h"

#include <errno.h>
#include <inttypes.h>

#include "paravane/shared.h"

#define SLACK_BYTES	(512 * 1024ULL)
#define MAP_ALIGN	(4 * 1024 * 1024ULL)

static uint64_t pages(uint64_t bytes)
{
	return (bytes + PVN_PAGE_SIZE - 1) >> PVN_PAGE_SHIFT;
}

static unsigned level_shift(unsigned level)
{
	return PVN_PAGE_SHIFT + 9 * level;	/* what one table of that level covers */
}

uint64_t layout_va(const struct layout *l, uint64_t pfn)
{
	return l->virt_base + (pfn << PVN_PAGE_SHIFT);
}

static bool level_has(const struct pt_level *p, uint64_t index)
{
	return p->first <= index && index <= p->last;
}

uint64_t layout_table(const struct layout *l, unsigned level, uint64_t va)
{
	uint64_t index = va >> level_shift(level);
	const struct pt_level *p = &l->map[0].level[level];

	if (l->nr_maps > 1 && !level_has(p, index))
		p = &l->map[1].level[level];
	return p->pfn + (index - p->first);
}

bool layout_is_table(const struct layout *l, uint64_t pfn)
{
	for (unsigned i = 0; i < l->nr_maps; i++)
		if (pfn - l->map[i].tables.pfn < l->map[i].tables.nr)
			return true;
	return false;
}

/*
 * Lay the tables for m's nr pages from pfn on: L4 (only for the first map), L3, L2, L1.  A second
 * map lies wholly below the first, so at most one table per level, the one at the seam, is already
 * there.  Returns how many frames it takes.
 */
static uint64_t map_tables(struct pt_map *m, const struct pt_map *other, uint64_t pfn)
{
	uint64_t last_va = m->va + ((m->nr - 1) << PVN_PAGE_SHIFT);

	m->tables.pfn = pfn;
	if (!other)
		pfn++;		/* the L4 */
	for (unsigned level = 3; level >= 1; level--) {
		struct pt_level *p = &m->level[level];

		p->first = m->va >> level_shift(level);
		p->last = last_va >> level_shift(level);
		p->pfn = pfn;
		if (other && level_has(&other->level[level], p->last)) {
			if (p->first == p->last)
				*p = (struct pt_level){ .first = 1, .last = 0, .pfn = pfn };
			else
				p->last--;
		}
		if (p->first <= p->last)
			pfn += p->last - p->first + 1;
	}
	m->tables.nr = pfn - m->tables.pfn;
	return m->tables.nr;
}

static struct area take(struct layout *l, uint64_t nr)
{
	struct area a = { .pfn = l->end, .nr = nr };

	l->end += nr;
	return a;
}

/* Page tables and the end of the mapping depend on each other: widen until both agree. */
static void initial_mapping(struct layout *l)
{
	struct pt_map *m = &l->map[0];
	uint64_t tables = 0, used;

	m->va = l->virt_base;
	do {
		used = tables;
		l->virt_end = layout_va(l, l->end + used + 1) + SLACK_BYTES;
		l->virt_end = (l->virt_end + MAP_ALIGN - 1) & ~(MAP_ALIGN - 1);
		m->nr = (l->virt_end - l->virt_base) >> PVN_PAGE_SHIFT;
		tables = map_tables(m, NULL, l->end);
	} while (tables > used);
	l->nr_maps = 1;
	l->l4 = take(l, tables).pfn;
	l->stack = take(l, 1).pfn;
	l->end = m->nr;
}

static int p2m_apart(struct layout *l, const struct kernel *k, struct report *r)
{
	struct pt_map *m = &l->map[1];

	l->p2m_va = k->notes.init_p2m;
	l->p2m = take(l, pages(l->nr_pages * sizeof(uint64_t)));
	if (l->p2m.nr << PVN_PAGE_SHIFT > l->virt_base - l->p2m_va)
		return report_fail(r, -EINVAL, "its INIT_P2M %#" PRIx64
				   " leaves no room for the p2m list", l->p2m_va);
	m->va = l->p2m_va;
	m->pfn = l->p2m.pfn;
	m->nr = l->p2m.nr;
	l->end += map_tables(m, &l->map[0], l->end);
	l->nr_maps = 2;
	return 0;
}

static int too_small(const struct layout *l, struct report *r)
{
	return report_fail(r, -ENOMEM, "needs at least %" PRIu64 " MiB of memory to be loaded, the "
			   "domain has %" PRIu64 " MiB", (l->end + 255) >> 8, l->nr_pages >> 8);
}

int layout_compute(struct layout *l, const struct kernel *k, uint64_t nr_pages,
		   uint64_t ramdisk_bytes, struct report *r)
{
	*l = (struct layout){ .nr_pages = nr_pages, .virt_base = k->virt_base,
			      .ramdisk_bytes = ramdisk_bytes };

	if (nr_pages == 0 || nr_pages > KERNEL_MAX_PHYS >> PVN_PAGE_SHIFT)
		return report_fail(r, -EINVAL, "a domain cannot have %" PRIu64 " pages", nr_pages);
	l->kernel.pfn = k->phys_start >> PVN_PAGE_SHIFT;
	l->end = pages(k->phys_end);
	l->kernel.nr = l->end - l->kernel.pfn;
	if (l->end > nr_pages || ramdisk_bytes > nr_pages << PVN_PAGE_SHIFT) {
		l->end += ramdisk_bytes >> PVN_PAGE_SHIFT;
		return too_small(l, r);
	}
	/* Xen honours INIT_P2M only page-aligned and below VIRT_BASE. */
	l->p2m_apart = k->notes.init_p2m < k->virt_base &&
		       !(k->notes.init_p2m & (PVN_PAGE_SIZE - 1));
	l->ramdisk_mapped = !k->notes.mod_start_pfn;
	if (l->ramdisk_mapped)
		l->ramdisk = take(l, pages(ramdisk_bytes));
	if (!l->p2m_apart) {
		l->p2m = take(l, pages(nr_pages * sizeof(uint64_t)));
		l->p2m_va = layout_va(l, l->p2m.pfn);
	}
	l->start_info = take(l, 1).pfn;
	l->xenstore = take(l, 1).pfn;
	l->console = take(l, 1).pfn;
	if (l->end > nr_pages)
		return too_small(l, r);
	/* Page tables take 8 bytes a page and a bit; slack and rounding less than 16 MiB. */
	if ((l->end << PVN_PAGE_SHIFT) + (l->end << 4) + (16ULL << 20) > UINT64_MAX - l->virt_base)
		return report_fail(r, -EINVAL, "its initial mapping would end beyond the address space");
	initial_mapping(l);
	if (!l->ramdisk_mapped)
		l->ramdisk = take(l, pages(ramdisk_bytes));
	if (l->p2m_apart) {
		int err = p2m_apart(l, k, r);

		if (err)
			return err;
	}
	return l->end > nr_pages ? too_small(l, r) : 0;
}
