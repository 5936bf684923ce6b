/* SPDX-License-Identifier: MIT */
/*
 * ext2: directories, as a chain of entries in each block.
 *
 * Called for every path component and by create, unlink, rename. Each entry is checked
 * before it is believed: it lies in its block, its length is one an entry can have, its
 * name fits. A hash tree (dir_index) is read as the plain blocks it is disguised as; the
 * first change drops the flag that says it is there.
 */
#include "ext2.h"

/* Where an entry is. */
struct slot {
	struct ext2_block b;
	uint32_t off;
	uint32_t prev;		/* the entry before it in the block, or off */
};

static struct ext2_dirent *entry_at(const struct ext2_block *b, uint32_t off)
{
	return (struct ext2_dirent *)(b->data + off);
}

static uint32_t name_len(const struct ext2_fs *fs, const struct ext2_dirent *e)
{
	if (fs->es.s_feature_incompat & EXT2_INCOMPAT_FILETYPE)
		return e->name_len;
	/* Without the feature the length has 16 bits. */
	return e->name_len | (uint32_t)e->file_type << 8;
}

static int check_entry(const struct inode *dir, const struct ext2_block *b, uint32_t off)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);
	const struct ext2_dirent *e = entry_at(b, off);
	uint32_t space = fs->block_size - off;

	if (space >= EXT2_DIRENT_LEN(1) && e->rec_len >= EXT2_DIRENT_LEN(1) &&
	    e->rec_len % 4 == 0 && e->rec_len <= space &&
	    (!e->inode || (name_len(fs, e) && EXT2_DIRENT_LEN(name_len(fs, e)) <= e->rec_len &&
			   e->inode <= fs->es.s_inodes_count &&
			   !memchr(e->name, '/', e->name_len) && !memchr(e->name, 0, e->name_len))))
		return 0;
	return ext2_corrupt(fs, "directory %llu: entry at offset %u",
			    (unsigned long long)dir->ino, off);
}

static uint32_t dir_blocks(const struct inode *dir)
{
	return dir->size >> ext2_fs_of(dir->sb)->block_shift;
}

static int dir_block(struct inode *dir, uint32_t fblock, struct ext2_block *b)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);
	uint32_t block;
	int ret = ext2_bmap(dir, fblock, false, &block, NULL);

	*b = (struct ext2_block){ 0 };
	if (ret)
		return ret;
	if (!block)
		return ext2_corrupt(fs, "directory %llu has a hole", (unsigned long long)dir->ino);
	return ext2_bread(fs, block, b);
}

/* The entry of name: 0 with s filled (and its block held), -ENOENT, other errors. */
static int find(struct inode *dir, struct vname name, struct slot *s)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);

	for (uint32_t i = 0; i < dir_blocks(dir); i++) {
		int ret = dir_block(dir, i, &s->b);

		if (ret)
			return ret;
		s->prev = 0;
		for (s->off = 0; s->off < fs->block_size;) {
			const struct ext2_dirent *e = entry_at(&s->b, s->off);

			ret = check_entry(dir, &s->b, s->off);
			if (ret)
				break;
			if (e->inode && name_len(fs, e) == name.len &&
			    !memcmp(e->name, name.s, name.len))
				return 0;
			s->prev = s->off;
			s->off += e->rec_len;
		}
		ext2_bput(&s->b);
		if (ret)
			return ret;
	}
	return -ENOENT;
}

int ext2_lookup(struct inode *dir, struct vname name, uint64_t *ino)
{
	struct slot s;
	int ret = find(dir, name, &s);

	if (ret)
		return ret;
	*ino = entry_at(&s.b, s.off)->inode;
	ext2_bput(&s.b);
	return 0;
}

static const struct {
	uint8_t file_type;
	uint32_t mode;
} types[] = {
	{ 1, VFS_IFREG }, { 2, VFS_IFDIR }, { 3, VFS_IFCHR },  { 4, VFS_IFBLK },
	{ 5, VFS_IFIFO }, { 6, VFS_IFSOCK }, { 7, VFS_IFLNK },
};

static void set_entry(const struct ext2_fs *fs, struct ext2_dirent *e, uint32_t ino,
		      uint32_t mode)
{
	e->inode = ino;
	if (!(fs->es.s_feature_incompat & EXT2_INCOMPAT_FILETYPE))
		return;
	e->file_type = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].mode == (mode & VFS_IFMT))
			e->file_type = types[i].file_type;
}

static void put_name(const struct ext2_fs *fs, struct ext2_dirent *e, struct vname name,
		     uint32_t ino, uint32_t mode)
{
	e->name_len = name.len;
	e->file_type = 0;
	memcpy(e->name, name.s, name.len);
	set_entry(fs, e, ino, mode);
}

/* The directory's contents changed. */
static void touched(struct inode *dir)
{
	ext2_i(dir)->raw.i_flags &= ~EXT2_INDEX_FL;
	dir->mtime = dir->ctime = ext2_now();
	dir->dirty = true;
}

/* Fills the entry's place next to what is at off, if there is room. */
static bool add_at(const struct ext2_fs *fs, struct ext2_block *b, uint32_t off,
		   struct vname name, uint32_t ino, uint32_t mode)
{
	struct ext2_dirent *e = entry_at(b, off);
	uint32_t used = e->inode ? EXT2_DIRENT_LEN(name_len(fs, e)) : 0;
	uint32_t need = EXT2_DIRENT_LEN((uint32_t)name.len);
	uint32_t rec_len = e->rec_len;

	if (rec_len < used + need)
		return false;
	if (used) {
		e->rec_len = used;
		e = entry_at(b, off + used);
		e->rec_len = rec_len - used;
	}
	put_name(fs, e, name, ino, mode);
	ext2_bdirty(b);
	return true;
}

/* One more block at the end, holding this entry alone. */
static int add_block(struct inode *dir, struct vname name, uint32_t ino, uint32_t mode)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);
	struct ext2_block b;
	struct ext2_dirent *e;
	uint32_t block;
	int ret;

	if (dir->size + fs->block_size > INT32_MAX)
		return -ENOSPC;
	ret = ext2_bmap(dir, dir_blocks(dir), true, &block, NULL);
	if (!ret)
		ret = ext2_bzero(fs, block, &b);
	if (ret)
		return ret;
	e = entry_at(&b, 0);
	e->rec_len = fs->block_size;
	put_name(fs, e, name, ino, mode);
	ext2_bdirty(&b);
	ext2_bput(&b);
	dir->size += fs->block_size;
	return 0;
}

int ext2_dir_add(struct inode *dir, struct vname name, uint32_t ino, uint32_t mode)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);
	bool added = false;
	int ret = 0;

	for (uint32_t i = 0; i < dir_blocks(dir) && !added && !ret; i++) {
		struct ext2_block b;

		ret = dir_block(dir, i, &b);
		if (ret)
			return ret;
		for (uint32_t off = 0; off < fs->block_size && !added; ) {
			ret = check_entry(dir, &b, off);
			if (ret)
				break;
			added = add_at(fs, &b, off, name, ino, mode);
			off += entry_at(&b, off)->rec_len;
		}
		ext2_bput(&b);
	}
	if (!ret && !added)
		ret = add_block(dir, name, ino, mode);
	if (!ret)
		touched(dir);
	return ret;
}

int ext2_dir_remove(struct inode *dir, struct vname name)
{
	struct slot s;
	struct ext2_dirent *e;
	int ret = find(dir, name, &s);

	if (ret)
		return ret;
	e = entry_at(&s.b, s.off);
	e->inode = 0;
	if (s.prev != s.off)
		entry_at(&s.b, s.prev)->rec_len += e->rec_len;
	ext2_bdirty(&s.b);
	ext2_bput(&s.b);
	touched(dir);
	return 0;
}

int ext2_dir_set(struct inode *dir, struct vname name, uint32_t ino, uint32_t mode)
{
	struct slot s;
	int ret = find(dir, name, &s);

	if (ret)
		return ret;
	set_entry(ext2_fs_of(dir->sb), entry_at(&s.b, s.off), ino, mode);
	ext2_bdirty(&s.b);
	ext2_bput(&s.b);
	touched(dir);
	return 0;
}

int ext2_dir_make(struct inode *dir, uint32_t parent)
{
	int ret = add_block(dir, (struct vname){ ".", 1 }, dir->ino, VFS_IFDIR);

	return ret ? ret : ext2_dir_add(dir, (struct vname){ "..", 2 }, parent, VFS_IFDIR);
}

int ext2_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);

	while (*pos < dir->size) {
		uint32_t start = *pos & (fs->block_size - 1), off = 0;
		struct ext2_block b;
		int ret = dir_block(dir, *pos >> fs->block_shift, &b);

		/* From the block's beginning: entries may have been merged since. */
		while (!ret && off < fs->block_size) {
			const struct ext2_dirent *e = entry_at(&b, off);

			ret = check_entry(dir, &b, off);
			if (ret)
				break;
			if (off >= start && e->inode) {
				memcpy(d->name, e->name, e->name_len);
				d->name[e->name_len] = 0;
				d->ino = e->inode;
				d->type = 0;
				for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
					if (types[i].file_type == e->file_type)
						d->type = types[i].mode;
				*pos += off + e->rec_len - start;
				ext2_bput(&b);
				return 1;
			}
			off += e->rec_len;
		}
		if (ret) {
			ext2_bput(&b);
			return ret;
		}
		ext2_bput(&b);
		*pos += fs->block_size - start;
	}
	return 0;
}

int ext2_dir_empty(struct inode *dir)
{
	struct vfs_dirent *d = kmalloc(sizeof(*d));
	uint64_t pos = 0;
	int ret;

	if (!d)
		return -ENOMEM;
	while ((ret = ext2_readdir(dir, &pos, d)) > 0)
		if (strcmp(d->name, ".") && strcmp(d->name, ".."))
			break;
	kfree(d);
	return ret < 0 ? ret : !ret;
}
