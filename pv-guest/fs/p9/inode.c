/* SPDX-License-Identifier: MIT */
/* 9p: inodes, whose numbers are the server's, and their attributes. Called with super.lock held. */
#include "p9fs.h"

void p9_found(struct p9fs *fs, uint32_t fid, uint64_t ino)
{
	p9_clunk(fs, fs->found_fid);
	fs->found_fid = fid;
	fs->found_ino = ino;
}

static int get_attributes(struct p9fs *fs, uint32_t fid, struct inode *inode, uint64_t *ino)
{
	int ret = p9_rpc(fs, P9_TGETATTR, NULL, 0, "dq", fid, (uint64_t)P9_GETATTR_BASIC);

	if (ret)
		return ret;
	p9_get(fs, 8);
	p9_get_qid(fs, ino);
	inode->mode = p9_get(fs, 4);
	inode->uid = p9_get(fs, 4);
	inode->gid = p9_get(fs, 4);
	inode->nlink = p9_get(fs, 8);
	inode->rdev = p9_get(fs, 8);
	inode->size = p9_get(fs, 8);
	p9_get(fs, 8);
	inode->blocks = p9_get(fs, 8);
	inode->atime = p9_get(fs, 8);
	p9_get(fs, 8);
	inode->mtime = p9_get(fs, 8);
	p9_get(fs, 8);
	inode->ctime = p9_get(fs, 8);
	return fs->bad || inode->size > INT64_MAX ? -EUCLEAN : 0;
}

static void remember(struct inode *inode)
{
	struct p9_node *n = inode->priv;

	n->mode = inode->mode;
	n->atime = inode->atime;
	n->mtime = inode->mtime;
}

int p9_read_inode(struct inode *inode)
{
	struct p9fs *fs = p9fs_of(inode->sb);
	struct p9_node *n;
	uint64_t ino;
	int ret;

	if (fs->found_fid == P9_NOFID || fs->found_ino != inode->ino)
		return -EIO;		/* numbers are no names here */
	n = kzalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->fid = fs->found_fid;
	n->io = P9_NOFID;
	fs->found_fid = P9_NOFID;
	inode->priv = n;
	ret = get_attributes(fs, n->fid, inode, &ino);
	if (!ret && ino != inode->ino)
		ret = -EUCLEAN;
	remember(inode);
	return ret;
}

int p9_refresh(struct inode *inode)
{
	struct p9_node *n = inode->priv;
	uint64_t ino;
	int ret;

	if (inode->dirty)
		return 0;
	ret = get_attributes(p9fs_of(inode->sb), n->fid, inode, &ino);
	remember(inode);
	return ret;
}

int p9_write_inode(struct inode *inode)
{
	struct p9_node *n = inode->priv;
	uint32_t valid = 0;
	int ret = 0;

	if (inode->mode != n->mode)
		valid |= P9_SETATTR_MODE;
	if (inode->atime != n->atime)
		valid |= P9_SETATTR_ATIME | P9_SETATTR_ATIME_SET;
	if (inode->mtime != n->mtime)
		valid |= P9_SETATTR_MTIME | P9_SETATTR_MTIME_SET;
	if (valid)
		ret = p9_rpc(p9fs_of(inode->sb), P9_TSETATTR, NULL, 0, "dddddqqqqq", n->fid, valid,
			     inode->mode & 07777, 0, 0, (uint64_t)0, (uint64_t)inode->atime,
			     (uint64_t)0, (uint64_t)inode->mtime, (uint64_t)0);
	inode->dirty = false;
	if (!ret)
		remember(inode);
	return ret;
}

void p9_drop_inode(struct inode *inode)
{
	struct p9fs *fs = p9fs_of(inode->sb);
	struct p9_node *n = inode->priv;

	if (!n)
		return;
	p9_clunk(fs, n->io);
	p9_clunk(fs, n->fid);
	kfree(n->entries);
	kfree(n);
}
