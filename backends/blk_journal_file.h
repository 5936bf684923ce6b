/* SPDX-License-Identifier: MIT */
/* The file that journals lie in: an area of a fixed size for each.  See blk_journal.h for what is in one. */
#ifndef PVN_BACKENDS_BLK_JOURNAL_FILE_H
#define PVN_BACKENDS_BLK_JOURNAL_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "backends/blk_journal.h"

#define JOURNAL_MAGIC		0x324c4e524a4b4c42ull	/* "BLKJRNL2" */
#define JOURNAL_HEAD_BYTES	4096u
#define JOURNAL_MAX_ENTRIES	512u	/* of a ring of BLK_MAX_RING_PAGES */

/* At the beginning of an area.  The magic is stored last: an area without it is free. */
struct journal_head {
	uint64_t magic;
	uint32_t domid, devid;
	uint32_t nr_queues;
	uint32_t nr_entries;	/* of each queue */
	uint32_t entry_bytes, zero;	/* no padding: it is compared as a whole */
};

/* A queue's part, in whole pages. */
static inline size_t journal_queue_bytes(uint32_t nr_entries)
{
	size_t bytes = sizeof(struct blk_journal_queue) + nr_entries * sizeof(struct blk_journal_entry);

	return (bytes + 4095) & ~(size_t)4095;
}

int journal_file_fd(const struct blk_journals *js);
off_t journal_area_at(unsigned int area);

/* The device's area, or -1. */
int journal_area_find(const struct blk_journals *js, unsigned int domid, unsigned int devid);

/* One for a device that has none, held: bytes of it, which are there even if the disk fills up.  Or -errno. */
int journal_area_take(struct blk_journals *js, unsigned int domid, unsigned int devid, size_t bytes);
/* Is it mapped, so that it must neither go nor be another's? */
bool journal_area_held(const struct blk_journals *js, unsigned int area);
void journal_area_hold(struct blk_journals *js, unsigned int area);	/* one that was found */
void journal_area_let_go(struct blk_journals *js, unsigned int area, bool keep);

#endif
