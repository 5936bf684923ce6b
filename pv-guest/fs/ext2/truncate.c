/* SPDX-License-Identifier: MIT */
/*
 * ext2: giving back the blocks of a file from some point on.
 *
 * Called by truncate and when a file goes. Every block is freed exactly once or the whole thing
 * stops (ext2_free_block); an indirect block is only entered while the bitmap has it in
 * use. So an image whose indirect blocks refer to each other cannot keep this busy
 * beyond one step per block of the device.
 */
#include "ext2.h"

/* One file's tree being cut. */
struct cut {
	struct inode *inode;
	struct ext2_fs *fs;
};

static int free_one(const struct cut *c, uint32_t *p)
{
	uint32_t sectors = c->fs->block_size / 512;
	int ret = ext2_free_block(c->fs, *p);

	if (ret)
		return ret;
	*p = 0;
	c->inode->blocks -= MIN(c->inode->blocks, (uint64_t)sectors);
	c->inode->dirty = true;
	return 0;
}

/* *p is at the top of a tree of depth levels of indirect blocks (0: a data block). Free what
 * lies at or after file block `from`, counted from the tree's first. */
static int free_tree(const struct cut *c, uint32_t *p, unsigned depth, uint64_t from)
{
	uint64_t span = 1ULL << (c->fs->ptrs_shift * (depth ? depth - 1 : 0));
	uint32_t ptrs = 1U << c->fs->ptrs_shift;
	struct ext2_block b;
	bool changed = false;
	int ret;

	if (!*p)
		return 0;
	if (!depth)
		return free_one(c, p);
	ret = ext2_block_in_use(c->fs, *p);
	if (ret <= 0)
		return ret ? ret : ext2_corrupt(c->fs, "indirect block %u is free", *p);
	ret = ext2_bread(c->fs, *p, &b);
	if (ret)
		return ret;
	for (uint32_t i = from / span; i < ptrs && !ret; i++) {
		uint32_t *child = (uint32_t *)b.data + i;

		if (!*child)
			continue;
		changed = true;
		ret = free_tree(c, child, depth - 1, i == from / span ? from % span : 0);
	}
	if (changed)
		ext2_bdirty(&b);
	ext2_bput(&b);
	return ret || from ? ret : free_one(c, p);
}

int ext2_free_from(struct inode *inode, uint32_t from)
{
	struct cut c = { inode, ext2_fs_of(inode->sb) };
	uint32_t *slots = ext2_i(inode)->raw.i_block;
	uint64_t base = EXT2_NDIR_BLOCKS;
	int ret = 0;

	for (uint32_t i = from; i < EXT2_NDIR_BLOCKS && !ret; i++)
		ret = free_tree(&c, &slots[i], 0, 0);
	for (unsigned depth = 1; depth <= 3 && !ret; depth++) {
		uint64_t span = 1ULL << (c.fs->ptrs_shift * depth);

		if (from < base + span)
			ret = free_tree(&c, &slots[EXT2_NDIR_BLOCKS + depth - 1], depth,
					from > base ? from - base : 0);
		base += span;
	}
	ext2_i(inode)->goal = 0;
	return ret;
}
