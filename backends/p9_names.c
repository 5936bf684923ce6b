/* SPDX-License-Identifier: MIT */
/* Making, moving and removing names: Tsymlink, Tmknod, Tmkdir, Tlink, Trename, Trenameat, Tunlinkat. */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <p9/9p2000l.h>

struct place {
	struct p9_fid *dir;
	char name[P9_NAME_MAX + 1];
};

static void place_in(struct p9_session *s, struct p9_in *in, struct place *p)
{
	p->dir = p9_fid_find(s, p9_u32(in));
	p9_string(in, p->name, sizeof(p->name));
}

/* After all fields are read. */
static int place_check(const struct p9_in *in, const struct place *p)
{
	if (in->bad)
		return -EINVAL;
	if (!p->dir)
		return -EBADF;
	return p->dir->qid.type & P9_QTDIR ? p9_name_check(p->name) : -ENOTDIR;
}

/* What was made answers with its qid. */
static int made(struct p9_session *s, const struct place *p, struct p9_out *out)
{
	int fd = p9_open_below(p->dir->fd, p->name);
	struct p9_qid qid;
	int rc = fd < 0 ? fd : p9_qid_at(s, fd, &qid);

	if (fd >= 0)
		close(fd);
	if (!rc)
		p9_put_qid(out, &qid);
	return rc;
}

int p9_symlink(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	char target[P9_PATH_MAX];
	struct place p;
	int rc;

	place_in(s, in, &p);
	p9_string(in, target, sizeof(target));
	p9_u32(in);	/* gid */
	rc = place_check(in, &p);
	if (!rc && symlinkat(target, p.dir->fd, p.name))
		rc = -errno;
	return rc ? rc : made(s, &p, out);
}

/* Regular files, FIFOs and sockets: names that give nobody on the host a device. */
int p9_mknod(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct place p;
	uint32_t mode;
	int rc;

	place_in(s, in, &p);
	mode = p9_u32(in);
	p9_u32(in);	/* major, minor, gid */
	p9_u32(in);
	p9_u32(in);
	rc = place_check(in, &p);
	if (!rc && !S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
		rc = -EPERM;
	if (!rc && mknodat(p.dir->fd, p.name, (mode & S_IFMT) | (mode & 0777), 0))
		rc = -errno;
	return rc ? rc : made(s, &p, out);
}

int p9_mkdir(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct place p;
	uint32_t mode;
	int rc;

	place_in(s, in, &p);
	mode = p9_u32(in);
	p9_u32(in);	/* gid */
	rc = place_check(in, &p);
	if (!rc && mkdirat(p.dir->fd, p.name, mode & 01777))
		rc = -errno;
	return rc ? rc : made(s, &p, out);
}

int p9_link(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct place p = { .dir = p9_fid_find(s, p9_u32(in)) };
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	char path[P9_FD_PATH_BYTES];
	int rc;

	p9_string(in, p.name, sizeof(p.name));
	rc = place_check(in, &p);
	if (!rc && !f)
		rc = -EBADF;
	if (!rc && linkat(AT_FDCWD, p9_fd_path(f->fd, path), p.dir->fd, p.name, AT_SYMLINK_FOLLOW))
		rc = -errno;
	return rc;
}

/* from is a path of the shared directory, old its last part in the directory at fromfd. */
static int move(struct p9_session *s, int fromfd, const char *old, const char *from, const struct place *to)
{
	char path[P9_PATH_MAX];
	int rc = p9_path_join(to->dir->path, to->name, path);

	if (!rc && renameat(fromfd, old, to->dir->fd, to->name))
		rc = -errno;
	if (!rc)
		p9_fid_renamed(s, from, path);
	return rc;
}

int p9_rename(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	char from[P9_PATH_MAX];
	struct place to;
	const char *name;
	int rc, dir;

	place_in(s, in, &to);
	rc = place_check(in, &to);
	if (!rc && !f)
		rc = -EBADF;
	if (rc)
		return rc;
	dir = p9_open_parent(s, f, &name);
	if (dir < 0)
		return dir;
	strcpy(from, f->path);
	rc = move(s, dir, from + (name - f->path), from, &to);
	close(dir);
	return rc;
}

int p9_renameat(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct place from, to;
	char path[P9_PATH_MAX];
	int rc;

	place_in(s, in, &from);
	place_in(s, in, &to);
	rc = place_check(in, &from);
	if (!rc)
		rc = place_check(in, &to);
	if (!rc)
		rc = p9_path_join(from.dir->path, from.name, path);
	return rc ? rc : move(s, from.dir->fd, from.name, path, &to);
}

int p9_unlinkat(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct place p;
	uint32_t flags;
	int rc;

	place_in(s, in, &p);
	flags = p9_u32(in);
	rc = place_check(in, &p);
	if (!rc && (flags & ~P9_UNLINK_DIR))
		rc = -EINVAL;
	if (!rc && unlinkat(p.dir->fd, p.name, flags ? AT_REMOVEDIR : 0))
		rc = -errno;
	return rc;
}
