/* SPDX-License-Identifier: MIT */
/*
 * Copies between domains, and frames that change hands.  The copy goes from memory object to
 * memory object: both are mapped here once.
 */
#include "config.h"
#include "paravaned/grant.h"

#include <stddef.h>
#include <xen/grant_table.h>

#include "libs/util/pins.h"
#include "paravaned/domain.h"
#include "paravaned/lender.h"
#include "paravaned/memory.h"

#define TRIES	5

/* A side by frame is the domain's own. */
static int side_open(struct domain *d, struct domain *rd, uint64_t what, bool granted, bool writable,
		     struct grant_side *s)
{
	if (granted)
		return what <= UINT32_MAX ? grant_side_get(rd, (uint32_t)what, d->domid, writable, s) :
					    GNTST_bad_gntref;
	*s = (struct grant_side){ .l = lender_of(d), .mfn = what, .length = PVN_PAGE_SIZE };
	if (!s->l)
		return GNTST_general_error;
	return memory_owned(d, what) ? 0 : GNTST_bad_page;
}

static bool within(const struct grant_side *s, uint32_t offset, uint32_t len)
{
	return offset >= s->start && offset + len <= (uint32_t)s->start + s->length;
}

static int piece_of(const struct pvn_grant_copy *c, const struct grant_side *src, const struct grant_side *dst,
		    struct lender_piece *p)
{
	uint8_t *from, *to;

	if (c->src_offset + (uint32_t)c->len > PVN_PAGE_SIZE || c->dst_offset + (uint32_t)c->len > PVN_PAGE_SIZE)
		return GNTST_bad_copy_arg;
	if (!within(src, c->src_offset, c->len) || !within(dst, c->dst_offset, c->len))
		return GNTST_general_error;
	from = lender_bytes(src->l, src->mfn);
	to = lender_bytes(dst->l, dst->mfn);
	if (!from || !to || (c->flags & PVN_COPY_DST_BAD))
		return GNTST_general_error;
	*p = (struct lender_piece){ to + c->dst_offset, from + c->src_offset, c->len, 0 };
	return 0;
}

/* 0 and the domain, or GNTST_*.  Only a domain's own memory may be named by frame. */
static int side_domain(struct domain *d, domid_t domid, bool granted, struct domain **out)
{
	*out = domid == DOMID_SELF ? d : domain_by_id(domid);
	if (!*out)
		return GNTST_bad_domain;
	return granted || domid == DOMID_SELF ? 0 : GNTST_permission_denied;
}

struct sides {
	struct grant_side src, dst;
	bool open;
};

static int sides_open(struct domain *d, const struct pvn_grant_copy *c, struct sides *s, struct lender_piece *p)
{
	bool src_granted = c->flags & GNTCOPY_source_gref, dst_granted = c->flags & GNTCOPY_dest_gref;
	struct domain *sd, *dd;
	int rc;

	rc = side_domain(d, c->src_domid, src_granted, &sd);
	if (!rc)
		rc = side_domain(d, c->dst_domid, dst_granted, &dd);
	if (rc)
		return rc;
	rc = side_open(d, sd, c->src, src_granted, false, &s->src);
	if (rc)
		return rc;
	rc = side_open(d, dd, c->dst, dst_granted, true, &s->dst);
	if (rc)
		grant_side_put(&s->src);
	s->open = !rc;
	return rc ? rc : piece_of(c, &s->src, &s->dst, p);
}

/*
 * Some copies in order: all are looked at, copied, and let go of.  In three steps, because an atomic
 * operation waits until everything stored before it has arrived: a page that was just copied, for instance.
 */
void grant_copy(struct domain *d, struct pvn_grant_copy *g, uint32_t n)
{
	struct sides s[GRANT_COPIES];
	struct lender_piece p[GRANT_COPIES];
	uint32_t i;

	for (i = 0; i < n; i++) {
		s[i].open = false;
		p[i] = (struct lender_piece){ 0 };
		g[i].status = (int16_t)sides_open(d, &g[i], &s[i], &p[i]);
	}
	lender_copy(p, n);
	for (i = 0; i < n; i++) {
		if (!s[i].open)
			continue;
		if (!g[i].status && p[i].rc)
			g[i].status = GNTST_general_error;
		grant_side_put(&s[i].dst);
		grant_side_put(&s[i].src);
	}
}

/* The entry of domain e that accepts a frame of `from`: where its frame number goes, and its flags. */
struct accept {
	uint16_t *flags;
	uint64_t *frame_v2;
	uint32_t *frame_v1;
};

static int accept_find(struct domain *e, uint32_t ref, struct accept *a)
{
	struct pvn_header *h = domain_header(e);
	uint8_t *table = e->shared + PVN_HEAP_OFFSET + PVN_HEAP_GRANT * PVN_PAGE_SIZE;
	uint32_t frames = __atomic_load_n(&h->nr_grant_frames, __ATOMIC_RELAXED);
	bool v2 = __atomic_load_n(&h->grant_version, __ATOMIC_SEQ_CST) == 2;

	if (!frames)
		frames = 1;
	if (frames > e->max_grant_frames)
		frames = e->max_grant_frames;
	if (ref >= frames * (PVN_PAGE_SIZE / (v2 ? sizeof(grant_entry_v2_t) : sizeof(grant_entry_v1_t))))
		return -1;
	*a = (struct accept){ 0 };
	if (v2) {
		grant_entry_v2_t *entry = (grant_entry_v2_t *)table + ref;

		a->flags = &entry->hdr.flags;
		a->frame_v2 = &entry->full_page.frame;
	} else {
		grant_entry_v1_t *entry = (grant_entry_v1_t *)table + ref;

		a->flags = &entry->flags;
		a->frame_v1 = &entry->frame;
	}
	return 0;
}

/* From accept_transfer for `from` to committed, in one exchange of flags and domid. */
static int accept_commit(const struct accept *a, domid_t from)
{
	uint32_t *word = (uint32_t *)a->flags, good = GTF_accept_transfer | (uint32_t)from << 16, old;
	int i;

	for (i = 0; i < TRIES; i++) {
		old = __atomic_load_n(word, __ATOMIC_RELAXED);
		if (old != good)
			return -1;
		if (__atomic_compare_exchange_n(word, &old, good | GTF_transfer_committed, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return 0;
	}
	return -1;
}

static uint64_t accept_pfn(const struct accept *a)
{
	uint64_t pfn = a->frame_v1 ? __atomic_load_n(a->frame_v1, __ATOMIC_RELAXED) :
				     __atomic_load_n(a->frame_v2, __ATOMIC_RELAXED);

	return pfn < PVN_MAX_MFN ? pfn : PVN_PFN_NONE;
}

static void accept_complete(const struct accept *a, uint64_t mfn)
{
	if (a->frame_v1)
		__atomic_store_n(a->frame_v1, (uint32_t)mfn, __ATOMIC_RELAXED);
	else
		__atomic_store_n(a->frame_v2, mfn, __ATOMIC_RELAXED);
	__atomic_fetch_or(a->flags, GTF_transfer_completed, __ATOMIC_SEQ_CST);
}

static int copy_page(uint8_t *to, const uint8_t *from)
{
	struct lender_piece p = { to, from, PVN_PAGE_SIZE, 0 };

	lender_copy(&p, 1);
	return p.rc;
}

/* Each domain's frames lie in an object of its own: what changes hands is what is in them. */
static int give(const uint8_t *page, domid_t from, struct domain *e, uint32_t ref)
{
	struct lender *to = lender_of(e);
	struct accept a;
	uint64_t mfn;
	uint8_t *dst;

	if (!to || accept_find(e, ref, &a) || memory_populate(e, accept_pfn(&a), 0, &mfn))
		return GNTST_general_error;
	dst = lender_bytes(to, mfn);
	if (!dst || copy_page(dst, page) || accept_commit(&a, from)) {
		memory_release(e, mfn, 1);
		return GNTST_general_error;
	}
	/* The image of e learns of the frame before the guest does. */
	__atomic_fetch_add(&domain_header(e)->transfers, 1, __ATOMIC_SEQ_CST);
	accept_complete(&a, mfn);
	return 0;
}

/* As with Xen the frame is gone whether or not somebody takes it, once it was the caller's to give. */
int grant_transfer(struct domain *d, uint64_t mfn, uint64_t domid, uint64_t ref, bool *gone)
{
	static uint8_t page[PVN_PAGE_SIZE];
	struct lender *l = lender_of(d);
	struct domain *e;
	uint8_t *src;

	*gone = false;
	if (!l || !memory_owned(d, mfn) || lender_has(l, mfn - l->ram_mfn))
		return GNTST_bad_page;
	src = lender_bytes(l, mfn);
	if (!src || copy_page(page, src) || memory_release(d, mfn, 1))
		return GNTST_bad_page;
	*gone = true;
	e = domid < DOMID_FIRST_RESERVED ? domain_by_id((domid_t)domid) : NULL;
	if (!e)
		return GNTST_bad_domain;
	return e->range.frames && ref <= UINT32_MAX ? give(page, d->domid, e, (uint32_t)ref) :
						      GNTST_general_error;
}
