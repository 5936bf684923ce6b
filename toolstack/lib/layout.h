/* SPDX-License-Identifier: MIT */
/* The store nodes of a new domain: what libxl writes, where guests and backends look for it. */
#ifndef PARAVANE_LAYOUT_H
#define PARAVANE_LAYOUT_H

#include "toolstack/lib/toolstack.h"

/* Everything known before the domain is built, in one transaction.  0 or -errno. */
int layout_domain(struct toolstack *t, uint32_t domid, const struct domain_config *c);

/* Where the builder put the two rings. */
struct layout_rings {
	uint64_t store_mfn, console_mfn;
	uint32_t store_port, console_port;
};
int layout_rings(struct toolstack *t, uint32_t domid, const struct layout_rings *r);

#endif
