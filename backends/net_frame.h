/* SPDX-License-Identifier: MIT */
/*
 * A frame on its way: the first bytes of it in memory of ours, so that what is decided from them stays
 * true, the rest where the sender has it.  What lies there may change while we read it, which changes the
 * sender's own data and nothing else.
 */
#ifndef PVN_BACKENDS_NET_FRAME_H
#define PVN_BACKENDS_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define NET_HDR_MAX	192u	/* Ethernet, two VLAN tags, IPv6 with options, TCP with options */
#define NET_MAX_IOV	20u
#define NET_MAX_SEGMENTS 128u	/* into so many a frame is cut, not more */

/* Where things are in the header; l4 0: there is no TCP or UDP that we can see. */
struct net_headers {
	uint16_t l3, l4, payload;
	uint16_t l4_len;		/* L4 header and its data, by the IP header */
	uint16_t csum_at;		/* the L4 checksum */
	uint8_t version, proto;
};

struct net_frame {
	uint8_t hdr[NET_HDR_MAX];
	unsigned int hdr_len;
	struct iovec iov[NET_MAX_IOV];	/* what follows */
	unsigned int nr_iov;
	uint32_t len;			/* all of it */
	bool csum_blank;		/* the L4 checksum is the pseudo header's: to be completed */
	bool validated;			/* somebody has found the checksum right */
	uint8_t gso_type;		/* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;
	uint32_t flow;			/* equal for equal addresses and ports */
	struct net_headers h;
};

/* Fill h and flow from hdr.  Everything may be a lie; what does not fit leaves l4 at 0. */
void net_frame_parse(struct net_frame *f);

/*
 * Judge what the sender claims of the frame (csum_blank, gso) by its header, and put the checksum of
 * the pseudo header where a checksum is blank.  NULL, or why the frame must go.
 */
const char *net_frame_check(struct net_frame *f);

/* Compute the blank checksum. */
void net_frame_complete(struct net_frame *f);

/* How many frames it becomes when cut. */
unsigned int net_frame_segments(const struct net_frame *f);

/* Cut a GSO frame that net_frame_check() has passed; checksums are blank in the pieces.  Calls back for
 * each; stops when that returns other than 0. */
typedef int net_segment_cb(void *arg, struct net_frame *seg);
int net_frame_cut(const struct net_frame *f, net_segment_cb *cb, void *arg);

/* Sum of 16-bit words, big-endian, to be folded and complemented by net_csum_fold(). */
uint64_t net_csum_add(uint64_t sum, const void *data, size_t len, bool odd);
uint16_t net_csum_fold(uint64_t sum);

/* Walks over the bytes of a frame, header first. */
struct net_cursor {
	const struct net_frame *f;
	unsigned int at;		/* 0: header, i: iov[i - 1] */
	size_t off;
};
void net_cursor_init(struct net_cursor *c, const struct net_frame *f);
/* The next run of at most max bytes; 0: there are no more. */
size_t net_cursor_next(struct net_cursor *c, size_t max, const void **data);

static inline uint16_t net_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void net_put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t net_get32(const uint8_t *p)
{
	return (uint32_t)net_get16(p) << 16 | net_get16(p + 2);
}

static inline void net_put32(uint8_t *p, uint32_t v)
{
	net_put16(p, v >> 16);
	net_put16(p + 2, v & 0xffff);
}

#endif
