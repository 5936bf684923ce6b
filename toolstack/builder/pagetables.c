/* SPDX-License-Identifier: MIT */
/*
 * Writes the first page tables of a domain: 4-level x86-64 tables whose entries hold real mfns.
 * The rule for their contents is Xen's: everything mapped is writable except the tables
 * themselves, because no frame may be a page table and mapped writable at once.
 */
#include <errno.h>
#include <string.h>

#include "paravane/shared.h"
#include "toolstack/builder/load.h"

#define PTE_P	0x001ULL
#define PTE_RW	0x002ULL
#define PTE_US	0x004ULL
#define PTE_A	0x020ULL
#define PTE_D	0x040ULL
#define L1_FLAGS	(PTE_P | PTE_RW | PTE_A)
#define UPPER_FLAGS	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

#define ENTRIES		512

/* The tables of each map, as mapped here: one range each, since their pfns are in a row. */
struct tables {
	const struct layout *l;
	const xen_pfn_t *p2m;
	uint64_t *base[2];
};

static uint64_t *table_at(const struct tables *t, uint64_t pfn)
{
	for (unsigned i = 0; i < t->l->nr_maps; i++) {
		const struct area *a = &t->l->map[i].tables;

		if (pfn - a->pfn < a->nr)
			return t->base[i] + (pfn - a->pfn) * ENTRIES;
	}
	return NULL;
}

static unsigned table_slot(unsigned level, uint64_t va)
{
	return (va >> (PVN_PAGE_SHIFT + 9 * (level - 1))) % ENTRIES;
}

/* Hook the level-`level` tables of one map into those above. */
static void link_level(struct tables *t, const struct pt_map *map, unsigned level)
{
	const struct pt_level *p = &map->level[level];

	for (uint64_t i = p->first; p->first <= p->last && i <= p->last; i++) {
		uint64_t va = i << (PVN_PAGE_SHIFT + 9 * level);
		uint64_t above = level == 3 ? t->l->l4 : layout_table(t->l, level + 1, va);
		uint64_t mfn = t->p2m[p->pfn + (i - p->first)];

		table_at(t, above)[table_slot(level + 1, va)] = mfn << PVN_PAGE_SHIFT | UPPER_FLAGS;
	}
}

static void link_pages(struct tables *t, const struct pt_map *map)
{
	uint64_t *l1 = NULL;

	for (uint64_t i = 0; i < map->nr; i++) {
		uint64_t va = map->va + (i << PVN_PAGE_SHIFT), pfn = map->pfn + i;
		uint64_t flags = L1_FLAGS;
		unsigned slot = table_slot(1, va);

		if (!l1 || slot == 0)
			l1 = table_at(t, layout_table(t->l, 1, va));
		if (layout_is_table(t->l, pfn))
			flags &= ~PTE_RW;
		l1[slot] = t->p2m[pfn] << PVN_PAGE_SHIFT | flags;
	}
}

int load_page_tables(struct guest_mem *m, const struct layout *l, struct report *r)
{
	struct tables t = { .l = l, .p2m = m->p2m };
	unsigned mapped;
	int err = 0;

	for (mapped = 0; mapped < l->nr_maps; mapped++) {
		const struct area *a = &l->map[mapped].tables;

		if (a->nr == 0)
			continue;
		t.base[mapped] = m->map(m, a->pfn, a->nr);
		if (!t.base[mapped]) {
			err = -errno;
			report_fail(r, err, "cannot map the domain's page tables: %s", strerror(-err));
			break;
		}
	}
	for (unsigned i = 0; !err && i < l->nr_maps; i++) {
		for (unsigned level = 3; level >= 1; level--)
			link_level(&t, &l->map[i], level);
		link_pages(&t, &l->map[i]);
	}
	while (mapped-- > 0)
		if (t.base[mapped])
			m->unmap(m, t.base[mapped], l->map[mapped].tables.nr);
	return err;
}
