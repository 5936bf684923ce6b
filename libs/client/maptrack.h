/* SPDX-License-Identifier: MIT */
/*
 * The table of live grant mappings that the process shares with paravaned, which releases what is
 * in it when the process dies.  The lock of the client is held by the caller.
 */
#ifndef PVN_CLIENT_MAPTRACK_H
#define PVN_CLIENT_MAPTRACK_H

#include "libs/client/client.h"

#define PVN_MAPTRACK_SLOTS	65536U	/* grants one process can have mapped, as gntdev's limit */

struct pvn_tracks {
	struct pvn_maptrack *table;
	uint32_t *next_free;	/* by slot */
	uint32_t first_free;
	uint32_t used;		/* slots from here on have never been used */
};

/* A free slot.  0; -ENOSPC; or -errno of making the table. */
int pvn_maptrack_take(struct pvn_client *c, uint32_t *slot);
void pvn_maptrack_give(struct pvn_client *c, uint32_t slot);
/* The mapping is made, or is about to go. */
void pvn_maptrack_set(struct pvn_client *c, uint32_t slot, const struct pvn_domain *d, uint32_t gref,
		      bool writable);
void pvn_maptrack_clear(struct pvn_client *c, uint32_t slot);
void pvn_maptrack_free(struct pvn_client *c);

#endif
