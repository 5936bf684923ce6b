/* SPDX-License-Identifier: MIT */
/* Inside of the block backend's io_uring: shared by blk_uring.c and blk_fixed.c. */
#ifndef PVN_BACKENDS_BLK_URING_H
#define PVN_BACKENDS_BLK_URING_H

#include <liburing.h>

#include "backends/blk.h"

#define BLK_FIXED_SLOTS	256	/* of 1 MiB each: the most guest memory we ever pin */

struct blk_uring {
	struct io_uring ring;
	struct pvn_watch *watch;
	unsigned int inflight;			/* operations submitted, or about to be */
	struct blk_request_list backlog;	/* found no room in the submission queue */
	bool fixed;				/* registered buffers work here */
	bool slot_used[BLK_FIXED_SLOTS];
};

#endif
