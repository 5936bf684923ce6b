/* SPDX-License-Identifier: MIT */
/* Images made and judged by the host's tools: see image.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pv/vfs.h>
#include "image.h"

#define BUF_BYTES (1 << 20)

static char dir_name[128];
bool image_compare_times = true;

const char *image_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!dir_name[0]) {
		/* Thousands of small files: memory is kinder than a disk. */
		if (!tmp)
			tmp = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
		snprintf(dir_name, sizeof(dir_name), "%s/guestfs.XXXXXX", tmp);
		if (!mkdtemp(dir_name))
			abort();
	}
	return dir_name;
}

const char *image_path(const char *name)
{
	static char bufs[64][256];
	static unsigned next;
	char *buf = bufs[next++ % 64];

	snprintf(buf, sizeof(bufs[0]), "%s/%s", image_dir(), name);
	return buf;
}

int image_run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	int status;

	va_start(ap, fmt);
	strcpy(command, "PATH=$PATH:/usr/sbin:/sbin; ");
	vsnprintf(command + strlen(command), sizeof(command) - strlen(command), fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void image_cleanup(void)
{
	if (dir_name[0])
		image_run("rm -rf %s", dir_name);
	dir_name[0] = 0;
}

/* Contents that differ everywhere, so that a swapped block shows. */
static void fill(uint8_t *p, size_t n, uint64_t pos, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = ((pos + i) >> 10) * 31 + (pos + i) * 7 + seed;
}

static void file(const char *dir, const char *name, uint64_t hole, size_t bytes)
{
	static uint8_t buf[BUF_BYTES];
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	if (fd < 0)
		abort();
	for (size_t done = 0, len; done < bytes; done += len) {
		len = bytes - done < BUF_BYTES ? bytes - done : BUF_BYTES;
		fill(buf, len, hole + done, strlen(name));
		if (pwrite(fd, buf, len, hole + done) != (ssize_t)len)
			abort();
	}
	close(fd);
}

static void make_links(const char *dir)
{
	char path[1024], from[1024], target[512];

	memset(target, 't', sizeof(target));
	target[200] = 0;
	snprintf(path, sizeof(path), "%s/link-long", dir);
	symlink(target, path);
	target[60] = 0;
	snprintf(path, sizeof(path), "%s/link-60", dir);
	symlink(target, path);
	target[59] = 0;
	snprintf(path, sizeof(path), "%s/link-59", dir);
	symlink(target, path);
	snprintf(path, sizeof(path), "%s/link-file", dir);
	symlink("small", path);
	snprintf(path, sizeof(path), "%s/link-up", dir);
	symlink("../deep/../many", path);
	snprintf(from, sizeof(from), "%s/small", dir);
	snprintf(path, sizeof(path), "%s/hard", dir);
	link(from, path);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	mkfifo(path, 0600);
}

static void make_dirs(const char *dir)
{
	char path[4096], name[300];
	size_t n;

	snprintf(path, sizeof(path), "%s/many", dir);
	mkdir(path, 0755);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "entry-%u-%.*s", i, (int)(i % 40),
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		file(path, name, 0, i % 50 ? 0 : i);
	}
	n = snprintf(path, sizeof(path), "%s/deep", dir);
	mkdir(path, 0700);
	for (unsigned i = 0; i < 60; i++) {
		n += snprintf(path + n, sizeof(path) - n, "/d%u", i);
		mkdir(path, 0711);
	}
	file(path, "bottom", 0, 5000);
	snprintf(path, sizeof(path), "%s/empty", dir);
	mkdir(path, 0755);
	memset(name, 'n', 255);
	name[255] = 0;
	file(path, name, 0, 1);
	unlink(path);
}

const char *image_tree(const char *name)
{
	const char *dir = image_path(name);

	mkdir(dir, 0755);
	file(dir, "zero", 0, 0);
	file(dir, "one", 0, 1);
	file(dir, "small", 0, 777);
	file(dir, "direct", 0, 12 * 1024);
	file(dir, "single", 0, 300 * 1024 + 1);
	file(dir, "double", 0, 5 * 1024 * 1024 + 123);
	/* Behind 12 + 256 + 65,536 blocks of 1 KiB the triple indirect ones begin. */
	file(dir, "triple", 65800UL * 1024, 64 * 1024);
	file(dir, "sparse", 3 * 1024 * 1024 + 5, 70000);
	file(dir, "with space and \xc3\xa4", 0, 10);
	make_links(dir);
	make_dirs(dir);
	return dir;
}

const char *image_make(const char *name, unsigned kib, unsigned block_size, const char *tree,
		       const char *options)
{
	const char *path = image_path(name);

	/* No -F: a regular file needs none; the file system's UUID and hash seed do not matter. */
	if (image_run("mke2fs -q -b %u %s %s%s %s %uk >/dev/null",
		      block_size, options, tree ? "-d " : "", tree ? tree : "", path, kib))
		return NULL;
	return path;
}

int image_check(const char *path)
{
	int ret = image_run("e2fsck -fn %s > %s 2>&1", path,
			    image_path("fsck.out"));

	if (ret)
		image_run("cat %s", image_path("fsck.out"));
	return ret;
}

static int differ(const char *path, const char *what)
{
	printf("%s: %s\n", path, what);
	return 1;
}

static int compare_contents(const char *host, const char *guest)
{
	static uint8_t a[BUF_BYTES], b[BUF_BYTES];
	int fd = open(host, O_RDONLY), ret = 0;
	struct file *f;
	ssize_t n;

	if (fd < 0 || vfs_open(guest, VFS_RDONLY, 0, &f))
		return differ(guest, "does not open");
	do {
		n = read(fd, a, sizeof(a));
		if (vfs_read(f, b, sizeof(b)) != n || memcmp(a, b, n))
			ret = differ(guest, "contents");
	} while (n > 0 && !ret);
	vfs_close(f);
	close(fd);
	return ret;
}

static int compare_link(const char *host, const char *guest)
{
	char a[4096], b[4096];
	ssize_t n = readlink(host, a, sizeof(a));

	return vfs_readlink(guest, b, sizeof(b)) == n && !memcmp(a, b, n) ? 0 :
		differ(guest, "link");
}

static unsigned count_host(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

static unsigned count_guest(const char *dir)
{
	struct vfs_dirent d;
	struct file *f;
	unsigned n = 0;

	if (vfs_open(dir, VFS_DIRECTORY, 0, &f))
		return 0;
	while (vfs_readdir(f, &d) == 1)
		if (strcmp(d.name, "lost+found"))
			n++;
	vfs_close(f);
	return n;
}

static int compare_dir(const char *host, const char *guest)
{
	DIR *d = opendir(host);
	struct dirent *e;
	int ret = 0;

	if (count_host(host) != count_guest(guest))
		ret = differ(guest, "number of entries");
	while (d && (e = readdir(d))) {
		char h[8192], g[8192];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(h, sizeof(h), "%s/%s", host, e->d_name);
		snprintf(g, sizeof(g), "%s/%s", strcmp(guest, "/") ? guest : "", e->d_name);
		ret += image_compare(h, g);
	}
	closedir(d);
	return ret;
}

int image_compare(const char *dir, const char *at)
{
	struct vfs_stat g;
	struct stat h;
	int ret = 0, r;

	if (lstat(dir, &h))
		return differ(dir, "is not there");
	r = vfs_lstat(at, &g);
	if (r)
		return differ(at, strerror(-r));
	if (strcmp(at, "/") && h.st_mode != g.mode)
		ret += differ(at, "mode");
	if (strcmp(at, "/") && image_compare_times && h.st_mtime != g.mtime)
		ret += differ(at, "mtime");
	if (S_ISREG(h.st_mode))
		ret += (uint64_t)h.st_size != g.size ? differ(at, "size") :
						       compare_contents(dir, at);
	if (!S_ISDIR(h.st_mode) && h.st_nlink != g.nlink)
		ret += differ(at, "links");
	if (S_ISLNK(h.st_mode))
		ret += compare_link(dir, at);
	if (S_ISDIR(h.st_mode))
		ret += compare_dir(dir, at);
	return ret;
}
