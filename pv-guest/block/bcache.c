/* SPDX-License-Identifier: MIT */
/*
 * The buffer cache: the table of pages and the calls of file systems.
 *
 * Lookup is by hash; what is longest unused and clean makes room for others. Concurrent
 * users of one page share one buffer and one read of it.
 */
#include "bcache_priv.h"

/* How many of the oldest buffers are looked at for a clean one before some are written. */
#define EVICT_SCAN	64
#define EVICT_WRITE	512

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

static struct buf **slot_of(struct blkdev *dev, uint64_t index)
{
	uint64_t h = (index ^ (uintptr_t)dev >> 6) * 0x9e3779b97f4a7c15ULL;

	return &cache.hash[(h >> 40) & cache.hash_mask];
}

struct buf *cache_find(struct blkdev *dev, uint64_t index)
{
	struct buf *b = *slot_of(dev, index);

	while (b && (b->dev != dev || b->index != index))
		b = b->hash_next;
	return b;
}

uint32_t cache_page_bytes(const struct blkdev *dev, uint64_t index)
{
	uint64_t sector = index << (BCACHE_SHIFT - 9);

	if (index >= UINT64_MAX >> BCACHE_SHIFT || sector >= dev->sectors)
		return 0;
	return MIN(dev->sectors - sector, (uint64_t)(BCACHE_BYTES / BLK_SECTOR)) * BLK_SECTOR;
}

static void unhash(struct buf *b)
{
	struct buf **p = slot_of(b->dev, b->index);

	while (*p != b)
		p = &(*p)->hash_next;
	*p = b->hash_next;
	list_del(&b->lru);
	cache.stats.pages--;
}

static void buf_free(struct buf *b)
{
	if (b && b->data)
		page_free(b->data, 0);
	kfree(b);
}

static struct buf *buf_alloc(void)
{
	struct buf *b = kzalloc(sizeof(*b));

	if (!b)
		return NULL;
	b->data = page_alloc(0);
	if (!b->data) {
		kfree(b);
		return NULL;
	}
	list_init(&b->lru);
	list_init(&b->dirty);
	return b;
}

/* The oldest clean unused buffer, out of all lists; NULL if none is near. */
static struct buf *evict(void)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);
	struct buf *b, *found = NULL;
	unsigned scanned = 0;

	list_for_each(b, &cache.lru, lru) {
		if (!b->refs && !(b->flags & (BUF_DIRTY | BUF_BUSY))) {
			found = b;
			break;
		}
		if (++scanned == EVICT_SCAN)
			break;
	}
	if (found)
		unhash(found);
	spin_unlock_irqrestore(&cache.lock, flags);
	return found;
}

/* A buffer to use: a new one while the ceiling allows, else an old one. */
static int buf_obtain(struct buf **out)
{
	for (unsigned tries = 0; tries < 3; tries++) {
		struct buf *b;

		if (cache.stats.dirty > cache.stats.max_pages / 2)
			cache_write_some(NULL, EVICT_WRITE);
		b = cache.stats.pages < cache.stats.max_pages ? buf_alloc() : NULL;
		if (!b)
			b = evict();
		if (b) {
			/* Above the ceiling because all was pinned once: come down again. */
			if (cache.stats.pages >= cache.stats.max_pages)
				buf_free(evict());
			*out = b;
			return 0;
		}
		cache_write_some(NULL, EVICT_WRITE);
	}
	/* Everything old is pinned: the ceiling gives way rather than the caller. */
	*out = buf_alloc();
	return *out ? 0 : -ENOMEM;
}

static void hash_in(struct buf *b, struct blkdev *dev, uint64_t index)
{
	struct buf **slot = slot_of(dev, index);

	b->dev = dev;
	b->index = index;
	b->flags = 0;
	b->hash_next = *slot;
	*slot = b;
	list_add_tail(&b->lru, &cache.lru);
	cache.stats.pages++;
}

int cache_pin(struct blkdev *dev, uint64_t index, struct buf **out)
{
	struct buf *b, *spare = NULL;
	unsigned long flags;

	if (!cache_page_bytes(dev, index))
		return -EINVAL;
	for (;;) {
		flags = spin_lock_irqsave(&cache.lock);
		b = cache_find(dev, index);
		if (!b && spare) {
			b = spare;
			spare = NULL;
			hash_in(b, dev, index);
		}
		if (b)
			b->refs++;
		spin_unlock_irqrestore(&cache.lock, flags);
		if (b) {
			buf_free(spare);
			*out = b;
			return 0;
		}
		if (buf_obtain(&spare))
			return -ENOMEM;
	}
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
			unhash(b);
			buf_free(b);
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
		unhash(b);
		buf_free(b);
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
