/* SPDX-License-Identifier: MIT */
/* 9p: contents of files, each transfer as large as a message can be. Called with super.lock held. */
#include "p9fs.h"

/* A fid like the inode's, opened. */
static int open_fid(struct p9fs *fs, uint32_t from, uint32_t mode, uint32_t *fid)
{
	int ret = p9_walk(fs, from, NULL, fid, NULL);

	if (ret)
		return ret;
	ret = p9_rpc(fs, P9_TLOPEN, NULL, 0, "dd", *fid, mode);
	if (ret)
		p9_clunk(fs, *fid);
	return ret;
}

int p9_opened(struct inode *inode, bool write, uint32_t *fid)
{
	struct p9fs *fs = p9fs_of(inode->sb);
	struct p9_node *n = inode->priv;
	uint32_t mode = P9_O_RDWR;
	int ret = -EACCES;

	if (n->io != P9_NOFID && (n->io_mode == P9_O_RDWR || write == (n->io_mode == P9_O_WRONLY))) {
		*fid = n->io;
		return 0;
	}
	/* For both, if that is allowed: who writes may read next. */
	if (!VFS_ISDIR(inode->mode) && !inode->sb->rdonly)
		ret = open_fid(fs, n->fid, mode, fid);
	if (ret) {
		mode = write ? P9_O_WRONLY : P9_O_RDONLY;
		ret = open_fid(fs, n->fid, mode, fid);
	}
	if (ret)
		return ret;
	p9_clunk(fs, n->io);
	n->io = *fid;
	n->io_mode = mode;
	return 0;
}

int64_t p9_read(struct inode *inode, uint64_t pos, void *buf, size_t n)
{
	struct p9fs *fs = p9fs_of(inode->sb);
	size_t done = 0;
	uint32_t fid;
	int ret;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	ret = p9_opened(inode, false, &fid);
	while (!ret && done < n) {
		uint32_t want = MIN(n - done, (size_t)(fs->msize - P9_IO_HEADER)), got;
		const void *p;

		ret = p9_rpc(fs, P9_TREAD, NULL, 0, "dqd", fid, pos + done, want);
		if (ret)
			break;
		got = p9_get(fs, 4);
		p = p9_get_bytes(fs, got);
		if (!p || got > want)
			return -EUCLEAN;
		memcpy((char *)buf + done, p, got);
		done += got;
		if (got < want)
			break;
	}
	return done ? (int64_t)done : ret;
}

int64_t p9_write(struct inode *inode, uint64_t pos, const void *buf, size_t n)
{
	struct p9fs *fs = p9fs_of(inode->sb);
	struct p9_node *node = inode->priv;
	size_t done = 0;
	uint32_t fid;
	int ret;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	ret = p9_opened(inode, true, &fid);
	while (!ret && done < n) {
		uint32_t want = MIN(n - done, (size_t)(fs->msize - P9_WRITE_HEADER)), got;

		ret = p9_rpc(fs, P9_TWRITE, (const char *)buf + done, want, "dqd", fid, pos + done, want);
		if (ret)
			break;
		got = p9_get(fs, 4);
		if (fs->bad || !got || got > want)
			return -EUCLEAN;
		done += got;
	}
	if (done) {
		node->unsynced = true;
		inode->size = MAX(inode->size, pos + done);
	}
	return done ? (int64_t)done : ret;
}

int p9_truncate(struct inode *inode, uint64_t size)
{
	struct p9_node *n = inode->priv;
	int ret = p9_rpc(p9fs_of(inode->sb), P9_TSETATTR, NULL, 0, "dddddqqqqq", n->fid, P9_SETATTR_SIZE, 0, 0, 0,
			 size, (uint64_t)0, (uint64_t)0, (uint64_t)0, (uint64_t)0);

	if (!ret)
		inode->size = size;
	return ret;
}

int p9_readlink(struct inode *inode, char *buf, size_t n)
{
	struct p9fs *fs = p9fs_of(inode->sb);
	struct p9_node *node = inode->priv;
	int ret = p9_rpc(fs, P9_TREADLINK, NULL, 0, "d", node->fid);
	const void *p;
	size_t len;

	if (ret)
		return ret;
	len = p9_get(fs, 2);
	p = p9_get_bytes(fs, len);
	if (!p || memchr(p, 0, len))
		return -EUCLEAN;
	if (len >= n)
		return -ERANGE;
	memcpy(buf, p, len);
	buf[len] = 0;
	return len;
}

int p9_fsync(struct inode *inode)
{
	struct p9_node *n = inode->priv;
	int ret;

	if (!n || !n->unsynced || n->io == P9_NOFID)
		return 0;
	ret = p9_rpc(p9fs_of(inode->sb), P9_TFSYNC, NULL, 0, "dd", n->io, 0);
	if (!ret)
		n->unsynced = false;
	return ret;
}
