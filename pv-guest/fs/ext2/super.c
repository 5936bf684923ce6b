/* SPDX-License-Identifier: MIT */
/*
 * ext2: mounting, syncing, unmounting.
 *
 * Called by the VFS with super.lock held. check.c has judged what is mounted here.
 */
#include "ext2.h"
#include <pv/time.h>

#define SUPER_OFFSET	1024U

int64_t ext2_now(void)
{
	return wallclock_ns() / NSEC_PER_SEC;
}

int ext2_corrupt(struct ext2_fs *fs, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!fs->errors)
		printk("ext2: %s: damaged file system: %s\n", fs->sb->dev->name, text);
	fs->errors = true;
	return -EUCLEAN;
}

uint32_t ext2_group_first(const struct ext2_fs *fs, uint32_t group)
{
	return fs->es.s_first_data_block + group * fs->es.s_blocks_per_group;
}

uint32_t ext2_group_blocks(const struct ext2_fs *fs, uint32_t group)
{
	return MIN(fs->es.s_blocks_per_group,
		   fs->es.s_blocks_count - ext2_group_first(fs, group));
}

static bool is_power_of(uint32_t n, uint32_t base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

bool ext2_group_has_super(const struct ext2_fs *fs, uint32_t group)
{
	if (group <= 1 || !(fs->es.s_feature_ro_compat & EXT2_RO_SPARSE_SUPER))
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

bool ext2_is_metadata(const struct ext2_fs *fs, uint32_t block)
{
	uint32_t group = (block - fs->es.s_first_data_block) / fs->es.s_blocks_per_group;
	const struct ext2_group *g = &fs->group[group];
	uint32_t off = block - ext2_group_first(fs, group);

	if (ext2_group_has_super(fs, group) &&
	    off < 1 + fs->gdt_blocks + fs->es.s_reserved_gdt_blocks)
		return true;
	return block == g->block_bitmap || block == g->inode_bitmap ||
	       block - g->inode_table < fs->itable_blocks;
}

bool ext2_block_valid(const struct ext2_fs *fs, uint32_t block)
{
	return block >= fs->es.s_first_data_block && block < fs->es.s_blocks_count &&
	       !ext2_is_metadata(fs, block);
}

static int write_groups(struct ext2_fs *fs)
{
	for (uint32_t i = 0; i < fs->groups; i++) {
		struct ext2_group *g = &fs->group[i];
		struct ext2_group_desc d = {
			.bg_block_bitmap = g->block_bitmap,
			.bg_inode_bitmap = g->inode_bitmap,
			.bg_inode_table = g->inode_table,
			.bg_free_blocks_count = g->free_blocks,
			.bg_free_inodes_count = g->free_inodes,
			.bg_used_dirs_count = g->used_dirs,
			.bg_flags = g->flags,
		};
		int ret;

		if (!g->dirty)
			continue;
		ret = ext2_copy(fs->sb->dev, ext2_group_desc_pos(fs, i), &d, sizeof(d), true);
		if (ret)
			return ret;
		g->dirty = false;
	}
	return 0;
}

static int write_super(struct ext2_fs *fs)
{
	fs->es.s_wtime = ext2_now();
	fs->super_dirty = false;
	return ext2_copy(fs->sb->dev, SUPER_OFFSET, &fs->es, sizeof(fs->es), true);
}

/* The copies in other groups are what a rescuer starts from; they get the current counts. */
static int write_super_copies(struct ext2_fs *fs)
{
	struct ext2_super_block copy = fs->es;
	int ret = 0;

	for (uint32_t i = 1; i < fs->groups && !ret; i++) {
		if (!ext2_group_has_super(fs, i))
			continue;
		copy.s_block_group_nr = i;
		ret = ext2_copy(fs->sb->dev,
				  (uint64_t)ext2_group_first(fs, i) << fs->block_shift, &copy,
				  sizeof(copy), true);
	}
	return ret;
}

static int sync_fs(struct super *sb)
{
	struct ext2_fs *fs = ext2_fs_of(sb);
	int ret, r;

	if (sb->rdonly)
		return 0;
	ret = inode_sync_all(sb);
	r = write_groups(fs);
	if (!r && fs->super_dirty)
		r = write_super(fs);
	if (!ret)
		ret = r;
	r = bcache_sync(sb->dev);
	return ret ? ret : r;
}

/* The clean flag goes off before anything else is written. */
static int mark_mounted(struct ext2_fs *fs)
{
	int ret;

	fs->was_valid = fs->es.s_state & EXT2_VALID_FS;
	if (!fs->was_valid)
		printk("ext2: %s: was not unmounted cleanly, a check is due\n",
		       fs->sb->dev->name);
	fs->es.s_state &= ~EXT2_VALID_FS;
	fs->es.s_mtime = ext2_now();
	fs->es.s_mnt_count++;
	ret = write_super(fs);
	return ret ? ret : bcache_sync(fs->sb->dev);
}

static void unmount_fs(struct super *sb)
{
	struct ext2_fs *fs = ext2_fs_of(sb);
	int ret;

	if (!sb->rdonly) {
		if (fs->was_valid && !fs->errors)
			fs->es.s_state |= EXT2_VALID_FS;
		if (fs->errors)
			fs->es.s_state |= EXT2_ERROR_FS;
		ret = write_super(fs);
		if (!ret)
			ret = write_super_copies(fs);
		if (!ret)
			ret = bcache_sync(sb->dev);
		if (ret)
			printk("ext2: %s: error %d while unmounting\n", sb->dev->name, ret);
	}
	kfree(fs->group);
	kfree(fs);
	sb->priv = NULL;
}

static int mount_fs(struct super *sb)
{
	struct ext2_fs *fs = kzalloc(sizeof(*fs));
	int ret;

	if (!fs)
		return -ENOMEM;
	fs->sb = sb;
	sb->priv = fs;
	sb->root_ino = EXT2_ROOT_INO;
	ret = ext2_copy(sb->dev, SUPER_OFFSET, &fs->es, sizeof(fs->es), false);
	if (!ret)
		ret = ext2_check_super(fs);
	if (!ret)
		ret = ext2_read_groups(fs);
	if (!ret && !sb->rdonly)
		ret = mark_mounted(fs);
	if (ret) {
		kfree(fs->group);
		kfree(fs);
		sb->priv = NULL;
	}
	return ret;
}

static int statfs_fs(struct super *sb, struct vfs_statfs *st)
{
	struct ext2_fs *fs = ext2_fs_of(sb);
	uint64_t overhead = fs->es.s_first_data_block;

	for (uint32_t i = 0; i < fs->groups; i++) {
		if (ext2_group_has_super(fs, i))
			overhead += 1 + fs->gdt_blocks + fs->es.s_reserved_gdt_blocks;
		overhead += 2 + fs->itable_blocks;
	}
	st->bsize = fs->block_size;
	st->blocks = overhead < fs->es.s_blocks_count ? fs->es.s_blocks_count - overhead : 0;
	st->bfree = fs->es.s_free_blocks_count;
	st->bavail = st->bfree > fs->es.s_r_blocks_count ? st->bfree - fs->es.s_r_blocks_count : 0;
	st->files = fs->es.s_inodes_count;
	st->ffree = fs->es.s_free_inodes_count;
	return 0;
}

const struct fs_ops ext2_ops = {
	.name = "ext2",
	.needs_dev = true,
	.mount = mount_fs,
	.unmount = unmount_fs,
	.sync = sync_fs,
	.statfs = statfs_fs,
	.read_inode = ext2_read_inode,
	.write_inode = ext2_write_inode,
	.free_inode = ext2_free_inode,
	.drop_inode = ext2_drop_inode,
	.lookup = ext2_lookup,
	.create = ext2_create,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rmdir = ext2_rmdir,
	.rename = ext2_rename,
	.readlink = ext2_readlink,
	.read = ext2_read,
	.write = ext2_write,
	.truncate = ext2_truncate,
	.readdir = ext2_readdir,
};
