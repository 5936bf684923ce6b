/* SPDX-License-Identifier: MIT */
/*
 * ramfs between its three files, and what the initrd unpacker knows of it beyond the VFS.
 */
#ifndef PV_RAMFS_H
#define PV_RAMFS_H

#include "vfs_fs.h"
#include <pv/list.h>
#include <pv/time.h>

#define RAMFS_NODE_HASH	256
/* Memory that files may not take: free pages below total / KEEP_FREE are the kernel's. */
#define RAMFS_KEEP_FREE	8

struct ram_node {
	struct ram_node *hash_next;
	uint64_t ino;
	uint32_t mode, nlink, uid, gid, rdev;
	uint64_t size;
	int64_t atime, mtime, ctime;
	/* Contents of a file: pages (NULL = hole), or borrowed for as long as there are none. */
	void **pages;
	uint64_t nr_pages;	/* slots of pages */
	const void *borrowed;
	char *target;		/* of a symbolic link */
	uint64_t parent;	/* of a directory */
	struct list_head entries;
};

struct ram_entry {
	struct list_head link;
	uint64_t cookie;	/* rises along the list: a place for readdir that stays */
	uint64_t ino;
	uint32_t type;
	size_t len;
	char name[];
};

struct ramfs {
	uint64_t next_ino, next_cookie, nodes, pages;
	struct ram_node *hash[RAMFS_NODE_HASH];
};

static inline struct ramfs *ramfs_of(const struct super *sb)
{
	return sb->priv;
}

static inline int64_t ramfs_now(void)
{
	return wallclock_ns() / NSEC_PER_SEC;
}

/* Its contents changed. */
static inline void ramfs_touched(struct inode *inode)
{
	inode->mtime = inode->ctime = ramfs_now();
	inode->dirty = true;
}

/* ramfs.c */
struct ram_node *ramfs_node_make(struct ramfs *fs, uint32_t mode);
void ramfs_node_free(struct ramfs *fs, struct ram_node *n);

/* ramfs_dir.c */
int ramfs_lookup(struct inode *dir, struct vname name, uint64_t *ino);
int ramfs_create(struct inode *dir, struct vname name, const struct vnew *what,
		 struct inode **out);
int ramfs_link(struct inode *dir, struct vname name, struct inode *inode);
int ramfs_unlink(struct inode *dir, struct vname name, struct inode *inode);
int ramfs_rmdir(struct inode *dir, struct vname name, struct inode *inode);
int ramfs_rename(const struct vrename *r);
int ramfs_readlink(struct inode *inode, char *buf, size_t n);
int ramfs_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d);

/* ramfs_file.c */
void ramfs_free_pages(struct ramfs *fs, struct ram_node *n, uint64_t from);
int64_t ramfs_read(struct inode *inode, uint64_t pos, void *buf, size_t n);
int64_t ramfs_write(struct inode *inode, uint64_t pos, const void *buf, size_t n);
int ramfs_truncate(struct inode *inode, uint64_t size);
/* An empty file of a ramfs gets these contents without a copy; data stays valid for ever.
 * -EINVAL for a file of another file system. */
int ramfs_borrow(struct file *f, const void *data, size_t n);

#endif
