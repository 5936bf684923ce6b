/* SPDX-License-Identifier: MIT */
/*
 * The mount table: which file system covers which directory.
 *
 * Called by `mount`, `umount`, boot, and by every path walk that crosses. mount_lock guards
 * the table and inode.mounted.
 */
#include "vfs_fs.h"
#include <pv/bcache.h>

#define MAX_MOUNTS	16

struct mount {
	struct super *sb;	/* NULL: free slot */
	struct inode *covered;	/* NULL at "/" */
	char source[32];
	char path[256];
};

struct mutex mount_lock = MUTEX_INIT(mount_lock);
static struct mount mounts[MAX_MOUNTS];

static const struct fs_ops *fs_types[8] = { &ext2_ops, &ramfs_ops, &devfs_ops };

int vfs_register(const struct fs_ops *ops)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fs_types); i++) {
		if (!fs_types[i]) {
			fs_types[i] = ops;
			return 0;
		}
	}
	return -ENOSPC;
}

static void ref_locked(struct inode *inode)
{
	mutex_lock(&inode->sb->lock);
	inode_ref(inode);
	mutex_unlock(&inode->sb->lock);
}

int mount_root(struct inode **out)
{
	int ret = -ENOENT;

	mutex_lock(&mount_lock);
	if (mounts[0].sb) {
		*out = mounts[0].sb->root;
		ref_locked(*out);
		ret = 0;
	}
	mutex_unlock(&mount_lock);
	return ret;
}

void mount_cross(struct inode **inode)
{
	/* A glance without the lock: a mount made meanwhile is seen by the next walk. */
	if (!(*inode)->mounted)
		return;
	mutex_lock(&mount_lock);
	while ((*inode)->mounted) {
		struct inode *root = (*inode)->mounted->root;

		ref_locked(root);
		inode_release(*inode);
		*inode = root;
	}
	mutex_unlock(&mount_lock);
}

bool mount_up(struct inode **inode)
{
	struct inode *covered = NULL;

	mutex_lock(&mount_lock);
	for (unsigned i = 0; i < MAX_MOUNTS; i++)
		if (mounts[i].sb == (*inode)->sb)
			covered = mounts[i].covered;
	if (covered)
		ref_locked(covered);
	mutex_unlock(&mount_lock);
	if (!covered)
		return false;
	inode_release(*inode);
	*inode = covered;
	return true;
}

static int find_type(const char *source, const char *type, const struct fs_ops **ops)
{
	if (!type)
		type = source ? "ext2" : "ramfs";
	for (unsigned i = 0; i < ARRAY_SIZE(fs_types) && fs_types[i]; i++) {
		if (!strcmp(fs_types[i]->name, type)) {
			*ops = fs_types[i];
			return 0;
		}
	}
	return -ENODEV;
}

/* The device becomes the mount's alone: two writers would ruin it. */
static int claim_device(struct super *sb, const char *source)
{
	struct blkdev *dev = source ? blk_find(source) : NULL;

	if (!dev)
		return source ? -ENXIO : -EINVAL;
	for (unsigned i = 0; i < MAX_MOUNTS; i++)
		if (mounts[i].sb && mounts[i].sb->dev == dev)
			return -EBUSY;
	sb->dev = dev;
	sb->rdonly |= dev->rdonly;
	blk_use(dev);
	dev->mounted = true;
	return 0;
}

static void super_free(struct super *sb)
{
	if (sb->dev) {
		bcache_drop(sb->dev);
		sb->dev->mounted = false;
		blk_unuse(sb->dev);
	}
	kfree(sb);
}

/* A mounted super with its root inode in memory. mount_lock held. */
static int super_make(const char *source, const char *type, bool rdonly, struct super **out)
{
	struct super *sb = kzalloc(sizeof(*sb));
	int ret;

	if (!sb)
		return -ENOMEM;
	mutex_init(&sb->lock);
	sb->rdonly = rdonly;
	sb->source = source;
	ret = find_type(source, type, &sb->ops);
	if (!ret && sb->ops->needs_dev)
		ret = claim_device(sb, source);
	if (ret) {
		super_free(sb);
		return ret;
	}
	mutex_lock(&sb->lock);
	ret = sb->ops->mount(sb);
	if (!ret) {
		ret = inode_get(sb, sb->root_ino, &sb->root);
		if (!ret && !VFS_ISDIR(sb->root->mode)) {
			inode_put(sb->root);
			ret = -EUCLEAN;
		}
		if (ret)
			sb->ops->unmount(sb);
	}
	sb->source = NULL;
	mutex_unlock(&sb->lock);
	if (ret) {
		super_free(sb);
		return ret;
	}
	sb->root->is_root = true;
	*out = sb;
	return 0;
}

/* mount_lock held; covered (with its reference) goes to the table if it worked. */
static int mount_attach(const char *source, const char *path, const char *type, bool rdonly,
			struct inode *covered)
{
	unsigned i = 0;
	struct mount *m;
	int ret;

	if (covered)
		for (i = 1; i < MAX_MOUNTS && mounts[i].sb; i++)
			;
	if (i == MAX_MOUNTS)
		return -ENOSPC;
	m = &mounts[i];
	if (m->sb || (covered && covered->mounted))
		return -EBUSY;
	ret = super_make(source, type, rdonly, &m->sb);
	if (ret)
		return ret;
	m->covered = covered;
	str_copy(m->path, path, sizeof(m->path));
	str_copy(m->source, source ? source : m->sb->ops->name, sizeof(m->source));
	if (covered)
		covered->mounted = m->sb;
	return 0;
}

int vfs_mount(const char *source, const char *path, const char *type, bool rdonly)
{
	struct inode *covered = NULL;
	bool walked = mounts[0].sb != NULL;
	struct walk w;
	int ret = 0;

	if (walked) {
		ret = walk_begin(&w, path, 0);
		if (ret)
			return ret;
		covered = w.inode;
		if (!covered)
			ret = -ENOENT;
		else if (!VFS_ISDIR(covered->mode))
			ret = -ENOTDIR;
		else if (strlen(w.path) >= sizeof(mounts[0].path))
			ret = -ENAMETOOLONG;
	} else if (strcmp(path, "/")) {
		return -ENOENT;
	}
	if (!ret) {
		mutex_lock(&mount_lock);
		ret = mount_attach(source, covered ? w.path : "/", type, rdonly, covered);
		mutex_unlock(&mount_lock);
	}
	if (walked) {
		if (!ret)
			w.inode = NULL;	/* the table has the reference now */
		walk_end(&w);
	}
	return ret;
}

/* Nothing but the mount itself may hold the root, and nothing anything else. */
static bool super_busy(struct super *sb)
{
	return sb->inodes != 1 || sb->root->refs != 1;
}

static int mount_detach(struct mount *m)
{
	struct super *sb = m->sb;
	int ret;

	mutex_lock(&sb->lock);
	if (super_busy(sb)) {
		mutex_unlock(&sb->lock);
		return -EBUSY;
	}
	inode_put(sb->root);
	sb->root = NULL;
	ret = sb->ops->sync ? sb->ops->sync(sb) : 0;
	sb->ops->unmount(sb);
	mutex_unlock(&sb->lock);
	super_free(sb);
	if (m->covered) {
		m->covered->mounted = NULL;
		inode_release(m->covered);
	}
	memset(m, 0, sizeof(*m));
	return ret;
}

void (*vfs_forget)(void);

int vfs_umount(const char *path)
{
	struct mount *m = NULL;
	char *real = kmalloc(VFS_PATH_MAX);
	int ret;

	if (!real)
		return -ENOMEM;
	if (vfs_forget)
		vfs_forget();
	ret = vfs_realpath(path, real);
	mutex_lock(&mount_lock);
	for (unsigned i = 0; !ret && i < MAX_MOUNTS; i++)
		if (mounts[i].sb && !strcmp(mounts[i].path, real))
			m = &mounts[i];
	if (!ret && !m)
		ret = -EINVAL;
	for (unsigned i = 0; !ret && m == &mounts[0] && i < MAX_MOUNTS; i++)
		if (mounts[i].sb && mounts[i].covered)
			ret = -EBUSY;
	if (!ret)
		ret = mount_detach(m);
	mutex_unlock(&mount_lock);
	kfree(real);
	return ret;
}

static int mount_info(unsigned i, struct vfs_mountinfo *info)
{
	for (unsigned k = 0; k < MAX_MOUNTS; k++) {
		struct mount *m = &mounts[k];

		if (!m->sb || i--)
			continue;
		str_copy(info->source, m->source, sizeof(info->source));
		str_copy(info->path, m->path, sizeof(info->path));
		info->type = m->sb->ops->name;
		info->rdonly = m->sb->rdonly;
		return 0;
	}
	return -ENOENT;
}

int vfs_mount_get(unsigned i, struct vfs_mountinfo *info)
{
	int ret;

	mutex_lock(&mount_lock);
	ret = mount_info(i, info);
	mutex_unlock(&mount_lock);
	return ret;
}

int vfs_mount_try_get(unsigned i, struct vfs_mountinfo *info)
{
	int ret;

	if (!mutex_trylock(&mount_lock))
		return -EAGAIN;
	ret = mount_info(i, info);
	mutex_unlock(&mount_lock);
	return ret;
}

int vfs_sync(void)
{
	int ret = 0;

	mutex_lock(&mount_lock);
	for (unsigned i = 0; i < MAX_MOUNTS; i++) {
		struct super *sb = mounts[i].sb;
		int r;

		if (!sb || !sb->ops->sync)
			continue;
		mutex_lock(&sb->lock);
		r = sb->ops->sync(sb);
		mutex_unlock(&sb->lock);
		if (!ret)
			ret = r;
	}
	mutex_unlock(&mount_lock);
	return ret;
}

/* Later mounts may lie on earlier ones, so from the end. A busy one is at least synced. */
void fs_shutdown(void)
{
	mutex_lock(&mount_lock);
	for (int i = MAX_MOUNTS - 1; i >= 0; i--) {
		struct super *sb = mounts[i].sb;

		if (!sb || mount_detach(&mounts[i]) != -EBUSY)
			continue;
		printk("fs: %s is busy, only synced\n", mounts[i].path);
		if (!sb->ops->sync)
			continue;
		mutex_lock(&sb->lock);
		sb->ops->sync(sb);
		mutex_unlock(&sb->lock);
	}
	mutex_unlock(&mount_lock);
}
