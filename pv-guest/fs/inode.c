/* SPDX-License-Identifier: MIT */
/*
 * The inodes in memory of one file system: a small hash table with reference counts.
 *
 * Called by the VFS and by file systems with sb->lock held, unless said otherwise. An
 * inode stays in memory only while somebody refers to it; blocks are what is cached.
 */
#include "vfs_fs.h"

static struct inode **hash_slot(struct super *sb, uint64_t ino)
{
	return &sb->hash[ino % INODE_HASH];
}

struct inode *inode_new(struct super *sb, uint64_t ino)
{
	struct inode *inode = kzalloc(sizeof(*inode));
	struct inode **slot = hash_slot(sb, ino);

	if (!inode)
		return NULL;
	inode->sb = sb;
	inode->ino = ino;
	inode->refs = 1;
	inode->hash_next = *slot;
	*slot = inode;
	sb->inodes++;
	return inode;
}

static void inode_free(struct inode *inode)
{
	struct super *sb = inode->sb;
	struct inode **p = hash_slot(sb, inode->ino);

	while (*p != inode)
		p = &(*p)->hash_next;
	*p = inode->hash_next;
	sb->inodes--;
	if (sb->ops->drop_inode)
		sb->ops->drop_inode(inode);
	kfree(inode);
}

bool inode_in_memory(struct super *sb, uint64_t ino)
{
	for (const struct inode *i = *hash_slot(sb, ino); i; i = i->hash_next)
		if (i->ino == ino)
			return true;
	return false;
}

int inode_get(struct super *sb, uint64_t ino, struct inode **out)
{
	struct inode *inode;
	int ret;

	for (inode = *hash_slot(sb, ino); inode; inode = inode->hash_next) {
		if (inode->ino == ino) {
			inode->refs++;
			*out = inode;
			return 0;
		}
	}
	inode = inode_new(sb, ino);
	if (!inode)
		return -ENOMEM;
	ret = sb->ops->read_inode(inode);
	if (ret) {
		inode_free(inode);
		return ret;
	}
	*out = inode;
	return 0;
}

void inode_ref(struct inode *inode)
{
	inode->refs++;
}

void inode_put(struct inode *inode)
{
	const struct fs_ops *ops = inode->sb->ops;
	int ret = 0;

	BUG_ON(inode->refs == 0);
	if (--inode->refs)
		return;
	if (!inode->nlink && !inode->sb->rdonly && ops->free_inode)
		ret = ops->free_inode(inode);
	else if (inode->dirty && ops->write_inode)
		ret = ops->write_inode(inode);
	if (ret)
		printk("%s: inode %llu: error %d on its last use\n", ops->name,
		       (unsigned long long)inode->ino, ret);
	inode_free(inode);
}

int inode_sync_all(struct super *sb)
{
	struct inode *inode;
	int ret = 0;

	for (unsigned i = 0; i < INODE_HASH; i++) {
		for (inode = sb->hash[i]; inode; inode = inode->hash_next) {
			int r = 0;

			if (inode->dirty && sb->ops->write_inode)
				r = sb->ops->write_inode(inode);
			if (!ret)
				ret = r;
		}
	}
	return ret;
}

void inode_release(struct inode *inode)
{
	struct super *sb;

	if (!inode)
		return;
	sb = inode->sb;
	mutex_lock(&sb->lock);
	inode_put(inode);
	mutex_unlock(&sb->lock);
}
