/* SPDX-License-Identifier: MIT */
/*
 * ext2: mounting, unmounting, and the checks of the superblock and group descriptors.
 *
 * Called by the VFS with super.lock held. After ext2_mount the geometry can be trusted:
 * every bitmap and inode table lies inside the device and no number overflows.
 */
#include "ext2.h"
#include <pv/time.h>

#define SUPER_OFFSET	1024U
#define GROUP_MIN_BLOCKS 256U	/* mke2fs -g: at least this many, a multiple of 8 */

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

/* Bytes of the device, which need not be aligned to blocks. */
static int copy_device(struct blkdev *dev, uint64_t pos, void *data, size_t n, bool write)
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

static uint64_t group_desc_pos(const struct ext2_fs *fs, uint32_t group)
{
	return ((uint64_t)(fs->es.s_first_data_block + 1) << fs->block_shift) +
	       group * sizeof(struct ext2_group_desc);
}

static int read_groups(struct ext2_fs *fs)
{
	fs->group = kzalloc((size_t)fs->groups * sizeof(*fs->group));
	if (!fs->group)
		return -ENOMEM;
	for (uint32_t i = 0; i < fs->groups; i++) {
		struct ext2_group_desc d;
		int ret = copy_device(fs->sb->dev, group_desc_pos(fs, i), &d, sizeof(d), false);

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
		ret = copy_device(fs->sb->dev, group_desc_pos(fs, i), &d, sizeof(d), true);
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
	return copy_device(fs->sb->dev, SUPER_OFFSET, &fs->es, sizeof(fs->es), true);
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
		ret = copy_device(fs->sb->dev,
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
	ret = copy_device(sb->dev, SUPER_OFFSET, &fs->es, sizeof(fs->es), false);
	if (!ret && fs->es.s_magic != EXT2_MAGIC)
		ret = refuse(fs, "no ext2 file system, magic", fs->es.s_magic);
	if (!ret)
		ret = check_features(fs);
	if (!ret)
		ret = check_sizes(fs);
	if (!ret)
		ret = check_counts(fs);
	if (!ret)
		ret = read_groups(fs);
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
