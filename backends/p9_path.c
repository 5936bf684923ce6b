/* SPDX-License-Identifier: MIT */
/*
 * From names to descriptors, without ever leaving the shared directory.
 *
 * Called by the operations.  See p9_session.h for the rules.
 */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <p9/9p2000l.h>

int p9_open_below(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int p9_name_check(const char *name)
{
	size_t n = strlen(name);

	if (!n || strchr(name, '/'))
		return -EINVAL;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return -EISDIR;
	return n > P9_NAME_MAX ? -ENAMETOOLONG : 0;
}

int p9_path_join(const char *dir, const char *name, char path[P9_PATH_MAX])
{
	const char *slash;
	int n;

	if (!strcmp(name, "..")) {
		slash = strrchr(dir, '/');
		n = snprintf(path, P9_PATH_MAX, "%.*s", slash ? (int)(slash - dir) : 0, dir);
	} else {
		n = snprintf(path, P9_PATH_MAX, "%s%s%s", dir, *dir ? "/" : "", name);
	}
	return n < (int)P9_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int p9_open_parent(struct p9_session *s, const struct p9_fid *f, const char **name)
{
	char path[P9_PATH_MAX];
	const char *slash = strrchr(f->path, '/');
	int rc;

	if (!*f->path)
		return -EBUSY;
	*name = slash ? slash + 1 : f->path;
	rc = p9_path_join(f->path, "..", path);
	return rc ? rc : p9_open_below(s->root, *path ? path : ".");
}

const char *p9_fd_path(int fd, char buf[P9_FD_PATH_BYTES])
{
	snprintf(buf, P9_FD_PATH_BYTES, "/proc/self/fd/%d", fd);
	return buf;
}

/* Another file system may be mounted below; its inode numbers are moved away from ours. */
void p9_qid_of(const struct p9_session *s, const struct stat *st, struct p9_qid *qid)
{
	qid->type = S_ISDIR(st->st_mode) ? P9_QTDIR : S_ISLNK(st->st_mode) ? P9_QTSYMLINK : 0;
	qid->version = (uint32_t)st->st_mtim.tv_sec ^ (uint32_t)st->st_mtim.tv_nsec;
	qid->path = st->st_ino;
	if (st->st_dev != s->dev)
		qid->path ^= (uint64_t)(st->st_dev ^ s->dev) * 0x9e3779b97f4a7c15u;
}

int p9_qid_at(const struct p9_session *s, int fd, struct p9_qid *qid)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	p9_qid_of(s, &st, qid);
	return 0;
}
