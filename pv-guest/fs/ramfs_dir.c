/* SPDX-License-Identifier: MIT */
/*
 * ramfs: names. A directory is a list of entries in the order they were made.
 *
 * Called by the VFS with super.lock held.
 */
#include "ramfs.h"

static struct ram_entry *entry_find(const struct ram_node *dir, struct vname name)
{
	struct ram_entry *e;

	list_for_each(e, &dir->entries, link)
		if (e->len == name.len && !memcmp(e->name, name.s, name.len))
			return e;
	return NULL;
}

int ramfs_lookup(struct inode *dir, struct vname name, uint64_t *ino)
{
	struct ram_node *n = dir->priv;
	struct ram_entry *e;

	if (name.len == 2 && !memcmp(name.s, "..", 2)) {
		*ino = n->parent;
		return 0;
	}
	e = entry_find(n, name);
	if (!e)
		return -ENOENT;
	*ino = e->ino;
	return 0;
}

static int entry_add(struct inode *dir, struct vname name, uint64_t ino, uint32_t mode)
{
	struct ram_entry *e = kmalloc(sizeof(*e) + name.len + 1);

	if (!e)
		return -ENOSPC;
	e->cookie = ramfs_of(dir->sb)->next_cookie++;
	e->ino = ino;
	e->type = mode & VFS_IFMT;
	e->len = name.len;
	memcpy(e->name, name.s, name.len);
	e->name[name.len] = 0;
	list_add_tail(&e->link, &((struct ram_node *)dir->priv)->entries);
	ramfs_touched(dir);
	return 0;
}

static int entry_remove(struct inode *dir, struct vname name)
{
	struct ram_entry *e = entry_find(dir->priv, name);

	if (!e)
		return -ENOENT;
	list_del(&e->link);
	kfree(e);
	ramfs_touched(dir);
	return 0;
}

int ramfs_create(struct inode *dir, struct vname name, const struct vnew *what,
			struct inode **out)
{
	struct ramfs *fs = ramfs_of(dir->sb);
	struct ram_node *n = ramfs_node_make(fs, what->mode);
	int ret = 0;

	if (!n)
		return -ENOSPC;
	n->rdev = what->rdev;
	n->parent = dir->ino;
	if (what->target) {
		n->target = kstrdup(what->target);
		n->size = strlen(what->target);
		ret = n->target ? 0 : -ENOSPC;
	}
	if (!ret)
		ret = entry_add(dir, name, n->ino, n->mode);
	if (ret) {
		ramfs_node_free(fs, n);
		return ret;
	}
	dir->nlink += VFS_ISDIR(what->mode);
	return inode_get(dir->sb, n->ino, out);
}

int ramfs_link(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = entry_add(dir, name, inode->ino, inode->mode);

	if (!ret) {
		inode->nlink++;
		inode->ctime = ramfs_now();
		inode->dirty = true;
	}
	return ret;
}

int ramfs_unlink(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = entry_remove(dir, name);

	if (!ret) {
		inode->nlink--;
		inode->ctime = ramfs_now();
		inode->dirty = true;
	}
	return ret;
}

int ramfs_rmdir(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret;

	if (!list_empty(&((struct ram_node *)inode->priv)->entries))
		return -ENOTEMPTY;
	ret = entry_remove(dir, name);
	if (!ret) {
		inode->nlink = 0;
		dir->nlink--;
	}
	return ret;
}

int ramfs_rename(const struct vrename *r)
{
	bool is_dir = VFS_ISDIR(r->inode->mode);
	int ret = 0;

	if (r->target)
		ret = is_dir ? ramfs_rmdir(r->to_dir, r->to, r->target) :
			       ramfs_unlink(r->to_dir, r->to, r->target);
	if (!ret)
		ret = entry_add(r->to_dir, r->to, r->inode->ino, r->inode->mode);
	if (ret)
		return ret;
	if (r->from_dir == r->to_dir && r->from.len == r->to.len &&
	    !memcmp(r->from.s, r->to.s, r->to.len))
		return 0;
	entry_remove(r->from_dir, r->from);
	if (is_dir) {
		((struct ram_node *)r->inode->priv)->parent = r->to_dir->ino;
		r->from_dir->nlink--;
		r->to_dir->nlink++;
	}
	r->inode->ctime = ramfs_now();
	r->inode->dirty = true;
	return 0;
}

int ramfs_readlink(struct inode *inode, char *buf, size_t n)
{
	struct ram_node *node = inode->priv;
	size_t len = strlen(node->target);

	if (len >= n)
		return -ERANGE;
	memcpy(buf, node->target, len + 1);
	return len;
}

int ramfs_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	struct ram_node *n = dir->priv;
	struct ram_entry *e;

	if (*pos < 2) {
		str_copy(d->name, *pos ? ".." : ".", sizeof(d->name));
		d->ino = *pos ? n->parent : n->ino;
		d->type = VFS_IFDIR;
		++*pos;
		return 1;
	}
	list_for_each(e, &n->entries, link) {
		if (e->cookie < *pos)
			continue;
		str_copy(d->name, e->name, sizeof(d->name));
		d->ino = e->ino;
		d->type = e->type;
		*pos = e->cookie + 1;
		return 1;
	}
	return 0;
}
