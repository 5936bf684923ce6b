/* SPDX-License-Identifier: MIT */
/* A grant table for tests of frontends: see grants.h. */
#include <stdlib.h>
#include <string.h>
#include <pv/errno.h>
#include <pv/grant.h>
#include <pv/mm.h>
#include "grants.h"

struct fake_grant fake_grants[FAKE_GRANTS];
unsigned fake_grants_limit = FAKE_GRANTS;

mfn_t virt_to_mfn(const void *va)
{
	return (uintptr_t)va >> PAGE_SHIFT;
}

int grant_access(domid_t domid, mfn_t mfn, bool readonly, grant_ref_t *ref)
{
	for (unsigned i = 8; i < fake_grants_limit; i++) {
		if (fake_grants[i].used)
			continue;
		fake_grants[i] = (struct fake_grant){ true, readonly, false, mfn };
		*ref = i;
		return 0;
	}
	return -ENOSPC;
}

bool grant_end_access(grant_ref_t ref)
{
	if (ref >= FAKE_GRANTS || !fake_grants[ref].used)
		abort();
	if (fake_grants[ref].mapped)
		return false;
	fake_grants[ref].used = false;
	return true;
}

unsigned fake_grants_used(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FAKE_GRANTS; i++)
		n += fake_grants[i].used;
	return n;
}

void *fake_grant_page(grant_ref_t ref)
{
	return ref < FAKE_GRANTS && fake_grants[ref].used ?
		(void *)(fake_grants[ref].mfn << PAGE_SHIFT) : NULL;
}
