/* SPDX-License-Identifier: MIT */
/* 9p: requests and answers, field by field. Called by the rest of 9p with super.lock held. */
#include "p9fs.h"

struct writer {
	uint8_t *at, *end;
	bool full;
};

static void put(struct writer *w, uint64_t v, unsigned int bytes)
{
	if ((size_t)(w->end - w->at) < bytes) {
		w->full = true;
		return;
	}
	memcpy(w->at, &v, bytes);	/* little-endian, as we are */
	w->at += bytes;
}

static void put_string(struct writer *w, const char *s, size_t n)
{
	put(w, n, 2);
	if (w->full || (size_t)(w->end - w->at) < n || n > 0xffff) {
		w->full = true;
		return;
	}
	memcpy(w->at, s, n);
	w->at += n;
}

static void put_fields(struct writer *w, const char *fmt, va_list ap)
{
	const struct vname *name;
	const char *s;

	for (; *fmt; fmt++) {
		switch (*fmt) {
		case 'b':
			put(w, va_arg(ap, unsigned int), 1);
			break;
		case 'w':
			put(w, va_arg(ap, unsigned int), 2);
			break;
		case 'd':
			put(w, va_arg(ap, unsigned int), 4);
			break;
		case 'q':
			put(w, va_arg(ap, uint64_t), 8);
			break;
		case 's':
			s = va_arg(ap, const char *);
			put_string(w, s, strlen(s));
			break;
		default:
			name = va_arg(ap, const struct vname *);
			put_string(w, name->s, name->len);
		}
	}
}

uint64_t p9_get(struct p9fs *fs, unsigned int bytes)
{
	const void *p = p9_get_bytes(fs, bytes);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, bytes);
	return v;
}

const void *p9_get_bytes(struct p9fs *fs, size_t n)
{
	const void *p = fs->at;

	if (fs->bad || (size_t)(fs->end - fs->at) < n) {
		fs->bad = true;
		return NULL;
	}
	fs->at += n;
	return p;
}

uint8_t p9_get_qid(struct p9fs *fs, uint64_t *ino)
{
	uint8_t type = p9_get(fs, 1);

	p9_get(fs, 4);
	*ino = p9_get(fs, 8);
	return type;
}

/* The answer is there, len bytes of it: is it one to this? */
static int judge(struct p9fs *fs, enum p9_type type, int64_t len)
{
	uint8_t is;
	uint32_t error;

	fs->at = fs->answer;
	fs->end = fs->answer + len;
	fs->bad = false;
	p9_get(fs, 4);
	is = p9_get(fs, 1);
	p9_get(fs, 2);
	if (is == type + 1)
		return 0;
	error = p9_get(fs, 4);
	if (is != P9_RLERROR || fs->bad || !error || error > 4095)
		return -EUCLEAN;
	return -(int)error;
}

int p9_rpc(struct p9fs *fs, enum p9_type type, const void *data, size_t n, const char *fmt, ...)
{
	struct writer w = { fs->head, fs->head + P9FS_HEAD, false };
	uint32_t size;
	int64_t len;
	va_list ap;

	put(&w, 0, 4);
	put(&w, type, 1);
	put(&w, type == P9_TVERSION ? P9_NOTAG : 1, 2);
	va_start(ap, fmt);
	put_fields(&w, fmt, ap);
	va_end(ap);
	if (w.full || w.at - fs->head + n > fs->msize)
		return -ENAMETOOLONG;
	size = w.at - fs->head + n;
	memcpy(fs->head, &size, sizeof(size));
	len = p9front_call(fs->front, fs->head, w.at - fs->head, data, n, fs->answer, fs->msize);
	return len < 0 ? len : judge(fs, type, len);
}

uint32_t p9_new_fid(struct p9fs *fs)
{
	if (fs->next_fid == P9_NOFID)
		fs->next_fid = 0;
	return fs->next_fid++;
}

void p9_clunk(struct p9fs *fs, uint32_t fid)
{
	if (fid != P9_NOFID)
		p9_rpc(fs, P9_TCLUNK, NULL, 0, "d", fid);
}

int p9_walk(struct p9fs *fs, uint32_t from, const struct vname *name, uint32_t *fid, uint64_t *ino)
{
	uint32_t new = p9_new_fid(fs);
	uint64_t number = 0;
	int ret;

	if (name)
		ret = p9_rpc(fs, P9_TWALK, NULL, 0, "ddwn", from, new, 1, name);
	else
		ret = p9_rpc(fs, P9_TWALK, NULL, 0, "ddw", from, new, 0);
	if (ret)
		return ret;
	if (p9_get(fs, 2) != (name != NULL))
		return -EUCLEAN;
	if (name)
		p9_get_qid(fs, &number);
	if (fs->bad)
		return -EUCLEAN;
	if (ino)
		*ino = number;
	*fid = new;
	return 0;
}
