/* SPDX-License-Identifier: MIT */
/*
 * Fills a domain's memory according to a layout.  Everything returns 0 or -errno with r->text set.
 */
#ifndef PVN_BUILDER_LOAD_H
#define PVN_BUILDER_LOAD_H

#include "toolstack/builder/guest_mem.h"
#include "toolstack/builder/kernel.h"
#include "toolstack/builder/layout.h"

/* What start_info says that is not in the layout. */
struct start_of_day {
	uint64_t shared_info_maddr;
	uint32_t store_port;
	uint32_t console_port;
	const char *cmdline;	/* NULL: empty; its length has been checked */
};

int load_kernel(struct guest_mem *m, const struct kernel *k, const struct layout *l,
		struct report *r);
/* fd is the ramdisk's, of l->ramdisk_bytes bytes; not called if there is none. */
int load_ramdisk(struct guest_mem *m, int fd, const struct layout *l, struct report *r);
int load_p2m(struct guest_mem *m, const struct layout *l, struct report *r);
int load_start_info(struct guest_mem *m, const struct layout *l, const struct start_of_day *s,
		    struct report *r);
int load_page_tables(struct guest_mem *m, const struct layout *l, struct report *r);

/* Registers of vCPU 0 at its first instruction. */
void load_context(vcpu_guest_context_t *c, const struct guest_mem *m, const struct kernel *k,
		  const struct layout *l);

#endif
