/* SPDX-License-Identifier: MIT */
/* Addresses from text, and the Internet checksum. */
#include <pv/errno.h>
#include <pv/net.h>
#include <pv/string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int net_parse_mac(const char *s, uint8_t mac[NET_MAC_BYTES])
{
	for (unsigned int i = 0; i < NET_MAC_BYTES; i++, s += 3) {
		if (hex(s[0]) < 0 || hex(s[1]) < 0 || s[2] != (i + 1 < NET_MAC_BYTES ? ':' : 0))
			return -EINVAL;
		mac[i] = hex(s[0]) << 4 | hex(s[1]);
	}
	return 0;
}

/* In the machine's byte order, as RFC 1071 allows: the folded sum can be stored as it is. */
uint32_t net_sum(const void *data, size_t n, uint32_t start)
{
	const uint8_t *p = data;
	uint64_t sum = start;

	for (; n >= 4; n -= 4, p += 4) {
		uint32_t w;

		memcpy(&w, p, 4);
		sum += w;
	}
	if (n >= 2) {
		sum += (uint32_t)p[0] | (uint32_t)p[1] << 8;
		p += 2;
		n -= 2;
	}
	if (n != 0)
		sum += p[0];
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t net_sum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}
