/* SPDX-License-Identifier: MIT */
/* Twalk, Tclunk, Tremove: getting at files by name, and letting go of them. */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <p9/9p2000l.h>

/* One name further from *fd, which is replaced, as is path.  0 or -errno, then both are as before. */
static int step(struct p9_session *s, const char *name, int *fd, char path[P9_PATH_MAX])
{
	char next[P9_PATH_MAX];
	int rc, to;

	if (!strcmp(name, "."))
		strcpy(next, path);
	else if (strcmp(name, "..") && (rc = p9_name_check(name)))
		return rc == -EISDIR ? -EINVAL : rc;
	else if ((rc = p9_path_join(path, name, next)))
		return rc;
	/* Up goes from the top, as only there is a way that cannot leave what is shared. */
	if (!strcmp(name, ".."))
		to = p9_open_below(s->root, *next ? next : ".");
	else
		to = p9_open_below(*fd, name);
	if (to < 0)
		return to;
	close(*fd);
	*fd = to;
	strcpy(path, next);
	return 0;
}

/* All names, with the qids of as many as there are: 0 if that is all of them or, of several, at least one. */
static int steps(struct p9_session *s, struct p9_in *in, unsigned int n, struct p9_out *out, int *fd,
		 char path[P9_PATH_MAX], unsigned int *done)
{
	char name[P9_NAME_MAX + 1];
	struct p9_qid qid;
	int rc = 0;

	for (*done = 0; !rc && *done < n; ++*done) {
		p9_string(in, name, sizeof(name));
		rc = in->bad ? -EINVAL : step(s, name, fd, path);
		if (!rc)
			rc = p9_qid_at(s, *fd, &qid);
		if (rc)
			break;
		p9_put_qid(out, &qid);
	}
	return *done ? 0 : rc;
}

int p9_walk(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in)), *new;
	uint32_t newid = p9_u32(in);
	unsigned int n = p9_u16(in), done;
	char path[P9_PATH_MAX];
	uint8_t *count;
	int fd, rc;

	if (in->bad || n > P9_MAX_WELEM)
		return -EINVAL;
	if (!f || f->io >= 0 || (newid != f->id && p9_fid_find(s, newid)))
		return -EBADF;
	fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	strcpy(path, f->path);
	count = out->at;
	p9_put_u16(out, 0);
	rc = steps(s, in, n, out, &fd, path, &done);
	if (rc || done < n) {	/* what there is of the way is told, and nothing changes */
		close(fd);
	} else if (newid == f->id) {
		rc = p9_fid_move(s, f, fd, path);
	} else {
		rc = p9_fid_new(s, newid, fd, path, &new);
	}
	count[0] = (uint8_t)done;
	return rc;
}

int p9_clunk(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));

	if (in->bad || !f)
		return in->bad ? -EINVAL : -EBADF;
	p9_fid_free(s, f);
	return 0;
}

/* The fid is gone afterwards, whether or not its file is. */
int p9_remove(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	const char *name;
	int dir, rc = 0;

	if (in->bad || !f)
		return in->bad ? -EINVAL : -EBADF;
	dir = p9_open_parent(s, f, &name);
	if (dir < 0) {
		rc = dir;
	} else {
		if (unlinkat(dir, name, f->qid.type & P9_QTDIR ? AT_REMOVEDIR : 0))
			rc = -errno;
		close(dir);
	}
	p9_fid_free(s, f);
	return rc;
}
