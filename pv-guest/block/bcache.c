/* SPDX-License-Identifier: MIT */
/*
 * The buffer cache: the table of pages and the calls of file systems.
 *
 * Lookup is by hash; what is longest unused and clean makes room for others. Concurrent
 * users of one page share one buffer and one read of it.
 */
#include "bcache_priv.h"

struct cache cache = {
	.lock = SPINLOCK_INIT,
	.lru = LIST_HEAD_INIT(cache.lru),
	.dirty = LIST_HEAD_INIT(cache.dirty),
	.wq = WAIT_QUEUE_INIT(cache.wq),
};

int bcache_init(uint64_t max_bytes)
{
	uint64_t pages = MAX(max_bytes >> BCACHE_SHIFT, (uint64_t)64);
	uint32_t slots = 64;

	while (slots < pages / 2 && slots < 1U << 17)
		slots *= 2;
	cache.hash = kzalloc(slots * sizeof(*cache.hash));
	if (!cache.hash)
		return -ENOMEM;
	cache.hash_mask = slots - 1;
	cache.stats = (struct bcache_stats){ .max_pages = pages };
	return 0;
}

uint32_t cache_page_bytes(const struct blkdev *dev, uint64_t index)
{
	uint64_t sector = index << (BCACHE_SHIFT - 9);

	if (index >= UINT64_MAX >> BCACHE_SHIFT || sector >= dev->sectors)
		return 0;
	return MIN(dev->sectors - sector, (uint64_t)(BCACHE_BYTES / BLK_SECTOR)) * BLK_SECTOR;
}

void cache_unpin(struct buf *b)
{
	BUG_ON(!b->refs);
	b->refs--;
	/* To the young end. */
	list_del(&b->lru);
	list_add_tail(&b->lru, &cache.lru);
}

void cache_mark_clean(struct buf *b)
{
	if (!(b->flags & BUF_DIRTY))
		return;
	b->flags &= ~BUF_DIRTY;
	list_del(&b->dirty);
	cache.stats.dirty--;
}

void cache_mark_dirty(struct buf *b)
{
	if (b->flags & BUF_DIRTY)
		return;
	b->flags |= BUF_DIRTY;
	list_add_tail(&b->dirty, &cache.dirty);
	cache.stats.dirty++;
}

/* One page read, waited for. The caller has set READING. */
static int read_page(struct buf *b)
{
	uint32_t len = cache_page_bytes(b->dev, b->index);
	struct blk_seg seg = { b->data, 0, len };
	struct bio bio = {
		.dev = b->dev,
		.op = BLK_READ,
		.sector = b->index << (BCACHE_SHIFT - 9),
		.segs = &seg,
		.nr_segs = 1,
	};
	unsigned long flags;
	int ret = blk_submit_wait(&bio);

	memset(b->data + len, 0, BCACHE_BYTES - len);
	flags = spin_lock_irqsave(&cache.lock);
	__atomic_store_n(&b->flags, (b->flags & ~BUF_READING) | (ret ? 0 : BUF_VALID),
			 __ATOMIC_RELEASE);
	cache.stats.reads++;
	spin_unlock_irqrestore(&cache.lock, flags);
	wake_up(&cache.wq);
	return ret;
}

/* Until nobody reads into it; then VALID, or the caller's to fill (READING is set). */
static bool claim(struct buf *b)
{
	for (;;) {
		unsigned long flags = spin_lock_irqsave(&cache.lock);
		uint32_t state = b->flags & (BUF_VALID | BUF_READING);

		if (!state)
			b->flags |= BUF_READING;
		spin_unlock_irqrestore(&cache.lock, flags);
		if (state != BUF_READING)
			return !state;
		wait_event(&cache.wq, !cache_busy(b, BUF_READING));
	}
}

int bcache_read(struct blkdev *dev, uint64_t index, struct buf **out)
{
	struct buf *b;
	int ret = cache_pin(dev, index, &b);

	if (ret)
		return ret;
	if (cache_busy(b, BUF_VALID)) {
		cache.stats.hits++;
	} else if (claim(b)) {
		cache.stats.misses++;
		ret = read_page(b);
		if (ret) {
			bcache_put(b);
			return ret;
		}
	}
	*out = b;
	return 0;
}

int bcache_get(struct blkdev *dev, uint64_t index, struct buf **out)
{
	unsigned long flags;
	struct buf *b;
	int ret = cache_pin(dev, index, &b);

	if (ret)
		return ret;
	if (claim(b)) {
		memset(b->data, 0, BCACHE_BYTES);
		flags = spin_lock_irqsave(&cache.lock);
		b->flags = (b->flags & ~BUF_READING) | BUF_VALID;
		spin_unlock_irqrestore(&cache.lock, flags);
		wake_up(&cache.wq);
	}
	*out = b;
	return 0;
}

bool bcache_cached(struct blkdev *dev, uint64_t index)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);
	bool found = cache_find(dev, index) != NULL;

	spin_unlock_irqrestore(&cache.lock, flags);
	return found;
}

void bcache_put(struct buf *b)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	cache_unpin(b);
	spin_unlock_irqrestore(&cache.lock, flags);
}

void bcache_dirty(struct buf *b)
{
	unsigned long flags;

	/* The change is made already: whoever takes the buffer for writing now takes it along. */
	if (cache_busy(b, BUF_DIRTY))
		return;
	flags = spin_lock_irqsave(&cache.lock);
	cache_mark_dirty(b);
	spin_unlock_irqrestore(&cache.lock, flags);
}

int bcache_drop(struct blkdev *dev)
{
	unsigned long flags;
	int ret = 0;

	for (uint32_t i = 0; i <= cache.hash_mask; i++) {
		struct buf *b, *next;

		flags = spin_lock_irqsave(&cache.lock);
		for (b = cache.hash[i]; b; b = next) {
			next = b->hash_next;
			if (b->dev != dev)
				continue;
			if (b->refs || (b->flags & BUF_BUSY)) {
				ret = -EBUSY;
				continue;
			}
			cache_mark_clean(b);
			cache_unhash(b);
			cache_buf_free(b);
		}
		spin_unlock_irqrestore(&cache.lock, flags);
	}
	return ret;
}

void bcache_exit(void)
{
	while (!list_empty(&cache.lru)) {
		struct buf *b = list_first(&cache.lru, struct buf, lru);

		cache_mark_clean(b);
		cache_unhash(b);
		cache_buf_free(b);
	}
	kfree(cache.hash);
	cache.hash = NULL;
}

void bcache_get_stats(struct bcache_stats *s)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	*s = cache.stats;
	spin_unlock_irqrestore(&cache.lock, flags);
}
