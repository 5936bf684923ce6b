/* SPDX-License-Identifier: MIT */
/*
 * Grants from the side of the domain that gives them.
 *
 * An entry of the domain's table is judged when its first use begins (libs/util/pins.c), and from
 * then on what counts is the active entry made of it.  The marks in the domain's table are for the
 * domain to see; whether it respects them concerns nobody else, since a frame that is in use stays
 * (lender.c).
 */
#include "config.h"
#include "paravaned/grant.h"

#include <stdlib.h>
#include <xen/grant_table.h>

#include "libs/util/pins.h"
#include "paravaned/domain.h"
#include "paravaned/lender.h"
#include "paravaned/memory.h"

#define CHUNK	256U
#define CHUNKS	(PVN_MAX_GREFS / CHUNK)
/* The control domain has a table that nobody can write to. */
#define DOM0_ENTRIES	512U

struct active_grant {
	uint64_t mfn;
	uint32_t readers, writers;	/* mappings: which only read, and which write, too */
	domid_t domid;
};

static struct active_grant *active_find(const struct domain *d, uint32_t ref)
{
	return d->grants && d->grants[ref / CHUNK] ? &d->grants[ref / CHUNK][ref % CHUNK] : NULL;
}

static struct active_grant *active_get(struct domain *d, uint32_t ref)
{
	if (!d->grants)
		d->grants = calloc(CHUNKS, sizeof(*d->grants));
	if (d->grants && !d->grants[ref / CHUNK])
		d->grants[ref / CHUNK] = calloc(CHUNK, sizeof(**d->grants));
	return active_find(d, ref);
}

void grants_free(struct domain *d)
{
	uint32_t i;

	for (i = 0; d->grants && i < CHUNKS; i++)
		free(d->grants[i]);
	free(d->grants);
	d->grants = NULL;
}

uint32_t grants_active(const struct domain *d)
{
	uint32_t i, k, n = 0;

	for (i = 0; d->grants && i < CHUNKS; i++)
		for (k = 0; d->grants[i] && k < CHUNK; k++)
			n += d->grants[i][k].readers || d->grants[i][k].writers;
	return n;
}

/* 0; GNTST_bad_gntref; GNTST_general_error: it can grant nothing. */
static int ref_check(struct domain *rd, uint32_t ref)
{
	uint32_t frames;

	if (!rd->shared || !rd->range.frames)
		return ref < DOM0_ENTRIES ? GNTST_general_error : GNTST_bad_gntref;
	frames = __atomic_load_n(&domain_header(rd)->nr_grant_frames, __ATOMIC_RELAXED);
	if (!frames)
		frames = 1; /* what a domain is born with */
	if (frames > rd->max_grant_frames)
		frames = rd->max_grant_frames;
	return ref < pvn_grant_entries(rd->shared, frames) ? 0 : GNTST_bad_gntref;
}

static bool in_use(const struct active_grant *a)
{
	return a && (a->readers || a->writers);
}

/* What more than one user of an active entry must have in common. */
static int active_check(const struct active_grant *a, domid_t for_domid)
{
	if (in_use(a) && (a->domid != for_domid || a->readers >= UINT16_MAX || a->writers >= UINT16_MAX))
		return GNTST_general_error;
	return 0;
}

static uint32_t uses(uint32_t flags)
{
	return !!(flags & GNTMAP_host_map) + !!(flags & GNTMAP_device_map);
}

/* One use less. */
static void unpin(struct domain *rd, struct lender *l, struct active_grant *a, uint32_t ref, bool writable)
{
	--*(writable ? &a->writers : &a->readers);
	pvn_pin_drop(rd->shared, ref, writable);
	lender_unpin(l, a->mfn);
}

/* One use more: the first, and the first that writes, by what the entry says; others by what it said. */
static int pin(struct domain *rd, struct lender *l, struct active_grant *a, uint32_t ref, domid_t for_domid,
	       bool writable)
{
	struct pvn_grant_view v;
	int rc;

	if (in_use(a) && (!writable || a->writers))
		rc = pvn_pin_again(rd->shared, ref, writable);
	else
		rc = pvn_pin_add(rd->shared, ref, for_domid, writable ? PVN_PIN_WRITE : 0, &v);
	if (rc)
		return GNTST_general_error;
	if (!in_use(a)) {
		a->mfn = v.frame;
		a->domid = for_domid;
	}
	if (lender_pin(l, a->mfn)) {
		pvn_pin_drop(rd->shared, ref, writable);
		return in_use(a) ? GNTST_general_error : GNTST_bad_page;
	}
	++*(writable ? &a->writers : &a->readers);
	return 0;
}

int grant_acquire(struct domain *rd, uint32_t ref, domid_t for_domid, uint32_t flags, struct lender **l,
		  uint64_t *mfn)
{
	bool writable = !(flags & GNTMAP_readonly);
	uint32_t done;
	struct active_grant *a;
	int rc = ref_check(rd, ref);

	if (rc)
		return rc;
	a = active_get(rd, ref);
	*l = lender_of(rd);
	if (!a || !*l)
		return GNTST_general_error;
	rc = active_check(a, for_domid);
	for (done = 0; !rc && done < uses(flags); done++)
		rc = pin(rd, *l, a, ref, for_domid, writable);
	if (rc) {
		for (done = done ? done - 1 : 0; done; done--)
			unpin(rd, *l, a, ref, writable);
		return rc;
	}
	*mfn = a->mfn;
	return 0;
}

void grant_release(struct lender *l, uint32_t ref, uint32_t flags, uint64_t mfn)
{
	bool writable = !(flags & GNTMAP_readonly);
	uint32_t n = uses(flags);
	struct active_grant *a;

	if (!l->d) {
		/* The last unpin may free it. */
		for (; n; n--)
			lender_unpin(l, mfn);
		return;
	}
	a = active_find(l->d, ref);
	for (; n; n--)
		unpin(l->d, l, a, ref, writable);
}

/* What a transitive entry stands for is the third domain's affair, one step and no further. */
static int side_get(struct domain *rd, uint32_t ref, domid_t for_domid, bool transitive_ok,
		    struct grant_side *s)
{
	struct active_grant *a;
	struct pvn_grant_view v;
	struct domain *td;
	int rc = ref_check(rd, ref);

	if (rc)
		return rc;
	a = active_find(rd, ref);
	rc = active_check(a, for_domid);
	if (rc)
		return rc;
	if (in_use(a) && (!s->writable || a->writers)) {
		/* Mapped already, so nothing can change while we copy. */
		s->l = rd->lender;
		s->mfn = a->mfn;
		s->start = 0;
		s->length = PVN_PAGE_SIZE;
		return 0;
	}
	if (pvn_pin_add(rd->shared, ref, for_domid, PVN_PIN_COPY | (s->writable ? PVN_PIN_WRITE : 0), &v))
		return GNTST_general_error;
	s->pin[s->nr_pins].d = rd;
	s->pin[s->nr_pins++].ref = ref;
	if (v.transitive) {
		td = transitive_ok && v.trans_domid != rd->domid ? domain_by_id(v.trans_domid) : NULL;
		return td ? side_get(td, v.trans_gref, rd->domid, false, s) : GNTST_general_error;
	}
	s->l = lender_of(rd);
	if (!s->l)
		return GNTST_general_error;
	if (!memory_owned(rd, v.frame))
		return GNTST_bad_page;
	s->mfn = v.frame;
	s->start = v.start;
	s->length = v.length;
	return 0;
}

int grant_side_get(struct domain *rd, uint32_t ref, domid_t for_domid, bool writable, struct grant_side *s)
{
	int rc;

	s->writable = writable;
	s->nr_pins = 0;
	rc = side_get(rd, ref, for_domid, true, s);
	if (rc)
		grant_side_put(s);
	return rc;
}

void grant_side_put(struct grant_side *s)
{
	while (s->nr_pins) {
		s->nr_pins--;
		pvn_pin_drop(s->pin[s->nr_pins].d->shared, s->pin[s->nr_pins].ref, s->writable);
	}
}
