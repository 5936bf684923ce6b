/* SPDX-License-Identifier: MIT */
/* Tgetattr, Tsetattr, Tstatfs, Treadlink: what is known of a file beside its contents. */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <p9/9p2000l.h>

static struct p9_fid *fid_of(struct p9_session *s, struct p9_in *in, int *rc)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));

	*rc = in->bad ? -EINVAL : f ? 0 : -EBADF;
	return f;
}

static void put_time(struct p9_out *out, const struct timespec *ts)
{
	p9_put_u64(out, (uint64_t)ts->tv_sec);
	p9_put_u64(out, (uint64_t)ts->tv_nsec);
}

int p9_getattr(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	static const struct timespec never;
	struct p9_qid qid;
	struct stat st;
	int rc;
	struct p9_fid *f = fid_of(s, in, &rc);

	p9_u64(in);	/* what is wanted: all there is costs nothing more */
	if (rc || in->bad)
		return rc ? rc : -EINVAL;
	if (fstat(f->fd, &st))
		return -errno;
	p9_qid_of(s, &st, &qid);
	p9_put_u64(out, P9_GETATTR_BASIC);
	p9_put_qid(out, &qid);
	p9_put_u32(out, st.st_mode);
	p9_put_u32(out, st.st_uid);
	p9_put_u32(out, st.st_gid);
	p9_put_u64(out, st.st_nlink);
	p9_put_u64(out, st.st_rdev);
	p9_put_u64(out, (uint64_t)st.st_size);
	p9_put_u64(out, (uint64_t)st.st_blksize);
	p9_put_u64(out, (uint64_t)st.st_blocks);
	put_time(out, &st.st_atim);
	put_time(out, &st.st_mtim);
	put_time(out, &st.st_ctim);
	put_time(out, &never);		/* birth */
	p9_put_u64(out, 0);		/* generation */
	p9_put_u64(out, 0);		/* data version */
	return 0;
}

struct changes {
	uint32_t valid, mode, uid, gid;
	uint64_t size;
	struct timespec times[2];	/* access, modification */
};

static void changes_in(struct p9_in *in, struct changes *c)
{
	c->valid = p9_u32(in);
	c->mode = p9_u32(in);
	c->uid = p9_u32(in);
	c->gid = p9_u32(in);
	c->size = p9_u64(in);
	c->times[0].tv_sec = (time_t)p9_u64(in);
	c->times[0].tv_nsec = (long)p9_u64(in);
	c->times[1].tv_sec = (time_t)p9_u64(in);
	c->times[1].tv_nsec = (long)p9_u64(in);
	if (!(c->valid & P9_SETATTR_ATIME_SET))
		c->times[0].tv_nsec = UTIME_NOW;
	if (!(c->valid & P9_SETATTR_MTIME_SET))
		c->times[1].tv_nsec = UTIME_NOW;
	if (!(c->valid & P9_SETATTR_ATIME))
		c->times[0].tv_nsec = UTIME_OMIT;
	if (!(c->valid & P9_SETATTR_MTIME))
		c->times[1].tv_nsec = UTIME_OMIT;
}

/* What a domain may not do to the host's files: see p9_session.h. */
static int mode_check(const struct p9_fid *f, uint32_t mode)
{
	return !(f->qid.type & P9_QTDIR) && (mode & (S_ISUID | S_ISGID)) ? -EPERM : 0;
}

int p9_setattr(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	char path[P9_FD_PATH_BYTES];
	struct changes c;
	int rc;
	struct p9_fid *f = fid_of(s, in, &rc);

	changes_in(in, &c);
	if (rc || in->bad || c.size > INT64_MAX)
		return rc ? rc : -EINVAL;
	/* A link's own attributes cannot be reached through a descriptor; what it leads to must not be. */
	if (f->qid.type & P9_QTSYMLINK)
		return -EOPNOTSUPP;
	p9_fd_path(f->fd, path);
	if (c.valid & P9_SETATTR_MODE) {
		rc = mode_check(f, c.mode);
		if (!rc && chmod(path, c.mode & 07777))
			rc = -errno;
	}
	if (!rc && (c.valid & P9_SETATTR_SIZE)) {
		if (f->qid.type & P9_QTDIR)
			rc = -EISDIR;
		else if (truncate(path, (off_t)c.size))
			rc = -errno;
	}
	if (!rc && (c.valid & (P9_SETATTR_ATIME | P9_SETATTR_MTIME)) &&
	    utimensat(AT_FDCWD, path, c.times, 0))
		rc = -errno;
	/* Owners are this process's, whatever the client would like: no error, as it has none to show. */
	return rc;
}

int p9_statfs(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct statfs st;
	int rc;
	struct p9_fid *f = fid_of(s, in, &rc);

	if (rc)
		return rc;
	if (fstatfs(f->fd, &st))
		return -errno;
	p9_put_u32(out, (uint32_t)st.f_type);
	p9_put_u32(out, (uint32_t)st.f_bsize);
	p9_put_u64(out, st.f_blocks);
	p9_put_u64(out, st.f_bfree);
	p9_put_u64(out, st.f_bavail);
	p9_put_u64(out, st.f_files);
	p9_put_u64(out, st.f_ffree);
	p9_put_u64(out, 0);		/* the host's id of it is no domain's affair */
	p9_put_u32(out, P9_NAME_MAX);
	return 0;
}

int p9_readlink(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	char target[P9_PATH_MAX];
	ssize_t n;
	int rc;
	struct p9_fid *f = fid_of(s, in, &rc);

	if (rc)
		return rc;
	n = readlinkat(f->fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	target[n] = 0;
	p9_put_string(out, target);
	return 0;
}
