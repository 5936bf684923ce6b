/* SPDX-License-Identifier: MIT */
/*
 * ext2: allocating and freeing blocks.
 *
 * Called when files and directories grow and shrink. The bitmaps are the disk's word, so a
 * bit that says "free" for a piece of the file system's own structure is not believed, and
 * freeing what is free already is an error: that is what stops a truncate that walks
 * in circles.
 */
#include "ext2.h"
#include "bitmap.h"

/* A free bit of the group's bitmap in [from, end), which is then set. -ENOSPC if there is none. */
static int take_bit(struct ext2_fs *fs, uint32_t group, uint8_t *map, uint32_t from,
		    uint32_t *block)
{
	uint32_t end = ext2_group_blocks(fs, group);
	uint32_t first = ext2_group_first(fs, group);

	for (uint32_t bit = bitmap_find_zero(map, from, end); bit < end;
	     bit = bitmap_find_zero(map, bit + 1, end)) {
		if (ext2_is_metadata(fs, first + bit)) {
			ext2_corrupt(fs, "bitmap has block %u of the structure as free",
				     first + bit);
			continue;
		}
		bitmap_set(map, bit);
		*block = first + bit;
		return 0;
	}
	return -ENOSPC;
}

static int alloc_in_group(struct ext2_fs *fs, uint32_t group, uint32_t from, uint32_t *block)
{
	struct ext2_group *g = &fs->group[group];
	struct ext2_block b;
	int ret;

	if (!g->free_blocks)
		return -ENOSPC;
	ret = ext2_bread(fs, g->block_bitmap, &b);
	if (ret)
		return ret;
	ret = take_bit(fs, group, b.data, from, block);
	if (ret == -ENOSPC && from)
		ret = take_bit(fs, group, b.data, 0, block);
	if (!ret) {
		ext2_bdirty(&b);
		g->free_blocks--;
		g->dirty = true;
		if (fs->es.s_free_blocks_count)
			fs->es.s_free_blocks_count--;
		fs->super_dirty = true;
	}
	ext2_bput(&b);
	return ret;
}

int ext2_alloc_block(struct ext2_fs *fs, uint32_t goal, uint32_t *block)
{
	uint32_t first = fs->es.s_first_data_block;
	uint32_t group, from;

	if (goal < first || goal >= fs->es.s_blocks_count)
		goal = first;
	group = (goal - first) / fs->es.s_blocks_per_group;
	from = (goal - first) % fs->es.s_blocks_per_group;
	for (uint32_t i = 0; i < fs->groups; i++) {
		int ret = alloc_in_group(fs, group, from, block);

		if (ret != -ENOSPC)
			return ret;
		group = group + 1 == fs->groups ? 0 : group + 1;
		from = 0;
	}
	return -ENOSPC;
}

static int find_bit(struct ext2_fs *fs, uint32_t block, uint32_t *group, uint32_t *bit,
		    struct ext2_block *b)
{
	if (!ext2_block_valid(fs, block))
		return ext2_corrupt(fs, "block %u cannot belong to a file", block);
	*group = (block - fs->es.s_first_data_block) / fs->es.s_blocks_per_group;
	*bit = (block - fs->es.s_first_data_block) % fs->es.s_blocks_per_group;
	return ext2_bread(fs, fs->group[*group].block_bitmap, b);
}

int ext2_block_in_use(struct ext2_fs *fs, uint32_t block)
{
	struct ext2_block b;
	uint32_t group, bit;
	int ret = find_bit(fs, block, &group, &bit, &b);

	if (ret)
		return ret;
	ret = bitmap_test(b.data, bit);
	ext2_bput(&b);
	return ret;
}

int ext2_free_block(struct ext2_fs *fs, uint32_t block)
{
	struct ext2_block b;
	uint32_t group, bit;
	int ret = find_bit(fs, block, &group, &bit, &b);

	if (ret)
		return ret;
	if (!bitmap_test(b.data, bit)) {
		ret = ext2_corrupt(fs, "block %u freed twice", block);
	} else {
		bitmap_clear(b.data, bit);
		ext2_bdirty(&b);
		if (fs->group[group].free_blocks < ext2_group_blocks(fs, group))
			fs->group[group].free_blocks++;
		fs->group[group].dirty = true;
		if (fs->es.s_free_blocks_count < fs->es.s_blocks_count)
			fs->es.s_free_blocks_count++;
		fs->super_dirty = true;
	}
	ext2_bput(&b);
	return ret;
}
