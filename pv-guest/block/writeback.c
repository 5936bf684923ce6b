/* SPDX-License-Identifier: MIT */
/*
 * Writing back: dirty pages in the order of the device, neighbours together.
 *
 * Called by sync, by whoever needs a buffer when too many are dirty, and regularly by the
 * sync thread. A page that is written while somebody changes it becomes dirty again.
 */
#include "bcache_priv.h"

#define WRITE_BATCHES	16U	/* transfers under way at once */
#define COLLECT_MAX	4096U

static bool before(const struct buf *a, const struct buf *b)
{
	return a->dev != b->dev ? (uintptr_t)a->dev < (uintptr_t)b->dev : a->index < b->index;
}

static void sift(struct buf **v, uint32_t root, uint32_t n)
{
	for (uint32_t child; (child = 2 * root + 1) < n; root = child) {
		struct buf *t;

		if (child + 1 < n && before(v[child], v[child + 1]))
			child++;
		if (!before(v[root], v[child]))
			return;
		t = v[root];
		v[root] = v[child];
		v[child] = t;
	}
}

/* Heap sort: no recursion, no bad case. */
static void sort(struct buf **v, uint32_t n)
{
	for (uint32_t i = n / 2; i-- > 0;)
		sift(v, i, n);
	for (uint32_t i = n; i-- > 1;) {
		struct buf *t = v[0];

		v[0] = v[i];
		v[i] = t;
		sift(v, 0, i);
	}
}

/* Pins the longest dirty buffers and takes them for writing: they count as clean from here. */
static uint32_t collect(struct blkdev *dev, struct buf **v, uint32_t max)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);
	struct buf *b, *next;
	uint32_t n = 0;

	list_for_each_safe(b, next, &cache.dirty, dirty) {
		if (n == max)
			break;
		/* Still being written from before: the next round has it. */
		if ((dev && b->dev != dev) || (b->flags & BUF_WRITING))
			continue;
		cache_mark_clean(b);
		b->flags |= BUF_WRITING;
		cache.writing++;
		b->refs++;
		v[n++] = b;
	}
	spin_unlock_irqrestore(&cache.lock, flags);
	return n;
}

/* Event handler context. */
static void write_done(struct bio *bio)
{
	struct batch *batch = container_of(bio, struct batch, bio);
	uint32_t *pending = batch->pending;
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	for (uint32_t i = 0; i < bio->nr_segs; i++) {
		batch->bufs[i]->flags &= ~BUF_WRITING;
		cache.writing--;
		cache_unpin(batch->bufs[i]);
	}
	if (bio->status && !*batch->error)
		*batch->error = bio->status;
	cache.stats.writes++;
	kfree(batch);
	/* The last touch of the writer's stack. */
	__atomic_store_n(pending, *pending - 1, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&cache.lock, flags);
	wake_up(&cache.wq);
}

static void submit(struct batch *batch, uint32_t *pending, int *error)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	(*pending)++;
	spin_unlock_irqrestore(&cache.lock, flags);
	batch->pending = pending;
	batch->error = error;
	batch->bio.dev = batch->bufs[0]->dev;
	batch->bio.op = BLK_WRITE;
	batch->bio.sector = batch->bufs[0]->index << (BCACHE_SHIFT - 9);
	batch->bio.segs = batch->segs;
	batch->bio.done = write_done;
	blk_submit(&batch->bio);
	wait_event(&cache.wq, __atomic_load_n(pending, __ATOMIC_ACQUIRE) < WRITE_BATCHES);
}

static void give_back(struct buf *b)
{
	unsigned long flags = spin_lock_irqsave(&cache.lock);

	b->flags &= ~BUF_WRITING;
	cache.writing--;
	cache_mark_dirty(b);
	cache_unpin(b);
	spin_unlock_irqrestore(&cache.lock, flags);
}

/* How many of v[0..n) from the front are neighbours, at most a transfer's worth. */
static uint32_t run_length(struct buf **v, uint32_t n)
{
	uint32_t len = 1;

	while (len < n && len < BLK_MAX_SEGMENTS && v[len]->dev == v[0]->dev &&
	       v[len]->index == v[0]->index + len)
		len++;
	return len;
}

static int write_all(struct buf **v, uint32_t n)
{
	uint32_t pending = 0;
	int error = 0;

	for (uint32_t done = 0, len; done < n; done += len) {
		struct batch *batch = kmalloc(sizeof(*batch));

		len = run_length(v + done, n - done);
		if (!batch) {
			for (uint32_t i = done; i < n; i++)
				give_back(v[i]);
			error = -ENOMEM;
			break;
		}
		memset(&batch->bio, 0, sizeof(batch->bio));
		batch->bio.nr_segs = len;
		for (uint32_t i = 0; i < len; i++) {
			struct buf *b = v[done + i];

			batch->bufs[i] = b;
			batch->segs[i] = (struct blk_seg){ b->data, 0,
							   cache_page_bytes(b->dev, b->index) };
		}
		submit(batch, &pending, &error);
	}
	wait_event(&cache.wq, !__atomic_load_n(&pending, __ATOMIC_ACQUIRE));
	return error;
}

int cache_write_some(struct blkdev *dev, uint32_t max)
{
	struct buf **v;
	uint32_t n;
	int ret;

	max = MIN(max, COLLECT_MAX);
	v = kmalloc(max * sizeof(*v));
	if (!v)
		return -ENOMEM;
	n = collect(dev, v, max);
	sort(v, n);
	ret = n ? write_all(v, n) : 0;
	kfree(v);
	return ret ? ret : (int)n;
}

int bcache_sync(struct blkdev *dev)
{
	struct blkdev *d;
	int ret = 0, r;

	/* New dirt may come as fast as it goes: no more rounds than the cache has batches. */
	for (uint64_t rounds = cache.stats.max_pages / COLLECT_MAX + 2; rounds; rounds--) {
		r = cache_write_some(dev, COLLECT_MAX);
		if (r < 0 && !ret)
			ret = r;
		if (!r)
			break;
	}
	/* Somebody else's writes have to be over, too. */
	wait_event(&cache.wq, !__atomic_load_n(&cache.writing, __ATOMIC_ACQUIRE));
	for (unsigned i = 0; (d = blk_get(i)); i++) {
		if ((dev && d != dev) || d->rdonly || d->gone)
			continue;
		r = blk_flush(d);
		if (!ret)
			ret = r;
	}
	return ret;
}
