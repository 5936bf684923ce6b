/* SPDX-License-Identifier: MIT */
/*
 * ext2 of the guest on damaged and on hostile images, in memory.
 *
 * What would break: a crash, an access outside a buffer (run it under ASan) or a loop without
 * end on an image somebody else made. Each mutation is walked, read, written to and unmounted;
 * errors are fine, any outcome but the end of the operation is not. A limit on transfers
 * takes the place of a clock.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/shell.h>
#include <pv/vfs.h>
#include "fs/ext2/ext2.h"
#include "guestfs/disk.h"
#include "guestfs/image.h"
#include "guestfs/shim.h"

#define IMAGE_KIB	1024U
#define MUTATIONS	400
#define MAX_DIRECTORIES	100U
/* Any one image is done with in far fewer transfers. */
#define BUDGET		200000

static uint8_t *pristine, *image;
static size_t bytes;
static uint64_t seed = 7;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

static uint32_t block_size = 1024;

static void load(uint32_t size)
{
	const char *path = image_make(size == 1024 ? "image" : "image2", IMAGE_KIB, size,
				      image_path("tree"), "-N 128");
	FILE *f;

	cr_assert(path);
	block_size = size;
	bytes = IMAGE_KIB * 1024;
	f = fopen(path, "r");
	cr_assert_eq(fread(pristine, 1, bytes, f), bytes);
	fclose(f);
}

static void setup(void)
{
	const char *dir = image_path("tree");

	pristine = malloc(IMAGE_KIB * 1024);
	image = malloc(IMAGE_KIB * 1024);
	image_run("mkdir -p %s/a/b/c && cd %s && echo hello > a/file && head -c 300000 /dev/zero | tr '\\0' x > a/big"
		  " && ln -s a/file link && ln a/file hard && ln -s "
		  "/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long slow"
		  " && for i in $(seq 60); do echo $i > a/b/file-with-a-name-$i; done", dir, dir);
	load(1024);
}

static void teardown(void)
{
	free(pristine);
	free(image);
	image_cleanup();
}

TestSuite(guestfs_ext2_fuzz, .init = setup, .fini = teardown);

static unsigned directories, all_directories;

static void read_tree(char *path, unsigned depth)
{
	static char buf[4096];
	struct vfs_dirent d;
	struct vfs_stat st;
	struct file *f, *g;
	size_t len = strlen(path);

	/* A directory that contains itself has no end: how many are entered is bounded, as
	 * tree.c bounds it by entering each once. */
	if (depth > 6 || directories >= MAX_DIRECTORIES ||
	    vfs_open(len ? path : "/", VFS_DIRECTORY, 0, &f))
		return;
	directories++;
	for (unsigned i = 0; i < 300 && vfs_readdir(f, &d) > 0; i++) {
		snprintf(path + len, VFS_PATH_MAX - len, "/%s", d.name);
		if (vfs_lstat(path, &st))
			continue;
		if (VFS_ISLNK(st.mode))
			vfs_readlink(path, buf, sizeof(buf));
		if (VFS_ISREG(st.mode) && !vfs_open(path, 0, 0, &g)) {
			for (unsigned k = 0; k < 100 && vfs_read(g, buf, sizeof(buf)) > 0; k++)
				;
			vfs_close(g);
		}
		if (VFS_ISDIR(st.mode) && strcmp(d.name, ".") && strcmp(d.name, ".."))
			read_tree(path, depth + 1);
	}
	path[len] = 0;
	vfs_close(f);
}

static void change_tree(void)
{
	static const char data[5000];
	struct file *f;
	char name[64];

	for (unsigned i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "/a/new-%u", i);
		if (!vfs_open(name, VFS_WRONLY | VFS_CREAT, 0644, &f)) {
			vfs_write(f, data, sizeof(data));
			vfs_close(f);
		}
	}
	vfs_truncate("/a/big", 100);
	vfs_unlink("/a/file");
	vfs_unlink("/slow");
	vfs_mkdir("/a/dir", 0755);
	vfs_rename("/a/b", "/a/dir/b");
	vfs_rename("/a/dir/b/file-with-a-name-7", "/x");
	vfs_rmdir("/a/dir/b/c");
	vfs_link("/hard", "/a/hard2");
	vfs_symlink("t", "/a/dir/s");
	vfs_unlink("/a/big");
	vfs_sync();
}

/* Returns whether it could be mounted. */
static bool use_image(void)
{
	struct disk *disk = disk_open("xvda", NULL, image, bytes, 0);
	char path[VFS_PATH_MAX] = "";
	int ret;

	bcache_init(0);
	shim_log[0] = 0;
	disk->budget = BUDGET;
	ret = vfs_mount("xvda", "/", NULL, false);
	if (!ret) {
		directories = 0;
		read_tree(path, 0);
		all_directories += directories;
		change_tree();
		strcpy(path, "");
		directories = 0;
		read_tree(path, 0);
		vfs_umount("/");
	}
	cr_assert_leq(disk->requests, (uint64_t)BUDGET);
	disk_close(disk);
	bcache_exit();
	return !ret;
}

static struct ext2_super_block *super(void)
{
	return (struct ext2_super_block *)(image + 1024);
}

static struct ext2_disk_inode *inode_of(uint32_t ino)
{
	struct ext2_group_desc *g =
		(struct ext2_group_desc *)(image + MAX(2048U, block_size));

	return (struct ext2_disk_inode *)(image + g->bg_inode_table * (size_t)block_size +
					  (ino - 1) * super()->s_inode_size);
}

static uint32_t ino_of(const char *path)
{
	struct disk *disk = disk_open("xvda", NULL, image, bytes, 0);
	struct vfs_stat st;

	bcache_init(0);
	cr_assert_eq(vfs_mount("xvda", "/", NULL, true), 0, "%s", shim_log);
	cr_assert_eq(vfs_lstat(path, &st), 0);
	vfs_umount("/");
	disk_close(disk);
	bcache_exit();
	return st.ino;
}

/* Every field of the superblock and descriptors gets the values that hurt. */
Test(guestfs_ext2_fuzz, superblock_and_descriptors)
{
	static const uint32_t values[] = { 0, 1, 7, 8, 255, 256, 1023, 8192, 8193, 0x7fffffff,
					   0x80000000, 0xfffffff8, 0xffffffff };

	for (unsigned off = 0; off < 104; off += 4) {
		for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			memcpy(image, pristine, bytes);
			memcpy(image + 1024 + off, &values[v], 4);
			use_image();
		}
	}
	for (unsigned off = 0; off < 32; off += 2) {
		for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			memcpy(image, pristine, bytes);
			memcpy(image + 2048 + off, &values[v], 2);
			use_image();
		}
	}
}

static void mutate(size_t from, size_t to, unsigned n)
{
	memcpy(image, pristine, bytes);
	for (unsigned i = 0; i < n; i++) {
		size_t at = from + rnd(to - from);

		switch (rnd(4)) {
		case 0: image[at] ^= 1U << rnd(8); break;
		case 1: image[at] = rnd(256); break;
		case 2: image[at] = rnd(2) ? 0xff : 0; break;
		case 3: image[at] = image[from + rnd(to - from)]; break;
		}
	}
}

Test(guestfs_ext2_fuzz, random_bytes_in_the_structure)
{
	unsigned mounted = 0;
	size_t data = (((struct ext2_group_desc *)(pristine + 2048))->bg_inode_table + 64) * 1024UL;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		/* The front: super, descriptors, bitmaps, inodes. */
		mutate(1024, data < bytes ? data : bytes, 1 + rnd(30));
		mounted += use_image();
	}
	cr_expect_gt(mounted, 10u, "mutations must leave something to look at");
	for (unsigned i = 0; i < MUTATIONS; i++) {
		mutate(2048 + 1024, bytes, 1 + rnd(400));
		mounted += use_image();
	}
	cr_expect_gt(mounted, (unsigned)MUTATIONS / 2);
	cr_expect_gt(all_directories, 2u * mounted);
}

/* Indirect blocks that lead to each other, for each depth. */
Test(guestfs_ext2_fuzz, cyclic_indirect_blocks)
{
	uint32_t ino;

	memcpy(image, pristine, bytes);
	ino = ino_of("/a/big");
	for (unsigned slot = 12; slot < 15; slot++) {
		struct ext2_disk_inode *i;
		uint32_t *ind, block;

		memcpy(image, pristine, bytes);
		i = inode_of(ino);
		block = i->i_block[12];
		cr_assert(block && block < IMAGE_KIB);
		ind = (uint32_t *)(image + block * 1024UL);
		for (unsigned k = 0; k < 256; k++)
			ind[k] = block;
		i->i_block[slot] = block;
		i->i_size = 0xffffffff;
		cr_expect(use_image());
		cr_expect(strstr(shim_log, "damaged"), "%s", shim_log);
	}
	/* All the same block, but empty: no double free to stop at until it has been freed. */
	for (unsigned slot = 12; slot < 15; slot++) {
		struct ext2_disk_inode *i;

		memcpy(image, pristine, bytes);
		i = inode_of(ino);
		for (unsigned k = 12; k < 15; k++)
			i->i_block[k] = i->i_block[12];
		memset(image + i->i_block[12] * 1024UL, 0, 1024);
		memcpy(image + i->i_block[12] * 1024UL + 4 * slot, &i->i_block[12], 4);
		cr_expect(use_image());
	}
}

/* A directory that contains itself, under many names, and one whose ".." goes in a ring. */
Test(guestfs_ext2_fuzz, directories_in_circles)
{
	uint32_t a, b, block;
	struct ext2_dirent *e;

	memcpy(image, pristine, bytes);
	a = ino_of("/a");
	b = ino_of("/a/b");
	block = inode_of(b)->i_block[0];
	for (uint32_t off = 24; off < 1024; off += e->rec_len) {
		e = (struct ext2_dirent *)(image + block * 1024UL + off);
		e->inode = off % 8 ? a : b;
	}
	e = (struct ext2_dirent *)(image + block * 1024UL + 12);
	e->inode = b;
	cr_expect(use_image());
}

/* An entry at the end of a block that is a whole page of the cache, with a name behind it. */
Test(guestfs_ext2_fuzz, names_beyond_the_block)
{
	uint32_t b, block;
	size_t last = 0;

	load(4096);
	memcpy(image, pristine, bytes);
	b = ino_of("/a/b");
	block = inode_of(b)->i_block[0];
	for (size_t off = 0; off < 4096;) {
		last = off;
		off += ((struct ext2_dirent *)(image + block * 4096UL + off))->rec_len;
	}
	for (size_t at = 4096 - 64; at < 4096; at += 4) {
		for (unsigned len = 8; len < 300; len += 16) {
			struct ext2_dirent *e;

			memcpy(image, pristine, bytes);
			e = (struct ext2_dirent *)(image + block * 4096UL + last);
			e->rec_len = at - last;
			e = (struct ext2_dirent *)(image + block * 4096UL + at);
			memset(e, 'n', 4096 - at);
			*e = (struct ext2_dirent){ .inode = b, .rec_len = len, .file_type = 1 };
			if (at < 4096 - 8)
				e->name_len = len - 8 > 255 ? 255 : len - 8;
			cr_expect(use_image());
		}
	}
}

/* Entry lengths that lead nowhere. */
Test(guestfs_ext2_fuzz, directory_entries)
{
	static const uint16_t lengths[] = { 0, 1, 4, 7, 8, 11, 13, 1020, 1024, 1028, 0x8000, 0xffff };
	uint32_t b, block;

	memcpy(image, pristine, bytes);
	b = ino_of("/a/b");
	block = inode_of(b)->i_block[0];
	for (unsigned off = 0; off < 128; off += 4) {
		for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			memcpy(image, pristine, bytes);
			memcpy(image + block * 1024UL + off, &lengths[i], 2);
			cr_expect(use_image());
		}
	}
}

/* A medium that stops answering in the middle of everything. */
Test(guestfs_ext2_fuzz, transfers_fail)
{
	for (unsigned sector = 2; sector < 400; sector += 8) {
		for (int writes = 0; writes < 2; writes++) {
			struct disk *disk;
			char path[VFS_PATH_MAX] = "";

			memcpy(image, pristine, bytes);
			disk = disk_open("xvda", NULL, image, bytes, 0);
			bcache_init(0);
			disk->fail_sector = sector;
			disk->fail_writes = writes;
			if (!vfs_mount("xvda", "/", NULL, false)) {
				directories = 0;
				read_tree(path, 0);
				change_tree();
				vfs_umount("/");
			}
			disk_close(disk);
			bcache_exit();
		}
	}
}
