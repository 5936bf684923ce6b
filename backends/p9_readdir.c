/* SPDX-License-Identifier: MIT */
/*
 * Treaddir: entries of a directory, by getdents64(2), whose offsets are the client's: opaque to it, and harmless
 * if they are made up.
 */
#include "config.h"
#include "backends/p9_session.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <p9/9p2000l.h>

#define ENTRY_FIXED	(P9_QID_BYTES + 8 + 1 + 2)

/* The directory above what is shared is not to be seen, not even its number. */
static void entry_qid(struct p9_session *s, const struct p9_fid *f, const struct dirent64 *d, struct p9_qid *qid)
{
	if (!*f->path && !strcmp(d->d_name, "..")) {
		*qid = f->qid;
		return;
	}
	qid->type = d->d_type == DT_DIR ? P9_QTDIR : d->d_type == DT_LNK ? P9_QTSYMLINK : 0;
	qid->version = 0;
	qid->path = d->d_ino;
}

/* false: no room for it. */
static bool put_entry(struct p9_session *s, const struct p9_fid *f, const struct dirent64 *d, size_t *room,
		      struct p9_out *out)
{
	size_t n = ENTRY_FIXED + strlen(d->d_name);
	struct p9_qid qid;

	if (n > *room)
		return false;
	*room -= n;
	entry_qid(s, f, d, &qid);
	p9_put_qid(out, &qid);
	p9_put_u64(out, (uint64_t)d->d_off);
	p9_put_u8(out, d->d_type);
	p9_put_string(out, d->d_name);
	return true;
}

int p9_readdir(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *f = p9_fid_find(s, p9_u32(in));
	uint64_t pos = p9_u64(in);
	uint32_t count = p9_u32(in);
	char buf[8192] __attribute__((aligned(16)));
	uint8_t *size = out->at, *first;
	size_t room, n, at;
	bool full = false;
	long got;

	if (in->bad || pos > INT64_MAX)
		return -EINVAL;
	if (!f || f->io < 0)
		return -EBADF;
	if (!(f->qid.type & P9_QTDIR))
		return -ENOTDIR;
	p9_put_u32(out, 0);
	first = out->at;
	room = count < p9_left(out) ? count : p9_left(out);
	if (lseek(f->io, (off_t)pos, SEEK_SET) < 0)
		return -errno;
	while (!full && (got = syscall(SYS_getdents64, f->io, buf, sizeof(buf)))) {
		if (got < 0)
			return -errno;
		for (at = 0; !full && at < (size_t)got; at += n) {
			const struct dirent64 *d = (const void *)(buf + at);

			n = d->d_reclen;
			full = !put_entry(s, f, d, &room, out);
		}
	}
	if (full && out->at == first)
		return -EINVAL;		/* not even one fits what was asked for */
	memcpy(size, &(uint32_t){ (uint32_t)(out->at - first) }, 4);
	return 0;
}
