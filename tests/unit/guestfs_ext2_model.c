/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the guest's ext2 and on a directory of the host at once: every one has
 * to succeed or fail on both, the trees have to be equal in the end, and e2fsck content.
 *
 * What would break: anything two operations can do to each other that a written test did not
 * think of. The seeds are fixed; SEED=n runs another one.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/vfs.h>
#include "guestfs/disk.h"
#include "guestfs/image.h"
#include "guestfs/shim.h"

#define OPERATIONS	6000
#define MAX_OFFSET	(700 * 1024)	/* into double indirect blocks of 1 KiB */
#define MAX_WRITE	20000

static uint64_t seed;
static unsigned succeeded;
static const char *host_root;
static uint8_t data[MAX_WRITE];

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

/* Up to three components of few names, so that they meet. */
static void random_path(char *guest, char *host)
{
	unsigned depth = 1 + rnd(4);
	char *p = guest;

	for (unsigned i = 0; i < depth; i++) {
		p += sprintf(p, "/%c", 'a' + (char)rnd(6));
		if (i + 1 == depth && rnd(8) == 0)
			p += sprintf(p, "-%0*u", 20 + (int)rnd(200), 1);
	}
	sprintf(host, "%s%s", host_root, guest);
}

static int do_write(const char *guest, const char *host)
{
	off_t pos = rnd(MAX_OFFSET);
	size_t n = rnd(MAX_WRITE);
	struct file *f;
	int ret, fd;

	for (size_t i = 0; i < n; i++)
		data[i] = rnd(256);
	if (rnd(3) == 0)
		pos = 0;
	fd = open(host, O_WRONLY | O_CREAT, 0644);
	ret = vfs_open(guest, VFS_WRONLY | VFS_CREAT, 0644, &f);
	if (!ret) {
		cr_assert_eq(vfs_pwrite(f, data, n, pos), (int64_t)n);
		vfs_close(f);
	}
	if (fd >= 0) {
		cr_assert_eq(pwrite(fd, data, n, pos), (ssize_t)n);
		close(fd);
	}
	cr_assert_eq(fd < 0, ret != 0, "write %s: host %d guest %d", guest, fd, ret);
	return ret;
}

static void do_one(unsigned i)
{
	char g[2048], h[4096], g2[2048], h2[4096], target[300];
	int guest = 0, host = 0;
	unsigned op = rnd(100);
	off_t size;

	random_path(g, h);
	random_path(g2, h2);
	if (op < 20) {
		do_write(g, h);
	} else if (op < 46) {
		guest = vfs_mkdir(g, 0755);
		host = mkdir(h, 0755);
	} else if (op < 62) {
		guest = vfs_rename(g, g2);
		host = rename(h, h2);
	} else if (op < 70) {
		guest = vfs_unlink(g);
		host = unlink(h);
	} else if (op < 74) {
		guest = vfs_rmdir(g);
		host = rmdir(h);
	} else if (op < 84) {
		guest = vfs_link(g, g2);
		host = link(h, h2);
	} else if (op < 90) {
		snprintf(target, sizeof(target), "%.*s", 1 + (int)rnd(120),
			 "no/such/target/anywhere/but/quite/long/and/longer/and/longer/still/"
			 "until/it/needs/a/block/of/its/own/for/the/text/in/it");
		guest = vfs_symlink(target, g);
		host = symlink(target, h);
	} else {
		size = rnd(MAX_OFFSET);
		guest = vfs_truncate(g, size);
		host = truncate(h, size);
	}
	cr_assert_eq(guest != 0, host != 0, "operation %u: kind %u on %s, %s: guest %d host %d", i,
		     op, g, g2, guest, host);
	succeeded += op >= 20 && !guest;
}

static struct disk *mount_image(const char *image, unsigned threads)
{
	struct disk *disk = disk_open("xvda", image, NULL, 0, threads);

	/* The smallest cache there is: everything is evicted all the time. */
	cr_assert_eq(bcache_init(0), 0);
	cr_assert_eq(vfs_mount("xvda", "/", NULL, false), 0);
	return disk;
}

static void unmount(struct disk *disk)
{
	cr_assert_eq(vfs_umount("/"), 0);
	disk_close(disk);
	bcache_exit();
}

static unsigned sizes[] = { 1024, 2048, 4096 };

ParameterizedTestParameters(guestfs_ext2_model, agrees_with_the_host)
{
	return cr_make_param_array(unsigned, sizes, 3);
}

ParameterizedTest(unsigned *size, guestfs_ext2_model, agrees_with_the_host,
		  .fini = image_cleanup)
{
	const char *image = image_make("image", 32768, *size, NULL, "-N 2000");
	struct disk *disk;

	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : 42 + *size;
	host_root = image_path("host");
	mkdir(host_root, 0755);
	cr_assert(image);
	umask(0);
	image_compare_times = false;
	disk = mount_image(image, 2);
	for (unsigned i = 0; i < OPERATIONS; i++) {
		do_one(i);
		if (i % 1000 == 999) {
			unmount(disk);
			cr_assert_eq(image_check(image), 0, "after operation %u", i);
			disk = mount_image(image, i % 2000 == 999 ? 0 : 2);
		}
	}
	cr_expect_eq(image_compare(host_root, "/"), 0);
	cr_expect_gt(succeeded, OPERATIONS / 20u, "only %u had any effect", succeeded);
	unmount(disk);
	cr_expect_eq(image_check(image), 0);
	cr_expect_eq(shim_log[0], 0, "%s", shim_log);
}
