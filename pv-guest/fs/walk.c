/* SPDX-License-Identifier: MIT */
/*
 * From a path to inodes: components, ".", "..", symbolic links, mount points.
 *
 * Called by the path operations of the VFS; takes super.lock for one component at a
 * time. Symbolic links are data from a disk: their number per path is bounded and so is the
 * length of what they expand to, so every walk ends.
 */
#include "vfs_fs.h"

#define WALK_MAX_LINKS	40

static char working_dir[VFS_PATH_MAX] = "/";

const char *vfs_getcwd(void)
{
	return working_dir;
}

/* The canonical path gets one more component, or loses one for "..". */
static int path_append(char *path, struct vname name)
{
	size_t len = strlen(path);

	if (len == 1)
		len = 0;
	if (len + 1 + name.len + 1 > VFS_PATH_MAX)
		return -ENAMETOOLONG;
	path[len] = '/';
	memcpy(path + len + 1, name.s, name.len);
	path[len + 1 + name.len] = 0;
	return 0;
}

static void path_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path)
		slash++;
	*slash = 0;
}

/* Puts what a symbolic link says in front of what is still to do. */
static int walk_link(struct walk *w, struct inode *link)
{
	char *target;
	size_t len;
	int ret;

	if (++w->links > WALK_MAX_LINKS)
		return -ELOOP;
	target = kmalloc(VFS_PATH_MAX);
	if (!target)
		return -ENOMEM;
	mutex_lock(&link->sb->lock);
	ret = link->sb->ops->readlink(link, target, VFS_PATH_MAX);
	mutex_unlock(&link->sb->lock);
	if (ret <= 0) {
		kfree(target);
		return ret ? ret : -ENOENT;
	}
	len = strlen(w->rest);
	if ((size_t)ret + 1 + len + 1 > VFS_PATH_MAX) {
		kfree(target);
		return -ENAMETOOLONG;
	}
	target[ret] = '/';
	memcpy(target + ret + 1, w->rest, len + 1);
	if (!len && !w->must_be_dir)
		target[ret] = 0;
	kfree(w->rest);
	w->rest = target;
	return 0;
}

/* Starts again at the root of everything. */
static int walk_to_root(struct walk *w)
{
	struct inode *root;
	int ret = mount_root(&root);

	if (ret)
		return ret;
	inode_release(w->dir);
	w->dir = root;
	str_copy(w->path, "/", VFS_PATH_MAX);
	return 0;
}

/* Takes the next component off rest; len 0 at the end. more: something follows it. */
static int walk_next(struct walk *w, struct vname *name, bool *more)
{
	char *s = w->rest, *end;

	while (*s == '/')
		s++;
	for (end = s; *end && *end != '/'; end++)
		;
	name->len = end - s;
	if (name->len > VFS_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(w->name, s, name->len);
	w->name[name->len] = 0;
	w->name_len = name->len;
	name->s = w->name;
	w->must_be_dir = *end == '/';
	while (*end == '/')
		end++;
	*more = *end != 0;
	memmove(w->rest, end, strlen(end) + 1);
	return 0;
}

static int lookup_one(struct inode *dir, struct vname name, struct inode **out)
{
	struct super *sb = dir->sb;
	uint64_t ino;
	int ret = -ENOTDIR;

	*out = NULL;
	mutex_lock(&sb->lock);
	if (VFS_ISDIR(dir->mode))
		ret = sb->ops->lookup(dir, name, &ino);
	if (!ret)
		ret = inode_get(sb, ino, out);
	mutex_unlock(&sb->lock);
	if (!ret)
		mount_cross(out);
	return ret;
}

static int walk_up(struct walk *w)
{
	struct vname dotdot = { "..", 2 };
	struct inode *up;
	int ret;

	while (w->dir->is_root)
		if (!mount_up(&w->dir))
			return 0;
	ret = lookup_one(w->dir, dotdot, &up);
	if (ret)
		return ret;
	if (!VFS_ISDIR(up->mode)) {
		inode_release(up);
		return -EUCLEAN;
	}
	inode_release(w->dir);
	w->dir = up;
	path_up(w->path);
	return 0;
}

/* One component that is neither "." nor "..". Sets w->inode at the end of the path. */
static int walk_component(struct walk *w, struct vname name, bool more, unsigned flags)
{
	struct inode *inode;
	bool last = !more;
	int ret = lookup_one(w->dir, name, &inode);

	if (ret == -ENOENT && last)
		return path_append(w->path, name);
	if (ret)
		return ret;
	if (VFS_ISLNK(inode->mode) && (!last || w->must_be_dir || !(flags & WALK_NOFOLLOW))) {
		ret = walk_link(w, inode);
		inode_release(inode);
		if (ret)
			return ret;
		if (w->rest[0] == '/')
			return walk_to_root(w);
		return 0;
	}
	ret = path_append(w->path, name);
	if (ret || last) {
		w->inode = inode;
		if (!ret && w->must_be_dir && !VFS_ISDIR(inode->mode))
			ret = -ENOTDIR;
		return ret;
	}
	inode_release(w->dir);
	w->dir = inode;
	return 0;
}

static int walk_run(struct walk *w, unsigned flags)
{
	struct vname name;
	bool more, link_end;
	int ret;

	for (;;) {
		ret = walk_next(w, &name, &more);
		if (ret)
			return ret;
		if (name.len == 0 || (name.len == 1 && name.s[0] == '.')) {
			ret = 0;
		} else if (name.len == 2 && name.s[0] == '.' && name.s[1] == '.') {
			ret = walk_up(w);
		} else {
			ret = walk_component(w, name, more, flags);
			/* A link at the end left something to do. */
			link_end = !ret && !more && w->rest[0];
			if (ret || (!more && !link_end))
				return ret;
			continue;
		}
		if (ret || !more)
			break;
	}
	if (ret || (flags & WALK_PARENT))
		return ret ? ret : -EINVAL;
	/* The path ended in a directory by itself: "/", "a/..". */
	w->inode = w->dir;
	w->dir = NULL;
	return 0;
}

int walk_begin(struct walk *w, const char *path, unsigned flags)
{
	size_t len = strnlen(path, VFS_PATH_MAX);
	int ret;

	memset(w, 0, sizeof(*w));
	if (!len)
		return -ENOENT;
	if (len >= VFS_PATH_MAX)
		return -ENAMETOOLONG;
	w->path = kmalloc(VFS_PATH_MAX);
	w->rest = kmalloc(VFS_PATH_MAX);
	ret = w->path && w->rest ? walk_to_root(w) : -ENOMEM;
	if (!ret && path[0] != '/' && working_dir[1]) {
		str_copy(w->rest, working_dir, VFS_PATH_MAX);
		ret = walk_run(w, 0);
		if (!ret && (!w->inode || !VFS_ISDIR(w->inode->mode)))
			ret = -ENOENT;
		if (!ret) {
			inode_release(w->dir);
			w->dir = w->inode;
			w->inode = NULL;
			w->links = 0;
		}
	}
	if (!ret) {
		str_copy(w->rest, path, VFS_PATH_MAX);
		ret = walk_run(w, flags);
	}
	if (ret)
		walk_end(w);
	return ret;
}

void walk_end(struct walk *w)
{
	inode_release(w->inode);
	inode_release(w->dir);
	kfree(w->path);
	kfree(w->rest);
	memset(w, 0, sizeof(*w));
}

int vfs_realpath(const char *path, char buf[VFS_PATH_MAX])
{
	struct walk w;
	int ret = walk_begin(&w, path, 0);

	if (ret)
		return ret;
	if (w.inode)
		str_copy(buf, w.path, VFS_PATH_MAX);
	else
		ret = -ENOENT;
	walk_end(&w);
	return ret;
}

int vfs_chdir(const char *path)
{
	struct walk w;
	int ret = walk_begin(&w, path, 0);

	if (ret)
		return ret;
	if (!w.inode)
		ret = -ENOENT;
	else if (!VFS_ISDIR(w.inode->mode))
		ret = -ENOTDIR;
	else
		str_copy(working_dir, w.path, sizeof(working_dir));
	walk_end(&w);
	return ret;
}
