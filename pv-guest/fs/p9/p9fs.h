/* SPDX-License-Identifier: MIT */
/*
 * 9p: a directory of the host as a file system, by 9P2000.L.
 *
 * Every inode in memory has a fid, and a second one, opened, when its contents are used. Nothing is cached but
 * the attributes of inodes in memory, which each lookup renews, for the host may change everything. The server
 * is checked as a disk is: what cannot be answers -EUCLEAN.
 */
#ifndef PV_P9FS_H
#define PV_P9FS_H

#include "../vfs_fs.h"
#include <pv/p9front.h>
#include <p9/9p2000l.h>

#define P9FS_HEAD	8192U	/* of a request, without data */

struct p9fs {
	struct p9front *front;
	uint32_t msize, next_fid;
	uint8_t *head;		/* the request being made, P9FS_HEAD bytes */
	uint8_t *answer;	/* msize bytes */
	const uint8_t *at, *end;	/* of the answer, what is not read yet */
	bool bad;		/* more was read than there is */
	/* A fid that lookup has found, for read_inode. */
	uint32_t found_fid;	/* P9_NOFID: none */
	uint64_t found_ino;
};

struct p9_node {
	uint32_t fid;
	uint32_t io;		/* P9_NOFID: not open */
	uint32_t io_mode;	/* P9_O_RDONLY, P9_O_WRONLY, P9_O_RDWR */
	bool unsynced;
	/* As the server has them: what differs in the inode is to be written. */
	uint32_t mode;
	int64_t atime, mtime;
	/* Entries read ahead: at is the one at position pos. */
	uint8_t *entries;
	uint32_t at, len;
	uint64_t pos;
};

static inline struct p9fs *p9fs_of(const struct super *sb)
{
	return sb->priv;
}

/*
 * rpc.c. One message: fields are b w d q (integers of 1, 2, 4, 8 bytes, the last a uint64_t), s (const char *)
 * and n (const struct vname *); then data. 0, and the answer's fields are at p9_get; what the server says; -EIO.
 */
int p9_rpc(struct p9fs *fs, enum p9_type type, const void *data, size_t n, const char *fmt, ...);
uint64_t p9_get(struct p9fs *fs, unsigned int bytes);
const void *p9_get_bytes(struct p9fs *fs, size_t n);	/* NULL, and bad, if there are fewer */
/* Type and number of a qid. */
uint8_t p9_get_qid(struct p9fs *fs, uint64_t *ino);
uint32_t p9_new_fid(struct p9fs *fs);
void p9_clunk(struct p9fs *fs, uint32_t fid);	/* P9_NOFID is fine */
/* A new fid for what from is, or for the name below it; its number if ino is not NULL. */
int p9_walk(struct p9fs *fs, uint32_t from, const struct vname *name, uint32_t *fid, uint64_t *ino);

/* inode.c */
int p9_read_inode(struct inode *inode);
int p9_write_inode(struct inode *inode);
void p9_drop_inode(struct inode *inode);
int p9_refresh(struct inode *inode);		/* its attributes, from the server */
/* fid, whose number is ino, is for the inode that is read next; clunked if nobody comes. */
void p9_found(struct p9fs *fs, uint32_t fid, uint64_t ino);

/* dir.c */
int p9_lookup(struct inode *dir, struct vname name, uint64_t *ino);
int p9_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d);
int p9_create(struct inode *dir, struct vname name, const struct vnew *what, struct inode **out);
int p9_link(struct inode *dir, struct vname name, struct inode *inode);
int p9_unlink(struct inode *dir, struct vname name, struct inode *inode);
int p9_rmdir(struct inode *dir, struct vname name, struct inode *inode);
int p9_rename(const struct vrename *r);

/* file.c */
int64_t p9_read(struct inode *inode, uint64_t pos, void *buf, size_t n);
int64_t p9_write(struct inode *inode, uint64_t pos, const void *buf, size_t n);
int p9_truncate(struct inode *inode, uint64_t size);
int p9_readlink(struct inode *inode, char *buf, size_t n);
int p9_fsync(struct inode *inode);
/* The inode's opened fid, for writing too if so; made if need be. */
int p9_opened(struct inode *inode, bool write, uint32_t *fid);

#endif
