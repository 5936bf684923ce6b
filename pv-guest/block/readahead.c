/* SPDX-License-Identifier: MIT */
/*
 * Reading ahead: neighbouring pages in one transfer, nobody waiting.
 *
 * Called by file systems that know what comes next. Pages that are in memory, or being read,
 * cut the transfer; an error only means that the page stays unread.
 */
#include "bcache_priv.h"

/* Event handler context. */
static void read_done(struct bio *bio)
{
	struct batch *batch = container_of(bio, struct batch, bio);
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	for (uint32_t i = 0; i < bio->nr_segs; i++) {
		struct buf *b = batch->bufs[i];

		b->flags &= ~BUF_READING;
		if (!bio->status)
			b->flags |= BUF_VALID;
		cache_unpin(b);
	}
	spin_unlock_irqrestore(&cache.lock, flags);
	kfree(batch);
	wake_up(&cache.wq);
}

/* Pins the page if it has to be read, and marks it so. */
static bool take_for_read(struct blkdev *dev, uint64_t index, struct buf **out)
{
	struct buf *b;
	unsigned long flags;
	bool wanted;

	flags = spin_lock_irqsave(&cache.lock);
	b = cache_find(dev, index);
	wanted = !b || !(b->flags & (BUF_VALID | BUF_READING));
	spin_unlock_irqrestore(&cache.lock, flags);
	if (!wanted || cache_pin(dev, index, &b))
		return false;
	flags = spin_lock_irqsave(&cache.lock);
	wanted = !(b->flags & (BUF_VALID | BUF_READING));
	if (wanted)
		b->flags |= BUF_READING;
	else
		cache_unpin(b);
	spin_unlock_irqrestore(&cache.lock, flags);
	*out = b;
	return wanted;
}

static void submit(struct blkdev *dev, struct batch *batch)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	cache.stats.reads++;
	spin_unlock_irqrestore(&cache.lock, flags);
	batch->bio.dev = dev;
	batch->bio.op = BLK_READ;
	batch->bio.sector = batch->bufs[0]->index << (BCACHE_SHIFT - 9);
	batch->bio.segs = batch->segs;
	batch->bio.done = read_done;
	blk_submit(&batch->bio);
}

void bcache_readahead(struct blkdev *dev, uint64_t index, uint32_t n)
{
	struct batch *batch = NULL;

	/* More than a quarter of the cache at once would push out what it just brought. */
	n = MIN((uint64_t)n, cache.stats.max_pages / 4);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = cache_page_bytes(dev, index + i);
		struct buf *b;

		if (!len)
			break;
		if (!take_for_read(dev, index + i, &b)) {
			if (batch)
				submit(dev, batch);
			batch = NULL;
			continue;
		}
		if (!batch) {
			batch = kmalloc(sizeof(*batch));
			if (batch)
				memset(&batch->bio, 0, sizeof(batch->bio));
		}
		if (!batch) {
			unsigned long flags = spin_lock_irqsave(&cache.lock);

			b->flags &= ~BUF_READING;
			cache_unpin(b);
			spin_unlock_irqrestore(&cache.lock, flags);
			wake_up(&cache.wq);
			break;
		}
		if (len < BCACHE_BYTES)
			memset(b->data + len, 0, BCACHE_BYTES - len);
		batch->bufs[batch->bio.nr_segs] = b;
		batch->segs[batch->bio.nr_segs++] = (struct blk_seg){ b->data, 0, len };
		if (batch->bio.nr_segs == BLK_MAX_SEGMENTS) {
			submit(dev, batch);
			batch = NULL;
		}
	}
	if (batch)
		submit(dev, batch);
}
