/* SPDX-License-Identifier: MIT */
/*
 * xengnttab_grant_copy(): as GNTTABOP_copy, with the pins of a mapping while it copies.
 * What is copied may change meanwhile; that is the domain's affair.
 */
#include "config.h"
#include <xengnttab.h>

#include "libs/client/handle.h"
#include "libs/util/pins.h"
#include "libs/xengnttab/private.h"

#include <stdbool.h>
#include <string.h>

static bool side_check(const xengnttab_grant_copy_segment_t *s, const union xengnttab_copy_ptr *p, int flag)
{
	return !(s->flags & flag) || p->foreign.offset + (uint32_t)s->len <= PVN_PAGE_SIZE;
}

/* What gntdev refuses the whole call for. */
static int segments_check(uint32_t count, const xengnttab_grant_copy_segment_t *segs)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (!(segs[i].flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref)))
			return -EINVAL;
		if (!side_check(&segs[i], &segs[i].source, GNTCOPY_source_gref) ||
		    !side_check(&segs[i], &segs[i].dest, GNTCOPY_dest_gref))
			return -EINVAL;
	}
	return 0;
}

static int16_t status_of(int rc)
{
	switch (rc) {
	case 0:
		return GNTST_okay;
	case -ESRCH:
		return GNTST_bad_domain;
	case -ERANGE:
		return GNTST_bad_gntref;
	case -ENOSPC:
		return GNTST_no_space;
	default:
		return GNTST_general_error;
	}
}

/* The bytes of one side; *pinned: to be put back. */
static int side_get(struct pvn_client *c, const union xengnttab_copy_ptr *p, uint32_t len, bool granted,
		    bool writable, struct grant *g, unsigned char **bytes)
{
	int rc;

	if (!granted) {
		*bytes = p->virt;
		return 0;
	}
	rc = grant_get(c, p->foreign.domid, p->foreign.ref, PVN_PIN_COPY | (writable ? PVN_PIN_WRITE : 0), g);
	if (rc)
		return rc;
	rc = p->foreign.offset < g->start || p->foreign.offset + len > g->start + g->length ? -EINVAL :
											    pvn_domain_map_mem(g->d);
	if (rc) {
		grant_put(c, g);
		return rc;
	}
	*bytes = g->d->mem + g->offset + p->foreign.offset;
	return 0;
}

static int16_t segment_copy(struct pvn_client *c, const xengnttab_grant_copy_segment_t *s)
{
	bool src_granted = s->flags & GNTCOPY_source_gref, dst_granted = s->flags & GNTCOPY_dest_gref;
	unsigned char *src, *dst;
	struct grant sg, dg;
	int rc;

	rc = side_get(c, &s->source, s->len, src_granted, false, &sg, &src);
	if (rc)
		return status_of(rc);
	rc = side_get(c, &s->dest, s->len, dst_granted, true, &dg, &dst);
	if (!rc) {
		/* Both sides may be the same frame. */
		memmove(dst, src, s->len);
		if (dst_granted)
			grant_put(c, &dg);
	}
	if (src_granted)
		grant_put(c, &sg);
	return status_of(rc);
}

int xengnttab_grant_copy(xengnttab_handle *h, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	uint32_t i;
	int rc = segments_check(count, segs);

	if (rc)
		return pvn_errno(rc);
	pthread_mutex_lock(&h->client->lock);
	for (i = 0; i < count; i++)
		segs[i].status = segment_copy(h->client, &segs[i]);
	pthread_mutex_unlock(&h->client->lock);
	return 0;
}
