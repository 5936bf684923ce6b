/* SPDX-License-Identifier: MIT */
/*
 * Frames that pktgen makes and pktsink knows: UDP to port 9 (discard), or one large TCP segment
 * when they are longer than the device's MTU; behind the headers a tag, then a pattern.
 */
#ifndef PV_NET_PKT_H
#define PV_NET_PKT_H

#include <pv/net.h>

#define PKT_PORT	9U
#define PKT_MAGIC	0x7650U
#define PKT_MIN		64U
#define PKT_UDP_HEADERS	42U
#define PKT_TCP_HEADERS	54U

struct pkt_tag {
	uint16_t magic;
	uint16_t sum;		/* of all behind it; 0: not made */
	uint64_t seq;
	uint64_t sent_ns;
} __attribute__((packed));
#define PKT_UNSUMMED	4U	/* magic and sum */
_Static_assert(PKT_UDP_HEADERS + sizeof(struct pkt_tag) <= PKT_MIN, "fits the shortest frame");

/* Headers for a frame of size bytes; *headers their length. gso_size 0: UDP. */
void pkt_headers(uint8_t *p, uint32_t size, const uint8_t *from, const uint8_t *to, uint16_t gso_size);
uint32_t pkt_headers_len(uint16_t gso_size);
/* Where the tag of a received frame is, copied; 0 if it is not one of ours. */
uint32_t pkt_tag_find(const struct net_buf *frame, struct pkt_tag *tag);
/* Sum of n bytes from offset at of the pieces, as tag.sum has it; never 0. */
uint16_t pkt_sum_frags(const struct net_frag *frags, uint32_t at, uint32_t n);
uint16_t pkt_sum_buf(const struct net_buf *frame, uint32_t at, uint32_t n);
/* "V.VVV", count by ns. */
void pkt_rate(char out[24], uint64_t count, uint64_t ns);
uint64_t pkt_per_second(uint64_t count, uint64_t ns);

#endif
