/* SPDX-License-Identifier: MIT */
/*
 * Inside the buffer cache.
 *
 * cache.lock (a spinlock, taken with events masked: completions run in event handlers) guards
 * every list, count, flag and reference count. It is never held over a transfer.
 *
 *   VALID    data is what the device has, or newer
 *   DIRTY    newer; on the dirty list
 *   READING  a read fills data: nobody may look or write
 *   WRITING  a write takes data: it may be changed (and is dirty again then)
 */
#ifndef PV_BCACHE_PRIV_H
#define PV_BCACHE_PRIV_H

#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>

#define BUF_VALID	1U
#define BUF_DIRTY	2U
#define BUF_READING	4U
#define BUF_WRITING	8U
#define BUF_BUSY	(BUF_READING | BUF_WRITING)

struct cache {
	spinlock_t lock;
	struct buf **hash;
	uint32_t hash_mask;
	struct list_head lru, dirty;
	struct wait_queue wq;	/* a transfer ended */
	uint32_t writing;	/* buffers with BUF_WRITING */
	struct bcache_stats stats;
};
extern struct cache cache;

/* A transfer of several buffers, pinned while it lasts. */
struct batch {
	struct bio bio;
	struct blk_seg segs[BLK_MAX_SEGMENTS];
	struct buf *bufs[BLK_MAX_SEGMENTS];
	uint32_t *pending;	/* the writer's count of batches under way, under cache.lock */
	int *error;		/* the first one goes there */
};

/* pool.c; cache.lock held. */
struct buf *cache_find(struct blkdev *dev, uint64_t index);
void cache_unhash(struct buf *b);
/* bcache.c; cache.lock held. */
void cache_unpin(struct buf *b);
void cache_mark_clean(struct buf *b);
void cache_mark_dirty(struct buf *b);

/* pool.c */
void cache_buf_free(struct buf *b);	/* NULL is fine */
/* Pinned buffer of the page, contents in whatever state. 0 or -errno. May write others back. */
int cache_pin(struct blkdev *dev, uint64_t index, struct buf **out);
/* Bytes of page `index` that the device has, 0 beyond its end. */
uint32_t cache_page_bytes(const struct blkdev *dev, uint64_t index);
static inline bool cache_busy(const struct buf *b, uint32_t flags)
{
	return __atomic_load_n(&b->flags, __ATOMIC_ACQUIRE) & flags;
}

/* writeback.c: write up to max dirty buffers of dev (NULL: any), wait. Returns how many, or
 * the first error. */
int cache_write_some(struct blkdev *dev, uint32_t max);

#endif
