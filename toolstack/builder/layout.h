/* SPDX-License-Identifier: MIT */
/*
 * Where everything of a domain's start of day goes, in pfns.  Pure arithmetic: no file, no
 * domain; so the unit tests can check it against addresses seen on real Xen.
 *
 * In Xen's order, each part page-aligned (docs: include/public/xen.h, "Start-of-day memory layout"):
 *   kernel, mapped ramdisk, p2m list, start_info, xenstore page, console page, page tables,
 *   boot stack; then slack of at least 512 KiB up to a multiple of 4 MiB of virtual address.
 *   All that is mapped at VIRT_BASE + pfn * 4096, from pfn 0.
 *   Behind it, not in that mapping: the ramdisk of a kernel with MOD_START_PFN, and the p2m list
 *   of a kernel with INIT_P2M together with the tables that map it there.
 */
#ifndef PVN_BUILDER_LAYOUT_H
#define PVN_BUILDER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "toolstack/builder/kernel.h"

struct area {
	uint64_t pfn;
	uint64_t nr;
};

/* The tables of one level (1..3) of one mapping: those for va >> shift = first..last, in a row
 * from pfn.  Empty if first > last. */
struct pt_level {
	uint64_t first;
	uint64_t last;
	uint64_t pfn;
};

/* A linear mapping: nr pages from va show pfn.. */
struct pt_map {
	uint64_t va;
	uint64_t pfn;
	uint64_t nr;
	struct area tables;		/* of map[0], the L4 is the first of them */
	struct pt_level level[4];	/* [1..3] */
};

struct layout {
	uint64_t nr_pages;
	uint64_t virt_base;
	uint64_t virt_end;		/* end of the initial mapping */
	struct area kernel;
	struct area ramdisk;		/* nr 0: none */
	uint64_t ramdisk_bytes;
	bool ramdisk_mapped;
	struct area p2m;		/* the list alone */
	uint64_t p2m_va;
	bool p2m_apart;			/* INIT_P2M honoured */
	uint64_t start_info;
	uint64_t xenstore;
	uint64_t console;
	uint64_t l4;
	uint64_t stack;
	uint64_t end;			/* first pfn not used by any of it */
	unsigned nr_maps;
	struct pt_map map[2];		/* the initial mapping; the p2m's */
};

/* 0; -ENOMEM it does not fit in nr_pages; -EINVAL addresses collide; with r->text set. */
int layout_compute(struct layout *l, const struct kernel *k, uint64_t nr_pages,
		   uint64_t ramdisk_bytes, struct report *r);

/* Virtual address of a pfn in the initial mapping. */
uint64_t layout_va(const struct layout *l, uint64_t pfn);

/* pfn of the level-`level` table (1..3) that maps va; va must be in one of the maps. */
uint64_t layout_table(const struct layout *l, unsigned level, uint64_t va);

/* Is pfn one of the page tables?  Those must not be mapped writable. */
bool layout_is_table(const struct layout *l, uint64_t pfn);

#endif
