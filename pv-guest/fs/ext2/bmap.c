/* SPDX-License-Identifier: MIT */
/*
 * ext2: which block of the device holds which block of a file.
 *
 * Called by reads, writes and directories. The first 12 numbers are in the inode, the
 * rest behind one, two or three levels of indirect blocks. Every number is checked against
 * the file system before it is used; the depth is fixed, so a cycle costs nothing here.
 */
#include "ext2.h"

/* The way to a file block: slot in i_block, then in each indirect block. Its length, 0 if
 * there is no such block. */
static unsigned block_path(const struct ext2_fs *fs, uint32_t fblock, uint32_t slots[4])
{
	unsigned shift = fs->ptrs_shift;
	uint32_t mask = (1U << shift) - 1;
	uint64_t n = fblock;

	if (n < EXT2_NDIR_BLOCKS) {
		slots[0] = n;
		return 1;
	}
	n -= EXT2_NDIR_BLOCKS;
	for (unsigned depth = 1; depth <= 3; depth++) {
		if (n < 1ULL << (shift * depth)) {
			slots[0] = EXT2_NDIR_BLOCKS + depth - 1;
			for (unsigned i = 1; i <= depth; i++)
				slots[i] = (n >> (shift * (depth - i))) & mask;
			return depth + 1;
		}
		n -= 1ULL << (shift * depth);
	}
	return 0;
}

/* What i_blocks (32 bits of 512 bytes, indirect blocks included) can count. */
uint64_t ext2_max_size(const struct ext2_fs *fs)
{
	uint64_t ptrs = 1ULL << fs->ptrs_shift;
	uint64_t by_tree = EXT2_NDIR_BLOCKS + ptrs + ptrs * ptrs + ptrs * ptrs * ptrs;
	uint64_t by_count = (UINT32_MAX >> (fs->block_shift - 9)) - (3 + 2 * ptrs + ptrs * ptrs);

	return MIN(by_tree, by_count) << fs->block_shift;
}

/* A new block for the inode, after the last one it got. */
static int grow(struct inode *inode, bool indirect, uint32_t *block)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	struct ext2_inode *ei = ext2_i(inode);
	struct ext2_block b;
	int ret = ext2_alloc_block(fs, ei->goal, block);

	if (ret)
		return ret;
	if (indirect) {
		ret = ext2_bzero(fs, *block, &b);
		if (ret) {
			ext2_free_block(fs, *block);
			return ret;
		}
		ext2_bput(&b);
	}
	ei->goal = *block + 1;
	inode->blocks += fs->block_size / 512;
	inode->dirty = true;
	return 0;
}

int ext2_bmap(struct inode *inode, uint32_t fblock, bool create, uint32_t *block, bool *fresh)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	uint32_t *p, slots[4];
	unsigned depth = block_path(fs, fblock, slots);
	struct ext2_block ind = { 0 };
	bool made = false;
	int ret = 0;

	*block = 0;
	if (!depth)
		return -EFBIG;
	p = &ext2_i(inode)->raw.i_block[slots[0]];
	for (unsigned level = 0; ; level++) {
		bool last = level + 1 == depth;
		uint32_t next = *p;

		if (!next) {
			if (!create)
				break;
			ret = grow(inode, !last, &next);
			if (ret)
				break;
			*p = next;
			made = true;
			if (ind.buf)
				ext2_bdirty(&ind);
		} else if (!ext2_block_valid(fs, next)) {
			ret = ext2_corrupt(fs, "inode %llu: block number %u",
					   (unsigned long long)inode->ino, next);
			break;
		}
		if (last) {
			*block = next;
			break;
		}
		ext2_bput(&ind);
		ret = ext2_bread(fs, next, &ind);
		if (ret)
			break;
		p = (uint32_t *)ind.data + slots[level + 1];
		made = false;
	}
	ext2_bput(&ind);
	if (fresh)
		*fresh = made && !ret;
	return ret;
}
