/* SPDX-License-Identifier: MIT */
/*
 * Block devices: what a driver (blkfront) offers and what stands on it (the buffer cache,
 * raw benchmarks).  Positions and lengths are in sectors of 512 bytes everywhere, whatever
 * the device's own sector size is.
 */
#ifndef PV_BLK_H
#define PV_BLK_H

#include <pv/types.h>

#define BLK_SECTOR		512U
#define BLK_MAX_SEGMENTS	256U	/* pages of one bio: 1 MiB */
#define BLK_NAME_MAX		16

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH };

/* A piece of a bio: bytes of one page. off and len are multiples of the sector size of the
 * device, off + len <= 4096. */
struct blk_seg {
	void *page;		/* page-aligned, in the kernel's direct map */
	uint16_t off;
	uint16_t len;
};

struct blkdev;

/* One transfer.  The submitter owns it again when done() has been called, which happens in an
 * event handler: done() may not sleep. */
struct bio {
	struct blkdev *dev;
	enum blk_op op;
	uint32_t nr_segs;
	uint64_t sector;
	struct blk_seg *segs;
	int status;		/* 0 or -errno, valid in done() */
	void (*done)(struct bio *bio);
	void *arg;		/* the submitter's */
	/* The driver's. */
	struct bio *next;
	uint32_t segs_issued;
	uint32_t in_flight;
	uint64_t sectors_issued;
};

struct blkdev_ops {
	/* Takes any number of bios of any length up to BLK_MAX_SEGMENTS; never sleeps. Errors
	 * come through done(). */
	void (*submit)(struct blkdev *dev, struct bio *bio);
	/* The last user is gone; may be NULL. Thread context. */
	void (*unused)(struct blkdev *dev);
};

struct blkdev {
	char name[BLK_NAME_MAX];	/* "xvda" */
	uint32_t rdev;			/* major << 8 | minor */
	uint32_t sector_size;		/* the device's: transfers are aligned to it */
	uint32_t max_segs;		/* pages in one request of the device */
	uint64_t sectors;		/* capacity, of 512 bytes */
	bool rdonly;
	bool can_flush;
	bool gone;			/* the backend closed: every bio fails with -ENODEV */
	const struct blkdev_ops *ops;
	void *priv;
	unsigned users;			/* mounts and open device files */
	bool mounted;			/* only its file system may write */
	struct blkdev *next;
};

/* 0 or -EEXIST.  dev lives until blk_unregister, which fails with -EBUSY while used. */
int blk_register(struct blkdev *dev);
int blk_unregister(struct blkdev *dev);
/* By name, with or without "/dev/"; NULL if there is none. May wait for disks that were there
 * at boot and are not connected yet. */
struct blkdev *blk_find(const char *name);
/* How blk_find waits. */
void blk_set_wait(void (*wait)(void));
/* A user more or less: a device in use is not unregistered. */
void blk_use(struct blkdev *dev);
void blk_unuse(struct blkdev *dev);
/* The i-th device or NULL. */
struct blkdev *blk_get(unsigned i);
/* Xen's virtual-device number (docs/misc/vbd-interface) to a Linux name, 0 or -EINVAL. */
int blk_vdev_name(uint32_t vdev, char name[BLK_NAME_MAX]);

/* Checks the bio (range, alignment, read-only) and passes it on; on a failed check done() is
 * called with the error before this returns. */
void blk_submit(struct bio *bio);
/* blk_submit, and sleep until it is done. 0 or -errno. */
int blk_submit_wait(struct bio *bio);
/* Make what has been written durable: a flush if the device has one. 0 or -errno. */
int blk_flush(struct blkdev *dev);

#endif
