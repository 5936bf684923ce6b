/* SPDX-License-Identifier: MIT */
/* Command: sha256sum, in the format of coreutils; -r for whole trees, -x to stay on
 * one file system. */
#include "cmd.h"
#include "sha256.h"

static int add(void *arg, const uint8_t *buf, size_t n)
{
	sha256_add(arg, buf, n);
	return 0;
}

/* coreutils marks a line whose name has a backslash or newline, and escapes them. */
static void print_name(const char *name)
{
	for (; *name; name++) {
		if (*name == '\\')
			cmd_puts("\\\\");
		else if (*name == '\n')
			cmd_puts("\\n");
		else if (*name == '\r')
			cmd_puts("\\r");
		else
			out_write(name, 1);
	}
}

static int sum(const char *path)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	bool odd = strchr(path, '\\') || strchr(path, '\n') || strchr(path, '\r');
	struct sha256 s;
	int ret;

	sha256_start(&s);
	ret = cmd_read_file(path, add, &s);
	if (ret)
		return ret;
	sha256_end(&s, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (odd)
		cmd_puts("\\");
	cmd_puts(hex);
	cmd_puts("  ");
	if (odd)
		print_name(path);
	else
		cmd_puts(path);
	cmd_puts("\n");
	return 0;
}

static int sum_one(struct tree_walk *w, enum tree_event event, const char *path,
		   const struct vfs_stat *st)
{
	int ret;

	if (event != TREE_ENTRY || !VFS_ISREG(st->mode))
		return 0;
	ret = sum(path);
	if (ret == -EINTR)
		return ret;
	if (ret) {
		cmd_fail("sha256sum", path, ret);
		w->errors++;
	}
	return 0;
}

static int cmd_sha256sum(int argc, char **argv)
{
	struct tree_walk w = { .fn = sum_one, .command = "sha256sum" };
	unsigned options;
	int i = cmd_options(argc, argv, "rx", &options), status = 0;

	if (i < 0 || i == argc) {
		eprintf("usage: sha256sum [-rx] PATH...\n");
		return 2;
	}
	w.one_fs = options & 2;
	for (; i < argc; i++) {
		int ret = options & 1 ? tree_walk(&w, argv[i]) : sum(argv[i]);

		if (ret)
			status = cmd_fail("sha256sum", argv[i], ret);
		if (ret == -EINTR)
			break;
	}
	return status || w.errors;
}
SHELL_COMMAND("sha256sum", cmd_sha256sum, "[-rx] PATH... - checksums of files, -r: of all below, -x: on one file system");
