/* SPDX-License-Identifier: MIT */
/*
 * The buffer cache under threads, with few pages and with errors.
 *
 * What would break: an update lost when a page is evicted or written while it changes, a page
 * read twice into two buffers, small requests where large ones were possible, an I/O
 * error that nobody hears of.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <pv/bcache.h>
#include <pv/errno.h>
#include "guestfs/disk.h"
#include "guestfs/shim.h"

#define PAGES	1000U
#define WORKERS	4U
#define ROUNDS	4000U

static uint8_t *medium;
static struct disk *disk;

static void setup(void)
{
	/* The last page is half a page. */
	medium = calloc(1, PAGES * 4096 + 2048);
	disk = disk_open("xvda", NULL, medium, PAGES * 4096 + 2048, 3);
	cr_assert_eq(bcache_init(0), 0);
}

static void teardown(void)
{
	cr_expect_eq(bcache_drop(&disk->dev), 0, "a page is still pinned");
	disk_close(disk);
	bcache_exit();
	free(medium);
}

TestSuite(guestfs_bcache, .init = setup, .fini = teardown);

static uint64_t expected[PAGES][WORKERS];

/* Each worker has a counter of its own in every page. */
static void *worker(void *arg)
{
	uint64_t me = (uintptr_t)arg, seed = me + 1;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct buf *b;
		uint64_t *slot;
		unsigned page;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		page = (seed >> 33) % PAGES;
		if (seed >> 62 == 0)
			bcache_readahead(&disk->dev, page, 40);
		if (bcache_read(&disk->dev, page, &b))
			abort();
		slot = (uint64_t *)b->data + me;
		if (*slot != expected[page][me])
			abort();
		*slot = ++expected[page][me];
		bcache_dirty(b);
		bcache_put(b);
		if (i % 1000 == 999 && bcache_sync(&disk->dev))
			abort();
	}
	return NULL;
}

Test(guestfs_bcache, loses_no_update)
{
	pthread_t t[WORKERS];
	struct bcache_stats s;

	for (uintptr_t i = 0; i < WORKERS; i++)
		pthread_create(&t[i], NULL, worker, (void *)i);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(t[i], NULL);
	cr_assert_eq(bcache_sync(NULL), 0);
	bcache_get_stats(&s);
	cr_expect_eq(s.dirty, 0u);
	cr_expect_leq(s.pages, s.max_pages + 64, "the ceiling holds: %lu", (unsigned long)s.pages);
	for (unsigned p = 0; p < PAGES; p++)
		cr_assert_eq(memcmp(medium + p * 4096, expected[p], sizeof(expected[p])), 0,
			     "page %u", p);
	cr_expect_gt(disk->flushes, 0u);
}

Test(guestfs_bcache, reads_ahead_and_writes_back_in_large_pieces)
{
	struct buf *b;

	bcache_exit();
	cr_assert_eq(bcache_init(16 << 20), 0);
	bcache_readahead(&disk->dev, 0, 600);
	for (unsigned i = 0; i < 600; i++) {
		cr_assert_eq(bcache_read(&disk->dev, i, &b), 0);
		bcache_put(b);
	}
	cr_expect_leq(disk->requests, 3u, "%lu requests", (unsigned long)disk->requests);
	cr_expect_eq(disk->largest, 2048u, "1 MiB");
	disk->requests = 0;
	for (unsigned i = 600; i-- > 0;) {
		cr_assert_eq(bcache_get(&disk->dev, i, &b), 0);
		memset(b->data, i, 4096);
		bcache_dirty(b);
		bcache_put(b);
	}
	cr_assert_eq(bcache_sync(&disk->dev), 0);
	cr_expect_leq(disk->requests, 4u, "%lu requests", (unsigned long)disk->requests);
	cr_expect_eq(medium[4096 * 255], 255);
}

Test(guestfs_bcache, the_end_of_the_device)
{
	struct buf *b;

	memset(medium + PAGES * 4096, 7, 2048);
	cr_assert_eq(bcache_read(&disk->dev, PAGES, &b), 0);
	cr_expect_eq(b->data[2047], 7);
	cr_expect_eq(b->data[2048], 0);
	memset(b->data, 9, 4096);
	bcache_dirty(b);
	bcache_put(b);
	cr_assert_eq(bcache_sync(&disk->dev), 0);
	cr_expect_eq(medium[PAGES * 4096 + 2047], 9);
	cr_expect_eq(bcache_read(&disk->dev, PAGES + 1, &b), -EINVAL);
	cr_expect_eq(bcache_read(&disk->dev, UINT64_MAX, &b), -EINVAL);
	bcache_readahead(&disk->dev, PAGES - 1, 100);
	bcache_readahead(&disk->dev, UINT64_MAX - 1, 100);
	cr_assert_eq(bcache_read(&disk->dev, PAGES - 1, &b), 0);
	bcache_put(b);
}

Test(guestfs_bcache, errors_are_told)
{
	struct buf *b;

	disk->fail_sector = 80;
	cr_expect_eq(bcache_read(&disk->dev, 10, &b), -EIO);
	bcache_readahead(&disk->dev, 8, 8);
	cr_expect_eq(bcache_read(&disk->dev, 10, &b), -EIO);
	disk->fail_sector = UINT64_MAX;
	cr_assert_eq(bcache_read(&disk->dev, 10, &b), 0, "and are not kept");
	disk->fail_sector = 80;
	disk->fail_writes = true;
	bcache_dirty(b);
	bcache_put(b);
	cr_expect_eq(bcache_sync(&disk->dev), -EIO);
	cr_expect_eq(bcache_sync(&disk->dev), 0, "told once");
	disk->dev.rdonly = true;
	cr_assert_eq(bcache_read(&disk->dev, 11, &b), 0);
	bcache_dirty(b);
	bcache_put(b);
	cr_expect_eq(bcache_sync(&disk->dev), -EROFS);
	disk->dev.rdonly = false;
}

/* Names of devices by Xen's numbers. */
Test(guestfs_bcache, device_names)
{
	static const struct { uint32_t vdev; const char *name; } names[] = {
		{ 51712, "xvda" }, { 51713, "xvda1" }, { 51728, "xvdb" }, { 51952, "xvdp" },
		{ 768, "xvda" }, { 832, "xvdb" }, { 5632, "xvdc" }, { 2049, "xvda1" },
		{ 1 << 28 | 16 << 8, "xvdq" }, { 1 << 28 | 26 << 8, "xvdaa" },
		{ 1 << 28 | 701 << 8 | 3, "xvdzz3" }, { 1 << 28 | 702 << 8, "xvdaaa" },
	};
	char name[BLK_NAME_MAX];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(blk_vdev_name(names[i].vdev, name), 0);
		cr_expect_str_eq(name, names[i].name);
	}
	cr_expect_eq(blk_vdev_name(0, name), -EINVAL);
	cr_expect_eq(blk_vdev_name(2 << 28, name), -EINVAL);
	cr_expect_eq(blk_vdev_name(UINT32_MAX, name), -EINVAL);
	cr_expect_eq(blk_vdev_name(1 << 28 | 0xfffffff, name), 0);
}
