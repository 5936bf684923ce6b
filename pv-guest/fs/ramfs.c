/* SPDX-License-Identifier: MIT */
/*
 * ramfs: files in memory, the root file system of a guest without a disk.
 *
 * Called by the VFS with super.lock held. A node lives as long as it has a name or a user; an
 * inode is only its face. Files from an initrd stay where they are in it until somebody
 * writes to them.
 */
#include "ramfs.h"
#include <pv/list.h>
#include <pv/time.h>

#define NODE_HASH	256
/* Memory that files may not take: free pages below total / KEEP_FREE are the kernel's. */
#define KEEP_FREE	8

struct node {
	struct node *hash_next;
	uint64_t ino;
	uint32_t mode, nlink, uid, gid, rdev;
	uint64_t size;
	int64_t atime, mtime, ctime;
	/* Contents of a file: pages (NULL = hole), or borrowed for as long as there are none. */
	void **pages;
	uint64_t nr_pages;	/* slots of pages */
	const void *borrowed;
	char *target;		/* of a symbolic link */
	uint64_t parent;	/* of a directory */
	struct list_head entries;
};

struct entry {
	struct list_head link;
	uint64_t cookie;	/* rises along the list: a place for readdir that stays */
	uint64_t ino;
	uint32_t type;
	size_t len;
	char name[];
};

struct ramfs {
	uint64_t next_ino, next_cookie, nodes, pages;
	struct node *hash[NODE_HASH];
};

static struct ramfs *ramfs_of(const struct super *sb)
{
	return sb->priv;
}

static struct node *node_find(const struct ramfs *fs, uint64_t ino)
{
	struct node *n = fs->hash[ino % NODE_HASH];

	while (n && n->ino != ino)
		n = n->hash_next;
	return n;
}

static int64_t now(void)
{
	return wallclock_ns() / NSEC_PER_SEC;
}

static struct node *node_make(struct ramfs *fs, uint32_t mode)
{
	struct node *n = kzalloc(sizeof(*n));

	if (!n)
		return NULL;
	n->ino = fs->next_ino++;
	n->mode = mode;
	n->nlink = VFS_ISDIR(mode) ? 2 : 1;
	n->atime = n->mtime = n->ctime = now();
	list_init(&n->entries);
	n->hash_next = fs->hash[n->ino % NODE_HASH];
	fs->hash[n->ino % NODE_HASH] = n;
	fs->nodes++;
	return n;
}

static void free_pages(struct ramfs *fs, struct node *n, uint64_t from)
{
	for (uint64_t i = from; i < n->nr_pages; i++) {
		if (!n->pages[i])
			continue;
		page_free(n->pages[i], 0);
		n->pages[i] = NULL;
		fs->pages--;
	}
}

static void node_free(struct ramfs *fs, struct node *n)
{
	struct node **p = &fs->hash[n->ino % NODE_HASH];
	struct entry *e, *next;

	while (*p != n)
		p = &(*p)->hash_next;
	*p = n->hash_next;
	list_for_each_safe(e, next, &n->entries, link)
		kfree(e);
	free_pages(fs, n, 0);
	kfree(n->pages);
	kfree(n->target);
	kfree(n);
	fs->nodes--;
}

static int ramfs_mount(struct super *sb)
{
	struct ramfs *fs = kzalloc(sizeof(*fs));
	struct node *root;

	if (!fs)
		return -ENOMEM;
	fs->next_ino = 1;
	fs->next_cookie = 2;
	root = node_make(fs, VFS_IFDIR | 0755);
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

	for (unsigned i = 0; i < NODE_HASH; i++)
		while (fs->hash[i])
			node_free(fs, fs->hash[i]);
	kfree(fs);
}

static int ramfs_statfs(struct super *sb, struct vfs_statfs *st)
{
	struct mem_stats mem;

	mem_stats(&mem);
	st->bsize = PAGE_SIZE;
	st->bfree = mem.free_pages > mem.total_pages / KEEP_FREE ?
		    mem.free_pages - mem.total_pages / KEEP_FREE : 0;
	st->bavail = st->bfree;
	st->blocks = ramfs_of(sb)->pages + st->bfree;
	st->files = ramfs_of(sb)->nodes;
	return 0;
}

static int ramfs_read_inode(struct inode *inode)
{
	struct node *n = node_find(ramfs_of(inode->sb), inode->ino);

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
	struct node *n = inode->priv;

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
	node_free(ramfs_of(inode->sb), inode->priv);
	inode->priv = NULL;
	return 0;
}

static struct entry *entry_find(const struct node *dir, struct vname name)
{
	struct entry *e;

	list_for_each(e, &dir->entries, link)
		if (e->len == name.len && !memcmp(e->name, name.s, name.len))
			return e;
	return NULL;
}

static int ramfs_lookup(struct inode *dir, struct vname name, uint64_t *ino)
{
	struct node *n = dir->priv;
	struct entry *e;

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

static void touched(struct inode *dir)
{
	dir->mtime = dir->ctime = now();
	dir->dirty = true;
}

static int entry_add(struct inode *dir, struct vname name, uint64_t ino, uint32_t mode)
{
	struct entry *e = kmalloc(sizeof(*e) + name.len + 1);

	if (!e)
		return -ENOSPC;
	e->cookie = ramfs_of(dir->sb)->next_cookie++;
	e->ino = ino;
	e->type = mode & VFS_IFMT;
	e->len = name.len;
	memcpy(e->name, name.s, name.len);
	e->name[name.len] = 0;
	list_add_tail(&e->link, &((struct node *)dir->priv)->entries);
	touched(dir);
	return 0;
}

static int entry_remove(struct inode *dir, struct vname name)
{
	struct entry *e = entry_find(dir->priv, name);

	if (!e)
		return -ENOENT;
	list_del(&e->link);
	kfree(e);
	touched(dir);
	return 0;
}

static int ramfs_create(struct inode *dir, struct vname name, const struct vnew *what,
			struct inode **out)
{
	struct ramfs *fs = ramfs_of(dir->sb);
	struct node *n = node_make(fs, what->mode);
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
		node_free(fs, n);
		return ret;
	}
	dir->nlink += VFS_ISDIR(what->mode);
	return inode_get(dir->sb, n->ino, out);
}

static int ramfs_link(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = entry_add(dir, name, inode->ino, inode->mode);

	if (!ret) {
		inode->nlink++;
		inode->ctime = now();
		inode->dirty = true;
	}
	return ret;
}

static int ramfs_unlink(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret = entry_remove(dir, name);

	if (!ret) {
		inode->nlink--;
		inode->ctime = now();
		inode->dirty = true;
	}
	return ret;
}

static int ramfs_rmdir(struct inode *dir, struct vname name, struct inode *inode)
{
	int ret;

	if (!list_empty(&((struct node *)inode->priv)->entries))
		return -ENOTEMPTY;
	ret = entry_remove(dir, name);
	if (!ret) {
		inode->nlink = 0;
		dir->nlink--;
	}
	return ret;
}

static int ramfs_rename(const struct vrename *r)
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
		((struct node *)r->inode->priv)->parent = r->to_dir->ino;
		r->from_dir->nlink--;
		r->to_dir->nlink++;
	}
	r->inode->ctime = now();
	r->inode->dirty = true;
	return 0;
}

static int ramfs_readlink(struct inode *inode, char *buf, size_t n)
{
	struct node *node = inode->priv;
	size_t len = strlen(node->target);

	if (len >= n)
		return -ERANGE;
	memcpy(buf, node->target, len + 1);
	return len;
}

static int ramfs_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	struct node *n = dir->priv;
	struct entry *e;

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

static int64_t ramfs_read(struct inode *inode, uint64_t pos, void *buf, size_t n)
{
	struct node *node = inode->priv;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	if (pos >= inode->size)
		return 0;
	n = MIN((uint64_t)n, inode->size - pos);
	if (node->borrowed) {
		memcpy(buf, (const char *)node->borrowed + pos, n);
		return n;
	}
	for (size_t done = 0, len; done < n; done += len) {
		uint64_t index = (pos + done) / PAGE_SIZE;
		size_t off = (pos + done) % PAGE_SIZE;

		len = MIN(n - done, PAGE_SIZE - off);
		if (index < node->nr_pages && node->pages[index])
			memcpy((char *)buf + done, (char *)node->pages[index] + off, len);
		else
			memset((char *)buf + done, 0, len);
	}
	return n;
}

/* The page of a file to write into, made if need be. */
static int page_for(struct ramfs *fs, struct node *n, uint64_t index, void **page)
{
	struct mem_stats mem;

	if (index >= n->nr_pages) {
		uint64_t want = MAX(index + 1, n->nr_pages * 2);
		void **pages;

		if (want > (1ULL << 19))
			want = index + 1;	/* the table is one allocation */
		if (want > (1ULL << 19))
			return -EFBIG;
		pages = krealloc(n->pages, want * sizeof(*pages));
		if (!pages)
			return -ENOSPC;
		memset(pages + n->nr_pages, 0, (want - n->nr_pages) * sizeof(*pages));
		n->pages = pages;
		n->nr_pages = want;
	}
	if (!n->pages[index]) {
		mem_stats(&mem);
		if (mem.free_pages < mem.total_pages / KEEP_FREE)
			return -ENOSPC;
		n->pages[index] = page_alloc_zeroed();
		if (!n->pages[index])
			return -ENOSPC;
		fs->pages++;
	}
	*page = n->pages[index];
	return 0;
}

static int64_t write_pages(struct ramfs *fs, struct node *n, uint64_t pos, const void *buf,
			   size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		size_t off = (pos + done) % PAGE_SIZE, len = MIN(bytes - done, PAGE_SIZE - off);
		void *page;
		int ret = page_for(fs, n, (pos + done) / PAGE_SIZE, &page);

		if (ret)
			return done ? (int64_t)done : ret;
		memcpy((char *)page + off, (const char *)buf + done, len);
		done += len;
	}
	return done;
}

/* From the initrd's memory to pages of its own. */
static int unborrow(struct inode *inode, uint64_t keep)
{
	struct node *n = inode->priv;
	const void *data = n->borrowed;
	int64_t ret;

	if (!data)
		return 0;
	ret = write_pages(ramfs_of(inode->sb), n, 0, data, keep);
	if (ret != (int64_t)keep) {
		free_pages(ramfs_of(inode->sb), n, 0);
		return ret < 0 ? ret : -ENOSPC;
	}
	n->borrowed = NULL;
	return 0;
}

static int64_t ramfs_write(struct inode *inode, uint64_t pos, const void *buf, size_t n)
{
	int64_t ret;

	if (!VFS_ISREG(inode->mode))
		return -EINVAL;
	ret = unborrow(inode, inode->size);
	if (!ret)
		ret = write_pages(ramfs_of(inode->sb), inode->priv, pos, buf, n);
	if (ret > 0) {
		inode->size = MAX(inode->size, pos + ret);
		inode->blocks = (inode->size + 511) / 512;
		touched(inode);
	}
	return ret;
}

static int ramfs_truncate(struct inode *inode, uint64_t size)
{
	struct node *n = inode->priv;
	int ret = unborrow(inode, MIN(size, inode->size));

	if (ret)
		return ret;
	if (size < inode->size) {
		free_pages(ramfs_of(inode->sb), n, (size + PAGE_SIZE - 1) / PAGE_SIZE);
		if (size % PAGE_SIZE && size / PAGE_SIZE < n->nr_pages && n->pages[size / PAGE_SIZE])
			memset((char *)n->pages[size / PAGE_SIZE] + size % PAGE_SIZE, 0,
			       PAGE_SIZE - size % PAGE_SIZE);
	}
	inode->size = size;
	inode->blocks = (size + 511) / 512;
	touched(inode);
	return 0;
}

int ramfs_borrow(struct file *f, const void *data, size_t n)
{
	struct inode *inode = f->inode;

	if (inode->sb->ops != &ramfs_ops || inode->size)
		return -EINVAL;
	mutex_lock(&inode->sb->lock);
	((struct node *)inode->priv)->borrowed = n ? data : NULL;
	inode->size = n;
	inode->blocks = (n + 511) / 512;
	inode->dirty = true;
	mutex_unlock(&inode->sb->lock);
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
