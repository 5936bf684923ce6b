/* SPDX-License-Identifier: MIT */
/*
 * The block devices there are, and the way of a bio to one.
 *
 * Called by the buffer cache, mounts and raw benchmarks; drivers register here. Devices
 * are few, come at boot and by hot-plug, and are never freed while anybody uses them.
 */
#include <pv/blk.h>
#include <pv/errno.h>
#include <pv/string.h>
#include <pv/thread.h>

static struct mutex list_lock = MUTEX_INIT(list_lock);
static struct blkdev *devices;
/* One queue for all waits: a bio and its waiter's stack are gone once done is seen. */
static struct wait_queue bio_waiters = WAIT_QUEUE_INIT(bio_waiters);

int blk_register(struct blkdev *dev)
{
	struct blkdev **p;
	int ret = 0;

	mutex_lock(&list_lock);
	for (p = &devices; *p; p = &(*p)->next)
		if (!strcmp((*p)->name, dev->name))
			ret = -EEXIST;
	if (!ret) {
		dev->next = NULL;
		*p = dev;
	}
	mutex_unlock(&list_lock);
	return ret;
}

int blk_unregister(struct blkdev *dev)
{
	struct blkdev **p;
	int ret = -ENOENT;

	mutex_lock(&list_lock);
	for (p = &devices; *p; p = &(*p)->next) {
		if (*p != dev)
			continue;
		ret = dev->users ? -EBUSY : 0;
		if (!ret)
			*p = dev->next;
		break;
	}
	mutex_unlock(&list_lock);
	return ret;
}

static void (*wait_for_devices)(void);

void blk_set_wait(void (*wait)(void))
{
	wait_for_devices = wait;
}

static struct blkdev *find(const char *name)
{
	struct blkdev *dev;

	mutex_lock(&list_lock);
	for (dev = devices; dev; dev = dev->next)
		if (!strcmp(dev->name, name))
			break;
	mutex_unlock(&list_lock);
	return dev;
}

struct blkdev *blk_find(const char *name)
{
	struct blkdev *dev;

	if (!strncmp(name, "/dev/", 5))
		name += 5;
	dev = find(name);
	if (dev || !wait_for_devices)
		return dev;
	/* Boot does not wait for disks nobody asked for: this one may be on its way. */
	wait_for_devices();
	return find(name);
}

void blk_use(struct blkdev *dev)
{
	mutex_lock(&list_lock);
	dev->users++;
	mutex_unlock(&list_lock);
}

void blk_unuse(struct blkdev *dev)
{
	bool last;

	mutex_lock(&list_lock);
	last = --dev->users == 0;
	mutex_unlock(&list_lock);
	if (last && dev->ops->unused)
		dev->ops->unused(dev);
}

struct blkdev *blk_get(unsigned i)
{
	struct blkdev *dev;

	mutex_lock(&list_lock);
	for (dev = devices; dev && i; dev = dev->next)
		i--;
	mutex_unlock(&list_lock);
	return dev;
}

/* Every length and position fits the device, so drivers need not look again. */
static int check(const struct bio *bio)
{
	const struct blkdev *dev = bio->dev;
	uint32_t unit = dev->sector_size / BLK_SECTOR;
	uint64_t sectors = 0;

	if (dev->gone)
		return -ENODEV;
	if (bio->op == BLK_FLUSH)
		return bio->nr_segs ? -EINVAL : 0;
	if (bio->op == BLK_WRITE && dev->rdonly)
		return -EROFS;
	if (!bio->nr_segs || bio->nr_segs > BLK_MAX_SEGMENTS)
		return -EINVAL;
	for (uint32_t i = 0; i < bio->nr_segs; i++) {
		const struct blk_seg *s = &bio->segs[i];

		if (!s->len || s->len % dev->sector_size || s->off % dev->sector_size ||
		    (uint32_t)s->off + s->len > PAGE_SIZE)
			return -EINVAL;
		sectors += s->len / BLK_SECTOR;
	}
	if (bio->sector % unit || bio->sector > dev->sectors ||
	    sectors > dev->sectors - bio->sector)
		return -EINVAL;
	return 0;
}

void blk_submit(struct bio *bio)
{
	int ret = check(bio);

	bio->status = ret;
	bio->next = NULL;
	if (!ret && bio->op == BLK_FLUSH && !bio->dev->can_flush)
		bio->done(bio);
	else if (ret)
		bio->done(bio);
	else
		bio->dev->ops->submit(bio->dev, bio);
}

static void wake_waiter(struct bio *bio)
{
	bool *done = bio->arg;

	__atomic_store_n(done, true, __ATOMIC_RELEASE);
	wake_up(&bio_waiters);
}

int blk_submit_wait(struct bio *bio)
{
	bool done = false;

	bio->done = wake_waiter;
	bio->arg = &done;
	blk_submit(bio);
	wait_event(&bio_waiters, __atomic_load_n(&done, __ATOMIC_ACQUIRE));
	return bio->status;
}

int blk_flush(struct blkdev *dev)
{
	struct bio bio = { .dev = dev, .op = BLK_FLUSH };

	return blk_submit_wait(&bio);
}
