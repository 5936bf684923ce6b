/* SPDX-License-Identifier: MIT */
/*
 * ext2: names come and go: create, link, unlink, rmdir, rename.
 *
 * Called by the VFS, which has checked types, existence and that the file system is writable.
 */
#include "ext2.h"

#define FAST_LINK_MAX	(sizeof(uint32_t) * EXT2_N_BLOCKS)	/* with a NUL */

/* A symbolic link's target into its inode or its one block. */
static int store_target(struct inode *inode, const char *target)
{
	struct ext2_fs *fs = ext2_fs_of(inode->sb);
	size_t len = strlen(target);
	struct ext2_block b;
	uint32_t block;
	int ret;

	if (len < FAST_LINK_MAX) {
		memcpy(ext2_i(inode)->raw.i_block, target, len);
		inode->size = len;
		return 0;
	}
	if (len >= fs->block_size)
		return -ENAMETOOLONG;
	ret = ext2_bmap(inode, 0, true, &block, NULL);
	if (!ret)
		ret = ext2_bzero(fs, block, &b);
	if (ret)
		return ret;
	memcpy(b.data, target, len);
	ext2_bdirty(&b);
	ext2_bput(&b);
	inode->size = len;
	return 0;
}

/* A number from the bitmap and an inode in memory for it. */
static int new_inode(struct inode *dir, const struct vnew *what, struct inode **out)
{
	struct ext2_fs *fs = ext2_fs_of(dir->sb);
	struct inode *inode;
	uint32_t ino;
	int ret = ext2_alloc_inode(fs, dir, VFS_ISDIR(what->mode), &ino);

	if (ret)
		return ret;
	if (inode_in_memory(dir->sb, ino))
		return ext2_corrupt(fs, "inode %u is in use but free in the bitmap", ino);
	inode = inode_new(dir->sb, ino);
	if (inode)
		inode->priv = kzalloc(sizeof(struct ext2_inode));
	if (!inode || !inode->priv) {
		ext2_free_ino(fs, ino, VFS_ISDIR(what->mode));
		if (inode) {
			inode->nlink = 1;	/* nothing on disk to free */
			inode_put(inode);
		}
		return -ENOMEM;
	}
	inode->mode = what->mode;
	inode->rdev = what->rdev;
	inode->nlink = 1;
	inode->atime = inode->mtime = inode->ctime = ext2_now();
	inode->dirty = true;
	ext2_i(inode)->fresh = true;
	ext2_i(inode)->goal = ext2_group_first(fs, ext2_group_of_inode(fs, ino));
	ext2_i(inode)->raw.i_block[1] = what->rdev;
	*out = inode;
	return 0;
}

int ext2_create(struct inode *dir, struct vname name, const struct vnew *what,
		struct inode **out)
{
	struct inode *inode = NULL;
	int ret;

	if (VFS_ISDIR(what->mode) && dir->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	ret = new_inode(dir, what, &inode);
	if (ret)
		return ret;
	if (VFS_ISLNK(what->mode))
		ret = store_target(inode, what->target);
	if (VFS_ISDIR(what->mode))
		ret = ext2_dir_make(inode, dir->ino);
	if (!ret)
		ret = ext2_dir_add(dir, name, inode->ino, what->mode);
	if (ret) {
		inode->nlink = 0;
		inode_put(inode);
		return ret;
	}
	if (VFS_ISDIR(what->mode)) {
		inode->nlink = 2;
		dir->nlink++;
	}
	*out = inode;
	return 0;
}

int ext2_link(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret;

	if (inode->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	ret = ext2_dir_add(dir, name, inode->ino, inode->mode);
	if (ret)
		return ret;
	inode->nlink++;
	inode->ctime = ext2_now();
	inode->dirty = true;
	return 0;
}

/* One name less; a directory has only one. */
static void drop_link(struct inode *inode)
{
	if (VFS_ISDIR(inode->mode))
		inode->nlink = 0;
	else if (inode->nlink)
		inode->nlink--;
	inode->ctime = ext2_now();
	inode->dirty = true;
}

/* A subdirectory's ".." no longer counts for dir. A hostile count must not wrap. */
static void drop_child(struct inode *dir)
{
	if (dir->nlink > 2)
		dir->nlink--;
	dir->dirty = true;
}

int ext2_unlink(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = ext2_dir_remove(dir, name);

	if (!ret)
		drop_link(inode);
	return ret;
}

static int check_empty(struct inode *inode)
{
	int ret = ext2_dir_empty(inode);

	return ret < 0 ? ret : ret ? 0 : -ENOTEMPTY;
}

int ext2_rmdir(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = inode->ino == EXT2_ROOT_INO ? -EBUSY : check_empty(inode);

	if (!ret)
		ret = ext2_dir_remove(dir, name);
	if (ret)
		return ret;
	drop_link(inode);
	drop_child(dir);
	return 0;
}

/* The new name means inode from now on. */
static int take_name(const struct vrename *r)
{
	bool is_dir = VFS_ISDIR(r->inode->mode);
	int ret;

	if (!r->target) {
		if (is_dir && r->to_dir != r->from_dir && r->to_dir->nlink >= EXT2_LINK_MAX)
			return -EMLINK;
		return ext2_dir_add(r->to_dir, r->to, r->inode->ino, r->inode->mode);
	}
	if (is_dir) {
		ret = check_empty(r->target);
		if (ret)
			return ret;
	}
	ret = ext2_dir_set(r->to_dir, r->to, r->inode->ino, r->inode->mode);
	if (ret)
		return ret;
	drop_link(r->target);
	if (is_dir)
		drop_child(r->to_dir);
	return 0;
}

int ext2_rename(const struct vrename *r)
{
	bool moves_dir = VFS_ISDIR(r->inode->mode) && r->from_dir != r->to_dir;
	struct vname dotdot = { "..", 2 };
	uint64_t ino;
	int ret;

	if (r->target && r->target->ino == EXT2_ROOT_INO)
		return -EBUSY;
	if (moves_dir) {
		ret = ext2_lookup(r->inode, dotdot, &ino);
		if (ret)
			return ret == -ENOENT ? -EUCLEAN : ret;
	}
	ret = take_name(r);
	if (!ret)
		ret = ext2_dir_remove(r->from_dir, r->from);
	if (!ret && moves_dir) {
		ret = ext2_dir_set(r->inode, dotdot, r->to_dir->ino, VFS_IFDIR);
		r->to_dir->nlink++;
		drop_child(r->from_dir);
	}
	r->inode->ctime = ext2_now();
	r->inode->dirty = true;
	return ret;
}
