/* SPDX-License-Identifier: MIT */
/* What files are: stat in its forms, statfs. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/syscall.h>

#include "calls.h"

#define AT_SYMLINK_NOFOLLOW	0x100U
#define AT_EMPTY_PATH		0x1000U

struct stat_user {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	int64_t atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	int64_t unused[3];
};
_Static_assert(sizeof(struct stat_user) == 144, "struct stat");

struct statfs_user {
	int64_t type, bsize, blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	int64_t namelen, frsize, flags, spare[4];
};
_Static_assert(sizeof(struct statfs_user) == 120, "struct statfs");

static long give(uint64_t to, const struct vfs_stat *st)
{
	struct stat_user u = {
		.dev = st->dev & 0xffff, .ino = st->ino, .nlink = st->nlink, .mode = st->mode,
		.uid = st->uid, .gid = st->gid, .rdev = st->rdev, .size = (int64_t)st->size,
		.blksize = st->blksize, .blocks = (int64_t)st->blocks, .atime = st->atime,
		.mtime = st->mtime, .ctime = st->ctime,
	};

	return copy_to_user(to, &u, sizeof(u));
}

static long stat_at(int32_t dirfd, uint64_t upath, uint64_t to, bool follow)
{
	struct vfs_stat st;
	char *path;
	int rc = user_path(dirfd, upath, &path);

	if (rc != 0)
		return rc;
	rc = follow ? vfs_stat(path, &st) : vfs_lstat(path, &st);
	kfree(path);
	return rc != 0 ? rc : give(to, &st);
}

static long stat_fd(uint64_t fd, uint64_t to)
{
	struct ofile *f = fd_get(fd);
	struct vfs_stat st;
	int rc = f == NULL ? -EBADF : f->ops->stat(f, &st);

	return rc != 0 ? rc : give(to, &st);
}

long sys_stat(const uint64_t *a)
{
	return stat_at(AT_FDCWD, a[0], a[1], true);
}

long sys_lstat(const uint64_t *a)
{
	return stat_at(AT_FDCWD, a[0], a[1], false);
}

long sys_fstat(const uint64_t *a)
{
	return stat_fd(a[0], a[1]);
}

long sys_newfstatat(const uint64_t *a)
{
	char first;

	if ((a[3] & AT_EMPTY_PATH) && copy_from_user(&first, a[1], 1) == 0 && first == 0)
		return stat_fd(a[0], a[2]);
	return stat_at((int32_t)a[0], a[1], a[2], !(a[3] & AT_SYMLINK_NOFOLLOW));
}

static long give_statfs(uint64_t to, const struct vfs_statfs *st)
{
	struct statfs_user u = {
		.type = strcmp(st->type, "ext2") == 0 ? 0xef53 : 0x858458f6, .bsize = st->bsize,
		.blocks = (int64_t)st->blocks, .bfree = (int64_t)st->bfree,
		.bavail = (int64_t)st->bavail, .files = (int64_t)st->files,
		.ffree = (int64_t)st->ffree, .namelen = VFS_NAME_MAX, .frsize = st->bsize,
	};

	return copy_to_user(to, &u, sizeof(u));
}

long sys_statfs(const uint64_t *a)
{
	struct vfs_statfs st;
	char *path;
	int rc = user_path(AT_FDCWD, a[0], &path);

	if (rc != 0)
		return rc;
	rc = vfs_statfs(path, &st);
	kfree(path);
	return rc != 0 ? rc : give_statfs(a[1], &st);
}

/* Of the directory, or of the root: an open file does not know its name. */
long sys_fstatfs(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);
	struct vfs_statfs st;
	int rc = f == NULL ? -EBADF : vfs_statfs(f->path != NULL ? f->path : "/", &st);

	return rc != 0 ? rc : give_statfs(a[1], &st);
}
