/* SPDX-License-Identifier: MIT */
/* Tlopen, Tlcreate, Tread, Twrite, Tfsync: the contents of files. */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <p9/9p2000l.h>

/* What a client may ask for; the rest it does for itself, as following links or blocking. */
static int host_flags(uint32_t flags)
{
	int f = flags & P9_O_ACCMODE;

	if (flags & P9_O_TRUNC)
		f |= O_TRUNC;
	if (flags & P9_O_APPEND)
		f |= O_APPEND;
	if (flags & P9_O_DSYNC)
		f |= O_DSYNC;
	if ((flags & P9_O_SYNC) == P9_O_SYNC)
		f |= O_SYNC;
	if (flags & P9_O_DIRECTORY)
		f |= O_DIRECTORY;
	return f | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
}

static int openable(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0 : -EACCES;
}

static void opened(struct p9_session *s, struct p9_fid *f, int io, uint32_t flags, struct p9_out *out)
{
	f->io = io;
	f->flags = flags;
	p9_put_qid(out, &f->qid);
	p9_put_u32(out, s->msize - P9_WRITE_HEADER - 1);
}

int p9_lopen(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	uint32_t flags = p9_u32(in);
	char path[P9_FD_PATH_BYTES];
	int rc, io;

	if (in->bad || (flags & P9_O_ACCMODE) == P9_O_ACCMODE)
		return -EINVAL;
	if (!f || f->io >= 0)
		return -EBADF;
	rc = openable(f->fd);
	if (rc)
		return rc;
	/* Not by a name: the very file the fid is on. */
	io = open(p9_fd_path(f->fd, path), host_flags(flags));
	if (io < 0)
		return -errno;
	opened(s, f, io, flags, out);
	return 0;
}

/* A regular file in dir, opened: descriptor or -errno. */
static int create_in(int dir, const char *name, uint32_t flags, uint32_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(host_flags(flags & ~P9_O_DIRECTORY) | O_CREAT | O_NOFOLLOW |
						  (flags & P9_O_EXCL ? O_EXCL : 0)),
		.mode = mode & 0777,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int io = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how)), rc;

	if (io < 0)
		return -errno;
	rc = openable(io);
	if (rc)
		close(io);
	return rc ? rc : io;
}

/* The fid, a directory so far, becomes the file. */
int p9_lcreate(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	char name[P9_NAME_MAX + 1], path[P9_PATH_MAX];
	uint32_t flags, mode;
	int rc, io, fd;

	p9_string(in, name, sizeof(name));
	flags = p9_u32(in);
	mode = p9_u32(in);
	p9_u32(in);	/* gid: files are this process's */
	if (in->bad || (flags & P9_O_ACCMODE) == P9_O_ACCMODE)
		return -EINVAL;
	if (!f || f->io >= 0)
		return -EBADF;
	rc = p9_name_check(name);
	if (!rc)
		rc = p9_path_join(f->path, name, path);
	if (rc)
		return rc;
	io = create_in(f->fd, name, flags, mode);
	if (io < 0)
		return io;
	fd = p9_open_below(f->fd, name);
	rc = fd < 0 ? fd : p9_fid_move(s, f, fd, path);
	if (rc) {
		close(io);
		return rc;
	}
	opened(s, f, io, flags, out);
	return 0;
}

static struct p9_fid *open_fid(struct p9_session *s, struct p9_in *in, int *rc)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));

	*rc = in->bad ? -EINVAL : !f || f->io < 0 ? -EBADF : 0;
	return f;
}

int p9_read(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	int rc;
	struct p9_fid *f = open_fid(s, in, &rc);
	uint64_t pos = p9_u64(in);
	uint32_t count = p9_u32(in);
	uint8_t *size = out->at;
	ssize_t n;

	if (rc || in->bad || pos > INT64_MAX)
		return rc ? rc : -EINVAL;
	if (f->qid.type & P9_QTDIR)
		return -EISDIR;
	p9_put_u32(out, 0);
	if (count > p9_left(out))
		count = (uint32_t)p9_left(out);
	n = pread(f->io, out->at, count, (off_t)pos);
	if (n < 0)
		return -errno;
	p9_room(out, (size_t)n);
	memcpy(size, &(uint32_t){ (uint32_t)n }, 4);	/* little-endian, as this machine */
	return 0;
}

int p9_write(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	int rc;
	struct p9_fid *f = open_fid(s, in, &rc);
	uint64_t pos = p9_u64(in);
	uint32_t count = p9_u32(in);
	const void *data = p9_bytes(in, count);
	ssize_t n;

	if (rc || in->bad || pos > INT64_MAX)
		return rc ? rc : -EINVAL;
	n = pwrite(f->io, data, count, (off_t)pos);
	if (n < 0)
		return -errno;
	p9_put_u32(out, (uint32_t)n);
	return 0;
}

/* The last field, "data only", came later and may be absent. */
int p9_fsync(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	int rc;
	struct p9_fid *f = open_fid(s, in, &rc);
	bool data_only = in->end - in->at >= 4 && p9_u32(in);

	if (rc)
		return rc;
	return (data_only ? fdatasync(f->io) : fsync(f->io)) ? -errno : 0;
}
