/* SPDX-License-Identifier: MIT */
/*
 * ext2: is this a file system we can use? The superblock and the group descriptors, judged
 * once at mount.
 *
 * Called by super.c. Afterwards the geometry can be trusted: every bitmap and inode table lies
 * inside the device and no number overflows. What is refused is said in the log.
 */
#include "ext2.h"

#define GROUP_MIN_BLOCKS 256U	/* mke2fs -g: at least this many, a multiple of 8 */

static int refuse(struct ext2_fs *fs, const char *what, uint64_t value)
{
	printk("ext2: %s: not mounted: %s (%#llx)\n", fs->sb->dev->name, what,
	       (unsigned long long)value);
	return -EINVAL;
}

static int check_features(struct ext2_fs *fs)
{
	const struct ext2_super_block *es = &fs->es;
	uint32_t incompat = es->s_feature_incompat & ~EXT2_INCOMPAT_SUPPORTED;
	uint32_t ro = es->s_feature_ro_compat & ~EXT2_RO_SUPPORTED;

	if (es->s_rev_level > 1)
		return refuse(fs, "unknown revision", es->s_rev_level);
	if (es->s_rev_level == 0)
		return 0;
	if (incompat)
		return refuse(fs, "incompatible features unknown to this kernel", incompat);
	if (ro && !fs->sb->rdonly) {
		printk("ext2: %s: mounted read-only: features this kernel cannot write (%#x)\n",
		       fs->sb->dev->name, ro);
		fs->sb->rdonly = true;
	}
	return 0;
}

static int check_sizes(struct ext2_fs *fs)
{
	const struct ext2_super_block *es = &fs->es;

	if (es->s_log_block_size > 2)
		return refuse(fs, "block size above 4096, log", es->s_log_block_size);
	fs->block_shift = 10 + es->s_log_block_size;
	fs->block_size = 1U << fs->block_shift;
	fs->ptrs_shift = fs->block_shift - 2;
	fs->inode_size = es->s_rev_level ? es->s_inode_size : 128;
	fs->first_ino = es->s_rev_level ? es->s_first_ino : EXT2_FIRST_INO_REV0;
	if (fs->inode_size < 128 || fs->inode_size > fs->block_size ||
	    (fs->inode_size & (fs->inode_size - 1)))
		return refuse(fs, "inode size", fs->inode_size);
	if (es->s_first_data_block != (fs->block_size == 1024))
		return refuse(fs, "first data block", es->s_first_data_block);
	if (es->s_blocks_per_group < GROUP_MIN_BLOCKS || es->s_blocks_per_group % 8 ||
	    es->s_blocks_per_group > 8 * fs->block_size)
		return refuse(fs, "blocks per group", es->s_blocks_per_group);
	if (!es->s_inodes_per_group || es->s_inodes_per_group > 8 * fs->block_size)
		return refuse(fs, "inodes per group", es->s_inodes_per_group);
	if (es->s_blocks_count <= es->s_first_data_block + 1 ||
	    ((uint64_t)es->s_blocks_count << fs->block_shift) > fs->sb->dev->sectors * BLK_SECTOR)
		return refuse(fs, "more blocks than the device has, or none",
			      es->s_blocks_count);
	return 0;
}

static int check_counts(struct ext2_fs *fs)
{
	const struct ext2_super_block *es = &fs->es;
	uint32_t inodes_per_block = fs->block_size / fs->inode_size;

	fs->groups = (es->s_blocks_count - es->s_first_data_block + es->s_blocks_per_group - 1) /
		     es->s_blocks_per_group;
	fs->itable_blocks = (es->s_inodes_per_group + inodes_per_block - 1) / inodes_per_block;
	fs->gdt_blocks = ((uint64_t)fs->groups * sizeof(struct ext2_group_desc) +
			  fs->block_size - 1) / fs->block_size;
	if (es->s_inodes_count != (uint64_t)fs->groups * es->s_inodes_per_group)
		return refuse(fs, "inode count", es->s_inodes_count);
	if (fs->first_ino < EXT2_FIRST_INO_REV0 || fs->first_ino > es->s_inodes_count)
		return refuse(fs, "first inode", fs->first_ino);
	if (es->s_free_blocks_count > es->s_blocks_count ||
	    es->s_free_inodes_count > es->s_inodes_count)
		return refuse(fs, "free counts", es->s_free_blocks_count);
	if (1 + fs->gdt_blocks + es->s_reserved_gdt_blocks > ext2_group_blocks(fs, 0))
		return refuse(fs, "group descriptors", fs->gdt_blocks);
	return 0;
}

static bool group_ok(const struct ext2_fs *fs, const struct ext2_group_desc *d)
{
	uint32_t first = fs->es.s_first_data_block + 1 + fs->gdt_blocks;
	uint32_t end = fs->es.s_blocks_count;

	return d->bg_block_bitmap >= first && d->bg_block_bitmap < end &&
	       d->bg_inode_bitmap >= first && d->bg_inode_bitmap < end &&
	       d->bg_inode_table >= first && d->bg_inode_table < end &&
	       fs->itable_blocks <= end - d->bg_inode_table &&
	       d->bg_block_bitmap != d->bg_inode_bitmap;
}

int ext2_check_super(struct ext2_fs *fs)
{
	int ret;

	if (fs->es.s_magic != EXT2_MAGIC)
		return refuse(fs, "no ext2 file system, magic", fs->es.s_magic);
	ret = check_features(fs);
	if (!ret)
		ret = check_sizes(fs);
	return ret ? ret : check_counts(fs);
}

uint64_t ext2_group_desc_pos(const struct ext2_fs *fs, uint32_t group)
{
	return ((uint64_t)(fs->es.s_first_data_block + 1) << fs->block_shift) +
	       group * sizeof(struct ext2_group_desc);
}

int ext2_read_groups(struct ext2_fs *fs)
{
	fs->group = kzalloc((size_t)fs->groups * sizeof(*fs->group));
	if (!fs->group)
		return -ENOMEM;
	for (uint32_t i = 0; i < fs->groups; i++) {
		struct ext2_group_desc d;
		int ret = ext2_copy(fs->sb->dev, ext2_group_desc_pos(fs, i), &d, sizeof(d), false);

		if (ret)
			return ret;
		if (!group_ok(fs, &d))
			return refuse(fs, "group descriptor", i);
		fs->group[i] = (struct ext2_group){
			.block_bitmap = d.bg_block_bitmap,
			.inode_bitmap = d.bg_inode_bitmap,
			.inode_table = d.bg_inode_table,
			.free_blocks = d.bg_free_blocks_count,
			.free_inodes = d.bg_free_inodes_count,
			.used_dirs = d.bg_used_dirs_count,
			.flags = d.bg_flags,
		};
	}
	return 0;
}
