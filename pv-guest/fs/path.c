/* SPDX-License-Identifier: MIT */
/*
 * Operations on paths: making, removing and renaming names, and what stat tells.
 *
 * Called by commands. Each one walks, takes the lock, checks what POSIX asks for, and
 * leaves the rest to the file system.
 */
#include "vfs_fs.h"
#include <pv/time.h>

static struct vname name_of(const struct walk *w)
{
	return (struct vname){ w->name, w->name_len };
}

static void fill_stat(const struct inode *inode, struct vfs_stat *st)
{
	*st = (struct vfs_stat){
		.dev = (uintptr_t)inode->sb,
		.ino = inode->ino,
		.size = inode->size,
		.blocks = inode->blocks,
		.mode = inode->mode,
		.nlink = inode->nlink,
		.uid = inode->uid,
		.gid = inode->gid,
		.rdev = inode->rdev,
		.blksize = 4096,
		.atime = inode->atime,
		.mtime = inode->mtime,
		.ctime = inode->ctime,
	};
}

int vfs_fstat(struct file *f, struct vfs_stat *st)
{
	mutex_lock(&f->inode->sb->lock);
	fill_stat(f->inode, st);
	mutex_unlock(&f->inode->sb->lock);
	return 0;
}

/* Walk to something that must exist. */
static int walk_existing(struct walk *w, const char *path, unsigned flags)
{
	int ret = walk_begin(w, path, flags);

	if (!ret && !w->inode) {
		walk_end(w);
		ret = -ENOENT;
	}
	return ret;
}

static int stat_flags(const char *path, struct vfs_stat *st, unsigned flags)
{
	struct walk w;
	int ret = walk_existing(&w, path, flags);

	if (ret)
		return ret;
	mutex_lock(&w.inode->sb->lock);
	fill_stat(w.inode, st);
	mutex_unlock(&w.inode->sb->lock);
	walk_end(&w);
	return 0;
}

int vfs_stat(const char *path, struct vfs_stat *st)
{
	return stat_flags(path, st, 0);
}

int vfs_lstat(const char *path, struct vfs_stat *st)
{
	return stat_flags(path, st, WALK_NOFOLLOW);
}

static int make(const char *path, const struct vnew *what)
{
	struct inode *made = NULL;
	struct super *sb;
	struct walk w;
	int ret = walk_begin(&w, path, WALK_PARENT | WALK_NOFOLLOW);

	if (ret)
		return ret == -EINVAL ? -EEXIST : ret;
	sb = w.dir->sb;
	if (w.inode)
		ret = -EEXIST;
	else if (w.must_be_dir && !VFS_ISDIR(what->mode))
		ret = -ENOENT;
	else if (sb->rdonly)
		ret = -EROFS;
	if (!ret) {
		mutex_lock(&sb->lock);
		ret = w.dir->nlink ? sb->ops->create(w.dir, name_of(&w), what, &made) : -ENOENT;
		if (made)
			inode_put(made);
		mutex_unlock(&sb->lock);
	}
	walk_end(&w);
	return ret;
}

int vfs_mkdir(const char *path, unsigned mode)
{
	return make(path, &(struct vnew){ .mode = VFS_IFDIR | (mode & 07777) });
}

int vfs_mknod(const char *path, unsigned mode, uint32_t rdev)
{
	if (VFS_ISDIR(mode) || VFS_ISLNK(mode))
		return -EINVAL;
	return make(path, &(struct vnew){ .mode = mode & (VFS_IFMT | 07777), .rdev = rdev });
}

int vfs_symlink(const char *target, const char *path)
{
	size_t len = strnlen(target, VFS_PATH_MAX);

	if (!len)
		return -ENOENT;
	if (len >= VFS_PATH_MAX)
		return -ENAMETOOLONG;
	return make(path, &(struct vnew){ .mode = VFS_IFLNK | 0777, .target = target });
}

/* The name must still mean the inode the walk found, now that the lock is held. */
static int recheck(const struct walk *w)
{
	uint64_t ino;
	int ret = w->dir->sb->ops->lookup(w->dir, name_of(w), &ino);

	if (!ret && ino != w->inode->ino)
		ret = -ENOENT;
	return ret;
}

static int remove_name(const char *path, bool dir)
{
	struct super *sb;
	struct walk w;
	int ret = walk_begin(&w, path, WALK_PARENT | WALK_NOFOLLOW);

	if (ret)
		return ret;
	sb = w.dir->sb;
	if (!w.inode)
		ret = -ENOENT;
	else if (VFS_ISDIR(w.inode->mode) != dir)
		ret = dir ? -ENOTDIR : -EISDIR;
	else if (w.inode->sb != sb)
		ret = -EBUSY;
	else if (sb->rdonly)
		ret = -EROFS;
	if (!ret) {
		mutex_lock(&sb->lock);
		ret = recheck(&w);
		if (!ret)
			ret = dir ? sb->ops->rmdir(w.dir, name_of(&w), w.inode) :
				    sb->ops->unlink(w.dir, name_of(&w), w.inode);
		mutex_unlock(&sb->lock);
	}
	walk_end(&w);
	return ret;
}

int vfs_unlink(const char *path)
{
	return remove_name(path, false);
}

int vfs_rmdir(const char *path)
{
	return remove_name(path, true);
}

int vfs_link(const char *from, const char *to)
{
	struct walk src, dst;
	struct super *sb;
	int ret = walk_existing(&src, from, WALK_NOFOLLOW);

	if (ret)
		return ret;
	ret = walk_begin(&dst, to, WALK_PARENT | WALK_NOFOLLOW);
	if (ret) {
		walk_end(&src);
		return ret == -EINVAL ? -EEXIST : ret;
	}
	sb = dst.dir->sb;
	if (dst.inode)
		ret = -EEXIST;
	else if (VFS_ISDIR(src.inode->mode) || dst.must_be_dir)
		ret = -EPERM;
	else if (src.inode->sb != sb)
		ret = -EXDEV;
	else if (sb->rdonly)
		ret = -EROFS;
	if (!ret) {
		mutex_lock(&sb->lock);
		ret = dst.dir->nlink && src.inode->nlink ?
			sb->ops->link(dst.dir, name_of(&dst), src.inode) : -ENOENT;
		mutex_unlock(&sb->lock);
	}
	walk_end(&dst);
	walk_end(&src);
	return ret;
}

int vfs_readlink(const char *path, char *buf, size_t n)
{
	struct walk w;
	int ret = walk_existing(&w, path, WALK_NOFOLLOW);

	if (ret)
		return ret;
	if (!VFS_ISLNK(w.inode->mode)) {
		ret = -EINVAL;
	} else {
		mutex_lock(&w.inode->sb->lock);
		ret = w.inode->sb->ops->readlink(w.inode, buf, n);
		mutex_unlock(&w.inode->sb->lock);
	}
	walk_end(&w);
	return ret;
}

int vfs_truncate(const char *path, uint64_t size)
{
	struct file *f;
	int ret = vfs_open(path, VFS_WRONLY, 0, &f);

	if (ret)
		return ret;
	ret = vfs_ftruncate(f, size);
	vfs_close(f);
	return ret;
}

/* Changes attributes under the lock; ctime says so. */
static int set_attr(const char *path, const uint32_t *mode, const int64_t *times)
{
	struct inode *inode;
	struct walk w;
	int ret = walk_existing(&w, path, 0);

	if (ret)
		return ret;
	inode = w.inode;
	if (inode->sb->rdonly) {
		walk_end(&w);
		return -EROFS;
	}
	mutex_lock(&inode->sb->lock);
	if (mode)
		inode->mode = (inode->mode & VFS_IFMT) | (*mode & 07777);
	if (times) {
		inode->atime = times[0];
		inode->mtime = times[1];
	}
	inode->ctime = wallclock_ns() / NSEC_PER_SEC;
	inode->dirty = true;
	mutex_unlock(&inode->sb->lock);
	walk_end(&w);
	return 0;
}

int vfs_chmod(const char *path, unsigned mode)
{
	uint32_t m = mode;

	return set_attr(path, &m, NULL);
}

int vfs_utimes(const char *path, int64_t atime, int64_t mtime)
{
	int64_t times[2] = { atime, mtime };

	return set_attr(path, NULL, times);
}

int vfs_statfs(const char *path, struct vfs_statfs *st)
{
	struct super *sb;
	struct walk w;
	int ret = walk_existing(&w, path, 0);

	if (ret)
		return ret;
	sb = w.inode->sb;
	memset(st, 0, sizeof(*st));
	mutex_lock(&sb->lock);
	ret = sb->ops->statfs(sb, st);
	mutex_unlock(&sb->lock);
	st->type = sb->ops->name;
	walk_end(&w);
	return ret;
}
