/* SPDX-License-Identifier: MIT */
/* 9p: mounting a share by its tag: version, attach; and leaving it. Called by the VFS with super.lock held. */
#include "p9fs.h"
#include <pv/init.h>

static int negotiate(struct p9fs *fs)
{
	const char *version;
	uint32_t msize;
	size_t len;
	int ret = p9_rpc(fs, P9_TVERSION, NULL, 0, "ds", fs->msize, P9_VERSION);

	if (ret)
		return ret;
	msize = p9_get(fs, 4);
	len = p9_get(fs, 2);
	version = p9_get_bytes(fs, len);
	if (!version || len != strlen(P9_VERSION) || memcmp(version, P9_VERSION, len)) {
		printk("9p: the server does not speak " P9_VERSION "\n");
		return -EINVAL;
	}
	if (msize < P9_MIN_MSIZE || msize > fs->msize)
		return -EUCLEAN;
	fs->msize = msize;
	return 0;
}

static int attach(struct super *sb)
{
	struct p9fs *fs = p9fs_of(sb);
	uint32_t fid = p9_new_fid(fs);
	int ret = p9_rpc(fs, P9_TATTACH, NULL, 0, "ddssd", fid, P9_NOFID, "root", "", 0);

	if (ret)
		return ret;
	p9_get_qid(fs, &sb->root_ino);
	if (fs->bad)
		return -EUCLEAN;
	p9_found(fs, fid, sb->root_ino);
	return 0;
}

static void fs_free(struct p9fs *fs)
{
	if (fs->front)
		p9front_close(fs->front);
	kfree(fs->head);
	kfree(fs->answer);
	kfree(fs);
}

static int p9_mount(struct super *sb)
{
	struct p9fs *fs = kzalloc(sizeof(*fs));
	int ret;

	if (!fs)
		return -ENOMEM;
	fs->found_fid = P9_NOFID;
	ret = sb->source ? p9front_open(sb->source, &fs->front) : -EINVAL;
	if (!ret) {
		fs->msize = p9front_msize(fs->front);
		fs->head = kmalloc(P9FS_HEAD);
		fs->answer = kmalloc(fs->msize);
		ret = fs->head && fs->answer ? 0 : -ENOMEM;
	}
	sb->priv = fs;
	if (!ret)
		ret = negotiate(fs);
	if (!ret)
		ret = attach(sb);
	if (ret)
		fs_free(fs);
	return ret;
}

static void p9_unmount(struct super *sb)
{
	struct p9fs *fs = p9fs_of(sb);

	p9_clunk(fs, fs->found_fid);
	fs_free(fs);
}

static int p9_sync(struct super *sb)
{
	int ret = inode_sync_all(sb);

	for (unsigned i = 0; i < INODE_HASH; i++) {
		for (struct inode *inode = sb->hash[i]; inode; inode = inode->hash_next) {
			int r = p9_fsync(inode);

			if (!ret)
				ret = r;
		}
	}
	return ret;
}

static int p9_statfs(struct super *sb, struct vfs_statfs *st)
{
	struct p9fs *fs = p9fs_of(sb);
	int ret = p9_rpc(fs, P9_TSTATFS, NULL, 0, "d", ((struct p9_node *)sb->root->priv)->fid);

	if (ret)
		return ret;
	p9_get(fs, 4);
	st->bsize = p9_get(fs, 4);
	st->blocks = p9_get(fs, 8);
	st->bfree = p9_get(fs, 8);
	st->bavail = p9_get(fs, 8);
	st->files = p9_get(fs, 8);
	st->ffree = p9_get(fs, 8);
	return fs->bad ? -EUCLEAN : 0;
}

static const struct fs_ops p9_ops = {
	.name = "9p",
	.mount = p9_mount,
	.unmount = p9_unmount,
	.sync = p9_sync,
	.statfs = p9_statfs,
	.read_inode = p9_read_inode,
	.write_inode = p9_write_inode,
	.drop_inode = p9_drop_inode,
	.lookup = p9_lookup,
	.create = p9_create,
	.link = p9_link,
	.unlink = p9_unlink,
	.rmdir = p9_rmdir,
	.rename = p9_rename,
	.readlink = p9_readlink,
	.read = p9_read,
	.write = p9_write,
	.truncate = p9_truncate,
	.readdir = p9_readdir,
};

static int p9_init(void)
{
	return vfs_register(&p9_ops);
}
INITCALL(INIT_DRIVER, p9_init);
