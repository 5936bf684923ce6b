/* SPDX-License-Identifier: MIT */
/* A grant table without a hypervisor: references are indexes, frames are addresses. */
#ifndef GUESTFS_GRANTS_H
#define GUESTFS_GRANTS_H

#include <pv/grant.h>

#define FAKE_GRANTS 4096

struct fake_grant {
	bool used, readonly;
	bool mapped;		/* the other side holds it: it cannot be taken back */
	mfn_t mfn;
};
extern struct fake_grant fake_grants[FAKE_GRANTS];
extern unsigned fake_grants_limit;	/* references there are */
unsigned fake_grants_used(void);
void *fake_grant_page(grant_ref_t ref);

#endif
