/* SPDX-License-Identifier: MIT */
/*
 * Tlock, Tgetlock: record locks, as locks of the open file (fcntl(2), F_OFD_SETLK): a domain's are apart from
 * other domains' and from those of the host's programs.  Nothing waits here; a client that wants to asks again.
 */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include <p9/9p2000l.h>

#define CLIENT_MAX	256

struct lock {
	uint8_t type;		/* F_RDLCK 0, F_WRLCK 1, F_UNLCK 2 */
	uint64_t start, length;
	uint32_t proc;
	char client[CLIENT_MAX];
};

static void range_in(struct p9_in *in, struct lock *l)
{
	l->start = p9_u64(in);
	l->length = p9_u64(in);
	l->proc = p9_u32(in);
	p9_string(in, l->client, sizeof(l->client));
}

static int to_flock(const struct p9_in *in, const struct p9_fid *f, const struct lock *l, struct flock *fl)
{
	if (in->bad || l->type > F_UNLCK || l->start > INT64_MAX || l->length > INT64_MAX)
		return -EINVAL;
	if (!f || f->io < 0)
		return -EBADF;
	*fl = (struct flock){ .l_type = l->type, .l_whence = SEEK_SET, .l_start = (off_t)l->start,
			      .l_len = (off_t)l->length };
	return 0;
}

int p9_lock(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	struct lock l = { .type = p9_u8(in) };
	struct flock fl;
	int rc;

	p9_u32(in);	/* flags: "I would wait", "I reclaim" */
	range_in(in, &l);
	rc = to_flock(in, f, &l, &fl);
	if (rc)
		return rc;
	if (!fcntl(f->io, F_OFD_SETLK, &fl))
		p9_put_u8(out, P9_LOCK_SUCCESS);
	else if (errno == EAGAIN || errno == EACCES)
		p9_put_u8(out, P9_LOCK_BLOCKED);
	else
		return -errno;
	return 0;
}

int p9_getlock(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	struct lock l = { .type = p9_u8(in) };
	struct flock fl;
	int rc;

	range_in(in, &l);
	rc = to_flock(in, f, &l, &fl);
	if (rc)
		return rc;
	if (fcntl(f->io, F_OFD_GETLK, &fl))
		return -errno;
	p9_put_u8(out, (uint8_t)fl.l_type);
	p9_put_u64(out, (uint64_t)fl.l_start);
	p9_put_u64(out, (uint64_t)fl.l_len);
	p9_put_u32(out, l.proc);
	p9_put_string(out, l.client);
	return 0;
}
