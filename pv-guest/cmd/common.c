/* SPDX-License-Identifier: MIT */
/* What the file commands share: messages, options, paths. */
#include "cmd.h"

int cmd_fail(const char *name, const char *path, int err)
{
	eprintf("%s: %s: %s\n", name, path, error_text(err));
	return 1;
}

void cmd_puts(const char *s)
{
	out_write(s, strlen(s));
}

int cmd_join(char path[VFS_PATH_MAX], const char *dir, const char *name)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (len + 1 + strlen(name) + 1 > VFS_PATH_MAX)
		return -ENAMETOOLONG;
	memmove(path, dir, len);
	if (len && path[len - 1] != '/')
		path[len++] = '/';
	memmove(path + len, name, strlen(name) + 1);
	return 0;
}

const char *cmd_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

int cmd_options(int argc, char **argv, const char *allowed, unsigned *options)
{
	int i;

	*options = 0;
	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (!strcmp(argv[i], "--"))
			return i + 1;
		for (const char *c = argv[i] + 1; *c; c++) {
			const char *found = strchr(allowed, *c);

			if (!found) {
				eprintf("%s: no option -%c\n", argv[0], *c);
				return -1;
			}
			*options |= 1U << (found - allowed);
		}
	}
	return i;
}

void cmd_mode(char text[11], uint32_t mode)
{
	static const char bits[] = "rwxrwxrwx";

	memcpy(text, "?---------", 11);
	switch (mode & VFS_IFMT) {
	case VFS_IFREG: text[0] = '-'; break;
	case VFS_IFDIR: text[0] = 'd'; break;
	case VFS_IFLNK: text[0] = 'l'; break;
	case VFS_IFCHR: text[0] = 'c'; break;
	case VFS_IFBLK: text[0] = 'b'; break;
	case VFS_IFIFO: text[0] = 'p'; break;
	case VFS_IFSOCK: text[0] = 's'; break;
	}
	for (unsigned i = 0; i < 9; i++)
		if (mode & (0400U >> i))
			text[1 + i] = bits[i];
	if (mode & 04000)
		text[3] = mode & 0100 ? 's' : 'S';
	if (mode & 02000)
		text[6] = mode & 0010 ? 's' : 'S';
	if (mode & 01000)
		text[9] = mode & 0001 ? 't' : 'T';
}

int cmd_target(char path[VFS_PATH_MAX], const char *from, const char *to)
{
	struct vfs_stat st;

	if (!vfs_stat(to, &st) && VFS_ISDIR(st.mode))
		return cmd_join(path, to, cmd_base(from));
	return str_copy(path, to, VFS_PATH_MAX) < VFS_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int cmd_read_file(const char *path, int (*fn)(void *arg, const uint8_t *buf, size_t n), void *arg)
{
	struct file *f;
	uint8_t *buf;
	int64_t n;
	int ret = vfs_open(path, VFS_RDONLY, 0, &f);

	if (ret)
		return ret;
	buf = kmalloc(CMD_BUF_BYTES);
	ret = buf ? 0 : -ENOMEM;
	while (!ret) {
		n = vfs_read(f, buf, CMD_BUF_BYTES);
		if (n <= 0) {
			ret = n;
			break;
		}
		ret = fn(arg, buf, n);
		if (!ret && console_interrupted())
			ret = -EINTR;
	}
	kfree(buf);
	vfs_close(f);
	return ret;
}

int cmd_size(const char *s, uint64_t *value)
{
	char digits[24];
	size_t len = strlen(s);
	unsigned shift = 0;
	int ret;

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	str_copy(digits, s, sizeof(digits));
	switch (digits[len - 1]) {
	case 'k': case 'K': shift = 10; break;
	case 'm': case 'M': shift = 20; break;
	case 'g': case 'G': shift = 30; break;
	}
	if (shift)
		digits[len - 1] = 0;
	ret = parse_u64(digits, value);
	if (!ret && *value > UINT64_MAX >> shift)
		return -ERANGE;
	*value <<= shift;
	return ret;
}
