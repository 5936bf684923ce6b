/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing the fields of 9P messages.
 *
 * Reading beyond the end, or a string that is not one, sets `bad' and gives zeros; the caller looks once,
 * after the last field.  A writer that is full sets `bad' and writes nothing more.
 */
#ifndef PVN_BACKENDS_P9_WIRE_H
#define PVN_BACKENDS_P9_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct p9_in {
	const uint8_t *at, *end;
	bool bad;
};

struct p9_out {
	uint8_t *start, *at, *end;
	bool bad;
};

/* What identifies a file: the same for two walks to it. */
struct p9_qid {
	uint8_t type;		/* P9_QTDIR, P9_QTSYMLINK or 0 */
	uint32_t version;
	uint64_t path;
};

uint8_t p9_u8(struct p9_in *in);
uint16_t p9_u16(struct p9_in *in);
uint32_t p9_u32(struct p9_in *in);
uint64_t p9_u64(struct p9_in *in);
/* n bytes where they lie, NULL if there are fewer. */
const void *p9_bytes(struct p9_in *in, size_t n);
/* A string, with a NUL after it, into buf of size bytes.  Longer ones, and such with a NUL inside, are bad. */
void p9_string(struct p9_in *in, char *buf, size_t size);

void p9_put_u8(struct p9_out *out, uint8_t v);
void p9_put_u16(struct p9_out *out, uint16_t v);
void p9_put_u32(struct p9_out *out, uint32_t v);
void p9_put_u64(struct p9_out *out, uint64_t v);
void p9_put_qid(struct p9_out *out, const struct p9_qid *qid);
void p9_put_string(struct p9_out *out, const char *s);	/* at most 65,535 bytes */
/* Room for n bytes, to be filled by the caller; NULL if there is not that much. */
void *p9_room(struct p9_out *out, size_t n);

static inline size_t p9_left(const struct p9_out *out)
{
	return out->bad ? 0 : (size_t)(out->end - out->at);
}

#endif
