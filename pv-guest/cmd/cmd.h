/* SPDX-License-Identifier: MIT */
/* What the file commands share. */
#ifndef PV_CMD_H
#define PV_CMD_H

#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/vfs.h>

#define CMD_BUF_BYTES	(256U << 10)

/* "NAME: PATH: what went wrong"; returns 1, the exit status. */
int cmd_fail(const char *name, const char *path, int err);
/* Prints what printf's line buffer may be too short for. */
void cmd_puts(const char *s);
/* dir + "/" + name; -ENAMETOOLONG. */
int cmd_join(char path[VFS_PATH_MAX], const char *dir, const char *name);
/* A number, k, M or G may stand behind it. 0, -EINVAL, -ERANGE. */
int cmd_size(const char *s, uint64_t *value);
/* The last component of a path. */
const char *cmd_base(const char *path);
/* Options "-abc" at the front of argv, each letter one of allowed, as bits in the order
 * of allowed. Returns the index of the first other word, or -1 after a complaint. */
int cmd_options(int argc, char **argv, const char *allowed, unsigned *options);
/* "drwxr-xr-x" */
void cmd_mode(char text[11], uint32_t mode);
/* Where a copy of `from` to `to` goes: into it if it is a directory. */
int cmd_target(char path[VFS_PATH_MAX], const char *from, const char *to);
/* Calls fn(buf, n) with the contents, piece by piece. 0 or the first error, fn's too. */
int cmd_read_file(const char *path, int (*fn)(void *arg, const uint8_t *buf, size_t n), void *arg);

/* A walk over everything below a directory, each directory once even if a damaged disk
 * has it in several places. Entries in the order of their names. */
enum tree_event { TREE_ENTRY, TREE_ENTER, TREE_LEAVE };
struct tree_walk {
	/* path is absolute or as given; ENTER and LEAVE surround a directory, all else is an
	 * ENTRY. Non-zero ends the walk. */
	int (*fn)(struct tree_walk *w, enum tree_event event, const char *path,
		  const struct vfs_stat *st);
	void *arg;
	const char *command;	/* for complaints */
	bool one_fs;		/* do not enter what is mounted below */
	unsigned errors;	/* things that could not be read: said, counted, skipped */
};
/* 0, what fn returned, -EINTR after ^C, or -errno. */
int tree_walk(struct tree_walk *w, const char *path);

/* The names of a directory without "." and "..", sorted. kfree(*names) frees all. */
int cmd_list_dir(const char *path, char ***names, unsigned *count);

#endif
