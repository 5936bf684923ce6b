/* SPDX-License-Identifier: MIT */
/* Commands: ls stat find pwd cd. */
#include <pv/time.h>
#include "cmd.h"

#define LS_LONG	1U
#define LS_ALL	2U

static void print_time(int64_t t)
{
	struct datetime d;

	datetime_from_unix(t < 0 ? 0 : t, &d);
	printf("%04d-%02d-%02d %02d:%02d:%02d", d.year, d.month, d.day, d.hour, d.minute, d.second);
}

static void print_link(const char *path)
{
	char *target = kmalloc(VFS_PATH_MAX);

	if (target && vfs_readlink(path, target, VFS_PATH_MAX) >= 0) {
		cmd_puts(" -> ");
		cmd_puts(target);
	}
	kfree(target);
}

static int list_one(const char *path, const char *name, unsigned options)
{
	struct vfs_stat st;
	char mode[11];
	int ret = vfs_lstat(path, &st);

	if (ret)
		return cmd_fail("ls", path, ret);
	if (options & LS_LONG) {
		cmd_mode(mode, st.mode);
		printf("%s %3u %4u %4u %10llu ", mode, st.nlink, st.uid, st.gid,
		       (unsigned long long)st.size);
		print_time(st.mtime);
		cmd_puts(" ");
	}
	cmd_puts(name);
	if ((options & LS_LONG) && VFS_ISLNK(st.mode))
		print_link(path);
	cmd_puts("\n");
	return 0;
}

static int list_dir(const char *dir, unsigned options)
{
	char **names, *path = kmalloc(VFS_PATH_MAX);
	unsigned count;
	int status = 0, ret = path ? cmd_list_dir(dir, &names, &count) : -ENOMEM;

	if (ret) {
		kfree(path);
		return cmd_fail("ls", dir, ret);
	}
	for (unsigned i = 0; i < count && !console_interrupted(); i++) {
		if (names[i][0] == '.' && !(options & LS_ALL))
			continue;
		if (cmd_join(path, dir, names[i]))
			status = cmd_fail("ls", names[i], -ENAMETOOLONG);
		else
			status |= list_one(path, names[i], options);
	}
	kfree(names);
	kfree(path);
	return status;
}

static int cmd_ls(int argc, char **argv)
{
	static char *here[] = { ".", NULL };
	unsigned options;
	int first = cmd_options(argc, argv, "la", &options), status = 0;
	char **paths = first < argc ? argv + first : here;

	if (first < 0)
		return 2;
	for (char **p = paths; *p; p++) {
		struct vfs_stat st;
		int ret = (options & LS_LONG) ? vfs_lstat(*p, &st) : vfs_stat(*p, &st);

		if (ret)
			status |= cmd_fail("ls", *p, ret);
		else if (!VFS_ISDIR(st.mode))
			status |= list_one(*p, *p, options);
		else {
			if (paths[1])
				printf("%s:\n", *p);
			status |= list_dir(*p, options);
		}
	}
	return status;
}
SHELL_COMMAND("ls", cmd_ls, "[-la] [PATH]... - list a directory");

static int cmd_stat(int argc, char **argv)
{
	int status = argc < 2 ? 2 : 0;

	for (int i = 1; i < argc; i++) {
		struct vfs_stat st;
		char mode[11];
		int ret = vfs_lstat(argv[i], &st);

		if (ret) {
			status = cmd_fail("stat", argv[i], ret);
			continue;
		}
		cmd_mode(mode, st.mode);
		cmd_puts(argv[i]);
		printf("\n  inode %llu size %llu blocks %llu links %u mode %04o %s uid %u gid %u\n",
		       (unsigned long long)st.ino, (unsigned long long)st.size,
		       (unsigned long long)st.blocks, st.nlink, st.mode & 07777, mode, st.uid, st.gid);
		cmd_puts("  modified ");
		print_time(st.mtime);
		cmd_puts(" changed ");
		print_time(st.ctime);
		cmd_puts(" accessed ");
		print_time(st.atime);
		cmd_puts("\n");
	}
	return status;
}
SHELL_COMMAND("stat", cmd_stat, "PATH... - what is known of a file");

/* "*" and "?" as in the shell. */
static bool matches(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

struct find {
	const char *name;
	char type;
};

static int find_one(struct tree_walk *w, enum tree_event event, const char *path,
		    const struct vfs_stat *st)
{
	const struct find *f = w->arg;
	char mode[11];

	if (event == TREE_LEAVE)
		return 0;
	cmd_mode(mode, st->mode);
	if (f->type && f->type != (mode[0] == '-' ? 'f' : mode[0]))
		return 0;
	if (f->name && !matches(f->name, cmd_base(path)))
		return 0;
	cmd_puts(path);
	cmd_puts("\n");
	return 0;
}

static int cmd_find(int argc, char **argv)
{
	struct find f = { 0 };
	struct tree_walk w = { .fn = find_one, .arg = &f, .command = "find" };
	const char *dir = ".";
	int i = 1, ret;

	if (i < argc && argv[i][0] != '-')
		dir = argv[i++];
	for (; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "-name"))
			f.name = argv[i + 1];
		else if (!strcmp(argv[i], "-type"))
			f.type = argv[i + 1][0];
		else
			break;
	}
	if (i < argc) {
		eprintf("find: what is %s?\n", argv[i]);
		return 2;
	}
	ret = tree_walk(&w, dir);
	if (ret)
		return cmd_fail("find", dir, ret);
	return w.errors != 0;
}
SHELL_COMMAND("find", cmd_find, "[DIR] [-name PATTERN] [-type f|d|l] - names below a directory");

static int cmd_pwd(int argc, char **argv)
{
	cmd_puts(vfs_getcwd());
	cmd_puts("\n");
	return 0;
}
SHELL_COMMAND("pwd", cmd_pwd, "- the working directory");

static int cmd_cd(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "/";
	int ret = vfs_chdir(dir);

	return ret ? cmd_fail("cd", dir, ret) : 0;
}
SHELL_COMMAND("cd", cmd_cd, "[DIR] - change the working directory");
