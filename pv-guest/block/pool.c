/* SPDX-License-Identifier: MIT */
/*
 * The buffer cache's buffers: where one is found by device and page, and where one for a new
 * page comes from.
 *
 * Called by the rest of the cache. What is longest unused and clean makes room for others; when
 * nothing near the old end is clean, some of it is written first.
 */
#include "bcache_priv.h"

/* How many of the oldest buffers are looked at for a clean one before some are written. */
#define EVICT_SCAN	64
#define EVICT_WRITE	512

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

void cache_unhash(struct buf *b)
{
	struct buf **p = slot_of(b->dev, b->index);

	while (*p != b)
		p = &(*p)->hash_next;
	*p = b->hash_next;
	list_del(&b->lru);
	cache.stats.pages--;
}

void cache_buf_free(struct buf *b)
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
		cache_unhash(found);
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
				cache_buf_free(evict());
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
			cache_buf_free(spare);
			*out = b;
			return 0;
		}
		if (buf_obtain(&spare))
			return -ENOMEM;
	}
}
