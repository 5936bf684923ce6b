/* SPDX-License-Identifier: MIT */
/* The fids of a session: numbers a client chose for files.  Called by the operations. */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p9/9p2000l.h>

struct p9_fid *p9_fid_find(struct p9_session *s, uint32_t id)
{
	struct p9_fid *f;

	LIST_FOREACH(f, &s->fids[id % P9_FID_BUCKETS], entry)
		if (f->id == id)
			return f;
	return NULL;
}

int p9_fid_new(struct p9_session *s, uint32_t id, int fd, const char *path, struct p9_fid **out)
{
	struct p9_fid *f = NULL;
	int rc = 0;

	if (id == P9_NOFID || p9_fid_find(s, id))
		rc = -EBADF;
	else if (s->nr_fids >= P9_MAX_FIDS)
		rc = -ENFILE;
	if (!rc)
		f = calloc(1, sizeof(*f));
	if (f)
		f->path = strdup(path);
	if (!rc)
		rc = f && f->path ? p9_qid_at(s, fd, &f->qid) : -ENOMEM;
	if (rc) {
		if (f)
			free(f->path);
		free(f);
		close(fd);
		return rc;
	}
	f->id = id;
	f->fd = fd;
	f->io = -1;
	LIST_INSERT_HEAD(&s->fids[id % P9_FID_BUCKETS], f, entry);
	s->nr_fids++;
	*out = f;
	return 0;
}

void p9_fid_free(struct p9_session *s, struct p9_fid *f)
{
	LIST_REMOVE(f, entry);
	s->nr_fids--;
	if (f->io >= 0)
		close(f->io);
	close(f->fd);
	free(f->path);
	free(f);
}

int p9_fid_move(struct p9_session *s, struct p9_fid *f, int fd, const char *path)
{
	struct p9_qid qid;
	char *copy = strdup(path);
	int rc = copy ? p9_qid_at(s, fd, &qid) : -ENOMEM;

	if (rc) {
		free(copy);
		close(fd);
		return rc;
	}
	close(f->fd);
	free(f->path);
	f->fd = fd;
	f->path = copy;
	f->qid = qid;
	return 0;
}

/* The rest of path behind from, "" if it is from; NULL if it is not below it. */
static const char *below(const char *path, const char *from)
{
	size_t n = strlen(from);

	if (strncmp(path, from, n) || (path[n] && path[n] != '/'))
		return NULL;
	return path + n;
}

void p9_fid_renamed(struct p9_session *s, const char *from, const char *to)
{
	unsigned int i;
	struct p9_fid *f;

	for (i = 0; i < P9_FID_BUCKETS; i++) {
		LIST_FOREACH(f, &s->fids[i], entry) {
			const char *rest = below(f->path, from);
			size_t n = strlen(to);
			char *path;

			/* One without memory, or too deep now, keeps its old name: ".." of it may fail. */
			if (!rest || n + strlen(rest) >= P9_PATH_MAX)
				continue;
			path = malloc(n + strlen(rest) + 1);
			if (!path)
				continue;
			memcpy(path, to, n);
			strcpy(path + n, rest);
			free(f->path);
			f->path = path;
		}
	}
}
