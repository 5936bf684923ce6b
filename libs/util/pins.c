/* SPDX-License-Identifier: MIT */
/*
 * Pinning grants and letting go of them.  Called by libxengnttab when it maps and unmaps, and by
 * paravaned for domains, and for a client that died with mappings.
 *
 * Counts and entries are the domain's to change at any moment: a count that is already zero
 * stays zero, and one that keeps changing is let be.  Another process may map the reference at
 * the same instant: who goes looks again after it has cleared the marks.  The table's version is
 * looked at after the count is up, so that a conversion (which looks at the counts after it
 * has said that it converts) and a pin see each other.
 */
#include "config.h"
#include "libs/util/pins.h"

#include <paravane/shared.h>
#include <stddef.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#define TRIES		5	/* as Xen: for a guest that changes the entry rightfully */
/* What a count may take before we let it be: others that count are few, a hostile one endless. */
#define COUNT_TRIES	64
#define VERSION_TRIES	200

_Static_assert(sizeof(grant_entry_v1_t) == 8 && sizeof(grant_entry_v2_t) == 16, "words");

static uint32_t version_of(const uint8_t *shared)
{
	const struct pvn_header *h = (const void *)(shared + PVN_HEADER_OFFSET);

	return __atomic_load_n(&h->grant_version, __ATOMIC_SEQ_CST);
}

/* A conversion takes microseconds: wait for it, but not for ever. */
static uint32_t version_wait(const uint8_t *shared)
{
	uint32_t v = version_of(shared);
	int i;

	for (i = 0; !v && i < VERSION_TRIES; i++) {
		__builtin_ia32_pause();
		v = version_of(shared);
	}
	return v;
}

static const uint8_t *heap(const uint8_t *shared, unsigned frame)
{
	return shared + PVN_HEAP_OFFSET + frame * PVN_PAGE_SIZE;
}

static uint64_t *entry_v1(const uint8_t *shared, uint32_t gref)
{
	return (uint64_t *)heap(shared, PVN_HEAP_GRANT) + gref;
}

static grant_entry_v2_t *entry_v2(const uint8_t *shared, uint32_t gref)
{
	return (grant_entry_v2_t *)heap(shared, PVN_HEAP_GRANT) + gref;
}

static uint16_t *status_v2(const uint8_t *shared, uint32_t gref)
{
	return (uint16_t *)heap(shared, PVN_HEAP_STATUS) + gref;
}

static struct pvn_pin *pin_of(uint8_t *shared, uint32_t gref)
{
	return (struct pvn_pin *)(shared + PVN_PINS_OFFSET) + gref;
}

uint32_t pvn_grant_entries(const uint8_t *shared, uint32_t frames)
{
	if (frames > PVN_MAX_GRANT_FRAMES)
		frames = PVN_MAX_GRANT_FRAMES;
	return frames * (uint32_t)(PVN_PAGE_SIZE / (version_of(shared) == 2 ? sizeof(grant_entry_v2_t) :
									      sizeof(grant_entry_v1_t)));
}

static int judge(uint16_t flags, uint16_t entry_domid, uint16_t domid, unsigned how, bool v2)
{
	uint16_t mask = how & PVN_PIN_COPY ? GTF_type_mask : GTF_type_mask | GTF_sub_page;
	bool good = (flags & mask) == GTF_permit_access ||
		    (v2 && (how & PVN_PIN_COPY) && (flags & mask) == GTF_transitive);

	if (!good || entry_domid != domid)
		return GNTST_general_error;
	return (how & PVN_PIN_WRITE) && (flags & GTF_readonly) ? GNTST_general_error : 0;
}

static void view_v1(uint64_t word, struct pvn_grant_view *v)
{
	grant_entry_v1_t e;

	memcpy(&e, &word, sizeof(e));
	*v = (struct pvn_grant_view){ .frame = e.frame, .length = PVN_PAGE_SIZE };
}

static int judge_v1(uint64_t word, uint16_t domid, unsigned how)
{
	grant_entry_v1_t e;

	memcpy(&e, &word, sizeof(e));
	return judge(e.flags, e.domid, domid, how, false);
}

static int judge_v2(const grant_entry_v2_t *e, uint16_t domid, unsigned how, struct pvn_grant_view *v)
{
	const uint64_t *words = (const uint64_t *)e;
	uint64_t copy[2] = { __atomic_load_n(&words[0], __ATOMIC_ACQUIRE),
			     __atomic_load_n(&words[1], __ATOMIC_ACQUIRE) };
	grant_entry_v2_t c;
	int rc;

	memcpy(&c, copy, sizeof(c));
	rc = judge(c.hdr.flags, c.hdr.domid, domid, how, true);
	if (rc)
		return rc;
	*v = (struct pvn_grant_view){ .frame = c.full_page.frame, .length = PVN_PAGE_SIZE };
	if ((c.hdr.flags & GTF_type_mask) == GTF_transitive) {
		v->transitive = true;
		v->trans_domid = c.transitive.trans_domid;
		v->trans_gref = c.transitive.gref;
	} else if (c.hdr.flags & GTF_sub_page) {
		v->sub_page = true;
		v->frame = c.sub_page.frame;
		v->start = c.sub_page.page_off;
		v->length = c.sub_page.length;
	}
	return 0;
}

int pvn_grant_look(const uint8_t *shared, uint32_t gref, uint16_t domid, unsigned how,
		   struct pvn_grant_view *v)
{
	uint64_t word;
	int rc;

	switch (version_wait(shared)) {
	case 1:
		word = __atomic_load_n(entry_v1(shared, gref), __ATOMIC_RELAXED);
		rc = judge_v1(word, domid, how);
		if (!rc)
			view_v1(word, v);
		return rc;
	case 2:
		return gref < PVN_MAX_GREFS / 2 ? judge_v2(entry_v2(shared, gref), domid, how, v) :
						  GNTST_general_error;
	}
	return GNTST_general_error;
}

static int mark_v1(uint8_t *shared, uint32_t gref, uint16_t domid, unsigned how, struct pvn_grant_view *v)
{
	uint64_t mark = GTF_reading | (how & PVN_PIN_WRITE ? GTF_writing : 0);
	uint64_t *p = entry_v1(shared, gref), word = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	int i, rc;

	for (i = 0; i < TRIES; i++) {
		rc = judge_v1(word, domid, how);
		if (rc)
			return rc;
		/* A failed exchange brings the new word. */
		if (__atomic_compare_exchange_n(p, &word, word | mark, false, __ATOMIC_SEQ_CST,
						__ATOMIC_ACQUIRE)) {
			view_v1(word, v);
			return 0;
		}
	}
	return GNTST_general_error;
}

/* First the mark, then the look: the domain takes its grant back the other way round. */
static int mark_v2(uint8_t *shared, uint32_t gref, uint16_t domid, unsigned how, struct pvn_grant_view *v)
{
	uint16_t mark = GTF_reading | (how & PVN_PIN_WRITE ? GTF_writing : 0);

	if (gref >= PVN_MAX_GREFS / 2 || judge_v2(entry_v2(shared, gref), domid, how, v))
		return GNTST_general_error;
	__atomic_fetch_or(status_v2(shared, gref), mark, __ATOMIC_SEQ_CST);
	return judge_v2(entry_v2(shared, gref), domid, how, v);
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

int pvn_pin_again(uint8_t *shared, uint32_t gref, bool writable)
{
	struct pvn_pin *pin = pin_of(shared, gref);

	if (!count_inc(&pin->readers))
		return GNTST_no_space;
	if (writable && !count_inc(&pin->writers)) {
		pvn_pin_drop(shared, gref, false);
		return GNTST_no_space;
	}
	return 0;
}

int pvn_pin_add(uint8_t *shared, uint32_t gref, uint16_t domid, unsigned how, struct pvn_grant_view *v)
{
	bool writable = how & PVN_PIN_WRITE;
	int rc = pvn_pin_again(shared, gref, writable);

	if (rc)
		return rc;
	rc = GNTST_general_error;
	switch (version_wait(shared)) {
	case 1:
		rc = mark_v1(shared, gref, domid, how, v);
		break;
	case 2:
		rc = mark_v2(shared, gref, domid, how, v);
		break;
	}
	if (rc)
		pvn_pin_drop(shared, gref, writable);
	return rc;
}

/* true: it was the last. */
static bool count_dec(uint16_t *count)
{
	uint16_t old = __atomic_load_n(count, __ATOMIC_RELAXED);
	int i;

	for (i = 0; i < COUNT_TRIES && old; i++)
		if (__atomic_compare_exchange_n(count, &old, (uint16_t)(old - 1), false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return old == 1;
	return false;
}

/* Where the marks of an entry are; NULL: nowhere (in an entry of another kind the bits mean something
 * else, and who converts the table sets the marks by the counts when it is done). */
static uint16_t *marks_of(uint8_t *shared, uint32_t gref)
{
	uint16_t *flags = (uint16_t *)entry_v1(shared, gref);

	switch (version_of(shared)) {
	case 1:
		return (__atomic_load_n(flags, __ATOMIC_RELAXED) & GTF_type_mask) == GTF_permit_access ? flags :
												       NULL;
	case 2:
		return gref < PVN_MAX_GREFS / 2 ? status_v2(shared, gref) : NULL;
	}
	return NULL;
}

static void mark_clear(uint16_t *flags, uint16_t mark, uint16_t *count)
{
	if (!flags)
		return;
	__atomic_fetch_and(flags, (uint16_t)~mark, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(count, __ATOMIC_SEQ_CST))
		__atomic_fetch_or(flags, mark, __ATOMIC_SEQ_CST);
}

void pvn_pin_drop(uint8_t *shared, uint32_t gref, bool writable)
{
	struct pvn_pin *pin = pin_of(shared, gref);

	if (writable && count_dec(&pin->writers))
		mark_clear(marks_of(shared, gref), GTF_writing, &pin->writers);
	if (count_dec(&pin->readers))
		mark_clear(marks_of(shared, gref), GTF_reading, &pin->readers);
}
