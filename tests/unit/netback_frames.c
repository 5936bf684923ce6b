/* SPDX-License-Identifier: MIT */
/*
 * The network backend's judgement, without rings: tx slots, headers, checksums, segments, the switch.  What
 * breaks this lets a guest's lie through, corrupts frames, or sends one guest's traffic to another.
 */
#include "config.h"
#include "backends/net_frame.h"
#include "backends/net_request.h"
#include "backends/net_switch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static union net_tx_slot slots[64];
static struct net_tx_packet pkt;
static const char *why;

static int decode(unsigned int nr)
{
	why = NULL;
	return net_tx_decode(slots, nr, &pkt, &why);
}

static void data(unsigned int i, uint16_t flags, uint16_t offset, uint16_t size)
{
	slots[i].req = (struct netif_tx_request){ .gref = 100 + i, .flags = flags, .offset = offset,
						  .id = (uint16_t)i, .size = size };
}

static void gso(unsigned int i, uint8_t type, uint16_t size, uint8_t flags)
{
	memset(&slots[i], 0, sizeof(slots[i]));
	slots[i].extra = (struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_GSO, .flags = flags,
						    .u.gso = { .size = size, .type = type } };
}

Test(decode, one_slot)
{
	data(0, NETTXF_csum_blank, 4096 - 60, 60);
	cr_assert_eq(decode(1), 1);
	cr_assert_null(pkt.drop);
	cr_assert_eq(pkt.nr_pieces, 1);
	cr_assert_eq(pkt.pieces[0].size, 60);
}

Test(decode, the_first_size_is_of_all)
{
	data(0, NETTXF_more_data, 0, 5000);
	data(1, NETTXF_more_data, 96, 4000);
	data(2, 0, 0, 900);
	cr_assert_eq(decode(3), 3);
	cr_assert_null(pkt.drop);
	cr_assert_eq(pkt.pieces[0].size, 100);
	cr_assert_eq(pkt.pieces[1].size, 4000);
	cr_assert_eq(pkt.pieces[2].gref, 102);
}

Test(decode, lies_that_cost_the_packet)
{
	unsigned int i;

	data(0, 0, 0, 13);
	cr_assert_eq(decode(1), 1);
	cr_assert_not_null(pkt.drop, "shorter than a header");
	data(0, 0, 0, 0);
	cr_assert_eq(decode(1), 1);
	cr_assert_not_null(pkt.drop, "empty");
	data(0, NETTXF_more_data, 0, 100);
	data(1, 0, 0, 101);
	cr_assert_eq(decode(2), 2);
	cr_assert_not_null(pkt.drop, "pieces larger than the whole");
	for (i = 0; i < NET_MAX_SLOTS + 1; i++)
		data(i, i < NET_MAX_SLOTS ? NETTXF_more_data : 0, 0, i ? 100 : 5000);
	cr_assert_eq(decode(NET_MAX_SLOTS + 1), (int)NET_MAX_SLOTS + 1);
	cr_assert_not_null(pkt.drop, "one slot more than is served");
	for (i = 0; i < NET_MAX_SLOTS; i++)
		data(i, i < NET_MAX_SLOTS - 1 ? NETTXF_more_data : 0, 0, i ? 100 : 5000);
	cr_assert_eq(decode(NET_MAX_SLOTS), (int)NET_MAX_SLOTS);
	cr_assert_null(pkt.drop, "as many as are served");
}

Test(decode, lies_that_cost_the_device)
{
	unsigned int i;

	data(0, 0, 4090, 60);
	cr_assert_eq(decode(1), -EPROTO, "beyond the page");
	cr_assert_not_null(why);
	data(0, 0, 65535, 65535);
	cr_assert_eq(decode(1), -EPROTO, "far beyond the page");
	data(0, NETTXF_more_data, 0, 5000);
	cr_assert_eq(decode(1), -EPROTO, "no end");
	data(1, 0, 4000, 4000);
	cr_assert_eq(decode(2), -EPROTO, "second piece beyond its page");
	for (i = 0; i < 64; i++)
		data(i, NETTXF_more_data, 0, i ? 1 : 5000);
	cr_assert_eq(decode(64), -EPROTO, "endless pieces");
	data(0, NETTXF_extra_info, 0, 60);
	cr_assert_eq(decode(1), -EPROTO, "no extra info");
	for (i = 1; i < 64; i++)
		gso(i, XEN_NETIF_GSO_TYPE_TCPV4, 1448, XEN_NETIF_EXTRA_FLAG_MORE);
	cr_assert_eq(decode(64), -EPROTO, "endless extra info");
	gso(1, XEN_NETIF_GSO_TYPE_TCPV4, 0, 0);
	cr_assert_eq(decode(2), -EPROTO, "segments of no size");
	gso(1, 7, 1448, 0);
	cr_assert_eq(decode(2), -EPROTO, "no such GSO type");
	slots[1].extra.type = XEN_NETIF_EXTRA_TYPE_MAX;
	cr_assert_eq(decode(2), -EPROTO, "no such extra info");
	slots[1].extra.type = XEN_NETIF_EXTRA_TYPE_NONE;
	cr_assert_eq(decode(2), -EPROTO, "extra info of type none");
}

/* Whatever the bytes are: no more than the slots there are, and pieces inside of their pages. */
Test(decode, any_bytes)
{
	unsigned int round, i, nr;
	int used;

	srand(1);
	for (round = 0; round < 300000; round++) {
		for (i = 0; i < 28 * 12; i++)
			((uint8_t *)slots)[i] = (uint8_t)rand();
		for (i = 0; i < 28; i++)
			slots[i].req.flags &= 15;
		nr = 1 + (unsigned int)rand() % 28;
		used = decode(nr);
		cr_assert(used == -EPROTO || (used >= 1 && used <= (int)nr));
		if (used < 0 || pkt.drop || pkt.mcast_add || pkt.mcast_del)
			continue;
		cr_assert_eq(used, (int)(pkt.nr_pieces + pkt.nr_extras));
		for (i = 0, nr = 0; i < pkt.nr_pieces; nr += pkt.pieces[i++].size)
			cr_assert_leq(pkt.pieces[i].offset + pkt.pieces[i].size, 4096);
		cr_assert_eq(nr, pkt.size);
	}
}

/* A frame whose bytes lie in all; the header part is copied as the backend does. */
static uint8_t all[70000];

static void frame(struct net_frame *f, unsigned int len)
{
	memset(f, 0, sizeof(*f));
	f->len = len;
	f->hdr_len = len < NET_HDR_MAX ? len : NET_HDR_MAX;
	memcpy(f->hdr, all, f->hdr_len);
	/* In odd pieces, so that a sum that goes by words is caught. */
	if (len > f->hdr_len + 33) {
		f->iov[f->nr_iov++] = (struct iovec){ all + f->hdr_len, 33 };
		f->iov[f->nr_iov++] = (struct iovec){ all + f->hdr_len + 33, len - f->hdr_len - 33 };
	} else if (len > f->hdr_len) {
		f->iov[f->nr_iov++] = (struct iovec){ all + f->hdr_len, len - f->hdr_len };
	}
	net_frame_parse(f);
}

static void tcp4(unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		all[i] = (uint8_t)(i * 7 + (i >> 8));
	memcpy(all, "\x00\x16\x3e\x00\x00\x02\x00\x16\x3e\x00\x00\x01\x08\x00", 14);
	all[14] = 0x45;
	net_put16(all + 16, len - 14);
	net_put16(all + 18, 0x1234);
	net_put16(all + 20, 0x4000);
	all[23] = 6;
	net_put32(all + 38, 0xfffffff0);	/* the sequence wraps */
	all[46] = 0x50;
	all[47] = 0x19;				/* FIN, PSH, ACK */
}

static void tcp6(unsigned int len)
{
	tcp4(len);
	net_put16(all + 12, 0x86dd);
	all[14] = 0x60;
	net_put16(all + 18, len - 54);
	all[20] = 6;
	net_put32(all + 58, 7);
	all[66] = 0x50;
	all[67] = 0x10;
}

/* The checksum of a frame by the book: word by word over the pseudo header and everything. */
static bool csum_right(const struct net_frame *f)
{
	static uint8_t flat[70000];
	unsigned int n = 0, i, l4 = f->h.l4, len = f->h.l4_len, a = f->h.l3 + (f->h.version == 4 ? 12 : 8);
	uint32_t sum = f->h.proto + len;

	memcpy(flat, f->hdr, f->hdr_len);
	for (n = f->hdr_len, i = 0; i < f->nr_iov; n += (unsigned int)f->iov[i++].iov_len)
		memcpy(flat + n, f->iov[i].iov_base, f->iov[i].iov_len);
	flat[n] = 0;
	for (i = a; i < a + (f->h.version == 4 ? 8u : 32u); i += 2)
		sum += net_get16(flat + i);
	for (i = 0; i < len; i += 2)
		sum += (uint32_t)(flat[l4 + i] << 8) + (i + 1 < len ? flat[l4 + i + 1] : 0u);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

Test(frame, checksum)
{
	struct net_frame f;
	unsigned int len;

	for (len = 74; len < 2000; len += 1) {
		if (len & 2)
			tcp6(len);
		else
			tcp4(len);
		frame(&f, len);
		f.csum_blank = true;
		cr_assert_null(net_frame_check(&f));
		cr_assert_not(csum_right(&f));
		net_frame_complete(&f);
		cr_assert(csum_right(&f), "length %u", len);
	}
}

Test(frame, udp_of_sum_zero_says_ffff)
{
	struct net_frame f;
	uint16_t csum;

	memset(all, 0, 64);
	net_put16(all + 12, 0x0800);
	all[14] = 0x45;
	net_put16(all + 16, 20 + 10);
	all[23] = 17;
	net_put16(all + 38, 10);
	frame(&f, 44);
	f.csum_blank = true;
	cr_assert_null(net_frame_check(&f));
	net_frame_complete(&f);
	csum = net_get16(f.hdr + 40);
	/* Make the data such that the sum is zero. */
	net_put16(all + 42, csum);
	frame(&f, 44);
	f.csum_blank = true;
	net_frame_complete(&f);
	cr_assert_eq(net_get16(f.hdr + 40), 0xffff);
}

static struct {
	unsigned int nr, at, last;
	bool v6;
} cut;

static int piece(void *arg, struct net_frame *seg)
{
	unsigned int h = seg->h.payload, n = seg->len - h, i, k = 0;
	const struct net_frame *f = arg;
	const uint8_t *l3 = seg->hdr + seg->h.l3, *tcp = seg->hdr + seg->h.l4;

	cr_assert_leq(n, f->gso_size);
	if (cut.v6) {
		cr_assert_eq(net_get16(l3 + 4) + 40u, seg->len - 14);
	} else {
		cr_assert_eq(net_get16(l3 + 2), seg->len - 14);
		cr_assert_eq(net_get16(l3 + 4), (0x1234 + cut.nr) & 0xffff);
		cr_assert_eq(net_csum_fold(net_csum_add(0, l3, 20, false)), 0);
	}
	cr_assert_eq(net_get32(tcp + 4), net_get32(f->hdr + f->h.l4 + 4) + cut.at);
	cut.at += n;
	cut.last = tcp[13];
	if (cut.at + f->h.payload < f->len)
		cr_assert_eq(tcp[13] & 9, 0, "FIN and PSH are the last one's");
	for (i = 0; i < seg->nr_iov; k += (unsigned int)seg->iov[i++].iov_len)
		cr_assert_eq(memcmp(seg->iov[i].iov_base, all + h + cut.at - n + k, seg->iov[i].iov_len), 0);
	cr_assert_eq(k, n);
	net_frame_complete(seg);
	cr_assert(csum_right(seg));
	cut.nr++;
	return 0;
}

Test(frame, segments)
{
	static const unsigned int sizes[] = { 65535, 65000, 3000, 1502, 1503 };
	struct net_frame f;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		cut.v6 = i & 1;
		cut.nr = cut.at = 0;
		if (cut.v6)
			tcp6(sizes[i / 2]);
		else
			tcp4(sizes[i / 2]);
		frame(&f, sizes[i / 2]);
		f.gso_type = cut.v6 ? XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
		f.gso_size = 1448;
		cr_assert_null(net_frame_check(&f));
		if (f.gso_type == XEN_NETIF_GSO_TYPE_NONE)
			continue;
		net_frame_cut(&f, piece, &f);
		cr_assert_eq(cut.nr, net_frame_segments(&f));
		cr_assert_eq(cut.at + f.h.payload, f.len);
		cr_assert_eq(cut.last & 9, cut.v6 ? 0 : 9);
	}
}

Test(frame, lies)
{
	struct net_frame f;

	tcp4(9000);
	frame(&f, 9000);
	f.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
	f.gso_size = 1448;
	cr_assert_not_null(net_frame_check(&f), "GSO of the other protocol");
	f.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
	f.gso_size = 1;
	cr_assert_not_null(net_frame_check(&f), "segments of one byte");
	net_put16(all + 16, 9001);
	frame(&f, 9000);
	f.csum_blank = true;
	cr_assert_not_null(net_frame_check(&f), "an IP packet longer than its frame");
	tcp4(9000);
	all[46] = 0xf0;
	net_put16(all + 16, 40);
	frame(&f, 9000);
	f.csum_blank = true;
	cr_assert_not_null(net_frame_check(&f), "a TCP header longer than its packet");
	tcp4(9000);
	net_put16(all + 20, 0x2000);
	frame(&f, 9000);
	f.csum_blank = true;
	cr_assert_not_null(net_frame_check(&f), "a fragment");
	memset(all, 0xff, 14);
	frame(&f, 14);
	f.csum_blank = true;
	cr_assert_not_null(net_frame_check(&f), "nothing but an Ethernet header");
}

Test(frame, any_bytes)
{
	struct net_frame f;
	unsigned int round, i, len;

	srand(2);
	for (round = 0; round < 300000; round++) {
		len = 14 + (unsigned int)rand() % 300;
		tcp4(len);
		if (round & 1)
			tcp6(len < 60 ? 60 : len);
		for (i = 0; i < 4; i++)
			all[12 + rand() % 60] = (uint8_t)rand();
		frame(&f, len);
		f.csum_blank = rand() & 1;
		f.gso_type = (uint8_t)(rand() % 3);
		f.gso_size = (uint16_t)(1 + rand() % 100);
		if (net_frame_check(&f))
			continue;
		if (f.csum_blank)
			net_frame_complete(&f);
	}
}

/* --- the switch --- */

struct port {
	struct net_port p;
	unsigned int got;
	bool full;
};

static enum net_verdict got(struct net_port *p, const struct net_frame *f, struct net_port *from, bool may_wait)
{
	struct port *port = (struct port *)p;

	if (port->full)
		return may_wait ? NET_WAIT : NET_DROPPED;
	port->got++;
	return NET_SENT;
}

static const struct net_port_ops ops = { got };
static struct port ports[4];
static struct net_switch *sw;
static uint64_t now = 1000000000;

static void switch_open(void)
{
	unsigned int i;

	sw = net_switch_new();
	for (i = 0; i < 4; i++) {
		ports[i].p.ops = &ops;
		ports[i].p.has_mac = true;
		memcpy(ports[i].p.mac, "\x00\x16\x3e\x00\x00", 5);
		ports[i].p.mac[5] = (uint8_t)i;
		cr_assert_eq(net_switch_attach(sw, &ports[i].p, i < 3 ? "one" : "two", now), 0);
	}
}

static enum net_verdict say(unsigned int from, const char *dst, const char *src)
{
	static struct net_frame f;

	memset(&f, 0, sizeof(f));
	memcpy(f.hdr, dst, 6);
	memcpy(f.hdr + 6, src, 6);
	f.len = f.hdr_len = 60;
	return net_switch_forward(&ports[from].p, &f, now);
}

#define MAC(n)	"\x00\x16\x3e\x00\x00" n
#define ALL	"\xff\xff\xff\xff\xff\xff"
#define GOT(a, b, c, d)	cr_assert(ports[0].got == (a) && ports[1].got == (b) && ports[2].got == (c) && \
	ports[3].got == (d), "%u %u %u %u", ports[0].got, ports[1].got, ports[2].got, ports[3].got)

Test(switch, goes_where_it_should, .init = switch_open)
{
	cr_assert_eq(say(0, MAC("\x01"), MAC("\x00")), NET_SENT);
	GOT(0, 1, 0, 0);
	say(0, ALL, MAC("\x00"));
	GOT(0, 2, 1, 0);
	say(0, "\x02zzzz1", MAC("\x00"));	/* unknown: flooded, and not to the other bridge */
	GOT(0, 3, 2, 0);
	say(2, MAC("\x00"), "\x02zzzz1");	/* now it is known */
	say(0, "\x02zzzz1", MAC("\x00"));
	GOT(1, 3, 3, 0);
	now += NET_AGE_NS + 1;
	say(0, "\x02zzzz1", MAC("\x00"));	/* and forgotten */
	GOT(1, 4, 4, 0);
	cr_assert_eq(say(0, MAC("\x00"), MAC("\x00")), NET_DROPPED, "to itself");
	cr_assert_eq(say(0, "\x01\x80\xc2\x00\x00\x00", MAC("\x00")), NET_DROPPED, "link-local");
	cr_assert_eq(say(0, MAC("\x01"), ALL), NET_DROPPED, "from everybody");
	GOT(1, 4, 4, 0);
}

Test(switch, nobody_takes_a_configured_address, .init = switch_open)
{
	say(2, ALL, MAC("\x01"));
	cr_assert_eq(say(0, MAC("\x01"), MAC("\x00")), NET_SENT);
	cr_assert_eq(ports[1].got, 2);	/* the broadcast, and its own */
	cr_assert_eq(ports[2].got, 0);
}

Test(switch, a_full_table_costs_its_filler, .init = switch_open)
{
	char mac[6] = { 2 };
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		memcpy(mac + 1, &i, 4);
		say(2, MAC("\x00"), mac);
	}
	cr_assert_leq(ports[2].p.nr_macs, NET_PORT_MACS);
	say(1, MAC("\x00"), "\x02yyyy1");
	cr_assert_eq(net_switch_lookup(&ports[0].p, (const uint8_t *)"\x02yyyy1", now), &ports[1].p,
		     "a neighbour is learnt all the same");
	net_switch_detach(&ports[2].p);
	cr_assert_null(net_switch_lookup(&ports[0].p, (const uint8_t *)mac, now), "gone with its port");
}

Test(switch, floods_are_limited, .init = switch_open)
{
	unsigned int i;

	for (i = 0; i < 100000; i++)
		say(0, ALL, MAC("\x00"));
	cr_assert_leq(ports[1].got, NET_FLOOD_BURST);
	cr_assert_geq(ports[1].got, NET_FLOOD_BURST / 2);
	cr_assert_geq(ports[0].p.count.flood_dropped, 90000);
	cr_assert_eq(say(0, MAC("\x01"), MAC("\x00")), NET_SENT, "what is not flooded goes on");
	i = ports[1].got;
	say(1, ALL, MAC("\x01"));
	cr_assert_eq(ports[0].got, 1, "a neighbour's limit is its own");
	now += 10000000;
	say(0, ALL, MAC("\x00"));
	cr_assert_eq(ports[1].got, i + 1, "and it ends");
}

Test(switch, waiting, .init = switch_open)
{
	ports[1].full = true;
	cr_assert_eq(say(0, MAC("\x01"), MAC("\x00")), NET_WAIT);
	cr_assert_eq(ports[0].p.count.in_frames, 0);
	cr_assert_eq(say(0, ALL, MAC("\x00")), NET_SENT, "a broadcast waits for nobody");
	cr_assert_eq(ports[2].got, 1);
	cr_assert_eq(ports[1].p.count.out_dropped, 1);
}
