/* SPDX-License-Identifier: MIT */
/* The machine-wide numbering of frames: every domain has one contiguous range of mfns. */
#ifndef PARAVANED_FRAMES_H
#define PARAVANED_FRAMES_H

#include <stdint.h>
#include <sys/queue.h>

struct frame_range {
	uint64_t base, frames;
	TAILQ_ENTRY(frame_range) entry;
};

/* Give r a free range of `frames` frames, base a multiple of 512 and never 0.  0 or -ENOMEM. */
int frame_range_reserve(struct frame_range *r, uint64_t frames);
void frame_range_release(struct frame_range *r);
/* From now on it is in `to`, and `from` is empty. */
void frame_range_move(struct frame_range *to, struct frame_range *from);

/* One more than the highest mfn in use. */
uint64_t frame_range_end(void);

#endif
