/* SPDX-License-Identifier: MIT */
/*
 * Letting go of a mapped grant.  Called by libxengnttab when it unmaps, and by paravaned for a
 * client that died with mappings.
 *
 * Counts and entries are the domain's to change at any moment: a count that is already zero
 * stays zero, and one that keeps changing is let be.  Another process may map the reference at
 * the same instant: who goes looks again after it has cleared the marks.
 */
#include "config.h"
#include "libs/util/pins.h"

#include <paravane/shared.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

/* What a count may take before we let it be: others that count are few, a hostile one endless. */
#define COUNT_TRIES	64

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

static void mark_clear(uint16_t *flags, uint16_t mark, uint16_t *count)
{
	/* In an entry of another kind the bits mean something else. */
	if ((__atomic_load_n(flags, __ATOMIC_RELAXED) & GTF_type_mask) != GTF_permit_access)
		return;
	__atomic_fetch_and(flags, (uint16_t)~mark, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(count, __ATOMIC_SEQ_CST))
		__atomic_fetch_or(flags, mark, __ATOMIC_SEQ_CST);
}

void pvn_pin_drop(uint8_t *shared, uint32_t gref, bool writable)
{
	struct pvn_pin *pin = (struct pvn_pin *)(shared + PVN_PINS_OFFSET) + gref;
	grant_entry_v1_t *e = (grant_entry_v1_t *)(shared + PVN_HEAP_OFFSET +
						   PVN_HEAP_GRANT * PVN_PAGE_SIZE) + gref;

	if (writable && count_dec(&pin->writers))
		mark_clear(&e->flags, GTF_writing, &pin->writers);
	if (count_dec(&pin->readers))
		mark_clear(&e->flags, GTF_reading, &pin->readers);
}
