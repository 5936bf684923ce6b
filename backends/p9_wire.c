/* SPDX-License-Identifier: MIT */
/* The fields of 9P messages, byte for byte.  Called by everything that decodes or answers one. */
#include "config.h"
#include "backends/p9_wire.h"

#include <string.h>

const void *p9_bytes(struct p9_in *in, size_t n)
{
	const void *p = in->at;

	if (in->bad || n > (size_t)(in->end - in->at)) {
		in->bad = true;
		return NULL;
	}
	in->at += n;
	return p;
}

static uint64_t number(struct p9_in *in, size_t n)
{
	const uint8_t *p = p9_bytes(in, n);
	uint64_t v = 0;

	while (p && n--)
		v = v << 8 | p[n];
	return v;
}

uint8_t p9_u8(struct p9_in *in)
{
	return (uint8_t)number(in, 1);
}

uint16_t p9_u16(struct p9_in *in)
{
	return (uint16_t)number(in, 2);
}

uint32_t p9_u32(struct p9_in *in)
{
	return (uint32_t)number(in, 4);
}

uint64_t p9_u64(struct p9_in *in)
{
	return number(in, 8);
}

void p9_string(struct p9_in *in, char *buf, size_t size)
{
	size_t n = p9_u16(in);
	const void *p = p9_bytes(in, n);

	buf[0] = 0;
	if (!p)
		return;
	if (n >= size || memchr(p, 0, n)) {
		in->bad = true;
		return;
	}
	memcpy(buf, p, n);
	buf[n] = 0;
}

void *p9_room(struct p9_out *out, size_t n)
{
	void *p = out->at;

	if (n > p9_left(out)) {
		out->bad = true;
		return NULL;
	}
	out->at += n;
	return p;
}

static void put(struct p9_out *out, uint64_t v, size_t n)
{
	uint8_t *p = p9_room(out, n);

	for (; p && n--; v >>= 8)
		*p++ = (uint8_t)v;
}

void p9_put_u8(struct p9_out *out, uint8_t v)
{
	put(out, v, 1);
}

void p9_put_u16(struct p9_out *out, uint16_t v)
{
	put(out, v, 2);
}

void p9_put_u32(struct p9_out *out, uint32_t v)
{
	put(out, v, 4);
}

void p9_put_u64(struct p9_out *out, uint64_t v)
{
	put(out, v, 8);
}

void p9_put_qid(struct p9_out *out, const struct p9_qid *qid)
{
	p9_put_u8(out, qid->type);
	p9_put_u32(out, qid->version);
	p9_put_u64(out, qid->path);
}

void p9_put_string(struct p9_out *out, const char *s)
{
	size_t n = strlen(s);
	void *p;

	if (n > UINT16_MAX) {
		out->bad = true;
		return;
	}
	p9_put_u16(out, (uint16_t)n);
	p = p9_room(out, n);
	if (p)
		memcpy(p, s, n);
}
