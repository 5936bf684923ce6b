/* SPDX-License-Identifier: MIT */
/* One message in, one answer out: version, attach, and the table of the other operations. */
#include "config.h"
#include "backends/p9_session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <p9/9p2000l.h>

#define STRING_MAX	512

void p9_session_init(struct p9_session *s, int root, uint32_t max_msize)
{
	struct stat st;
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->root = root;
	s->max_msize = max_msize;
	if (!fstat(root, &st))
		s->dev = st.st_dev;
	for (i = 0; i < P9_FID_BUCKETS; i++)
		LIST_INIT(&s->fids[i]);
}

void p9_session_reset(struct p9_session *s)
{
	struct p9_fid *f;
	unsigned int i;

	for (i = 0; i < P9_FID_BUCKETS; i++)
		while ((f = LIST_FIRST(&s->fids[i])))
			p9_fid_free(s, f);
	s->msize = 0;
}

/* A version is the beginning of a session, whatever was before. */
static int version(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	uint32_t msize = p9_u32(in);
	char what[STRING_MAX];
	bool known;

	p9_string(in, what, sizeof(what));
	if (in->bad || msize < P9_MIN_MSIZE)
		return -EINVAL;
	p9_session_reset(s);
	known = !strcmp(what, P9_VERSION);
	if (msize > s->max_msize)
		msize = s->max_msize;
	if (known)
		s->msize = msize;
	p9_put_u32(out, msize);
	p9_put_string(out, known ? P9_VERSION : "unknown");
	return 0;
}

/* Who asks, and for which tree, makes no difference: there is one, shared with the domain. */
static int attach(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	char text[STRING_MAX];
	uint32_t id = p9_u32(in), afid = p9_u32(in);
	struct p9_fid *f;
	int fd, rc;

	p9_string(in, text, sizeof(text));
	p9_string(in, text, sizeof(text));
	p9_u32(in);
	if (in->bad)
		return -EINVAL;
	if (afid != P9_NOFID)
		return -EBADF;
	fd = fcntl(s->root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = p9_fid_new(s, id, fd, "", &f);
	if (!rc)
		p9_put_qid(out, &f->qid);
	return rc;
}

/* Each request has been answered before the next one is read, so there is nothing to call off. */
static int flush(struct p9_session *s, struct p9_in *in, struct p9_out *out)
{
	p9_u16(in);
	return in->bad ? -EINVAL : 0;
}

static p9_op *const operations[256] = {
	[P9_TSTATFS] = p9_statfs,
	[P9_TLOPEN] = p9_lopen,
	[P9_TLCREATE] = p9_lcreate,
	[P9_TSYMLINK] = p9_symlink,
	[P9_TMKNOD] = p9_mknod,
	[P9_TRENAME] = p9_rename,
	[P9_TREADLINK] = p9_readlink,
	[P9_TGETATTR] = p9_getattr,
	[P9_TSETATTR] = p9_setattr,
	[P9_TREADDIR] = p9_readdir,
	[P9_TFSYNC] = p9_fsync,
	[P9_TLOCK] = p9_lock,
	[P9_TGETLOCK] = p9_getlock,
	[P9_TLINK] = p9_link,
	[P9_TMKDIR] = p9_mkdir,
	[P9_TRENAMEAT] = p9_renameat,
	[P9_TUNLINKAT] = p9_unlinkat,
	[P9_TVERSION] = version,
	[P9_TATTACH] = attach,
	[P9_TFLUSH] = flush,
	[P9_TWALK] = p9_walk,
	[P9_TREAD] = p9_read,
	[P9_TWRITE] = p9_write,
	[P9_TCLUNK] = p9_clunk,
	[P9_TREMOVE] = p9_remove,
};

static int operate(struct p9_session *s, uint8_t type, struct p9_in *in, struct p9_out *out)
{
	if (!operations[type])
		return -EOPNOTSUPP;	/* extended attributes and authentication among them */
	if (!s->msize && type != P9_TVERSION)
		return -EPROTO;
	return operations[type](s, in, out);
}

size_t p9_serve(struct p9_session *s, const void *message, size_t n, void *out)
{
	struct p9_in in = { message, (const uint8_t *)message + n, false };
	struct p9_out body;
	uint32_t limit;
	uint16_t tag;
	uint8_t type;
	size_t len;
	int rc;

	p9_u32(&in);
	type = p9_u8(&in);
	tag = p9_u16(&in);
	limit = s->msize ? s->msize : s->max_msize;
	body = (struct p9_out){ out, (uint8_t *)out + P9_HEADER, (uint8_t *)out + limit, false };
	rc = operate(s, type, &in, &body);
	if (!rc && body.bad)
		rc = -ERANGE;	/* the answer is larger than the client's messages */
	if (rc) {
		body = (struct p9_out){ out, (uint8_t *)out + P9_HEADER, (uint8_t *)out + limit, false };
		p9_put_u32(&body, (uint32_t)-rc);
		type = P9_RLERROR - 1;
	}
	len = (size_t)(body.at - body.start);
	body = (struct p9_out){ out, out, (uint8_t *)out + P9_HEADER, false };
	p9_put_u32(&body, (uint32_t)len);
	p9_put_u8(&body, type + 1);
	p9_put_u16(&body, tag);
	return len;
}
