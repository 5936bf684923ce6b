/* SPDX-License-Identifier: MIT */
/*
 * Open files: position, access mode, and the calls that move data.
 *
 * Called by commands and the shell. A struct file belongs to one thread at a time; the inode
 * below is shared and guarded by its super.lock.
 */
#include "vfs_fs.h"
#include <pv/bcache.h>
#include <pv/time.h>

/* How much one call of a file system moves with the lock held. */
#define FILE_CHUNK	(1U << 20)

static unsigned access_of(const struct file *f)
{
	return f->flags & 3;
}

static int create_file(struct walk *w, unsigned mode)
{
	struct vname name = { w->name, w->name_len };
	struct vnew what = { .mode = VFS_IFREG | (mode & 07777) };
	struct super *sb = w->dir->sb;
	int ret;

	if (w->must_be_dir)
		return -EISDIR;
	if (sb->rdonly)
		return -EROFS;
	mutex_lock(&sb->lock);
	ret = w->dir->nlink ? sb->ops->create(w->dir, name, &what, &w->inode) : -ENOENT;
	mutex_unlock(&sb->lock);
	return ret;
}

static int check_open(const struct inode *inode, unsigned flags)
{
	bool writes = (flags & 3) != VFS_RDONLY || (flags & VFS_TRUNC);

	if (VFS_ISLNK(inode->mode))
		return -ELOOP;
	if (VFS_ISDIR(inode->mode))
		return writes ? -EISDIR : 0;
	if (flags & VFS_DIRECTORY)
		return -ENOTDIR;
	if (writes && inode->sb->rdonly)
		return -EROFS;
	return 0;
}

int vfs_open(const char *path, unsigned flags, unsigned mode, struct file **out)
{
	struct file *f;
	struct walk w;
	int ret = walk_begin(&w, path, 0);

	if (ret)
		return ret;
	if (!w.inode)
		ret = (flags & VFS_CREAT) ? create_file(&w, mode) : -ENOENT;
	else if ((flags & VFS_CREAT) && (flags & VFS_EXCL))
		ret = -EEXIST;
	if (!ret)
		ret = check_open(w.inode, flags);
	f = ret ? NULL : kzalloc(sizeof(*f));
	if (!ret && !f)
		ret = -ENOMEM;
	if (!ret) {
		f->inode = w.inode;
		f->flags = flags;
		w.inode = NULL;
	}
	walk_end(&w);
	if (!ret && (flags & VFS_TRUNC) && VFS_ISREG(f->inode->mode)) {
		f->flags = (flags & ~3U) | VFS_RDWR;
		ret = vfs_ftruncate(f, 0);
		f->flags = flags;
		if (ret)
			vfs_close(f);
	}
	if (!ret)
		*out = f;
	return ret;
}

int vfs_close(struct file *f)
{
	inode_release(f->inode);
	kfree(f);
	return 0;
}

void vfs_set_append(struct file *f, bool append)
{
	f->flags = (f->flags & ~VFS_APPEND) | (append ? VFS_APPEND : 0);
}

int vfs_reopen(struct file *f, struct file **out)
{
	struct file *copy = kzalloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	copy->inode = f->inode;
	copy->flags = VFS_RDONLY;
	mutex_lock(&f->inode->sb->lock);
	inode_ref(f->inode);
	mutex_unlock(&f->inode->sb->lock);
	*out = copy;
	return 0;
}

uint64_t vfs_changes(const struct file *f)
{
	return __atomic_load_n(&f->inode->changes, __ATOMIC_RELAXED);
}

int64_t vfs_pread(struct file *f, void *buf, size_t n, uint64_t pos)
{
	struct inode *inode = f->inode;
	size_t done = 0;

	if (access_of(f) == VFS_WRONLY)
		return -EBADF;
	if (VFS_ISDIR(inode->mode))
		return -EISDIR;
	if (!inode->sb->ops->read)
		return -EINVAL;
	while (done < n) {
		int64_t r;

		mutex_lock(&inode->sb->lock);
		r = inode->sb->ops->read(inode, pos + done, (char *)buf + done,
					 MIN(n - done, (size_t)FILE_CHUNK));
		mutex_unlock(&inode->sb->lock);
		if (r < 0)
			return done ? (int64_t)done : r;
		if (!r)
			break;
		done += r;
	}
	return done;
}

int64_t vfs_pwrite(struct file *f, const void *buf, size_t n, uint64_t pos)
{
	struct inode *inode = f->inode;
	size_t done = 0;

	if (access_of(f) == VFS_RDONLY)
		return -EBADF;
	if (inode->sb->rdonly)
		return -EROFS;
	if (!inode->sb->ops->write)
		return -EINVAL;
	if (pos + n < pos || pos + n > INT64_MAX)
		return -EFBIG;
	while (done < n) {
		int64_t r;

		mutex_lock(&inode->sb->lock);
		r = inode->sb->ops->write(inode, pos + done, (const char *)buf + done,
					  MIN(n - done, (size_t)FILE_CHUNK));
		inode->changes++;
		mutex_unlock(&inode->sb->lock);
		if (r <= 0)
			return done ? (int64_t)done : r;
		done += r;
	}
	return done;
}

int64_t vfs_read(struct file *f, void *buf, size_t n)
{
	int64_t r = vfs_pread(f, buf, n, f->pos);

	if (r > 0)
		f->pos += r;
	return r;
}

int64_t vfs_write(struct file *f, const void *buf, size_t n)
{
	int64_t r;

	if (f->flags & VFS_APPEND)
		f->pos = f->inode->size;
	r = vfs_pwrite(f, buf, n, f->pos);
	if (r > 0)
		f->pos += r;
	return r;
}

int64_t vfs_lseek(struct file *f, int64_t off, enum vfs_whence whence)
{
	int64_t base = whence == VFS_SEEK_SET ? 0 :
		       whence == VFS_SEEK_CUR ? (int64_t)f->pos : (int64_t)f->inode->size;
	int64_t pos;

	if (__builtin_add_overflow(base, off, &pos) || pos < 0)
		return -EINVAL;
	f->pos = pos;
	return pos;
}

int vfs_readdir(struct file *f, struct vfs_dirent *d)
{
	struct inode *dir = f->inode;
	int ret;

	if (!VFS_ISDIR(dir->mode))
		return -ENOTDIR;
	mutex_lock(&dir->sb->lock);
	ret = dir->sb->ops->readdir(dir, &f->pos, d);
	mutex_unlock(&dir->sb->lock);
	return ret;
}

int vfs_ftruncate(struct file *f, uint64_t size)
{
	struct inode *inode = f->inode;
	int ret;

	if (access_of(f) == VFS_RDONLY)
		return -EINVAL;
	if (!VFS_ISREG(inode->mode) || !inode->sb->ops->truncate)
		return -EINVAL;
	if (inode->sb->rdonly)
		return -EROFS;
	if (size > INT64_MAX)
		return -EFBIG;
	mutex_lock(&inode->sb->lock);
	ret = inode->sb->ops->truncate(inode, size);
	inode->changes++;
	mutex_unlock(&inode->sb->lock);
	return ret;
}

int vfs_fsync(struct file *f)
{
	struct super *sb = f->inode->sb;
	int ret = 0;

	mutex_lock(&sb->lock);
	if (sb->ops->sync)
		ret = sb->ops->sync(sb);
	mutex_unlock(&sb->lock);
	return ret;
}
