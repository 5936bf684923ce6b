/* SPDX-License-Identifier: MIT */
/* The bytes of a frame: walking over them, and the Internet checksum of them. */
#include "config.h"
#include "backends/net_frame.h"

#include <string.h>

void net_cursor_init(struct net_cursor *c, const struct net_frame *f)
{
	*c = (struct net_cursor){ .f = f };
}

size_t net_cursor_next(struct net_cursor *c, size_t max, const void **data)
{
	const struct net_frame *f = c->f;
	const uint8_t *base;
	size_t len, n;

	while (max && c->at <= f->nr_iov) {
		base = c->at ? f->iov[c->at - 1].iov_base : f->hdr;
		len = c->at ? f->iov[c->at - 1].iov_len : f->hdr_len;
		if (c->off == len) {
			c->at++;
			c->off = 0;
			continue;
		}
		n = len - c->off < max ? len - c->off : max;
		*data = base + c->off;
		c->off += n;
		return n;
	}
	return 0;
}

/* Adds as the machine reads words, little-endian, and turns the sum: the checksum is indifferent to that
 * (RFC 1071).  32 bits at a time cannot run over in 64. */
uint64_t net_csum_add(uint64_t sum, const void *data, size_t len, bool odd)
{
	const uint8_t *p = data;
	uint64_t part = 0;
	uint32_t word[4];
	uint16_t two;

	for (; len >= 16; len -= 16, p += 16) {
		memcpy(word, p, 16);
		part += (uint64_t)word[0] + word[1] + word[2] + word[3];
	}
	for (; len >= 2; len -= 2, p += 2) {
		memcpy(&two, p, 2);
		part += two;
	}
	if (len)
		part += *p;
	while (part >> 16)
		part = (part & 0xffff) + (part >> 16);
	/* Begun at an odd byte of the whole, the words lie the other way round. */
	if (!odd)
		part = (part & 0xff) << 8 | part >> 8;
	return sum + part;
}

uint16_t net_csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
