/* SPDX-License-Identifier: MIT */
/* Commands: cp, mv, ln. */
#include "cmd.h"

static int write_all(void *arg, const uint8_t *buf, size_t n)
{
	int64_t ret = vfs_write(arg, buf, n);

	return ret < 0 ? ret : (size_t)ret < n ? -ENOSPC : 0;
}

static int same_file(const char *a, const char *b)
{
	struct vfs_stat sa, sb;

	return !vfs_stat(a, &sa) && !vfs_stat(b, &sb) && sa.ino == sb.ino && sa.dev == sb.dev;
}

static int copy_file(const char *from, const char *to, const struct vfs_stat *st)
{
	struct file *f;
	int ret;

	if (same_file(from, to))
		return -EINVAL;
	ret = vfs_open(to, VFS_WRONLY | VFS_CREAT | VFS_TRUNC, st->mode, &f);
	if (ret)
		return ret;
	ret = cmd_read_file(from, write_all, f);
	vfs_close(f);
	return ret;
}

static int copy_link(const char *from, const char *to)
{
	char *target = kmalloc(VFS_PATH_MAX);
	int ret = target ? vfs_readlink(from, target, VFS_PATH_MAX) : -ENOMEM;

	if (ret >= 0)
		ret = vfs_symlink(target, to);
	kfree(target);
	return ret;
}

struct copy {
	const char *from, *to;
	char path[VFS_PATH_MAX];
};

static int copy_one(struct tree_walk *w, enum tree_event event, const char *path,
		    const struct vfs_stat *st)
{
	struct copy *c = w->arg;
	const char *below = path + strlen(c->from);
	int ret;

	if (event == TREE_LEAVE)
		return 0;
	while (*below == '/')
		below++;
	ret = *below ? cmd_join(c->path, c->to, below) :
	      str_copy(c->path, c->to, VFS_PATH_MAX) < VFS_PATH_MAX ? 0 : -ENAMETOOLONG;
	if (!ret && event == TREE_ENTER)
		ret = vfs_mkdir(c->path, st->mode);
	else if (!ret && VFS_ISREG(st->mode))
		ret = copy_file(path, c->path, st);
	else if (!ret && VFS_ISLNK(st->mode))
		ret = copy_link(path, c->path);
	else if (!ret)
		ret = vfs_mknod(c->path, st->mode, st->rdev);
	if (ret == -EEXIST && event == TREE_ENTER)
		ret = 0;
	if (ret)
		cmd_fail("cp", c->path, ret);
	return ret;
}

/* A directory into itself would never end. */
static bool inside(const char *dir, const char *path)
{
	char *d = kmalloc(VFS_PATH_MAX), *p = kmalloc(VFS_PATH_MAX);
	bool ret = false;
	size_t len;

	if (d && p && !vfs_realpath(dir, d)) {
		char *slash;

		/* The target need not exist: look at what it would be in. */
		str_copy(p, path, VFS_PATH_MAX);
		while (vfs_realpath(p, p) == -ENOENT && (slash = strrchr(p, '/')) && slash != p)
			*slash = 0;
		len = strlen(d);
		ret = p[0] == '/' && !strncmp(p, d, len) && (p[len] == '/' || !p[len] || len == 1);
	}
	kfree(d);
	kfree(p);
	return ret;
}

static int copy_tree(const char *from, const char *to)
{
	struct copy *c = kzalloc(sizeof(*c));
	struct tree_walk w = { .fn = copy_one, .arg = c, .command = "cp" };
	int ret = c ? 0 : -ENOMEM;

	if (!ret && inside(from, to))
		ret = -EINVAL;
	if (!ret) {
		c->from = from;
		c->to = to;
		ret = tree_walk(&w, from);
	}
	kfree(c);
	return ret ? ret : w.errors ? -EIO : 0;
}

static int copy_path(const char *from, const char *to, bool recursive)
{
	struct vfs_stat st;
	int ret = vfs_stat(from, &st);

	if (ret)
		return ret;
	if (VFS_ISDIR(st.mode))
		return recursive ? copy_tree(from, to) : -EISDIR;
	return copy_file(from, to, &st);
}

static int move_path(const char *from, const char *to)
{
	struct vfs_stat st;
	int ret = vfs_rename(from, to);

	if (ret != -EXDEV)
		return ret;
	ret = vfs_lstat(from, &st);
	if (ret || !VFS_ISREG(st.mode))
		return ret ? ret : -EXDEV;
	ret = copy_file(from, to, &st);
	if (!ret)
		ret = vfs_utimes(to, st.atime, st.mtime);
	return ret ? ret : vfs_unlink(from);
}

enum what { COPY, COPY_TREE, MOVE, LINK, SYMLINK };

static int do_one(enum what what, const char *from, const char *to)
{
	switch (what) {
	case COPY:
	case COPY_TREE:
		return copy_path(from, to, what == COPY_TREE);
	case MOVE:
		return move_path(from, to);
	case LINK:
		return vfs_link(from, to);
	case SYMLINK:
		return vfs_symlink(from, to);
	}
	return -EINVAL;
}

/* FROM... TO: several FROMs need a directory. */
static int run(const char *name, enum what what, int n, char **args)
{
	char *target;
	struct vfs_stat st;
	int status = 0, ret;

	if (n < 2) {
		eprintf("usage: %s FROM... TO\n", name);
		return 2;
	}
	if (n > 2) {
		ret = vfs_stat(args[n - 1], &st);
		if (ret || !VFS_ISDIR(st.mode))
			return cmd_fail(name, args[n - 1], ret ? ret : -ENOTDIR);
	}
	target = kmalloc(VFS_PATH_MAX);
	if (!target)
		return cmd_fail(name, args[n - 1], -ENOMEM);
	for (int i = 0; i < n - 1; i++) {
		ret = cmd_target(target, args[i], args[n - 1]);
		if (!ret)
			ret = do_one(what, args[i], target);
		if (ret)
			status = cmd_fail(name, args[i], ret);
	}
	kfree(target);
	return status;
}

static int cmd_cp(int argc, char **argv)
{
	unsigned options;
	int first = cmd_options(argc, argv, "r", &options);

	return first < 0 ? 2 : run("cp", options ? COPY_TREE : COPY, argc - first, argv + first);
}
SHELL_COMMAND("cp", cmd_cp, "[-r] FROM... TO - copy files");

static int cmd_mv(int argc, char **argv)
{
	return run("mv", MOVE, argc - 1, argv + 1);
}
SHELL_COMMAND("mv", cmd_mv, "FROM... TO - rename or move");

static int cmd_ln(int argc, char **argv)
{
	unsigned options;
	int first = cmd_options(argc, argv, "s", &options);

	return first < 0 ? 2 : run("ln", options ? SYMLINK : LINK, argc - first, argv + first);
}
SHELL_COMMAND("ln", cmd_ln, "[-s] TARGET NAME - make a link");
