/* SPDX-License-Identifier: MIT */
/*
 * ext2: inodes between the disk and memory.
 *
 * Called by the VFS's inode table. What is read is checked so far that the rest can use it:
 * known type, a link, a size the block tree can reach.
 */
#include "ext2.h"

/* The place of an inode in its table. */
static int read_slot(struct ext2_fs *fs, uint32_t ino, struct ext2_block *b, uint8_t **slot)
{
	uint32_t group = ext2_group_of_inode(fs, ino);
	uint32_t index = (ino - 1) % fs->es.s_inodes_per_group;
	uint32_t per_block = fs->block_size / fs->inode_size;
	int ret = ext2_bread(fs, fs->group[group].inode_table + index / per_block, b);

	if (!ret)
		*slot = b->data + (index % per_block) * fs->inode_size;
	return ret;
}

/* The extra part, if the slot has it as far as the times. */
static struct ext2_inode_extra *slot_extra(const struct ext2_fs *fs, uint8_t *slot)
{
	struct ext2_inode_extra *x = (struct ext2_inode_extra *)(slot + 128);

	if (fs->inode_size <= 128 ||
	    x->i_extra_isize < offsetof(struct ext2_inode_extra, i_crtime) ||
	    x->i_extra_isize > fs->inode_size - 128)
		return NULL;
	return x;
}

/* Seconds: 32 signed bits and 2 more below the nanoseconds. */
static int64_t time_decode(uint32_t low, const uint32_t *extra)
{
	return (int64_t)(int32_t)low + (extra ? (int64_t)(*extra & 3) << 32 : 0);
}

static void time_encode(int64_t t, uint32_t *low, uint32_t *extra)
{
	if (t == time_decode(*low, extra))
		return;
	*low = (uint32_t)t;
	if (extra)
		*extra = (uint32_t)((t - (int32_t)t) >> 32) & 3;
}

static bool type_known(uint32_t mode)
{
	switch (mode & VFS_IFMT) {
	case VFS_IFREG:
	case VFS_IFDIR:
	case VFS_IFLNK:
	case VFS_IFCHR:
	case VFS_IFBLK:
	case VFS_IFIFO:
	case VFS_IFSOCK:
		return true;
	}
	return false;
}

/* Small numbers in the first slot, all others in the second, as Linux encodes them. */
static uint32_t decode_rdev(const struct ext2_disk_inode *raw)
{
	return raw->i_block[0] ? raw->i_block[0] & 0xffff : raw->i_block[1];
}

static int check(struct inode *inode)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	unsigned long long ino = inode->ino;

	if (!inode->nlink || !type_known(inode->mode))
		return ext2_corrupt(fs, "inode %llu is in a directory but not in use", ino);
	if (inode->size > ext2_max_size(fs))
		return ext2_corrupt(fs, "inode %llu: size", ino);
	if (VFS_ISDIR(inode->mode) && inode->size % fs->block_size)
		return ext2_corrupt(fs, "directory %llu: size", ino);
	if (VFS_ISLNK(inode->mode) && (!inode->size || inode->size > fs->block_size))
		return ext2_corrupt(fs, "symbolic link %llu: length", ino);
	return 0;
}

static void fill(struct inode *inode, uint8_t *slot)
{
	struct ext2_inode_extra *x = slot_extra(ext2_fs_of(inode->sb), slot);
	const struct ext2_disk_inode *raw = &ext2_i(inode)->raw;

	inode->mode = raw->i_mode;
	inode->nlink = raw->i_links_count;
	inode->uid = raw->i_uid | (uint32_t)raw->i_uid_high << 16;
	inode->gid = raw->i_gid | (uint32_t)raw->i_gid_high << 16;
	inode->size = raw->i_size;
	if (VFS_ISREG(inode->mode))
		inode->size |= (uint64_t)raw->i_size_high << 32;
	inode->blocks = raw->i_blocks;
	inode->atime = time_decode(raw->i_atime, x ? &x->i_atime_extra : NULL);
	inode->mtime = time_decode(raw->i_mtime, x ? &x->i_mtime_extra : NULL);
	inode->ctime = time_decode(raw->i_ctime, x ? &x->i_ctime_extra : NULL);
	if ((inode->mode & VFS_IFMT) == VFS_IFBLK || (inode->mode & VFS_IFMT) == VFS_IFCHR)
		inode->rdev = decode_rdev(raw);
}

int ext2_read_inode(struct inode *inode)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	struct ext2_block b;
	uint8_t *slot;
	int ret;

	if (!inode->ino || inode->ino > fs->es.s_inodes_count ||
	    (inode->ino < fs->first_ino && inode->ino != EXT2_ROOT_INO))
		return ext2_corrupt(fs, "inode number %llu", (unsigned long long)inode->ino);
	inode->priv = kzalloc(sizeof(struct ext2_inode));
	if (!inode->priv)
		return -ENOMEM;
	ret = read_slot(fs, inode->ino, &b, &slot);
	if (ret)
		return ret;
	memcpy(&ext2_i(inode)->raw, slot, sizeof(struct ext2_disk_inode));
	fill(inode, slot);
	ext2_bput(&b);
	return check(inode);
}

static void store(struct inode *inode, uint8_t *slot)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	struct ext2_inode *ei = ext2_i(inode);
	struct ext2_disk_inode *raw = &ei->raw;
	struct ext2_inode_extra *x;

	if (ei->fresh) {
		memset(slot, 0, fs->inode_size);
		if (fs->inode_size >= 128 + sizeof(*x)) {
			x = (struct ext2_inode_extra *)(slot + 128);
			x->i_extra_isize = sizeof(*x);
			x->i_crtime = (uint32_t)inode->ctime;
			x->i_crtime_extra = (uint32_t)(inode->ctime >> 32) & 3;
		}
		ei->fresh = false;
	}
	x = slot_extra(fs, slot);
	raw->i_mode = inode->mode;
	raw->i_links_count = inode->nlink;
	raw->i_uid = inode->uid;
	raw->i_uid_high = inode->uid >> 16;
	raw->i_gid = inode->gid;
	raw->i_gid_high = inode->gid >> 16;
	raw->i_size = inode->size;
	if (VFS_ISREG(inode->mode))
		raw->i_size_high = inode->size >> 32;
	raw->i_blocks = inode->blocks;
	time_encode(inode->atime, &raw->i_atime, x ? &x->i_atime_extra : NULL);
	time_encode(inode->mtime, &raw->i_mtime, x ? &x->i_mtime_extra : NULL);
	time_encode(inode->ctime, &raw->i_ctime, x ? &x->i_ctime_extra : NULL);
	memcpy(slot, raw, sizeof(*raw));
}

int ext2_write_inode(struct inode *inode)
{
	struct ext2_block b;
	uint8_t *slot;
	int ret = read_slot(ext2_fs_of(inode->sb), inode->ino, &b, &slot);

	if (ret)
		return ret;
	store(inode, slot);
	inode->dirty = false;
	ext2_bdirty(&b);
	ext2_bput(&b);
	return 0;
}

/* The block of extended attributes may be shared: the last user frees it. */
static int free_xattr(struct inode *inode)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	uint32_t block = ext2_i(inode)->raw.i_file_acl;
	struct ext2_xattr_header *h;
	struct ext2_block b;
	int ret;

	if (!block)
		return 0;
	if (!ext2_block_valid(fs, block))
		return ext2_corrupt(fs, "attribute block %u", block);
	ret = ext2_bread(fs, block, &b);
	if (ret)
		return ret;
	h = (struct ext2_xattr_header *)b.data;
	if (h->h_magic != EXT2_XATTR_MAGIC || !h->h_refcount) {
		ret = ext2_corrupt(fs, "attribute block %u", block);
	} else if (h->h_refcount > 1) {
		h->h_refcount--;
		ext2_bdirty(&b);
	} else {
		ret = ext2_free_block(fs, block);
	}
	ext2_bput(&b);
	if (!ret) {
		ext2_i(inode)->raw.i_file_acl = 0;
		inode->blocks -= MIN(inode->blocks, (uint64_t)(fs->block_size / 512));
	}
	return ret;
}

/* Does i_block hold block numbers (and not a short link, or a device)? */
static bool has_blocks(const struct inode *inode)
{
	const struct ext2_disk_inode *raw = &ext2_i(inode)->raw;
	uint32_t xattr = raw->i_file_acl ? ext2_fs_of(inode->sb)->block_size / 512 : 0;

	return VFS_ISREG(inode->mode) || VFS_ISDIR(inode->mode) ||
	       (VFS_ISLNK(inode->mode) && inode->blocks > xattr);
}

int ext2_free_inode(struct inode *inode)
{
	bool is_dir = VFS_ISDIR(inode->mode);
	int ret = has_blocks(inode) ? ext2_free_from(inode, 0) : 0;

	if (!ret)
		ret = free_xattr(inode);
	inode->size = ret ? inode->size : 0;
	ext2_i(inode)->raw.i_dtime = ext2_now();
	if (!ret)
		ret = ext2_write_inode(inode);
	if (!ret)
		ret = ext2_free_ino(ext2_fs_of(inode->sb), inode->ino, is_dir);
	return ret;
}

void ext2_drop_inode(struct inode *inode)
{
	kfree(inode->priv);
}
