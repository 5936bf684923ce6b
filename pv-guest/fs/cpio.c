/* SPDX-License-Identifier: MIT */
/*
 * Unpacking an initrd: cpio "newc" (cpio(5)): a header of hexadecimal numbers in ASCII,
 * the name, the data, each padded to 4 bytes; "TRAILER!!!" ends an archive, zeros may follow
 * and then another archive.
 *
 * Called once at boot. The archive is data: every length is checked against what is left.
 */
#include "cpio.h"
#include "ramfs.h"

#define HEADER_BYTES	110U
#define TRAILER		"TRAILER!!!"

/* In the order of the header, after the magic. */
enum { F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_SIZE, F_MAJOR, F_MINOR,
       F_RMAJOR, F_RMINOR, F_NAMESIZE, F_CHECK, F_COUNT };

struct member {
	uint32_t field[F_COUNT];
	const char *name;	/* terminated within the archive */
	const uint8_t *data;
	size_t next;		/* offset of the member after it */
};

/* Names of one file: the first name of each with several, until the unpacking ends. */
struct known {
	struct known *next;
	uint32_t ino, major, minor;
	char path[];
};

static int parse_hex(const uint8_t *s, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned c = s[i], digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return -EINVAL;
		*value = *value << 4 | digit;
	}
	return 0;
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static int parse_member(const uint8_t *archive, size_t bytes, size_t pos, struct member *m)
{
	size_t name_pos = pos + HEADER_BYTES, data_pos;

	if (bytes - pos < HEADER_BYTES || memcmp(archive + pos, "07070", 5) ||
	    (archive[pos + 5] != '1' && archive[pos + 5] != '2'))
		return -EINVAL;
	for (unsigned i = 0; i < F_COUNT; i++)
		if (parse_hex(archive + pos + 6 + 8 * i, &m->field[i]))
			return -EINVAL;
	if (!m->field[F_NAMESIZE] || m->field[F_NAMESIZE] > VFS_PATH_MAX ||
	    m->field[F_NAMESIZE] > bytes - name_pos)
		return -EINVAL;
	m->name = (const char *)archive + name_pos;
	if (m->name[m->field[F_NAMESIZE] - 1])
		return -EINVAL;
	data_pos = align4(name_pos + m->field[F_NAMESIZE]);
	if (data_pos > bytes || m->field[F_SIZE] > bytes - data_pos)
		return -EINVAL;
	m->data = archive + data_pos;
	m->next = MIN(align4(data_pos + m->field[F_SIZE]), bytes);
	return 0;
}

/* The directories above path, which archives may leave out. */
static int make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int ret;

		*slash = 0;
		ret = vfs_mkdir(path, 0755);
		*slash = '/';
		if (ret && ret != -EEXIST)
			return ret;
	}
	return 0;
}

static int make_file(const char *path, const struct member *m)
{
	struct file *f;
	int ret = vfs_open(path, VFS_WRONLY | VFS_CREAT | VFS_TRUNC, m->field[F_MODE], &f);
	int64_t n;

	if (ret)
		return ret;
	ret = ramfs_borrow(f, m->data, m->field[F_SIZE]);
	if (ret == -EINVAL) {
		n = vfs_write(f, m->data, m->field[F_SIZE]);
		ret = n < 0 ? n : n != (int64_t)m->field[F_SIZE] ? -ENOSPC : 0;
	}
	vfs_close(f);
	return ret;
}

static int make_symlink(const char *path, const struct member *m)
{
	char *target = kmalloc(m->field[F_SIZE] + 1UL);
	int ret;

	if (!target)
		return -ENOMEM;
	memcpy(target, m->data, m->field[F_SIZE]);
	target[m->field[F_SIZE]] = 0;
	vfs_unlink(path);
	ret = vfs_symlink(target, path);
	kfree(target);
	return ret;
}

/* Another name of a file that was made? Then it is a link, and data may come with any. */
static int make_linked(struct known **known, const char *path, const struct member *m)
{
	struct known *k;
	int ret;

	for (k = *known; k; k = k->next)
		if (k->ino == m->field[F_INO] && k->major == m->field[F_MAJOR] &&
		    k->minor == m->field[F_MINOR])
			break;
	if (k) {
		ret = vfs_link(k->path, path);
		return ret || !m->field[F_SIZE] ? ret : make_file(path, m);
	}
	k = kmalloc(sizeof(*k) + strlen(path) + 1);
	if (!k)
		return -ENOMEM;
	k->ino = m->field[F_INO];
	k->major = m->field[F_MAJOR];
	k->minor = m->field[F_MINOR];
	str_copy(k->path, path, strlen(path) + 1);
	k->next = *known;
	*known = k;
	return make_file(path, m);
}

static int make_member(struct known **known, char *path, const struct member *m)
{
	uint32_t mode = m->field[F_MODE];
	int ret = make_parents(path);

	if (ret)
		return ret;
	switch (mode & VFS_IFMT) {
	case VFS_IFDIR:
		ret = vfs_mkdir(path, mode);
		return ret == -EEXIST ? 0 : ret;
	case VFS_IFREG:
		return m->field[F_NLINK] > 1 ? make_linked(known, path, m) : make_file(path, m);
	case VFS_IFLNK:
		return make_symlink(path, m);
	case VFS_IFCHR:
	case VFS_IFBLK:
	case VFS_IFIFO:
	case VFS_IFSOCK:
		ret = vfs_mknod(path, mode, m->field[F_RMAJOR] << 8 | m->field[F_RMINOR]);
		return ret == -EEXIST ? 0 : ret;
	}
	return -EINVAL;
}

static int unpack(const uint8_t *archive, size_t bytes, struct known **known, char *path)
{
	for (size_t pos = 0; pos < bytes;) {
		struct member m;
		int ret;

		if (!archive[pos]) {	/* between archives */
			pos++;
			continue;
		}
		ret = parse_member(archive, bytes, pos, &m);
		if (ret) {
			printk("initrd: no cpio archive (newc) at offset %zu\n", pos);
			return ret;
		}
		pos = m.next;
		if (!strcmp(m.name, TRAILER) || !strcmp(m.name, ".") || !strcmp(m.name, "/"))
			continue;
		path[0] = '/';
		if (str_copy(path + 1, m.name, VFS_PATH_MAX - 1) >= VFS_PATH_MAX - 1)
			return -ENAMETOOLONG;
		ret = make_member(known, path, &m);
		if (ret) {
			printk("initrd: %s: error %d\n", path, ret);
			return ret;
		}
	}
	return 0;
}

int cpio_unpack(const void *data, size_t bytes)
{
	struct known *known = NULL, *next;
	char *path = kmalloc(VFS_PATH_MAX);
	int ret;

	if (!path)
		return -ENOMEM;
	ret = unpack(data, bytes, &known, path);
	for (; known; known = next) {
		next = known->next;
		kfree(known);
	}
	kfree(path);
	return ret;
}
