/* SPDX-License-Identifier: MIT */
/*
 * ext2: allocating and freeing inode numbers.
 *
 * Called by create and when the last link of a file goes. A file goes near its directory;
 * directories spread out over groups with room, so that their files find some.
 */
#include "ext2.h"
#include "bitmap.h"

/* Of the groups with at least the average of free inodes, the one with the most free blocks. */
static uint32_t group_for_dir(const struct ext2_fs *fs)
{
	uint32_t average = fs->es.s_free_inodes_count / fs->groups;
	uint32_t best = 0;
	bool found = false;

	for (uint32_t i = 0; i < fs->groups; i++) {
		const struct ext2_group *g = &fs->group[i];

		if (!g->free_inodes || g->free_inodes < average)
			continue;
		if (!found || g->free_blocks > fs->group[best].free_blocks)
			best = i;
		found = true;
	}
	return best;
}

static int alloc_in_group(struct ext2_fs *fs, uint32_t group, bool is_dir, uint32_t *ino)
{
	struct ext2_group *g = &fs->group[group];
	uint32_t end = fs->es.s_inodes_per_group;
	uint32_t from = group ? 0 : fs->first_ino - 1;
	struct ext2_block b;
	uint32_t bit;
	int ret;

	/* first_ino may lie in a later group only if groups are tiny. */
	if (!g->free_inodes || (uint64_t)(group + 1) * end < fs->first_ino)
		return -ENOSPC;
	if (group && (uint64_t)group * end < fs->first_ino - 1)
		from = fs->first_ino - 1 - group * end;
	ret = ext2_bread(fs, g->inode_bitmap, &b);
	if (ret)
		return ret;
	bit = bitmap_find_zero(b.data, from, end);
	if (bit < end) {
		bitmap_set(b.data, bit);
		ext2_bdirty(&b);
		*ino = group * end + bit + 1;
		g->free_inodes--;
		g->used_dirs += is_dir;
		g->dirty = true;
		if (fs->es.s_free_inodes_count)
			fs->es.s_free_inodes_count--;
		fs->super_dirty = true;
	} else {
		ret = -ENOSPC;
	}
	ext2_bput(&b);
	return ret;
}

int ext2_alloc_inode(struct ext2_fs *fs, const struct inode *dir, bool is_dir, uint32_t *ino)
{
	uint32_t group = is_dir ? group_for_dir(fs) : ext2_group_of_inode(fs, dir->ino);

	for (uint32_t i = 0; i < fs->groups; i++) {
		int ret = alloc_in_group(fs, group, is_dir, ino);

		if (ret != -ENOSPC)
			return ret;
		group = group + 1 == fs->groups ? 0 : group + 1;
	}
	return -ENOSPC;
}

int ext2_free_ino(struct ext2_fs *fs, uint32_t ino, bool is_dir)
{
	uint32_t group = ext2_group_of_inode(fs, ino);
	uint32_t bit = (ino - 1) % fs->es.s_inodes_per_group;
	struct ext2_group *g = &fs->group[group];
	struct ext2_block b;
	int ret = ext2_bread(fs, g->inode_bitmap, &b);

	if (ret)
		return ret;
	if (!bitmap_test(b.data, bit)) {
		ret = ext2_corrupt(fs, "inode %u freed twice", ino);
	} else {
		bitmap_clear(b.data, bit);
		ext2_bdirty(&b);
		if (g->free_inodes < fs->es.s_inodes_per_group)
			g->free_inodes++;
		if (is_dir && g->used_dirs)
			g->used_dirs--;
		g->dirty = true;
		if (fs->es.s_free_inodes_count < fs->es.s_inodes_count)
			fs->es.s_free_inodes_count++;
		fs->super_dirty = true;
	}
	ext2_bput(&b);
	return ret;
}
