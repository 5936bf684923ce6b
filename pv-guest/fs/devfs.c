/* SPDX-License-Identifier: MIT */
/*
 * devfs: /dev, with a file for each block device, null and zero.
 *
 * Called by the VFS. Device files read and write through the buffer cache, so they and a
 * mounted file system see the same; a device that is mounted cannot be written here.
 */
#include "vfs_fs.h"
#include <pv/bcache.h>

#define INO_ROOT	1
#define INO_NULL	2
#define INO_ZERO	3
#define INO_CONSOLE	4	/* stand for the console, which syscall/tty.c serves */
#define INO_TTY		5
#define INO_BLOCK	16	/* + position in the list of devices */
#define READ_AHEAD	256U	/* pages */

static const char *const char_names[] = { [INO_NULL] = "null", [INO_ZERO] = "zero",
					 [INO_CONSOLE] = "console", [INO_TTY] = "tty" };

static const uint32_t rdevs[] = { [INO_NULL] = 1 << 8 | 3, [INO_ZERO] = 1 << 8 | 5,
				  [INO_CONSOLE] = 5 << 8 | 1, [INO_TTY] = 5 << 8 };

static int devfs_mount(struct super *sb)
{
	sb->root_ino = INO_ROOT;
	return 0;
}

static void devfs_unmount(struct super *sb)
{
}

static int devfs_statfs(struct super *sb, struct vfs_statfs *st)
{
	st->bsize = BCACHE_BYTES;
	return 0;
}

static int devfs_read_inode(struct inode *inode)
{
	struct blkdev *dev;

	inode->nlink = 1;
	if (inode->ino == INO_ROOT) {
		inode->nlink = 2;
		inode->mode = VFS_IFDIR | 0755;
	} else if (inode->ino < INO_BLOCK) {
		inode->mode = VFS_IFCHR | 0666;
		inode->rdev = rdevs[inode->ino];
	} else {
		dev = blk_get(inode->ino - INO_BLOCK);
		if (!dev)
			return -ENXIO;
		inode->priv = dev;
		inode->mode = VFS_IFBLK | (dev->rdonly ? 0440 : 0660);
		inode->rdev = dev->rdev;
		inode->size = dev->sectors * BLK_SECTOR;
		blk_use(dev);
	}
	return 0;
}

static void devfs_drop_inode(struct inode *inode)
{
	struct blkdev *dev = inode->priv;

	if (dev)
		blk_unuse(dev);
}

/* The name at a position of the directory, or NULL at the end. */
static const char *name_at(uint64_t ino)
{
	struct blkdev *dev;

	if (ino < ARRAY_SIZE(char_names))
		return char_names[ino];
	dev = ino >= INO_BLOCK ? blk_get(ino - INO_BLOCK) : NULL;
	return dev ? dev->name : NULL;
}

static uint64_t next_ino(uint64_t ino)
{
	return ino + 1 == ARRAY_SIZE(char_names) ? INO_BLOCK : ino + 1;
}

static int devfs_lookup(struct inode *dir, struct vname name, uint64_t *ino)
{
	const char *s;

	if (name.len == 2 && !memcmp(name.s, "..", 2)) {
		*ino = INO_ROOT;
		return 0;
	}
	for (uint64_t i = INO_NULL; (s = name_at(i)); i = next_ino(i)) {
		if (strlen(s) == name.len && !memcmp(s, name.s, name.len)) {
			*ino = i;
			return 0;
		}
	}
	return -ENOENT;
}

static int devfs_readdir(struct inode *dir, uint64_t *pos, struct vfs_dirent *d)
{
	const char *name;

	if (*pos < INO_NULL) {
		name = *pos ? ".." : ".";
		d->ino = INO_ROOT;
		d->type = VFS_IFDIR;
	} else {
		name = name_at(*pos);
		if (!name)
			return 0;
		d->ino = *pos;
		d->type = *pos < INO_BLOCK ? VFS_IFCHR : VFS_IFBLK;
	}
	str_copy(d->name, name, sizeof(d->name));
	*pos = *pos < INO_NULL ? *pos + 1 : next_ino(*pos);
	return 1;
}

static int64_t devfs_read(struct inode *inode, uint64_t pos, void *buf, size_t n)
{
	struct blkdev *dev = inode->priv;
	size_t done = 0;

	if (inode->ino == INO_NULL)
		return 0;
	if (inode->ino == INO_CONSOLE || inode->ino == INO_TTY)
		return -ENXIO;
	if (!dev) {
		memset(buf, 0, n);
		return n;
	}
	if (pos >= inode->size)
		return 0;
	n = MIN((uint64_t)n, inode->size - pos);
	/* A large or aligned reader most likely goes on. */
	if (n >= BCACHE_BYTES && pos % BCACHE_BYTES == 0)
		bcache_readahead(dev, pos / BCACHE_BYTES,
				 MAX((uint32_t)(n / BCACHE_BYTES), READ_AHEAD));
	while (done < n) {
		uint32_t off = (pos + done) % BCACHE_BYTES;
		size_t len = MIN(n - done, (size_t)(BCACHE_BYTES - off));
		struct buf *b;
		int ret = bcache_read(dev, (pos + done) / BCACHE_BYTES, &b);

		if (ret)
			return done ? (int64_t)done : ret;
		memcpy((char *)buf + done, b->data + off, len);
		bcache_put(b);
		done += len;
	}
	return done;
}

static int64_t devfs_write(struct inode *inode, uint64_t pos, const void *buf, size_t n)
{
	struct blkdev *dev = inode->priv;
	size_t done = 0;

	if (inode->ino < INO_BLOCK)
		return inode->ino == INO_ROOT ? -EINVAL : (int64_t)n;
	if (dev->rdonly)
		return -EROFS;
	if (dev->mounted)
		return -EBUSY;
	if (pos >= inode->size)
		return -ENOSPC;
	n = MIN((uint64_t)n, inode->size - pos);
	while (done < n) {
		uint32_t off = (pos + done) % BCACHE_BYTES;
		size_t len = MIN(n - done, (size_t)(BCACHE_BYTES - off));
		uint64_t index = (pos + done) / BCACHE_BYTES;
		struct buf *b;
		int ret = len == BCACHE_BYTES ? bcache_get(dev, index, &b) :
						bcache_read(dev, index, &b);

		if (ret)
			return done ? (int64_t)done : ret;
		memcpy(b->data + off, (const char *)buf + done, len);
		bcache_dirty(b);
		bcache_put(b);
		done += len;
	}
	return done;
}

static int devfs_sync(struct super *sb)
{
	return bcache_sync(NULL);
}

static int no_create(struct inode *dir, struct vname name, const struct vnew *what,
		     struct inode **out)
{
	return -EPERM;
}

static int no_name(struct inode *dir, struct vname name, struct inode *inode)
{
	return -EPERM;
}

static int no_rename(const struct vrename *r)
{
	return -EPERM;
}

const struct fs_ops devfs_ops = {
	.name = "devfs",
	.mount = devfs_mount,
	.unmount = devfs_unmount,
	.sync = devfs_sync,
	.statfs = devfs_statfs,
	.read_inode = devfs_read_inode,
	.drop_inode = devfs_drop_inode,
	.lookup = devfs_lookup,
	.create = no_create,
	.link = no_name,
	.unlink = no_name,
	.rmdir = no_name,
	.rename = no_rename,
	.read = devfs_read,
	.write = devfs_write,
	.readdir = devfs_readdir,
};
