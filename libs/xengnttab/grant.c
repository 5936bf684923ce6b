/* SPDX-License-Identifier: MIT */
/*
 * Grant entries: finding out whether a domain permits a mapping, and telling it that there is one.
 *
 * The entry and the pin counts are the domain's to change at any moment.  An entry is read as one
 * 64-bit word, judged, and marked in use by exchanging that very word; what is mapped is what was
 * judged.  A domain that keeps changing it is refused after a few tries.  Counts that make no sense
 * only hurt the domain, whose grants then look used or unused.
 *
 * Letting go of a mapping is in libs/util/pins.c, which paravaned shares.
 */
#include "config.h"
#include "libs/xengnttab/private.h"

#include "libs/client/maptrack.h"
#include "libs/util/pins.h"

#include <errno.h>
#include <string.h>
#include <xen/grant_table.h>

#define TRIES	5

_Static_assert(sizeof(grant_entry_v1_t) == 8, "one word");

static uint64_t *entry_of(const struct pvn_domain *d, uint32_t gref)
{
	return (uint64_t *)(d->shared + PVN_HEAP_OFFSET + PVN_HEAP_GRANT * PVN_PAGE_SIZE) + gref;
}

static struct pvn_pin *pin_of(const struct pvn_domain *d, uint32_t gref)
{
	return (struct pvn_pin *)(d->shared + PVN_PINS_OFFSET) + gref;
}

/* As Xen judges a version 1 entry for a mapping by domain 0. */
static int entry_judge(const struct pvn_domain *d, uint64_t word, bool writable, uint64_t *offset)
{
	grant_entry_v1_t e;

	memcpy(&e, &word, sizeof(e));
	if ((e.flags & (GTF_type_mask | GTF_sub_page)) != GTF_permit_access || e.domid != 0)
		return -EINVAL;
	if (writable && (e.flags & GTF_readonly))
		return -EINVAL;
	*offset = pvn_domain_ram_offset(d, e.frame);
	return *offset == UINT64_MAX ? -EINVAL : 0;
}

static int entry_mark(const struct pvn_domain *d, uint32_t gref, bool writable, uint64_t *offset)
{
	uint64_t mark = GTF_reading | (writable ? GTF_writing : 0);
	uint64_t *p = entry_of(d, gref), word;
	int i, rc;

	word = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	for (i = 0; i < TRIES; i++) {
		rc = entry_judge(d, word, writable, offset);
		if (rc)
			return rc;
		/* A failed exchange brings the new word. */
		if (__atomic_compare_exchange_n(p, &word, word | mark, false, __ATOMIC_SEQ_CST,
						__ATOMIC_ACQUIRE))
			return 0;
	}
	return -EINVAL;
}

static bool count_inc(uint16_t *count)
{
	uint16_t old = __atomic_load_n(count, __ATOMIC_RELAXED);
	int i;

	for (i = 0; i < TRIES && old != UINT16_MAX; i++)
		if (__atomic_compare_exchange_n(count, &old, (uint16_t)(old + 1), false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static int pin_add(const struct pvn_domain *d, uint32_t gref, bool writable, uint64_t *offset)
{
	struct pvn_pin *pin = pin_of(d, gref);
	int rc;

	if (!count_inc(&pin->readers))
		return -ENOSPC;
	if (writable && !count_inc(&pin->writers)) {
		pvn_pin_drop(d->shared, gref, false);
		return -ENOSPC;
	}
	rc = entry_mark(d, gref, writable, offset);
	if (rc)
		pvn_pin_drop(d->shared, gref, writable);
	return rc;
}

int grant_get(struct pvn_client *c, uint32_t domid, uint32_t gref, bool writable, struct grant *g)
{
	uint64_t word;
	int rc;

	rc = pvn_client_domain(c, domid, &g->d);
	if (rc)
		return rc;
	rc = -ERANGE;
	if (gref >= g->d->m.max_grant_frames * (PVN_PAGE_SIZE / sizeof(grant_entry_v1_t)))
		goto out_put;
	/* First a look that leaves no traces in entries that are none. */
	word = __atomic_load_n(entry_of(g->d, gref), __ATOMIC_RELAXED);
	rc = entry_judge(g->d, word, writable, &g->offset);
	if (rc)
		goto out_put;
	rc = pvn_maptrack_take(c, &g->slot);
	if (rc)
		goto out_put;
	rc = pin_add(g->d, gref, writable, &g->offset);
	if (rc)
		goto out_slot;
	g->gref = gref;
	g->writable = writable;
	pvn_maptrack_set(c, g->slot, g->d, gref, writable);
	return 0;
out_slot:
	pvn_maptrack_give(c, g->slot);
out_put:
	pvn_domain_put(g->d);
	return rc;
}

void grant_put(struct pvn_client *c, struct grant *g)
{
	/* If we die between these two, the grant stays pinned: better than unpinned twice. */
	pvn_maptrack_clear(c, g->slot);
	pvn_pin_drop(g->d->shared, g->gref, g->writable);
	pvn_maptrack_give(c, g->slot);
	pvn_domain_put(g->d);
}
