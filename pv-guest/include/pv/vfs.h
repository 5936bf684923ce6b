/* SPDX-License-Identifier: MIT */
/*
 * The file system interface of the guest kernel: what commands and the shell call (first
 * half) and what a file system supplies (second half).
 *
 * All calls may sleep; none may be made from an event handler.  Paths are NUL-terminated,
 * at most VFS_PATH_MAX bytes with the NUL; a relative path starts at the one working
 * directory of the kernel.  Everything returns 0 (or a count) or a negative errno.
 *
 * Names are untouched bytes other than '/' and NUL.  Nothing read from a disk is trusted:
 * a file system checks it and answers -EUCLEAN for what cannot be.
 */
#ifndef PV_VFS_H
#define PV_VFS_H

#include <pv/types.h>

#define VFS_PATH_MAX	4096
#define VFS_NAME_MAX	255

/* Flags of vfs_open; the access mode is in the two lowest bits. */
#define VFS_RDONLY	0
#define VFS_WRONLY	1
#define VFS_RDWR	2
#define VFS_CREAT	0x10	/* make a regular file if there is none */
#define VFS_EXCL	0x20	/* with VFS_CREAT: -EEXIST if there is one */
#define VFS_TRUNC	0x40
#define VFS_APPEND	0x80	/* every write goes to the end */
#define VFS_DIRECTORY	0x100	/* -ENOTDIR for anything else */

/* File types and modes: the numbers of POSIX and ext2. */
#define VFS_IFMT	0170000
#define VFS_IFSOCK	0140000
#define VFS_IFLNK	0120000
#define VFS_IFREG	0100000
#define VFS_IFBLK	0060000
#define VFS_IFDIR	0040000
#define VFS_IFCHR	0020000
#define VFS_IFIFO	0010000
#define VFS_ISREG(m)	(((m) & VFS_IFMT) == VFS_IFREG)
#define VFS_ISDIR(m)	(((m) & VFS_IFMT) == VFS_IFDIR)
#define VFS_ISLNK(m)	(((m) & VFS_IFMT) == VFS_IFLNK)

enum vfs_whence { VFS_SEEK_SET, VFS_SEEK_CUR, VFS_SEEK_END };

struct vfs_stat {
	uint64_t dev;		/* the same for all files of one mount, until it is unmounted */
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;	/* of 512 bytes, allocated */
	uint32_t mode;		/* type and permission bits */
	uint32_t nlink;
	uint32_t uid, gid;
	uint32_t rdev;		/* of VFS_IFBLK and VFS_IFCHR */
	uint32_t blksize;	/* preferred size of a transfer */
	int64_t atime, mtime, ctime;	/* seconds since 1970 */
};

struct vfs_statfs {
	const char *type;	/* "ext2", "ramfs", ... */
	uint32_t bsize;
	uint64_t blocks, bfree, bavail;
	uint64_t files, ffree;
};

struct vfs_dirent {
	uint64_t ino;
	uint32_t type;		/* VFS_IF..., 0 = not known without a stat */
	char name[VFS_NAME_MAX + 1];
};

struct file;

/* Open files. */
int vfs_open(const char *path, unsigned flags, unsigned mode, struct file **out);
int vfs_close(struct file *f);
/* What fcntl can change after open. */
void vfs_set_append(struct file *f, bool append);
/* Another open file of the same inode, for reading. */
int vfs_reopen(struct file *f, struct file **out);
/* Counts what changed the contents since the inode came into memory. */
uint64_t vfs_changes(const struct file *f);
/* What lets go of files nobody needs before something is unmounted; NULL = nothing. */
extern void (*vfs_forget)(void);
int64_t vfs_read(struct file *f, void *buf, size_t n);
int64_t vfs_write(struct file *f, const void *buf, size_t n);
int64_t vfs_pread(struct file *f, void *buf, size_t n, uint64_t pos);
int64_t vfs_pwrite(struct file *f, const void *buf, size_t n, uint64_t pos);
int64_t vfs_lseek(struct file *f, int64_t off, enum vfs_whence whence);
/* Next entry of an open directory ("." and ".." included): 1, 0 at the end, -errno. */
int vfs_readdir(struct file *f, struct vfs_dirent *d);
int vfs_fstat(struct file *f, struct vfs_stat *st);
int vfs_ftruncate(struct file *f, uint64_t size);
int vfs_fsync(struct file *f);

/* Paths. */
int vfs_stat(const char *path, struct vfs_stat *st);
int vfs_lstat(const char *path, struct vfs_stat *st);
int vfs_mkdir(const char *path, unsigned mode);
int vfs_mknod(const char *path, unsigned mode, uint32_t rdev);
int vfs_unlink(const char *path);
int vfs_rmdir(const char *path);
int vfs_rename(const char *from, const char *to);
int vfs_link(const char *from, const char *to);
int vfs_symlink(const char *target, const char *path);
int vfs_readlink(const char *path, char *buf, size_t n);	/* length; NUL-terminated, -ERANGE if it does not fit */
int vfs_truncate(const char *path, uint64_t size);
int vfs_chmod(const char *path, unsigned mode);
int vfs_utimes(const char *path, int64_t atime, int64_t mtime);
int vfs_statfs(const char *path, struct vfs_statfs *st);
int vfs_sync(void);
int vfs_chdir(const char *path);
/* The canonical absolute name of path, which must exist. */
int vfs_realpath(const char *path, char buf[VFS_PATH_MAX]);
const char *vfs_getcwd(void);

/* Mounts.  source is a device's name with or without "/dev/" (NULL where the type needs
 * none); type NULL = ext2 if there is a source. The first mount must be at "/". */
int vfs_mount(const char *source, const char *path, const char *type, bool rdonly);
int vfs_umount(const char *path);	/* -EBUSY while anything on it is open */

/* The i-th mount: its line for `mount`, or -ENOENT. */
struct vfs_mountinfo {
	char source[32];
	char path[256];
	const char *type;
	bool rdonly;
};
int vfs_mount_get(unsigned i, struct vfs_mountinfo *info);
/* For a file system that is asked while its lock is held: -EAGAIN instead of waiting. */
int vfs_mount_try_get(unsigned i, struct vfs_mountinfo *info);

/*
 * Mounts / at boot, when block devices are there.  root is the value of
 * root= (a device's name) or NULL; initrd the cpio archive, or NULL.  With a root the
 * device is mounted; without one a ramfs with the archive's contents is.  /dev gets the
 * device files if the directory is there or can be made.
 */
int fs_boot(const char *root, bool rdonly, const void *initrd, size_t initrd_bytes);
/* Before a shutdown: unmount everything, deepest first, / last. */
void fs_shutdown(void);

#endif
