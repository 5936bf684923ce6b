/* SPDX-License-Identifier: MIT */
/*
 * ext2 of the guest against the host's mke2fs, e2fsck and debugfs.
 *
 * What would break: files read wrong at the boundaries of indirect blocks, names lost in
 * large directories, or an image that e2fsck finds fault with after the guest wrote to it.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <pv/bcache.h>
#include <pv/errno.h>
#include <pv/vfs.h>
#include "guestfs/disk.h"
#include "guestfs/image.h"
#include "guestfs/shim.h"

static struct disk *disk;

static void mount_image(const char *path, bool rdonly)
{
	disk = disk_open("xvda", path, NULL, 0, 2);
	cr_assert_eq(bcache_init(8 << 20), 0);
	cr_assert_eq(vfs_mount("/dev/xvda", "/", NULL, rdonly), 0, "%s", shim_log);
}

static void unmount(void)
{
	cr_assert_eq(vfs_umount("/"), 0);
	cr_assert_eq(shim_log[0], 0, "%s", shim_log);
	disk_close(disk);
	bcache_exit();
}

static void put(const char *path, const void *data, size_t n, unsigned flags)
{
	struct file *f;
	int ret = vfs_open(path, VFS_WRONLY | VFS_CREAT | flags, 0644, &f);

	cr_assert_eq(ret, 0, "%s: %d", path, ret);
	cr_assert_eq(vfs_write(f, data, n), (int64_t)n);
	vfs_close(f);
}

static struct { unsigned block_size, inode_size; const char *options; } layouts[] = {
	{ 1024, 128, "-I 128" }, { 1024, 256, "" }, { 2048, 256, "" }, { 4096, 256, "" },
	{ 1024, 256, "-g 1024" }, { 4096, 128, "-I 128 -O ^filetype,^sparse_super,^resize_inode" },
	{ 4096, 256, "-O ^resize_inode,^dir_index" }, { 1024, 256, "-t ext3" },
};

static unsigned layout_numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7 };

ParameterizedTestParameters(guestfs_ext2, reads_what_mke2fs_wrote)
{
	return cr_make_param_array(unsigned, layout_numbers, 8);
}

ParameterizedTest(unsigned *i, guestfs_ext2, reads_what_mke2fs_wrote, .fini = image_cleanup)
{
	const char *tree = image_tree("tree");
	const char *image = image_make("image", 98304, layouts[*i].block_size, tree,
				       layouts[*i].options);

	cr_assert(image);
	mount_image(image, true);
	cr_expect_eq(image_compare(tree, "/"), 0);
	unmount();
	cr_expect_eq(image_check(image), 0);
}

static void change_everything(void)
{
	static uint8_t data[3 << 20];
	struct file *f;
	char name[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 13 + (i >> 12);
	put("/new", data, sizeof(data), 0);
	put("/double", data, 100, VFS_APPEND);
	put("/single", data, 5, VFS_TRUNC);
	cr_assert_eq(vfs_truncate("/double", 290 * 1024 + 7), 0);
	cr_assert_eq(vfs_truncate("/direct", 40000), 0);
	cr_assert_eq(vfs_open("/new", VFS_RDWR, 0, &f), 0);
	cr_assert_eq(vfs_pwrite(f, data, 4097, 70UL << 20), 4097);
	vfs_close(f);
	cr_assert_eq(vfs_mkdir("/made", 0755), 0);
	for (unsigned i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "/made/file-number-%u", i);
		put(name, data, i * 37, 0);
	}
	for (unsigned i = 0; i < 400; i += 3) {
		snprintf(name, sizeof(name), "/made/file-number-%u", i);
		cr_assert_eq(vfs_unlink(name), 0);
	}
	for (unsigned i = 0; i < 3000; i += 50) {
		snprintf(name, sizeof(name), "/many/entry-%u-%.*s", i, (int)(i % 40),
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		cr_assert_eq(vfs_unlink(name), 0, "%s", name);
	}
	cr_assert_eq(vfs_unlink("/triple"), 0);
	cr_assert_eq(vfs_unlink("/hard"), 0);
	cr_assert_eq(vfs_link("/one", "/made/one-too"), 0);
	cr_assert_eq(vfs_symlink("one", "/made/short"), 0);
	cr_assert_eq(vfs_symlink("/a/rather/long/target/that/does/not/fit/into/the/inode/itself/at/all",
				 "/made/long"), 0);
	cr_assert_eq(vfs_rename("/deep/d0", "/made/moved"), 0);
	cr_assert_eq(vfs_rename("/made/one-too", "/made/file-number-1"), 0);
	cr_assert_eq(vfs_mkdir("/made/sub", 0700), 0);
	cr_assert_eq(vfs_rename("/made/sub", "/deep"), 0);
	cr_assert_eq(vfs_rmdir("/empty"), -ENOTEMPTY);
	cr_assert_eq(vfs_mknod("/made/null", VFS_IFCHR | 0666, 1 << 8 | 3), 0);
	cr_assert_eq(vfs_chmod("/one", 0600), 0);
	cr_assert_eq(vfs_utimes("/one", 1000, 5000000000), 0);
}

ParameterizedTestParameters(guestfs_ext2, leaves_what_e2fsck_likes)
{
	return cr_make_param_array(unsigned, layout_numbers, 8);
}

ParameterizedTest(unsigned *i, guestfs_ext2, leaves_what_e2fsck_likes, .fini = image_cleanup)
{
	const char *image = image_make("image", 131072, layouts[*i].block_size,
				       image_tree("tree"), layouts[*i].options);
	struct vfs_stat st;

	cr_assert(image);
	mount_image(image, false);
	change_everything();
	cr_assert_eq(vfs_sync(), 0);
	unmount();
	cr_expect_eq(image_check(image), 0);
	/* And it reads back by what debugfs knows. */
	cr_expect_eq(image_run("debugfs -R 'dump /made/file-number-100 %s' %s 2>/dev/null",
			       image_path("out"), image), 0);
	cr_expect_eq(image_run("test $(stat -c %%s %s) = 3700", image_path("out")), 0);
	cr_expect_eq(image_run("debugfs -R 'stat /made/null' %s 2>/dev/null | grep -q 'Type: character'",
			       image), 0);
	mount_image(image, false);
	cr_assert_eq(vfs_stat("/one", &st), 0);
	cr_expect_eq(st.mode, VFS_IFREG | 0600u);
	cr_expect_eq(st.atime, 1000);
	if (layouts[*i].inode_size > 128)
		cr_expect_eq(st.mtime, 5000000000);
	cr_assert_eq(vfs_stat("/new", &st), 0);
	cr_expect_eq(st.size, (70UL << 20) + 4097);
	unmount();
	cr_expect_eq(image_check(image), 0);
}

/* A hash-indexed directory, built by e2fsck -D, is changed as a plain one. */
Test(guestfs_ext2, drops_the_hash_tree_it_does_not_keep, .fini = image_cleanup)
{
	const char *image = image_make("image", 98304, 1024, image_tree("tree"), "");
	char name[64];

	image_run("e2fsck -fyD %s >/dev/null 2>&1", image);
	cr_assert_eq(image_run("debugfs -R 'htree_dump /many' %s 2>/dev/null | grep -q 'Root node'",
			       image), 0);
	mount_image(image, false);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "/many/added-%u", i);
		put(name, "x", 1, 0);
	}
	cr_assert_eq(vfs_unlink("/many/entry-1-x"), 0);
	unmount();
	cr_expect_eq(image_check(image), 0);
}

Test(guestfs_ext2, fills_the_disk_and_recovers, .fini = image_cleanup)
{
	static uint8_t data[1 << 16];
	const char *image = image_make("image", 2048, 1024, NULL, "");
	struct vfs_statfs before, after;
	char name[32];
	struct file *f;
	int64_t n;
	int ret;

	mount_image(image, false);
	cr_assert_eq(vfs_statfs("/", &before), 0);
	cr_assert_eq(vfs_open("/big", VFS_WRONLY | VFS_CREAT, 0644, &f), 0);
	while ((n = vfs_write(f, data, sizeof(data))) == sizeof(data))
		;
	cr_expect(n >= 0);
	cr_expect_eq(vfs_write(f, data, sizeof(data)), -ENOSPC);
	vfs_close(f);
	cr_expect_eq(vfs_mkdir("/dir", 0755), -ENOSPC);
	cr_assert_eq(vfs_unlink("/big"), 0);
	for (unsigned i = 0; ; i++) {
		snprintf(name, sizeof(name), "/f%u", i);
		ret = vfs_open(name, VFS_WRONLY | VFS_CREAT, 0644, &f);
		if (ret)
			break;
		vfs_close(f);
	}
	cr_expect_eq(ret, -ENOSPC);
	cr_assert_eq(vfs_sync(), 0);
	cr_assert_eq(vfs_statfs("/", &after), 0);
	cr_expect_eq(after.ffree, 0u);
	unmount();
	cr_expect_eq(image_check(image), 0);
}

/* A file without a name lives until it is closed. */
Test(guestfs_ext2, keeps_an_open_file_that_was_removed, .fini = image_cleanup)
{
	const char *image = image_make("image", 4096, 1024, NULL, "");
	struct vfs_statfs before, after;
	struct file *f;
	char buf[4];

	mount_image(image, false);
	vfs_statfs("/", &before);
	put("/f", "abc", 3, 0);
	cr_assert_eq(vfs_open("/f", VFS_RDWR, 0, &f), 0);
	cr_assert_eq(vfs_unlink("/f"), 0);
	cr_expect_eq(vfs_read(f, buf, 4), 3);
	cr_expect_eq(vfs_umount("/"), -EBUSY);
	vfs_close(f);
	vfs_statfs("/", &after);
	cr_expect_eq(before.bfree, after.bfree);
	cr_expect_eq(before.ffree, after.ffree);
	unmount();
	cr_expect_eq(image_check(image), 0);
}

Test(guestfs_ext2, refuses_what_it_cannot_do, .fini = image_cleanup)
{
	const char *image = image_make("image", 8192, 1024, NULL, "-t ext4 -O ^metadata_csum,^64bit");

	disk = disk_open("xvda", image, NULL, 0, 0);
	bcache_init(1 << 20);
	cr_expect_eq(vfs_mount("xvda", "/", NULL, false), -EINVAL);
	cr_expect(strstr(shim_log, "incompatible features"), "%s", shim_log);
	disk_close(disk);
	/* What only forbids writing. */
	shim_log[0] = 0;
	image = image_make("image2", 8192, 1024, NULL, "-t ext3 -O metadata_csum");
	disk = disk_open("xvda", image, NULL, 0, 0);
	cr_expect_eq(vfs_mount("xvda", "/", NULL, false), 0);
	cr_expect(strstr(shim_log, "read-only"), "%s", shim_log);
	cr_expect_eq(vfs_mkdir("/x", 0755), -EROFS);
	cr_expect_eq(vfs_umount("/"), 0);
	disk_close(disk);
	cr_expect_eq(image_check(image), 0);
}

/* Extended attributes in a block of their own, shared by two files. */
Test(guestfs_ext2, frees_attribute_blocks, .fini = image_cleanup)
{
	const char *image = image_make("image", 8192, 1024, NULL, "-I 128");
	const char *commands = image_path("commands");
	FILE *c = fopen(commands, "w");

	fprintf(c, "write /dev/null f\nea_set f user.a value\nwrite /dev/null g\nea_set g user.b other\n");
	fclose(c);
	cr_assert_eq(image_run("debugfs -w -f %s %s >/dev/null 2>&1", commands, image), 0);
	mount_image(image, false);
	cr_expect_eq(vfs_unlink("/f"), 0);
	cr_expect_eq(vfs_symlink("t", "/s"), 0);
	unmount();
	cr_expect_eq(image_check(image), 0);
	mount_image(image, false);
	cr_expect_eq(vfs_unlink("/g"), 0);
	unmount();
	cr_expect_eq(image_check(image), 0);
}

/* The path walk itself: ".", "..", loops of links, lengths. */
Test(guestfs_ext2, walks_paths, .fini = image_cleanup)
{
	const char *image = image_make("image", 4096, 1024, NULL, "");
	static char longpath[VFS_PATH_MAX + 10];
	char buf[VFS_PATH_MAX];
	struct vfs_stat st;

	mount_image(image, false);
	vfs_mkdir("/a", 0755);
	vfs_mkdir("/a/b", 0755);
	put("/a/f", "x", 1, 0);
	vfs_symlink("/a/b", "/a/b/self");
	vfs_symlink("loop", "/loop");
	vfs_symlink("..", "/a/up");
	cr_expect_eq(vfs_realpath("/a/./b/../b/self/self/..", buf), 0);
	cr_expect_str_eq(buf, "/a");
	cr_expect_eq(vfs_realpath("/../..//a/up/a/f", buf), 0);
	cr_expect_str_eq(buf, "/a/f");
	cr_expect_eq(vfs_stat("/loop", &st), -ELOOP);
	cr_expect_eq(vfs_lstat("/loop", &st), 0);
	cr_expect_eq(vfs_stat("/a/f/", &st), -ENOTDIR);
	cr_expect_eq(vfs_stat("/a/f/x", &st), -ENOTDIR);
	cr_expect_eq(vfs_stat("/a/none", &st), -ENOENT);
	cr_expect_eq(vfs_stat("/none/x", &st), -ENOENT);
	cr_expect_eq(vfs_stat("", &st), -ENOENT);
	cr_expect_eq(vfs_lstat("/a/up/", &st), 0);
	cr_expect(VFS_ISDIR(st.mode));
	memset(longpath, 'x', sizeof(longpath) - 1);
	cr_expect_eq(vfs_stat(longpath, &st), -ENAMETOOLONG);
	longpath[300] = 0;
	cr_expect_eq(vfs_stat(longpath, &st), -ENAMETOOLONG);
	cr_expect_eq(vfs_chdir("/a/up/a/b"), 0);
	cr_expect_str_eq(vfs_getcwd(), "/a/b");
	cr_expect_eq(vfs_stat("../f", &st), 0);
	cr_expect_eq(vfs_rename("/a", "/a/b/c"), -EINVAL);
	cr_expect_eq(vfs_rename("/a/f", "/a/b"), -EISDIR);
	cr_expect_eq(vfs_rename("/a/b", "/a/f"), -ENOTDIR);
	cr_expect_eq(vfs_mkdir("/", 0755), -EEXIST);
	cr_expect_eq(vfs_rmdir("/a"), -ENOTEMPTY);
	cr_expect_eq(vfs_unlink("/a"), -EISDIR);
	cr_expect_eq(vfs_rmdir("/a/f"), -ENOTDIR);
	cr_expect_eq(vfs_chdir("/"), 0);
	unmount();
	cr_expect_eq(image_check(image), 0);
}
