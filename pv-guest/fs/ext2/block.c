/* SPDX-License-Identifier: MIT */
/*
 * ext2: one block of the file system in the buffer cache, whose pages may hold several.
 *
 * Called by everything in ext2 that touches the disk. The caller has checked what it is about
 * to do with the block; here only the end of the file system is.
 */
#include "ext2.h"

#define FETCH_PAGES 32U

static uint64_t page_of(const struct ext2_fs *fs, uint32_t block)
{
	return (uint64_t)block >> (BCACHE_SHIFT - fs->block_shift);
}

static uint32_t offset_of(const struct ext2_fs *fs, uint32_t block)
{
	return ((uint64_t)block << fs->block_shift) & (BCACHE_BYTES - 1);
}

int ext2_bread(struct ext2_fs *fs, uint32_t block, struct ext2_block *b)
{
	int ret;

	*b = (struct ext2_block){ 0 };
	if (block >= fs->es.s_blocks_count)
		return ext2_corrupt(fs, "block %u is beyond the end", block);
	ret = bcache_read(fs->sb->dev, page_of(fs, block), &b->buf);
	if (!ret)
		b->data = b->buf->data + offset_of(fs, block);
	return ret;
}

/* A new block that is a part of a page needs the rest of it. The blocks after it are likely to be
 * next: one large read instead of many small ones. */
static void fetch_around(struct ext2_fs *fs, uint32_t block)
{
	if (!bcache_cached(fs->sb->dev, page_of(fs, block)))
		bcache_readahead(fs->sb->dev, page_of(fs, block), FETCH_PAGES);
}

int ext2_bzero(struct ext2_fs *fs, uint32_t block, struct ext2_block *b)
{
	int ret;

	*b = (struct ext2_block){ 0 };
	if (block >= fs->es.s_blocks_count)
		return ext2_corrupt(fs, "block %u is beyond the end", block);
	if (fs->block_size == BCACHE_BYTES) {
		ret = bcache_get(fs->sb->dev, page_of(fs, block), &b->buf);
	} else {
		fetch_around(fs, block);
		ret = bcache_read(fs->sb->dev, page_of(fs, block), &b->buf);
	}
	if (ret)
		return ret;
	b->data = b->buf->data + offset_of(fs, block);
	memset(b->data, 0, fs->block_size);
	bcache_dirty(b->buf);
	return 0;
}

void ext2_bdirty(struct ext2_block *b)
{
	bcache_dirty(b->buf);
}

void ext2_bput(struct ext2_block *b)
{
	if (b->buf)
		bcache_put(b->buf);
	b->buf = NULL;
	b->data = NULL;
}

int ext2_copy(struct blkdev *dev, uint64_t pos, void *data, size_t n, bool write)
{
	for (size_t done = 0; done < n;) {
		uint32_t off = (pos + done) % BCACHE_BYTES;
		size_t len = MIN(n - done, (size_t)(BCACHE_BYTES - off));
		struct buf *b;
		int ret = bcache_read(dev, (pos + done) / BCACHE_BYTES, &b);

		if (ret)
			return ret;
		if (write) {
			memcpy(b->data + off, (char *)data + done, len);
			bcache_dirty(b);
		} else {
			memcpy((char *)data + done, b->data + off, len);
		}
		bcache_put(b);
		done += len;
	}
	return 0;
}
