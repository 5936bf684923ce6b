/* SPDX-License-Identifier: MIT */
/* Commands that make and remove: mkdir, rmdir, rm, touch, truncate, chmod. */
#include <pv/time.h>
#include "cmd.h"

/* Every directory on the way. */
static int make_parents(const char *path)
{
	char *copy = kstrdup(path);
	struct vfs_stat st;
	int ret = copy ? 0 : -ENOMEM;

	for (char *p = copy; !ret && p; ) {
		char *slash = strchr(p + 1, '/');

		if (slash)
			*slash = 0;
		ret = vfs_mkdir(copy, 0755);
		if (ret && !vfs_stat(copy, &st) && VFS_ISDIR(st.mode))
			ret = 0;
		if (slash)
			*slash = '/';
		p = slash && slash[1] ? slash : NULL;
	}
	kfree(copy);
	return ret;
}

static int cmd_mkdir(int argc, char **argv)
{
	unsigned options;
	int i = cmd_options(argc, argv, "p", &options), status = 0;

	if (i < 0 || i == argc)
		return 2;
	for (; i < argc; i++) {
		int ret = options ? make_parents(argv[i]) : vfs_mkdir(argv[i], 0755);

		if (ret)
			status = cmd_fail("mkdir", argv[i], ret);
	}
	return status;
}
SHELL_COMMAND("mkdir", cmd_mkdir, "[-p] DIR... - make directories");

static int cmd_rmdir(int argc, char **argv)
{
	int status = argc < 2 ? 2 : 0;

	for (int i = 1; i < argc; i++) {
		int ret = vfs_rmdir(argv[i]);

		if (ret)
			status = cmd_fail("rmdir", argv[i], ret);
	}
	return status;
}
SHELL_COMMAND("rmdir", cmd_rmdir, "DIR... - remove empty directories");

static int remove_one(struct tree_walk *w, enum tree_event event, const char *path,
		      const struct vfs_stat *st)
{
	int ret = event == TREE_ENTER ? 0 : event == TREE_LEAVE ? vfs_rmdir(path) :
								  vfs_unlink(path);

	if (ret) {
		cmd_fail("rm", path, ret);
		w->errors++;
	}
	return 0;
}

static int cmd_rm(int argc, char **argv)
{
	struct tree_walk w = { .fn = remove_one, .command = "rm" };
	unsigned options;
	int i = cmd_options(argc, argv, "rf", &options), status = 0;

	if (i < 0)
		return 2;
	for (; i < argc; i++) {
		int ret = options & 1 ? tree_walk(&w, argv[i]) : vfs_unlink(argv[i]);

		if (ret && !(ret == -ENOENT && (options & 2)))
			status = cmd_fail("rm", argv[i], ret);
	}
	return status || w.errors;
}
SHELL_COMMAND("rm", cmd_rm, "[-rf] PATH... - remove files, -r: whole trees");

static int cmd_touch(int argc, char **argv)
{
	int64_t now = wallclock_ns() / NSEC_PER_SEC;
	int status = argc < 2 ? 2 : 0;

	for (int i = 1; i < argc; i++) {
		int ret = vfs_utimes(argv[i], now, now);
		struct file *f;

		if (ret == -ENOENT) {
			ret = vfs_open(argv[i], VFS_WRONLY | VFS_CREAT, 0644, &f);
			if (!ret)
				vfs_close(f);
		}
		if (ret)
			status = cmd_fail("touch", argv[i], ret);
	}
	return status;
}
SHELL_COMMAND("touch", cmd_touch, "FILE... - make files, or set their times to now");

static int cmd_truncate(int argc, char **argv)
{
	uint64_t size;
	int ret;

	if (argc != 3 || parse_u64(argv[1], &size)) {
		eprintf("usage: truncate BYTES FILE\n");
		return 2;
	}
	ret = vfs_truncate(argv[2], size);
	return ret ? cmd_fail("truncate", argv[2], ret) : 0;
}
SHELL_COMMAND("truncate", cmd_truncate, "BYTES FILE - set a file's size");

static int cmd_chmod(int argc, char **argv)
{
	unsigned mode = 0;
	int status = 0;

	for (const char *c = argc > 2 ? argv[1] : "x"; *c; c++) {
		if (*c < '0' || *c > '7' || mode > 0777) {
			eprintf("usage: chmod OCTAL FILE...\n");
			return 2;
		}
		mode = mode * 8 + (*c - '0');
	}
	for (int i = 2; i < argc; i++) {
		int ret = vfs_chmod(argv[i], mode);

		if (ret)
			status = cmd_fail("chmod", argv[i], ret);
	}
	return status;
}
SHELL_COMMAND("chmod", cmd_chmod, "OCTAL FILE... - set permission bits");
