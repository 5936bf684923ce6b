/* SPDX-License-Identifier: MIT */
/* 9p: names: lookup, reading directories, making, moving and removing. Called with super.lock held. */
#include "p9fs.h"

#define ENTRIES_BYTES	8192U

static uint32_t fid_of(const struct inode *inode)
{
	return ((const struct p9_node *)inode->priv)->fid;
}

int p9_lookup(struct inode *dir, struct vname name, uint64_t *ino)
{
	struct p9fs *fs = p9fs_of(dir->sb);
	struct inode *inode;
	uint32_t fid;
	int ret = p9_walk(fs, fid_of(dir), &name, &fid, ino);

	if (ret)
		return ret;
	if (!inode_in_memory(dir->sb, *ino)) {
		p9_found(fs, fid, *ino);
		return 0;
	}
	/* It has a fid; the host may have changed it since. */
	p9_clunk(fs, fid);
	ret = inode_get(dir->sb, *ino, &inode);
	if (ret)
		return ret;
	ret = p9_refresh(inode);
	inode_put(inode);
	return ret;
}

/* The next entries from pos on. 1, 0 at the end, -errno. */
static int fill(struct inode *dir, uint64_t pos)
{
	struct p9fs *fs = p9fs_of(dir->sb);
	struct p9_node *n = dir->priv;
	uint32_t fid, len;
	const void *p;
	int ret = p9_opened(dir, false, &fid);

	if (!ret && !n->entries) {
		n->entries = kmalloc(ENTRIES_BYTES);
		ret = n->entries ? 0 : -ENOMEM;
	}
	if (!ret)
		ret = p9_rpc(fs, P9_TREADDIR, NULL, 0, "dqd", fid, pos,
			     MIN(ENTRIES_BYTES, fs->msize - P9_IO_HEADER));
	if (ret)
		return ret;
	len = p9_get(fs, 4);
	p = p9_get_bytes(fs, len);
	if (!p || len > ENTRIES_BYTES)
		return -EUCLEAN;
	memcpy(n->entries, p, len);
	n->len = len;
	n->at = 0;
	n->pos = pos;
	return len != 0;
}

/* The entry at n->at, which moves on. */
static int parse(struct p9fs *fs, struct p9_node *n, struct vfs_dirent *d)
{
	static const uint32_t types[] = { [1] = VFS_IFIFO, [2] = VFS_IFCHR, [4] = VFS_IFDIR, [6] = VFS_IFBLK,
					 [8] = VFS_IFREG, [10] = VFS_IFLNK, [12] = VFS_IFSOCK };
	const char *name;
	uint8_t type;
	size_t len;

	fs->at = n->entries + n->at;
	fs->end = n->entries + n->len;
	fs->bad = false;
	p9_get_qid(fs, &d->ino);
	n->pos = p9_get(fs, 8);
	type = p9_get(fs, 1);
	len = p9_get(fs, 2);
	name = p9_get_bytes(fs, len);
	if (!name || !len || len > VFS_NAME_MAX || memchr(name, '/', len) || memchr(name, 0, len))
		return -EUCLEAN;
	memcpy(d->name, name, len);
	d->name[len] = 0;
	d->type = type < ARRAY_SIZE(types) ? types[type] : 0;
	n->at = fs->at - n->entries;
	return 1;
}

int p9_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	struct p9_node *n = dir->priv;
	int ret = 1;

	if (!n->entries || *pos != n->pos || n->at == n->len)
		ret = fill(dir, *pos);
	if (ret > 0)
		ret = parse(p9fs_of(dir->sb), n, d);
	if (ret > 0)
		*pos = n->pos;
	else
		n->at = n->len = 0;
	return ret;
}

/* A regular file: the fid of its making is left open, for who makes one writes to it. */
static int create_file(struct inode *dir, const struct vname *name, uint32_t mode, uint32_t *io)
{
	struct p9fs *fs = p9fs_of(dir->sb);
	int ret = p9_walk(fs, fid_of(dir), NULL, io, NULL);

	if (ret)
		return ret;
	ret = p9_rpc(fs, P9_TLCREATE, NULL, 0, "dnddd", *io, name, P9_O_RDWR | P9_O_CREAT | P9_O_EXCL,
		     mode & 07777, 0);
	if (ret) {
		p9_clunk(fs, *io);
		*io = P9_NOFID;
	}
	return ret;
}

static int make(struct inode *dir, const struct vname *name, const struct vnew *what, uint32_t *io)
{
	struct p9fs *fs = p9fs_of(dir->sb);
	uint32_t fid = fid_of(dir);

	switch (what->mode & VFS_IFMT) {
	case VFS_IFREG:
		return create_file(dir, name, what->mode, io);
	case VFS_IFDIR:
		return p9_rpc(fs, P9_TMKDIR, NULL, 0, "dndd", fid, name, what->mode & 07777, 0);
	case VFS_IFLNK:
		return p9_rpc(fs, P9_TSYMLINK, NULL, 0, "dnsd", fid, name, what->target, 0);
	default:
		return p9_rpc(fs, P9_TMKNOD, NULL, 0, "dndddd", fid, name, what->mode, what->rdev >> 8,
			      what->rdev & 0xff, 0);
	}
}

int p9_create(struct inode *dir, struct vname name, const struct vnew *what, struct inode **out)
{
	struct p9fs *fs = p9fs_of(dir->sb);
	uint32_t io = P9_NOFID;
	struct p9_node *n;
	uint64_t ino;
	int ret = make(dir, &name, what, &io);

	if (!ret)
		ret = p9_lookup(dir, name, &ino);
	if (!ret)
		ret = inode_get(dir->sb, ino, out);
	if (ret) {
		p9_clunk(fs, io);
		return ret;
	}
	n = (*out)->priv;
	if (io == P9_NOFID)
		return 0;
	p9_clunk(fs, n->io);
	n->io = io;
	n->io_mode = P9_O_RDWR;
	return 0;
}

int p9_link(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = p9_rpc(p9fs_of(dir->sb), P9_TLINK, NULL, 0, "ddn", fid_of(dir), fid_of(inode), &name);

	return ret ? ret : p9_refresh(inode);
}

int p9_unlink(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = p9_rpc(p9fs_of(dir->sb), P9_TUNLINKAT, NULL, 0, "dnd", fid_of(dir), &name, 0);

	if (!ret && inode->nlink)
		inode->nlink--;
	return ret;
}

int p9_rmdir(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = p9_rpc(p9fs_of(dir->sb), P9_TUNLINKAT, NULL, 0, "dnd", fid_of(dir), &name, P9_UNLINK_DIR);

	if (!ret)
		inode->nlink = 0;
	return ret;
}

int p9_rename(const struct vrename *r)
{
	int ret = p9_rpc(p9fs_of(r->from_dir->sb), P9_TRENAMEAT, NULL, 0, "dndn", fid_of(r->from_dir), &r->from,
			 fid_of(r->to_dir), &r->to);

	if (!ret && r->target && r->target->nlink)
		r->target->nlink = VFS_ISDIR(r->target->mode) ? 0 : r->target->nlink - 1;
	return ret;
}
