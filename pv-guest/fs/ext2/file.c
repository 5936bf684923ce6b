/* SPDX-License-Identifier: MIT */
/*
 * ext2: contents of files and symbolic links.
 *
 * Called by the VFS in pieces of at most 1 MiB. Reading ahead is decided here, where the
 * order of a file's blocks is known; the buffer cache makes large requests of it.
 */
#include "ext2.h"

#define READ_AHEAD	(1U << 20)	/* bytes before the reader */

/* Blocks [from, end) of the file that are neighbours on the device start to be read together. */
static void read_ahead(struct inode *inode, uint32_t from, uint32_t end)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	unsigned shift = BCACHE_SHIFT - fs->block_shift;
	uint64_t run = 0;
	uint32_t pages = 0;

	for (uint32_t fb = from; fb < end; fb++) {
		uint32_t block;

		/* Errors show when the reader comes here. */
		if (ext2_bmap(inode, fb, false, &block, NULL))
			break;
		if (!block)
			continue;
		if (pages && (block >> shift) == run + pages - 1)
			continue;
		if (pages && (block >> shift) == run + pages) {
			pages++;
			continue;
		}
		if (pages)
			bcache_readahead(fs->sb->dev, run, pages);
		run = block >> shift;
		pages = 1;
	}
	if (pages)
		bcache_readahead(fs->sb->dev, run, pages);
}

/* Keep a window filled before a reader who goes straight on. */
static void plan_read(struct inode *inode, uint64_t pos, size_t n)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	struct ext2_inode *ei = ext2_i(inode);
	uint32_t here = pos >> fs->block_shift;
	uint32_t last = (pos + n - 1) >> fs->block_shift;
	uint32_t file_end = (inode->size + fs->block_size - 1) >> fs->block_shift;
	uint32_t window = READ_AHEAD >> fs->block_shift;

	if (pos != ei->read_end || here > ei->ra_next)
		ei->ra_next = here;
	if (pos == ei->read_end && ei->ra_next < last + window / 2)
		last += window;
	last = MIN(last + 1, file_end);
	if (last > ei->ra_next + 1) {
		read_ahead(inode, ei->ra_next, last);
		ei->ra_next = last;
	}
}

int64_t ext2_read(struct inode *inode, uint64_t pos, void *buf, size_t n)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	size_t done = 0;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	if (pos >= inode->size || !n)
		return 0;
	n = MIN((uint64_t)n, inode->size - pos);
	plan_read(inode, pos, n);
	while (done < n) {
		uint32_t off = (pos + done) & (fs->block_size - 1);
		size_t len = MIN(n - done, (size_t)(fs->block_size - off));
		struct ext2_block b;
		uint32_t block;
		int ret = ext2_bmap(inode, (pos + done) >> fs->block_shift, false, &block, NULL);

		if (!ret && block)
			ret = ext2_bread(fs, block, &b);
		if (ret)
			return done ? (int64_t)done : ret;
		if (block) {
			memcpy((char *)buf + done, b.data + off, len);
			ext2_bput(&b);
		} else {
			memset((char *)buf + done, 0, len);
		}
		done += len;
	}
	ext2_i(inode)->read_end = pos + done;
	return done;
}

/* The block to write [off, off + len) of, contents around it right. */
static int block_for_write(struct inode *inode, uint32_t fblock, size_t len,
			   struct ext2_block *b)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	uint32_t block;
	bool fresh;
	int ret = ext2_bmap(inode, fblock, true, &block, &fresh);

	if (ret)
		return ret;
	if (fresh || len == fs->block_size)
		return ext2_bzero(fs, block, b);
	return ext2_bread(fs, block, b);
}

/* Files of 2 GiB and more are a feature the superblock has to name. */
static int allow_size(struct ext2_fs *fs, uint64_t size)
{
	if (size > ext2_max_size(fs))
		return -EFBIG;
	if (size <= INT32_MAX || (fs->es.s_feature_ro_compat & EXT2_RO_LARGE_FILE))
		return 0;
	if (!fs->es.s_rev_level)
		return -EFBIG;
	fs->es.s_feature_ro_compat |= EXT2_RO_LARGE_FILE;
	fs->super_dirty = true;
	return 0;
}

int64_t ext2_write(struct inode *inode, uint64_t pos, const void *buf, size_t n)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	size_t done = 0;
	int ret = 0;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	if (pos >= ext2_max_size(fs))
		return -EFBIG;
	n = MIN((uint64_t)n, ext2_max_size(fs) - pos);
	ret = allow_size(fs, pos + n);
	while (!ret && done < n) {
		uint32_t off = (pos + done) & (fs->block_size - 1);
		size_t len = MIN(n - done, (size_t)(fs->block_size - off));
		struct ext2_block b;

		ret = block_for_write(inode, (pos + done) >> fs->block_shift, len, &b);
		if (ret)
			break;
		memcpy(b.data + off, (const char *)buf + done, len);
		ext2_bdirty(&b);
		ext2_bput(&b);
		done += len;
	}
	if (done) {
		inode->size = MAX(inode->size, pos + done);
		inode->mtime = inode->ctime = ext2_now();
		inode->dirty = true;
	}
	/* A full disk may leave indirect blocks that lead nowhere. */
	if (ret)
		ext2_free_from(inode, (inode->size + fs->block_size - 1) >> fs->block_shift);
	return done ? (int64_t)done : ret;
}

/* What lies behind the new end in its block must read as zero when the file grows again. */
static int clear_tail(struct inode *inode, uint64_t size)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	uint32_t off = size & (fs->block_size - 1);
	struct ext2_block b;
	uint32_t block;
	int ret;

	if (!off)
		return 0;
	ret = ext2_bmap(inode, size >> fs->block_shift, false, &block, NULL);
	if (ret || !block)
		return ret;
	ret = ext2_bread(fs, block, &b);
	if (ret)
		return ret;
	memset(b.data + off, 0, fs->block_size - off);
	ext2_bdirty(&b);
	ext2_bput(&b);
	return 0;
}

int ext2_truncate(struct inode *inode, uint64_t size)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	int ret = allow_size(fs, size);

	if (ret)
		return ret;
	if (size < inode->size) {
		ret = clear_tail(inode, size);
		if (!ret)
			ret = ext2_free_from(inode, (size + fs->block_size - 1) >> fs->block_shift);
	}
	if (!ret)
		inode->size = size;
	inode->mtime = inode->ctime = ext2_now();
	inode->dirty = true;
	ext2_i(inode)->ra_next = 0;
	return ret;
}

int ext2_readlink(struct inode *inode, char *buf, size_t n)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	struct ext2_inode *ei = ext2_i(inode);
	uint32_t xattr = ei->raw.i_file_acl ? fs->block_size / 512 : 0;
	struct ext2_block b = { 0 };
	const char *target = (const char *)ei->raw.i_block;
	size_t len = inode->size;
	int ret = 0;

	if (len >= n)
		return -ERANGE;
	if (inode->blocks > xattr) {
		uint32_t block;

		ret = ext2_bmap(inode, 0, false, &block, NULL);
		if (!ret && !block)
			ret = ext2_corrupt(fs, "symbolic link %llu: no block",
					   (unsigned long long)inode->ino);
		if (!ret)
			ret = ext2_bread(fs, block, &b);
		target = (const char *)b.data;
	} else if (len >= sizeof(ei->raw.i_block)) {
		ret = ext2_corrupt(fs, "symbolic link %llu: length", (unsigned long long)inode->ino);
	}
	if (!ret && memchr(target, 0, len))
		ret = ext2_corrupt(fs, "symbolic link %llu: NUL", (unsigned long long)inode->ino);
	if (!ret) {
		memcpy(buf, target, len);
		buf[len] = 0;
	}
	ext2_bput(&b);
	return ret ? ret : (int)len;
}
