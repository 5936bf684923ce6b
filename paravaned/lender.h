/* SPDX-License-Identifier: MIT */
/*
 * A domain's memory as other domains use it: which frames they have mapped, and the way to copy.
 *
 * A frame that is mapped is not given back to the host, whatever its domain does: one that the
 * domain releases, or leaves behind when it dies, goes when the last mapping has gone.  The frame
 * numbers of a dead domain are nobody's until then.
 */
#ifndef PARAVANED_LENDER_H
#define PARAVANED_LENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paravaned/frames.h"

struct domain;

struct lender {
	struct domain *d;		/* NULL: it is no more, and this is what is left of it */
	int mem_fd;
	uint8_t *mem;			/* the memory object, mapped for copies; NULL: not yet */
	size_t mem_bytes;
	uint64_t ram_mfn, frames;
	uint32_t *pins;			/* mappings of each frame */
	uint64_t *given_back;		/* a bit per frame: released while it was mapped */
	uint64_t nr_pinned;		/* frames with mappings */
	struct frame_range range;	/* of the dead domain */
	bool swept;			/* what was not mapped has been given back */
};

struct lender *lender_of(struct domain *d);	/* NULL: no memory for it, or the domain has none */

/* One mapping more of a frame that is the domain's.  0, or -1: it is not, or too often. */
int lender_pin(struct lender *l, uint64_t mfn);
void lender_unpin(struct lender *l, uint64_t mfn);

/* Whether frame i (of RAM) of a domain is mapped; no lender, no mapping. */
static inline bool lender_has(const struct lender *l, uint64_t i)
{
	return l && l->pins[i];
}

/* Frame i is released by its domain but mapped: remember it.  true: it had been released already. */
bool lender_give_back(struct lender *l, uint64_t i);
bool lender_gave_back(const struct lender *l, uint64_t i);

/* The domain dies; `fd` is its memory object, kept until lender_swept() at least. */
void lender_orphan(struct lender *l, int fd);
/* All that was not mapped is given back, and fd is ours. */
void lender_swept(struct lender *l);

/* The bytes of the frame, or NULL: no address space, or not a frame of the range. */
uint8_t *lender_bytes(struct lender *l, uint64_t mfn);

/* Copies, where the host may have no page for one of the sides: rc is 0 or -ENOMEM. */
struct lender_piece {
	uint8_t *dst;
	const uint8_t *src;
	size_t len;
	int rc;
};
void lender_copy(struct lender_piece *p, unsigned int n);

/* Frames of dead domains that are still mapped, in all. */
uint64_t lender_orphaned_frames(void);

#endif
