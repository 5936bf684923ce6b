/* SPDX-License-Identifier: MIT */
/*
 * ramfs: files in memory, the root file system of a guest without a disk.
 *
 * Called by the VFS with super.lock held. A node lives as long as it has a name or a user; an
 * inode is only its face. Files from an initrd stay where they are in it until somebody
 * writes to them.
 */
#include "ramfs.h"

static struct ram_node *node_find(const struct ramfs *fs, uint64_t ino)
{
	struct ram_node *n = fs->hash[ino % RAMFS_NODE_HASH];

	while (n && n->ino != ino)
		n = n->hash_next;
	return n;
}

struct ram_node *ramfs_node_make(struct ramfs *fs, uint32_t mode)
{
	struct ram_node *n = kzalloc(sizeof(*n));

	if (!n)
		return NULL;
	n->ino = fs->next_ino++;
	n->mode = mode;
	n->nlink = VFS_ISDIR(mode) ? 2 : 1;
	n->atime = n->mtime = n->ctime = ramfs_now();
	list_init(&n->entries);
	n->hash_next = fs->hash[n->ino % RAMFS_NODE_HASH];
	fs->hash[n->ino % RAMFS_NODE_HASH] = n;
	fs->nodes++;
	return n;
}

void ramfs_node_free(struct ramfs *fs, struct ram_node *n)
{
	struct ram_node **p = &fs->hash[n->ino % RAMFS_NODE_HASH];
	struct ram_entry *e, *next;

	while (*p != n)
		p = &(*p)->hash_next;
	*p = n->hash_next;
	list_for_each_safe(e, next, &n->entries, link)
		kfree(e);
	ramfs_free_pages(fs, n, 0);
	kfree(n->pages);
	kfree(n->target);
	kfree(n);
	fs->nodes--;
}

static int ramfs_mount(struct super *sb)
{
	struct ramfs *fs = kzalloc(sizeof(*fs));
	struct ram_node *root;

	if (!fs)
		return -ENOMEM;
	fs->next_ino = 1;
	fs->next_cookie = 2;
	root = ramfs_node_make(fs, VFS_IFDIR | 0755);
	if (!root) {
		kfree(fs);
		return -ENOMEM;
	}
	root->parent = root->ino;
	sb->priv = fs;
	sb->root_ino = root->ino;
	return 0;
}

static void ramfs_unmount(struct super *sb)
{
	struct ramfs *fs = ramfs_of(sb);

	for (unsigned i = 0; i < RAMFS_NODE_HASH; i++)
		while (fs->hash[i])
			ramfs_node_free(fs, fs->hash[i]);
	kfree(fs);
}

static int ramfs_statfs(struct super *sb, struct vfs_statfs *st)
{
	struct mem_stats mem;

	mem_stats(&mem);
	st->bsize = PAGE_SIZE;
	st->bfree = mem.free_pages > mem.total_pages / RAMFS_KEEP_FREE ?
		    mem.free_pages - mem.total_pages / RAMFS_KEEP_FREE : 0;
	st->bavail = st->bfree;
	st->blocks = ramfs_of(sb)->pages + st->bfree;
	st->files = ramfs_of(sb)->nodes;
	return 0;
}

static int ramfs_read_inode(struct inode *inode)
{
	struct ram_node *n = node_find(ramfs_of(inode->sb), inode->ino);

	if (!n)
		return -ENOENT;
	inode->priv = n;
	inode->mode = n->mode;
	inode->nlink = n->nlink;
	inode->uid = n->uid;
	inode->gid = n->gid;
	inode->rdev = n->rdev;
	inode->size = n->size;
	inode->atime = n->atime;
	inode->mtime = n->mtime;
	inode->ctime = n->ctime;
	inode->blocks = (n->size + 511) / 512;
	return 0;
}

static int ramfs_write_inode(struct inode *inode)
{
	struct ram_node *n = inode->priv;

	n->mode = inode->mode;
	n->nlink = inode->nlink;
	n->size = inode->size;
	n->atime = inode->atime;
	n->mtime = inode->mtime;
	n->ctime = inode->ctime;
	inode->dirty = false;
	return 0;
}

static int ramfs_free_inode(struct inode *inode)
{
	ramfs_node_free(ramfs_of(inode->sb), inode->priv);
	inode->priv = NULL;
	return 0;
}

const struct fs_ops ramfs_ops = {
	.name = "ramfs",
	.mount = ramfs_mount,
	.unmount = ramfs_unmount,
	.statfs = ramfs_statfs,
	.read_inode = ramfs_read_inode,
	.write_inode = ramfs_write_inode,
	.free_inode = ramfs_free_inode,
	.lookup = ramfs_lookup,
	.create = ramfs_create,
	.link = ramfs_link,
	.unlink = ramfs_unlink,
	.rmdir = ramfs_rmdir,
	.rename = ramfs_rename,
	.readlink = ramfs_readlink,
	.read = ramfs_read,
	.write = ramfs_write,
	.truncate = ramfs_truncate,
	.readdir = ramfs_readdir,
};
