/* SPDX-License-Identifier: MIT */
/*
 * Grant entries of a domain, of both versions: what one permits, and pinning it while it is mapped
 * (struct pvn_pin, include/paravane/shared.h).  Used by libxengnttab and by paravaned.
 *
 * Everything here is the domain's to change at any moment: what is returned is what was judged.
 */
#ifndef LIBS_UTIL_PINS_H
#define LIBS_UTIL_PINS_H

#include <stdbool.h>
#include <stdint.h>

#define PVN_PIN_WRITE	1U	/* for writing, too */
#define PVN_PIN_COPY	2U	/* not for a mapping: sub-page and transitive entries are good as well */

/* What the entry grants. */
struct pvn_grant_view {
	uint64_t frame;
	uint16_t start, length;		/* the part of the frame, all of it unless sub_page */
	bool sub_page;
	bool transitive;		/* then: whose reference it stands for, instead of all above */
	uint16_t trans_domid;
	uint32_t trans_gref;
};

/* How many references the first `frames` of the domain's table hold. */
uint32_t pvn_grant_entries(const uint8_t *shared, uint32_t frames);

/* Look without leaving a trace: 0 or a negative GNTST_* as Xen judges the entry for `domid`. */
int pvn_grant_look(const uint8_t *shared, uint32_t gref, uint16_t domid, unsigned how,
		   struct pvn_grant_view *v);

/* Pin gref (below pvn_grant_entries()) for `domid`.  0; GNTST_general_error; GNTST_no_space: as often
 * as it can be already. */
int pvn_pin_add(uint8_t *shared, uint32_t gref, uint16_t domid, unsigned how, struct pvn_grant_view *v);

/* Pin what is pinned already, for at least the same use, once more.  0 or GNTST_no_space. */
int pvn_pin_again(uint8_t *shared, uint32_t gref, bool writable);

/* One mapping of gref (below PVN_MAX_GREFS) less; the last one clears the entry's
 * GTF_reading/GTF_writing.  Bounded whatever the domain does meanwhile. */
void pvn_pin_drop(uint8_t *shared, uint32_t gref, bool writable);

#endif
