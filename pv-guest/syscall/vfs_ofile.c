/* SPDX-License-Identifier: MIT */
/* Open files of the file system, as descriptors see them; and open itself. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/syscall.h>

#include "calls.h"

#define RDEV_TTY	(5U << 8 | 0)
#define RDEV_CONSOLE	(5U << 8 | 1)

static int64_t file_read(struct ofile *f, void *buf, size_t n)
{
	int64_t r;

	mutex_lock(&f->lock);
	r = vfs_read(f->file, buf, n);
	mutex_unlock(&f->lock);
	return r;
}

static int64_t file_write(struct ofile *f, const void *buf, size_t n)
{
	int64_t r;

	mutex_lock(&f->lock);
	r = vfs_write(f->file, buf, n);
	mutex_unlock(&f->lock);
	return r;
}

static int file_stat(struct ofile *f, struct vfs_stat *st)
{
	return vfs_fstat(f->file, st);
}

static void file_release(struct ofile *f)
{
	vfs_close(f->file);
}

const struct ofile_ops vfs_ofile_ops = {
	.read = file_read,
	.write = file_write,
	.stat = file_stat,
	.release = file_release,
};

/* Absolute, from the directory dirfd stands for. */
int user_path(int32_t dirfd, uint64_t upath, char **out)
{
	char *path = kmalloc(VFS_PATH_MAX), *base = NULL;
	struct ofile *dir;
	long n;

	if (path == NULL)
		return -ENOMEM;
	n = string_from_user(path, upath, VFS_PATH_MAX);
	if (n == 0)
		n = -ENOENT;
	if (n > 0 && path[0] != '/') {
		if (dirfd == AT_FDCWD) {
			base = current_proc()->cwd;
		} else {
			dir = fd_get((uint32_t)dirfd);
			base = dir != NULL ? dir->path : NULL;
			n = dir == NULL ? -EBADF : base == NULL ? -ENOTDIR : n;
		}
	}
	if (n > 0 && base != NULL) {
		size_t len = strlen(base);

		if (len + 1 + n + 1 > VFS_PATH_MAX) {
			n = -ENAMETOOLONG;
		} else {
			memmove(path + len + 1, path, n + 1);
			memcpy(path, base, len);
			path[len] = '/';
		}
	}
	if (n < 0) {
		kfree(path);
		return (int)n;
	}
	*out = path;
	return 0;
}

static unsigned int vfs_flags(uint32_t flags)
{
	unsigned int v = flags & O_ACCMODE;

	v |= flags & O_CREAT ? VFS_CREAT : 0;
	v |= flags & O_EXCL ? VFS_EXCL : 0;
	v |= flags & O_TRUNC ? VFS_TRUNC : 0;
	v |= flags & O_APPEND ? VFS_APPEND : 0;
	v |= flags & O_DIRECTORY ? VFS_DIRECTORY : 0;
	return v;
}

/* The console's device file stands for the console itself, which may be waited on. */
static struct ofile *special(const struct vfs_stat *st, uint32_t flags)
{
	struct ofile *f;

	if ((st->mode & VFS_IFMT) != VFS_IFCHR ||
	    (st->rdev != RDEV_TTY && st->rdev != RDEV_CONSOLE))
		return NULL;
	f = console_ofile();
	if (f != NULL)
		f->flags = flags;
	return f;
}

static struct ofile *wrap(struct file *file, const char *path, const struct vfs_stat *st,
			  uint32_t flags)
{
	struct ofile *f = special(st, flags);

	if (f != NULL) {
		vfs_close(file);
		return f;
	}
	f = ofile_new(&vfs_ofile_ops, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC));
	if (f == NULL) {
		vfs_close(file);
		return NULL;
	}
	f->file = file;
	if (VFS_ISDIR(st->mode)) {
		f->path = kmalloc(VFS_PATH_MAX);
		if (f->path == NULL || vfs_realpath(path, f->path) != 0) {
			ofile_put(f);
			return NULL;
		}
	}
	return f;
}

static long open_at(int32_t dirfd, uint64_t upath, uint32_t flags, uint32_t mode)
{
	struct vfs_stat st;
	struct file *file;
	struct ofile *f;
	char *path;
	int rc = user_path(dirfd, upath, &path);

	if (rc != 0)
		return rc;
	if ((flags & O_ACCMODE) == O_ACCMODE)
		rc = -EINVAL;
	if (rc == 0 && (flags & O_NOFOLLOW) && vfs_lstat(path, &st) == 0 && VFS_ISLNK(st.mode))
		rc = -ELOOP;
	if (rc == 0)
		rc = vfs_open(path, vfs_flags(flags), mode & ~current_proc()->umask & 07777, &file);
	if (rc == 0)
		rc = vfs_fstat(file, &st);
	if (rc == 0) {
		f = wrap(file, path, &st, flags);
		rc = f == NULL ? -ENOMEM : fd_install(f, 0, flags & O_CLOEXEC);
	}
	kfree(path);
	return rc;
}

long sys_open(const uint64_t *a)
{
	return open_at(AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

long sys_openat(const uint64_t *a)
{
	return open_at((int32_t)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

long sys_creat(const uint64_t *a)
{
	return open_at(AT_FDCWD, a[0], O_CREAT | O_TRUNC | 1, (uint32_t)a[1]);
}

long sys_ftruncate(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);

	if (f == NULL)
		return -EBADF;
	return f->file == NULL ? -EINVAL : vfs_ftruncate(f->file, a[1]);
}

long sys_fsync(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);

	if (f == NULL)
		return -EBADF;
	return f->file == NULL ? -EINVAL : vfs_fsync(f->file);
}

long sys_fdatasync(const uint64_t *a)
{
	return sys_fsync(a);
}

struct dirent_user {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
};

/* The entry read but not given out is read again: the position goes back. */
long sys_getdents64(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);
	struct vfs_dirent *d = kmalloc(sizeof(*d));
	uint64_t done = 0, n = (uint32_t)a[2];
	long rc = 0;

	if (f == NULL || f->file == NULL || d == NULL) {
		kfree(d);
		return d == NULL ? -ENOMEM : f == NULL ? -EBADF : -ENOTDIR;
	}
	mutex_lock(&f->lock);
	for (;;) {
		uint8_t out[ROUND_UP(19 + VFS_NAME_MAX + 1, 8)] = { 0 };
		int64_t before = vfs_lseek(f->file, 0, VFS_SEEK_CUR);
		struct dirent_user u;
		size_t len;

		rc = vfs_readdir(f->file, d);
		if (rc <= 0)
			break;
		len = strlen(d->name);
		u = (struct dirent_user){ .ino = d->ino, .type = d->type >> 12,
					  .off = vfs_lseek(f->file, 0, VFS_SEEK_CUR),
					  .reclen = ROUND_UP(19 + len + 1, 8) };
		memcpy(out, &u, 19);
		memcpy(out + 19, d->name, len);
		rc = done + u.reclen > n ? -EINVAL : copy_to_user(a[1] + done, out, u.reclen);
		if (rc != 0) {
			vfs_lseek(f->file, before, VFS_SEEK_SET);
			break;
		}
		done += u.reclen;
	}
	mutex_unlock(&f->lock);
	kfree(d);
	return done > 0 ? (long)done : rc;
}
