/* SPDX-License-Identifier: MIT */
/* Names: making and removing them, the working directory, permissions of a machine with one user. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/time.h>

#include "calls.h"

#define AT_REMOVEDIR	0x200U
#define UTIME_NOW	0x3fffffffL
#define UTIME_OMIT	0x3ffffffeL
#define X_OK		1U
#define W_OK		2U

static long with_path(int32_t dirfd, uint64_t upath, int (*fn)(const char *path, unsigned int arg),
		      unsigned int arg)
{
	char *path;
	int rc = user_path(dirfd, upath, &path);

	if (rc != 0)
		return rc;
	rc = fn(path, arg);
	kfree(path);
	return rc;
}

static long with_two(int32_t fromfd, uint64_t from, int32_t tofd, uint64_t to,
		     int (*fn)(const char *from, const char *to))
{
	char *a, *b;
	int rc = user_path(fromfd, from, &a);

	if (rc != 0)
		return rc;
	rc = user_path(tofd, to, &b);
	if (rc == 0) {
		rc = fn(a, b);
		kfree(b);
	}
	kfree(a);
	return rc;
}

static int do_mkdir(const char *path, unsigned int mode)
{
	return vfs_mkdir(path, mode & ~current_proc()->umask & 07777);
}

static int do_remove(const char *path, unsigned int flags)
{
	return flags & AT_REMOVEDIR ? vfs_rmdir(path) : vfs_unlink(path);
}

/* One user, who may everything but run what is not marked so, and write where nobody can. */
static int do_access(const char *path, unsigned int mode)
{
	struct vfs_stat st;
	int rc = vfs_stat(path, &st);

	if (rc != 0)
		return rc;
	if ((mode & X_OK) && !VFS_ISDIR(st.mode) && !(st.mode & 0111))
		return -EACCES;
	return 0;
}

static int do_chmod(const char *path, unsigned int mode)
{
	return vfs_chmod(path, mode);
}

static int do_exists(const char *path, unsigned int unused)
{
	struct vfs_stat st;

	return vfs_lstat(path, &st);
}

static int do_chdir(const char *path, unsigned int unused)
{
	struct proc *p = current_proc();
	struct vfs_stat st;
	char *real = kmalloc(VFS_PATH_MAX);
	int rc = real == NULL ? -ENOMEM : vfs_realpath(path, real);

	if (rc == 0)
		rc = vfs_stat(real, &st);
	if (rc == 0 && !VFS_ISDIR(st.mode))
		rc = -ENOTDIR;
	if (rc == 0) {
		char *cwd = kstrdup(real);

		rc = cwd == NULL ? -ENOMEM : 0;
		if (cwd != NULL) {
			kfree(p->cwd);
			p->cwd = cwd;
		}
	}
	kfree(real);
	return rc;
}

long sys_mkdir(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_mkdir, (unsigned int)a[1]);
}

long sys_mkdirat(const uint64_t *a)
{
	return with_path((int32_t)a[0], a[1], do_mkdir, (unsigned int)a[2]);
}

long sys_unlink(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_remove, 0);
}

long sys_rmdir(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_remove, AT_REMOVEDIR);
}

long sys_unlinkat(const uint64_t *a)
{
	return with_path((int32_t)a[0], a[1], do_remove, (unsigned int)a[2]);
}

long sys_access(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_access, (unsigned int)a[1]);
}

long sys_faccessat(const uint64_t *a)
{
	return with_path((int32_t)a[0], a[1], do_access, (unsigned int)a[2]);
}

long sys_faccessat2(const uint64_t *a)
{
	return sys_faccessat(a);
}

long sys_chmod(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_chmod, (unsigned int)a[1]);
}

long sys_fchmodat(const uint64_t *a)
{
	return with_path((int32_t)a[0], a[1], do_chmod, (unsigned int)a[2]);
}

/* Without the path there is no way to it; programs set modes of files they just made. */
long sys_fchmod(const uint64_t *a)
{
	return fd_get(a[0]) != NULL ? 0 : -EBADF;
}

/* Everything belongs to user 0, and stays so. */
long sys_chown(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_exists, 0);
}

long sys_lchown(const uint64_t *a)
{
	return sys_chown(a);
}

long sys_fchown(const uint64_t *a)
{
	return fd_get(a[0]) != NULL ? 0 : -EBADF;
}

long sys_fchownat(const uint64_t *a)
{
	return with_path((int32_t)a[0], a[1], do_exists, 0);
}

long sys_chdir(const uint64_t *a)
{
	return with_path(AT_FDCWD, a[0], do_chdir, 0);
}

long sys_fchdir(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);

	if (f == NULL)
		return -EBADF;
	return f->path == NULL ? -ENOTDIR : do_chdir(f->path, 0);
}

long sys_getcwd(const uint64_t *a)
{
	const char *cwd = current_proc()->cwd;
	size_t n = strlen(cwd) + 1;

	if (n > a[1])
		return -ERANGE;
	return copy_to_user(a[0], cwd, n) != 0 ? -EFAULT : (long)n;
}

long sys_rename(const uint64_t *a)
{
	return with_two(AT_FDCWD, a[0], AT_FDCWD, a[1], vfs_rename);
}

long sys_renameat(const uint64_t *a)
{
	return with_two((int32_t)a[0], a[1], (int32_t)a[2], a[3], vfs_rename);
}

long sys_renameat2(const uint64_t *a)
{
	return a[4] != 0 ? -EINVAL : sys_renameat(a);
}

long sys_link(const uint64_t *a)
{
	return with_two(AT_FDCWD, a[0], AT_FDCWD, a[1], vfs_link);
}

long sys_linkat(const uint64_t *a)
{
	return with_two((int32_t)a[0], a[1], (int32_t)a[2], a[3], vfs_link);
}

static long symlink_at(uint64_t utarget, int32_t dirfd, uint64_t upath)
{
	char *target = kmalloc(VFS_PATH_MAX), *path;
	long rc = target == NULL ? -ENOMEM : string_from_user(target, utarget, VFS_PATH_MAX);

	if (rc >= 0)
		rc = user_path(dirfd, upath, &path);
	if (rc == 0) {
		rc = vfs_symlink(target, path);
		kfree(path);
	}
	kfree(target);
	return rc;
}

long sys_symlink(const uint64_t *a)
{
	return symlink_at(a[0], AT_FDCWD, a[1]);
}

long sys_symlinkat(const uint64_t *a)
{
	return symlink_at(a[0], (int32_t)a[1], a[2]);
}

static long readlink_at(int32_t dirfd, uint64_t upath, uint64_t buf, uint64_t size)
{
	char *target = kmalloc(VFS_PATH_MAX), *path;
	int rc = target == NULL ? -ENOMEM : user_path(dirfd, upath, &path);

	if (rc == 0) {
		rc = vfs_readlink(path, target, VFS_PATH_MAX);
		kfree(path);
	}
	if (rc > 0) {
		rc = (int)MIN((uint64_t)rc, size);
		if (copy_to_user(buf, target, rc) != 0)
			rc = -EFAULT;
	}
	kfree(target);
	return rc;
}

long sys_readlink(const uint64_t *a)
{
	return readlink_at(AT_FDCWD, a[0], a[1], a[2]);
}

long sys_readlinkat(const uint64_t *a)
{
	return readlink_at((int32_t)a[0], a[1], a[2], a[3]);
}

static long mknod_at(int32_t dirfd, uint64_t upath, uint32_t mode, uint32_t dev)
{
	char *path;
	int rc = user_path(dirfd, upath, &path);

	if (rc != 0)
		return rc;
	if ((mode & VFS_IFMT) == 0)
		mode |= VFS_IFREG;
	rc = vfs_mknod(path, mode & ~current_proc()->umask, dev);
	kfree(path);
	return rc;
}

long sys_mknod(const uint64_t *a)
{
	return mknod_at(AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

long sys_mknodat(const uint64_t *a)
{
	return mknod_at((int32_t)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

static int do_truncate(const char *path, uint64_t size)
{
	return vfs_truncate(path, size);
}

long sys_truncate(const uint64_t *a)
{
	char *path;
	int rc = user_path(AT_FDCWD, a[0], &path);

	if (rc != 0)
		return rc;
	rc = (int64_t)a[1] < 0 ? -EINVAL : do_truncate(path, a[1]);
	kfree(path);
	return rc;
}

static int64_t one_time(const int64_t ts[2], int64_t old)
{
	if (ts[1] == UTIME_OMIT)
		return old;
	return ts[1] == UTIME_NOW ? (int64_t)(wallclock_ns() / NSEC_PER_SEC) : ts[0];
}

long sys_utimensat(const uint64_t *a)
{
	int64_t ts[4] = { 0, UTIME_NOW, 0, UTIME_NOW };
	struct vfs_stat st;
	char *path;
	int rc;

	if (a[2] != 0 && copy_from_user(ts, a[2], sizeof(ts)) != 0)
		return -EFAULT;
	if (a[1] == 0)		/* of an open file: nobody keeps its path */
		return fd_get(a[0]) != NULL ? 0 : -EBADF;
	rc = user_path((int32_t)a[0], a[1], &path);
	if (rc != 0)
		return rc;
	rc = vfs_stat(path, &st);
	if (rc == 0)
		rc = vfs_utimes(path, one_time(ts, st.atime), one_time(ts + 2, st.mtime));
	kfree(path);
	return rc;
}

long sys_umask(const uint64_t *a)
{
	struct proc *p = current_proc();
	uint32_t old = p->umask;

	p->umask = (uint32_t)a[0] & 0777;
	return (long)old;
}

long sys_sync(const uint64_t *a)
{
	vfs_sync();
	return 0;
}
