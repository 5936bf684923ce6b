/* SPDX-License-Identifier: MIT */
/* Grants, for cases about them.  The table of a domain is set up with its first use. */
#ifndef CONFORMANCE_GRANT_H
#define CONFORMANCE_GRANT_H

#include "tests/guests/lib/guest.h"

static inline long gnttab(int cmd, void *arg, unsigned count)
{
	return HC(grant_table_op, (long)cmd, (long)arg, (long)count);
}

/* Version 1: 512 entries, one frame. */
grant_entry_v1_t *grant_table(void);
grant_entry_v2_t *grant_table_v2(void);		/* 256 entries; after set_version */
uint16_t *grant_status(void);			/* of version 2 */
void grant_v1(unsigned ref, domid_t to, uint64_t mfn, unsigned flags);
void grant_v2(unsigned ref, domid_t to, uint64_t mfn, unsigned flags);
long grant_version(unsigned version);		/* GNTTABOP_set_version */

/* One operation: its status, without the sign (GNTST_*), or the errno that the call returned. */
uint64_t grant_map(struct gnttab_map_grant_ref *m);
uint64_t grant_unmap(struct gnttab_unmap_grant_ref *u);
uint64_t grant_copy(struct gnttab_copy *c);

#endif
