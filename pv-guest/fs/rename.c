/* SPDX-License-Identifier: MIT */
/*
 * rename: the one operation with two directories.
 *
 * Called by `mv`. The checks of POSIX are here; the file system only moves names.
 */
#include "vfs_fs.h"

/* Deeper than any path can name; bounds the climb when ".." entries form a ring. */
#define MAX_DEPTH	(VFS_PATH_MAX / 2)

/* Is dir the directory inode or below it? 1, 0 or -errno. sb->lock held. */
static int is_below(struct inode *dir, const struct inode *inode)
{
	struct super *sb = dir->sb;
	struct vname dotdot = { "..", 2 };

	inode_ref(dir);
	for (unsigned depth = 0; depth <= MAX_DEPTH; depth++) {
		struct inode *up;
		uint64_t ino;
		int ret;

		if (dir == inode || dir->ino == sb->root_ino) {
			ret = dir == inode;
			inode_put(dir);
			return ret;
		}
		ret = sb->ops->lookup(dir, dotdot, &ino);
		if (!ret)
			ret = inode_get(sb, ino, &up);
		inode_put(dir);
		if (ret)
			return ret;
		dir = up;
	}
	inode_put(dir);
	return -ELOOP;
}

/* May inode take the place of target? */
static int check_target(const struct inode *inode, const struct inode *target)
{
	if (VFS_ISDIR(target->mode) && !VFS_ISDIR(inode->mode))
		return -EISDIR;
	if (!VFS_ISDIR(target->mode) && VFS_ISDIR(inode->mode))
		return -ENOTDIR;
	return 0;
}

/* Both names must still mean what the walks found. sb->lock held. */
static int recheck(const struct vrename *r)
{
	const struct fs_ops *ops = r->from_dir->sb->ops;
	uint64_t ino;
	int ret = ops->lookup(r->from_dir, r->from, &ino);

	if (ret || ino != r->inode->ino)
		return ret ? ret : -ENOENT;
	ret = ops->lookup(r->to_dir, r->to, &ino);
	if (r->target)
		return ret || ino == r->target->ino ? ret : -ENOENT;
	return ret == -ENOENT ? 0 : ret ? ret : -EEXIST;
}

static int rename_locked(const struct vrename *r)
{
	int ret;

	if (!r->to_dir->nlink)
		return -ENOENT;
	ret = recheck(r);
	if (!ret && r->target == r->inode)
		return 0;	/* two names of one file: POSIX leaves both */
	if (!ret && VFS_ISDIR(r->inode->mode)) {
		ret = is_below(r->to_dir, r->inode);
		if (ret > 0)
			ret = -EINVAL;
	}
	if (!ret && r->target)
		ret = check_target(r->inode, r->target);
	if (!ret)
		ret = r->from_dir->sb->ops->rename(r);
	return ret;
}

static int rename_walked(struct walk *src, struct walk *dst)
{
	struct super *sb = src->dir->sb;
	struct vrename r = {
		.from_dir = src->dir,
		.inode = src->inode,
		.to_dir = dst->dir,
		.target = dst->inode,
		.from = { src->name, src->name_len },
		.to = { dst->name, dst->name_len },
	};
	int ret;

	if (!r.inode)
		return -ENOENT;
	if (dst->dir->sb != sb)
		return -EXDEV;
	if (r.inode->sb != sb || (r.target && r.target->sb != sb))
		return -EBUSY;
	if (sb->rdonly)
		return -EROFS;
	if (dst->must_be_dir && !VFS_ISDIR(r.inode->mode))
		return -ENOTDIR;
	mutex_lock(&sb->lock);
	ret = rename_locked(&r);
	mutex_unlock(&sb->lock);
	return ret;
}

int vfs_rename(const char *from, const char *to)
{
	struct walk src, dst;
	int ret = walk_begin(&src, from, WALK_PARENT | WALK_NOFOLLOW);

	if (ret)
		return ret;
	ret = walk_begin(&dst, to, WALK_PARENT | WALK_NOFOLLOW);
	if (!ret) {
		ret = rename_walked(&src, &dst);
		walk_end(&dst);
	}
	walk_end(&src);
	return ret;
}
