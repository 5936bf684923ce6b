/* SPDX-License-Identifier: MIT */
/*
 * Reading the headers of a frame, completing its checksum, cutting a large TCP frame into segments.
 * Pure: no ring, no grants.  Every length in the header is the sender's claim.
 */
#include "config.h"
#include "backends/net_frame.h"

#include <netinet/in.h>
#include <string.h>

#include "backends/net_request.h"

#define ETH_IP		0x0800
#define ETH_IPV6	0x86dd
#define ETH_VLAN	0x8100
#define ETH_QINQ	0x88a8
#define TCP_FIN		0x01
#define TCP_PSH		0x08
#define TCP_CWR		0x80

static bool has(const struct net_frame *f, unsigned int at, unsigned int bytes)
{
	return at + bytes <= f->hdr_len;
}

/* IPv6: step over the options that may stand before the L4 header.  0: there is none we can use. */
static unsigned int ipv6_l4(const struct net_frame *f, unsigned int at, uint8_t *proto)
{
	unsigned int n;

	for (n = 0; n < 8; n++) {
		if (*proto != IPPROTO_HOPOPTS && *proto != IPPROTO_DSTOPTS &&
		    *proto != IPPROTO_ROUTING)
			return at;
		if (!has(f, at, 8))
			return 0;
		*proto = f->hdr[at];
		at += 8u * (f->hdr[at + 1] + 1u);
	}
	return 0;
}

static unsigned int parse_l3(struct net_frame *f, unsigned int *l3_len)
{
	struct net_headers *h = &f->h;
	const uint8_t *p = f->hdr + h->l3;
	unsigned int ihl, total;

	if (h->version == 4) {
		if (!has(f, h->l3, 20) || p[0] >> 4 != 4)
			return 0;
		ihl = (p[0] & 15u) * 4;
		total = net_get16(p + 2);
		/* A fragment has no L4 header, or no whole one. */
		if (ihl < 20 || total < ihl || total > f->len - h->l3 ||
		    (net_get16(p + 6) & 0x3fff))
			return 0;
		h->proto = p[9];
		*l3_len = total;
		return h->l3 + ihl;
	}
	if (!has(f, h->l3, 40) || p[0] >> 4 != 6)
		return 0;
	*l3_len = 40u + net_get16(p + 4);
	if (*l3_len > f->len - h->l3)
		return 0;
	h->proto = p[6];
	return ipv6_l4(f, h->l3 + 40u, &h->proto);
}

static void parse_l4(struct net_frame *f, unsigned int l4, unsigned int l3_len)
{
	struct net_headers *h = &f->h;
	unsigned int left, doff;

	if (!l4 || l4 > h->l3 + l3_len)
		return;
	left = h->l3 + l3_len - l4;
	if (h->proto == IPPROTO_TCP) {
		if (left < 20 || !has(f, l4, 20))
			return;
		doff = (f->hdr[l4 + 12] >> 4) * 4u;
		if (doff < 20 || doff > left || !has(f, l4, doff))
			return;
		h->csum_at = (uint16_t)(l4 + 16);
		h->payload = (uint16_t)(l4 + doff);
	} else if (h->proto == IPPROTO_UDP) {
		if (left < 8 || !has(f, l4, 8))
			return;
		h->csum_at = (uint16_t)(l4 + 6);
		h->payload = (uint16_t)(l4 + 8);
	} else {
		return;
	}
	h->l4_len = (uint16_t)left;
	h->l4 = (uint16_t)l4;
}

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t flow_of(const struct net_frame *f)
{
	const struct net_headers *h = &f->h;
	unsigned int at = h->l3 + (h->version == 4 ? 12u : 8u);
	unsigned int end = at + (h->version == 4 ? 8u : 32u);
	uint32_t flow = 0;

	for (; h->version && at < end && has(f, at, 4); at += 4)
		flow = mix(flow, net_get32(f->hdr + at));
	return h->l4 ? mix(flow, net_get32(f->hdr + h->l4)) : flow;
}

void net_frame_parse(struct net_frame *f)
{
	unsigned int at = 12, l3_len = 0, l4, tags;
	uint16_t type;

	f->h = (struct net_headers){ 0 };
	f->flow = 0;
	if (!has(f, 0, NET_ETH_HLEN))
		return;
	type = net_get16(f->hdr + at);
	for (tags = 0; tags < 2 && (type == ETH_VLAN || type == ETH_QINQ) && has(f, at + 4, 2); tags++) {
		at += 4;
		type = net_get16(f->hdr + at);
	}
	f->h.l3 = (uint16_t)(at + 2);
	if (type != ETH_IP && type != ETH_IPV6)
		return;
	f->h.version = type == ETH_IP ? 4 : 6;
	l4 = parse_l3(f, &l3_len);
	parse_l4(f, l4, l3_len);
	f->flow = flow_of(f);
}

/* The checksum of the pseudo header for an L4 part of this length. */
static uint64_t pseudo(const struct net_frame *f, unsigned int l4_len)
{
	const uint8_t *p = f->hdr + f->h.l3;
	uint64_t sum = f->h.proto + (uint64_t)l4_len;

	return f->h.version == 4 ? net_csum_add(sum, p + 12, 8, false) :
		net_csum_add(sum, p + 8, 32, false);
}

static void put_pseudo(struct net_frame *f)
{
	net_put16(f->hdr + f->h.csum_at,
		  (uint16_t)~net_csum_fold(pseudo(f, f->h.l4_len)) & 0xffff);
}

const char *net_frame_check(struct net_frame *f)
{
	bool v4 = f->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (f->gso_type == XEN_NETIF_GSO_TYPE_NONE) {
		if (!f->csum_blank)
			return NULL;
		if (!f->h.l4)
			return "a blank checksum and no TCP or UDP header";
		put_pseudo(f);
		return NULL;
	}
	if (!f->h.l4 || f->h.proto != IPPROTO_TCP || f->h.version != (v4 ? 4 : 6))
		return "GSO, but not of its header's protocol";
	/* Buggy frontends leave the flag out. */
	f->csum_blank = true;
	if (net_frame_segments(f) > NET_MAX_SEGMENTS)
		return "GSO with segments too small";
	if (net_frame_segments(f) <= 1)		/* nothing to cut: an ordinary frame */
		f->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	put_pseudo(f);
	return NULL;
}

void net_frame_complete(struct net_frame *f)
{
	unsigned int left = f->h.l4_len, skip = f->h.l4;
	uint8_t *at = f->hdr + f->h.csum_at;
	uint64_t sum = pseudo(f, left);
	struct net_cursor c;
	const void *data;
	bool odd = false;
	uint16_t csum;
	size_t n;

	net_put16(at, 0);
	net_cursor_init(&c, f);
	net_cursor_next(&c, skip, &data);
	while (left && (n = net_cursor_next(&c, left, &data))) {
		sum = net_csum_add(sum, data, n, odd);
		odd ^= n & 1;
		left -= (unsigned int)n;
	}
	csum = net_csum_fold(sum);
	if (!csum && f->h.proto == IPPROTO_UDP)
		csum = 0xffff;	/* 0 would mean that there is none */
	net_put16(at, csum);
	f->csum_blank = false;
	f->validated = true;
}

unsigned int net_frame_segments(const struct net_frame *f)
{
	unsigned int data = f->h.l4 + f->h.l4_len - f->h.payload;

	if (f->gso_type == XEN_NETIF_GSO_TYPE_NONE || !f->gso_size)
		return 1;
	return data ? (data + f->gso_size - 1u) / f->gso_size : 1;
}

/* The header of segment nr, whose data are `bytes'. */
static void segment_header(struct net_frame *seg, const struct net_frame *f, unsigned int nr,
			   unsigned int bytes, bool last)
{
	uint8_t *l3 = seg->hdr + f->h.l3, *tcp = seg->hdr + f->h.l4;
	unsigned int ip_len = f->h.payload - f->h.l3 + bytes;

	if (f->h.version == 4) {
		net_put16(l3 + 2, ip_len);
		net_put16(l3 + 4, net_get16(l3 + 4) + nr);
		net_put16(l3 + 10, 0);
		net_put16(l3 + 10, net_csum_fold(net_csum_add(0, l3, (l3[0] & 15u) * 4, false)));
	} else {
		net_put16(l3 + 4, ip_len - 40);
	}
	net_put32(tcp + 4, net_get32(tcp + 4) + nr * f->gso_size);
	if (!last)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (nr)
		tcp[13] &= (uint8_t)~TCP_CWR;
	seg->h.l4_len = (uint16_t)(f->h.payload - f->h.l4 + bytes);
	put_pseudo(seg);
}

int net_frame_cut(const struct net_frame *f, net_segment_cb *cb, void *arg)
{
	unsigned int left = f->h.l4 + f->h.l4_len - f->h.payload, nr, bytes, got;
	struct net_frame seg;
	struct net_cursor c;
	const void *data;
	size_t n;
	int rc;

	net_cursor_init(&c, f);
	net_cursor_next(&c, f->h.payload, &data);
	for (nr = 0; left; nr++, left -= bytes) {
		bytes = left < f->gso_size ? left : f->gso_size;
		memcpy(seg.hdr, f->hdr, f->h.payload);
		seg.hdr_len = f->h.payload;
		seg.len = f->h.payload + bytes;
		seg.nr_iov = 0;
		seg.csum_blank = true;
		seg.validated = false;
		seg.gso_type = XEN_NETIF_GSO_TYPE_NONE;
		seg.gso_size = 0;
		seg.flow = f->flow;
		seg.h = f->h;
		for (got = 0; got < bytes && (n = net_cursor_next(&c, bytes - got, &data)); got += n)
			seg.iov[seg.nr_iov++] = (struct iovec){ (void *)(uintptr_t)data, n };
		segment_header(&seg, f, nr, bytes, left == bytes);
		rc = cb(arg, &seg);
		if (rc)
			return rc;
	}
	return 0;
}
