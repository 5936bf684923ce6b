/* SPDX-License-Identifier: MIT */
/* pktgen's frames: headers, and the sum over what they carry. */
#include <pv/string.h>
#include "pkt.h"

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

uint32_t pkt_headers_len(uint16_t gso_size)
{
	return gso_size != 0 ? PKT_TCP_HEADERS : PKT_UDP_HEADERS;
}

/* 169.254.x.y with the last bytes of the MAC address: link-local ones need no configuration. */
static void put_ip(uint8_t *p, uint32_t size, const uint8_t *from, const uint8_t *to, uint8_t proto)
{
	uint16_t sum;

	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, size - NET_ETH_HEADER);
	p[6] = 0x40;		/* not to be cut */
	p[8] = 64;
	p[9] = proto;
	p[12] = p[16] = 169;
	p[13] = p[17] = 254;
	memcpy(p + 14, from + 4, 2);
	memcpy(p + 18, to + 4, 2);
	sum = ~net_sum_fold(net_sum(p, 20, 0));
	memcpy(p + 10, &sum, 2);
}

void pkt_headers(uint8_t *p, uint32_t size, const uint8_t *from, const uint8_t *to, uint16_t gso_size)
{
	uint8_t *ip = p + NET_ETH_HEADER, *l4 = ip + 20;
	uint32_t l4_len = size - NET_ETH_HEADER - 20, sum;
	uint8_t proto = gso_size != 0 ? 6 : 17;
	uint8_t pseudo[4] = { 0, proto, l4_len >> 8, l4_len };
	uint16_t partial;

	memcpy(p, to, NET_MAC_BYTES);
	memcpy(p + NET_MAC_BYTES, from, NET_MAC_BYTES);
	put16(p + 12, 0x0800);
	put_ip(ip, size, from, to, proto);
	put16(l4, PKT_PORT);
	put16(l4 + 2, PKT_PORT);
	if (gso_size == 0) {
		put16(l4 + 4, l4_len);
		put16(l4 + 6, 0);	/* UDP's word for: no checksum */
		return;
	}
	memset(l4 + 4, 0, 16);
	l4[12] = 5 << 4;
	l4[13] = 0x10;			/* ACK */
	put16(l4 + 14, 0xffff);
	sum = net_sum(pseudo, 4, net_sum(ip + 12, 8, 0));
	partial = net_sum_fold(sum);
	memcpy(l4 + 16, &partial, 2);
}

uint32_t pkt_tag_find(const struct net_buf *frame, struct pkt_tag *tag)
{
	uint8_t h[PKT_UDP_HEADERS];
	uint32_t at;

	if (net_buf_copy(frame, 0, h, sizeof(h)) < sizeof(h) || h[12] != 8 || h[13] != 0 || h[14] != 0x45)
		return 0;
	if (h[23] != 17 && h[23] != 6)
		return 0;
	if (h[36] != 0 || h[37] != PKT_PORT)
		return 0;
	at = h[23] == 6 ? PKT_TCP_HEADERS : PKT_UDP_HEADERS;
	if (net_buf_copy(frame, at, tag, sizeof(*tag)) < sizeof(*tag) || tag->magic != PKT_MAGIC)
		return 0;
	return at;
}

/* Pieces of odd length shift the sum of what follows by a byte. */
static uint32_t sum_add(uint32_t sum, uint32_t *done, const uint8_t *p, uint32_t n)
{
	uint32_t part = net_sum_fold(net_sum(p, n, 0));

	if (*done & 1)
		part = (part >> 8 | part << 8) & 0xffff;
	*done += n;
	return net_sum_fold(sum + part);
}

static uint16_t never_0(uint32_t sum)
{
	return sum == 0 ? 0xffff : sum;
}

uint16_t pkt_sum_frags(const struct net_frag *f, uint32_t at, uint32_t n)
{
	uint32_t sum = 0, done = 0;

	for (; done < n; f++) {
		uint32_t take;

		if (at >= f->len) {
			at -= f->len;
			continue;
		}
		take = MIN((uint32_t)f->len - at, n - done);
		sum = sum_add(sum, &done, (const uint8_t *)f->data + at, take);
		at = 0;
	}
	return never_0(sum);
}

uint16_t pkt_sum_buf(const struct net_buf *b, uint32_t at, uint32_t n)
{
	uint32_t sum = 0, done = 0;

	for (; b != NULL && done < n; b = b->next) {
		uint32_t take;

		if (at >= b->len) {
			at -= b->len;
			continue;
		}
		take = MIN(b->len - at, n - done);
		sum = sum_add(sum, &done, net_buf_data(b) + at, take);
		at = 0;
	}
	return never_0(sum);
}

/* count per ns, in thousandths: bits per ns are Gb/s. */
void pkt_rate(char out[24], uint64_t count, uint64_t ns)
{
	uint64_t thousandths = ns == 0 ? 0 : count * 1000 / ns;

	snprintf(out, 24, "%llu.%03llu", (unsigned long long)(thousandths / 1000),
		 (unsigned long long)(thousandths % 1000));
}

uint64_t pkt_per_second(uint64_t count, uint64_t ns)
{
	return count * 1000000 / MAX(ns / 1000, 1UL);
}
