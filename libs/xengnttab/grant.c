/* SPDX-License-Identifier: MIT */
/*
 * Grant entries: finding out whether a domain permits a mapping, and telling it that there is one.
 *
 * How an entry is judged and marked, and how the marks go, is in libs/util/pins.c, which paravaned
 * shares.  Counts that make no sense only hurt the domain, whose grants then look used or unused.
 */
#include "config.h"
#include "libs/xengnttab/private.h"

#include "libs/client/maptrack.h"
#include "libs/util/pins.h"

#include <errno.h>
#include <xen/grant_table.h>

/* As errno, for a caller that has one for all of these anyhow. */
static int errno_of(int gntst)
{
	switch (gntst) {
	case GNTST_okay:
		return 0;
	case GNTST_no_space:
		return -ENOSPC;
	default:
		return -EINVAL;
	}
}

/* Transitive grants are not followed: their referent is no domain's memory of the control domain's. */
static int judged(const struct grant *g, const struct pvn_grant_view *v, uint64_t *offset)
{
	*offset = v->transitive ? UINT64_MAX : pvn_domain_ram_offset(g->d, v->frame);
	return *offset == UINT64_MAX ? -EINVAL : 0;
}

static int pin(struct grant *g, uint32_t gref, unsigned how)
{
	struct pvn_grant_view v;
	int rc = errno_of(pvn_pin_add(g->d->shared, gref, 0, how, &v));

	if (rc)
		return rc;
	rc = judged(g, &v, &g->offset);
	if (rc)
		pvn_pin_drop(g->d->shared, gref, how & PVN_PIN_WRITE);
	g->start = v.start;
	g->length = v.length;
	return rc;
}

int grant_get(struct pvn_client *c, uint32_t domid, uint32_t gref, unsigned how, struct grant *g)
{
	struct pvn_grant_view v;
	bool writable = how & PVN_PIN_WRITE;
	int rc;

	rc = pvn_client_domain(c, domid, &g->d);
	if (rc)
		return rc;
	rc = -ERANGE;
	if (gref >= pvn_grant_entries(g->d->shared, g->d->m.max_grant_frames))
		goto out_put;
	/* First a look that leaves no traces in entries that are none. */
	rc = errno_of(pvn_grant_look(g->d->shared, gref, 0, how, &v));
	if (!rc)
		rc = judged(g, &v, &g->offset);
	if (rc)
		goto out_put;
	rc = pvn_maptrack_take(c, &g->slot);
	if (rc)
		goto out_put;
	rc = pin(g, gref, how);
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
