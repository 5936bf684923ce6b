/* SPDX-License-Identifier: MIT */
/*
 * The buffer cache: pages of block devices in memory, written back later.
 *
 * Every buffer is one page of a device (4096 bytes at byte offset index * 4096; the last one
 * of a device may be shorter on the device). A file system with smaller blocks uses parts.
 *
 * A buffer that was got is pinned until bcache_put. Contents may be changed by whoever the
 * file system's own lock lets; bcache_dirty afterwards.
 */
#ifndef PV_BCACHE_H
#define PV_BCACHE_H

#include <pv/types.h>
#include <pv/blk.h>
#include <pv/list.h>

#define BCACHE_SHIFT	12
#define BCACHE_BYTES	4096U

struct buf {
	struct blkdev *dev;
	uint64_t index;
	uint8_t *data;
	/* Guarded by the cache's lock. */
	uint32_t refs;
	uint32_t flags;
	struct buf *hash_next;
	struct list_head lru;		/* all buffers, the longest unused first */
	struct list_head dirty;		/* dirty ones, the longest dirty first */
};

/* max_bytes: the cache's ceiling. 0 or -ENOMEM. */
int bcache_init(uint64_t max_bytes);
void bcache_exit(void);

/* The page with its contents: read if need be. 0, -EIO, -ENOMEM, -EINVAL beyond the end. */
int bcache_read(struct blkdev *dev, uint64_t index, struct buf **out);
/* The page for overwriting: contents are what they were, or zero if they were not in memory.
 * Only for a caller who fills all of it. */
int bcache_get(struct blkdev *dev, uint64_t index, struct buf **out);
/* Is it in memory, or being read? A hint. */
bool bcache_cached(struct blkdev *dev, uint64_t index);
void bcache_put(struct buf *b);
void bcache_dirty(struct buf *b);

/* Start reading n pages from index without waiting; errors show when they are used. */
void bcache_readahead(struct blkdev *dev, uint64_t index, uint32_t n);
/* Write what is dirty (dev NULL: of all devices), wait, flush the device. First error met. */
int bcache_sync(struct blkdev *dev);
/* Forget all pages of dev; dirty ones are lost. -EBUSY if one is pinned. */
int bcache_drop(struct blkdev *dev);

struct bcache_stats {
	uint64_t pages, dirty, max_pages;
	uint64_t hits, misses;
	uint64_t reads, writes;		/* transfers, however many pages each */
};
void bcache_get_stats(struct bcache_stats *s);

#endif
