/* SPDX-License-Identifier: MIT */
/* A block device over an image: see disk.h. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include "disk.h"

#define MAX_THREADS 8

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct bio *head, **tail;
	pthread_t threads[MAX_THREADS];
	unsigned nr_threads;
	bool stop;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

static int move(struct disk *d, struct bio *bio, const struct blk_seg *s, uint64_t pos)
{
	char *p = (char *)s->page + s->off;
	ssize_t n;

	if (d->mem) {
		if (bio->op == BLK_READ)
			memcpy(p, d->mem + pos, s->len);
		else
			memcpy(d->mem + pos, p, s->len);
		return 0;
	}
	n = bio->op == BLK_READ ? pread(d->fd, p, s->len, pos) : pwrite(d->fd, p, s->len, pos);
	return n == s->len ? 0 : -EIO;
}

static int transfer(struct disk *d, struct bio *bio)
{
	uint64_t sector = bio->sector, start = sector;
	int ret = 0;

	__atomic_add_fetch(&d->requests, 1, __ATOMIC_RELAXED);
	if (d->budget && d->requests > d->budget)
		return -EIO;
	if (bio->op == BLK_FLUSH) {
		d->flushes++;
		return 0;
	}
	for (uint32_t i = 0; i < bio->nr_segs && !ret; i++) {
		const struct blk_seg *s = &bio->segs[i];

		ret = move(d, bio, s, sector * BLK_SECTOR);
		if (d->fail_sector >= sector && d->fail_sector < sector + s->len / BLK_SECTOR &&
		    (bio->op == BLK_WRITE) == d->fail_writes)
			ret = -EIO;
		sector += s->len / BLK_SECTOR;
	}
	if (sector - start > d->largest)
		d->largest = sector - start;
	return ret;
}

static void *worker(void *arg)
{
	for (;;) {
		struct bio *bio;

		pthread_mutex_lock(&queue.lock);
		while (!queue.head && !queue.stop)
			pthread_cond_wait(&queue.cond, &queue.lock);
		bio = queue.head;
		if (bio) {
			queue.head = bio->next;
			if (!queue.head)
				queue.tail = &queue.head;
		}
		pthread_mutex_unlock(&queue.lock);
		if (!bio)
			return NULL;
		bio->status = transfer(bio->dev->priv, bio);
		bio->done(bio);
	}
}

static void submit(struct blkdev *dev, struct bio *bio)
{
	if (!queue.nr_threads) {
		bio->status = transfer(dev->priv, bio);
		bio->done(bio);
		return;
	}
	pthread_mutex_lock(&queue.lock);
	bio->next = NULL;
	*queue.tail = bio;
	queue.tail = &bio->next;
	pthread_cond_signal(&queue.cond);
	pthread_mutex_unlock(&queue.lock);
}

static const struct blkdev_ops ops = { .submit = submit };

struct disk *disk_open(const char *name, const char *path, void *mem, uint64_t bytes,
		       unsigned threads)
{
	struct disk *d = calloc(1, sizeof(*d));
	struct stat st;

	d->fd = -1;
	d->mem = mem;
	d->fail_sector = UINT64_MAX;
	if (path) {
		d->fd = open(path, O_RDWR | O_CLOEXEC);
		if (d->fd < 0 || fstat(d->fd, &st))
			panic("%s: %m\n", path);
		bytes = st.st_size;
	}
	d->dev.sectors = bytes / BLK_SECTOR;
	d->dev.sector_size = BLK_SECTOR;
	d->dev.max_segs = BLK_MAX_SEGMENTS;
	d->dev.can_flush = true;
	d->dev.ops = &ops;
	d->dev.priv = d;
	strncpy(d->dev.name, name, sizeof(d->dev.name) - 1);
	queue.stop = false;
	queue.head = NULL;
	queue.tail = &queue.head;
	for (unsigned i = 0; i < threads; i++)
		pthread_create(&queue.threads[i], NULL, worker, NULL);
	queue.nr_threads = threads;
	if (blk_register(&d->dev))
		panic("%s is there already\n", name);
	return d;
}

void disk_close(struct disk *d)
{
	pthread_mutex_lock(&queue.lock);
	queue.stop = true;
	pthread_cond_broadcast(&queue.cond);
	pthread_mutex_unlock(&queue.lock);
	for (unsigned i = 0; i < queue.nr_threads; i++)
		pthread_join(queue.threads[i], NULL);
	queue.nr_threads = 0;
	if (blk_unregister(&d->dev))
		panic("%s is still in use\n", d->dev.name);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}
