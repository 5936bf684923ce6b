/* SPDX-License-Identifier: MIT */
/*
 * What a file system supplies to the VFS, and the VFS's own objects.
 *
 * Locking.  super.lock is taken by the VFS around every call of fs_ops and guards all
 * in-memory inodes of that file system, their reference counts too.  mount_lock (vfs.c)
 * guards the mount table and is taken before any super.lock.  Two super locks are never
 * held at once.
 */
#ifndef PV_VFS_FS_H
#define PV_VFS_FS_H

#include <pv/vfs.h>
#include <pv/blk.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>

#define INODE_HASH	64

struct super;
struct inode;
struct vrename;

/* A component of a path: not NUL-terminated, 1..VFS_NAME_MAX bytes, no '/' and no NUL. */
struct vname {
	const char *s;
	size_t len;
};

/* What create makes. */
struct vnew {
	uint32_t mode;		/* type and permissions */
	uint32_t rdev;
	const char *target;	/* of a symbolic link */
};

struct fs_ops {
	const char *name;
	bool needs_dev;
	/* Fill sb->priv and sb->root_ino, turn sb->rdonly on where writing is not possible. */
	int (*mount)(struct super *sb);
	/* After the last inode is gone and sync was called; cannot fail. */
	void (*unmount)(struct super *sb);
	int (*sync)(struct super *sb);
	int (*statfs)(struct super *sb, struct vfs_statfs *st);

	/* Fill the inode numbered inode->ino. */
	int (*read_inode)(struct inode *inode);
	int (*write_inode)(struct inode *inode);
	/* nlink is 0 and nobody holds it: free it and its contents. */
	int (*free_inode)(struct inode *inode);
	/* It leaves memory: free inode->priv. */
	void (*drop_inode)(struct inode *inode);

	int (*lookup)(struct inode *dir, struct vname name, uint64_t *ino);
	/* One that does not exist yet; returns it with a reference. */
	int (*create)(struct inode *dir, struct vname name, const struct vnew *what,
		      struct inode **out);
	int (*link)(struct inode *dir, struct vname name, struct inode *inode);
	/* Remove the name of inode, which is no directory. */
	int (*unlink)(struct inode *dir, struct vname name, struct inode *inode);
	/* The same for a directory; -ENOTEMPTY. */
	int (*rmdir)(struct inode *dir, struct vname name, struct inode *inode);
	/* target: what has the new name already (of a fitting type), or NULL. */
	int (*rename)(const struct vrename *r);

	int (*readlink)(struct inode *inode, char *buf, size_t n);
	int64_t (*read)(struct inode *inode, uint64_t pos, void *buf, size_t n);
	int64_t (*write)(struct inode *inode, uint64_t pos, const void *buf, size_t n);
	int (*truncate)(struct inode *inode, uint64_t size);
	/* Entry at *pos: 1 and *pos moves on, 0 at the end. */
	int (*readdir)(struct inode *dir, uint64_t *pos, struct vfs_dirent *d);
};

struct vrename {
	struct inode *from_dir, *inode, *to_dir, *target;
	struct vname from, to;
};

struct super {
	const struct fs_ops *ops;
	struct blkdev *dev;
	const char *source;		/* what mount was given, during ops->mount */
	bool rdonly;
	struct mutex lock;
	uint64_t root_ino;
	struct inode *root;
	void *priv;
	unsigned inodes;		/* in memory */
	struct inode *hash[INODE_HASH];
};

struct inode {
	struct super *sb;
	uint64_t ino;
	uint32_t refs;
	bool dirty;
	bool is_root;
	uint32_t mode, nlink, uid, gid, rdev;
	uint64_t size;
	uint64_t blocks;		/* of 512 bytes */
	int64_t atime, mtime, ctime;
	uint64_t changes;		/* of the contents; guarded by sb->lock */
	struct super *mounted;		/* what covers this directory; guarded by mount_lock */
	void *priv;
	struct inode *hash_next;
};

struct file {
	struct inode *inode;
	unsigned flags;
	uint64_t pos;
};

extern const struct fs_ops ext2_ops, ramfs_ops, devfs_ops;
/* One more type. 0 or -ENOSPC. */
int vfs_register(const struct fs_ops *ops);

/* inode.c; sb->lock held. */
int inode_get(struct super *sb, uint64_t ino, struct inode **out);
bool inode_in_memory(struct super *sb, uint64_t ino);
/* A fresh one that read_inode is not asked for. */
struct inode *inode_new(struct super *sb, uint64_t ino);
void inode_ref(struct inode *inode);
/* Drops a reference; with the last one a dirty inode is written, one without links freed. */
void inode_put(struct inode *inode);
int inode_sync_all(struct super *sb);

/* inode.c; takes the lock. NULL is fine. */
void inode_release(struct inode *inode);

/*
 * walk.c: from a path to inodes, both with references, released by walk_end.
 * inode is NULL if the last component does not exist in dir (no error then).
 */
#define WALK_NOFOLLOW	1	/* do not follow a symbolic link at the end */
#define WALK_PARENT	2	/* dir and name wanted: -EINVAL for a path ending in "." or ".." */

struct walk {
	struct inode *dir;
	struct inode *inode;
	char name[VFS_NAME_MAX + 1];
	size_t name_len;
	bool must_be_dir;	/* the path ended in a slash */
	char *path;		/* canonical so far */
	char *rest;		/* still to do */
	unsigned links;
};
int walk_begin(struct walk *w, const char *path, unsigned flags);
void walk_end(struct walk *w);

/* mount.c; take mount_lock. */
extern struct mutex mount_lock;
/* The root to start from, with a reference. */
int mount_root(struct inode **out);
/* inode is covered: the root of what covers it replaces it. Takes over the reference. */
void mount_cross(struct inode **inode);
/* inode is the root of a mount: the directory it covers replaces it. False at "/". */
bool mount_up(struct inode **inode);

#endif
