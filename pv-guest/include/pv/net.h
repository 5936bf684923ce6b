/* SPDX-License-Identifier: MIT */
/*
 * Network devices: what a driver (netfront) offers, and what stands on it (pktgen, the TCP/IP stack).
 *
 * A frame to send is a struct net_tx of its sender, with pieces that lie within one page each; a
 * frame received is a chain of struct net_buf, a page each, which belong to whoever got them. All
 * calls are for threads; none sleeps unless it says so.
 */
#ifndef PV_NET_H
#define PV_NET_H

#include <pv/thread.h>
#include <pv/types.h>

#define NET_NAME_MAX	8
#define NET_MAC_BYTES	6
#define NET_ETH_HEADER	14U
#define NET_FRAME_MAX	65535U	/* with the Ethernet header */
#define NET_MAX_FRAGS	18U	/* what every backend takes */
#define NET_MAX_QUEUES	8U

/* What the other side does for us. */
#define NET_F_SG	1U	/* frames of several pieces */
#define NET_F_CSUM4	2U	/* TCP and UDP checksums over IPv4 may be left blank */
#define NET_F_CSUM6	4U
#define NET_F_TSO4	8U	/* TCP segments larger than the MTU */
#define NET_F_TSO6	16U

enum net_gso { NET_GSO_NONE, NET_GSO_TCPV4, NET_GSO_TCPV6 };	/* values of <xen/io/netif.h> */

struct net_offload {
	bool csum_blank;	/* the TCP or UDP checksum field holds the pseudo header's sum only */
	bool csum_valid;	/* received: not to be checked again */
	uint8_t gso_type;	/* enum net_gso */
	uint16_t gso_size;	/* payload of one segment */
};

struct net_frag {
	void *data;		/* from page_alloc or kmalloc; does not cross a page */
	uint16_t len;
};

/* done() is called when the other side has let go of the pieces, by a thread of the driver or by
 * a sender's: it may take spinlocks and wake, but neither sleep nor send. */
struct net_tx {
	struct net_frag frags[NET_MAX_FRAGS];
	unsigned int nr_frags;
	struct net_offload offload;
	/* 0 or -errno; -EBUSY: the other side keeps a piece mapped, that memory must not be used again. */
	void (*done)(struct net_tx *tx, int status);
	/* The driver's. */
	struct net_tx *next;
	uint32_t len;
	unsigned int pending;
	int status;
};

#define NET_BUF_STACK_BYTES	64

struct net_buf {
	struct net_buf *next;	/* next piece of this frame */
	struct net_buf *next_frame;
	void *page;
	uint16_t offset, len;
	/* Of the whole frame, in its first piece. */
	uint32_t frame_len;
	struct net_offload offload;
	uint64_t stack[NET_BUF_STACK_BYTES / 8];	/* the TCP/IP stack's, while it has this */
};
static inline uint8_t *net_buf_data(const struct net_buf *b)
{
	return (uint8_t *)b->page + b->offset;
}
/* NULL: there are too many about already, or no memory. */
struct net_buf *net_buf_alloc(void);
/* A whole frame. net_buf_lose: only the descriptor, the page is somebody else's now. */
void net_buf_free(struct net_buf *frame);
void net_buf_lose(struct net_buf *b);
/* At most n bytes of a frame, from offset at, into one place. How many there were. */
uint32_t net_buf_copy(const struct net_buf *frame, uint32_t at, void *dst, uint32_t n);

struct net_stats {
	uint64_t rx_frames, rx_bytes, rx_errors;
	uint64_t tx_frames, tx_bytes, tx_errors;
	uint64_t rx_events, tx_events, notifies;
};

struct netdev;
struct netdev_ops {
	/* 0, -EAGAIN: no room now, -EINVAL, -ENODEV; only after 0 comes a done(). more: another one
	 * follows at once, so the other side need not be told yet; then flush. */
	int (*send)(struct netdev *dev, unsigned int queue, struct net_tx *tx, bool more);
	void (*flush)(struct netdev *dev, unsigned int queue);
	/* A frame of the largest size can be sent now. */
	bool (*has_room)(struct netdev *dev, unsigned int queue);
	/* Sleeps until a frame of the largest size has room, at most ns. */
	void (*wait_room)(struct netdev *dev, unsigned int queue, uint64_t ns);
	void (*stats)(struct netdev *dev, struct net_stats *s);
	/* The device is gone and so is its last user. */
	void (*release)(struct netdev *dev);
};

/* Frames, linked by next_frame, in the thread of the queue. They are the receiver's. */
typedef void net_receive_t(struct netdev *dev, unsigned int queue, struct net_buf *frames, void *arg);

struct netdev {
	char name[NET_NAME_MAX];
	uint8_t mac[NET_MAC_BYTES];
	uint16_t mtu;
	unsigned int nr_queues;
	uint32_t features;	/* NET_F_* */
	bool carrier;
	bool gone;
	const struct netdev_ops *ops;
	void *priv;
	/* netdev.c's. */
	unsigned int users;
	net_receive_t *receive;
	void *receive_arg;
	unsigned int receiving;
	void *stack;		/* the TCP/IP stack's interface, if there is one */
	struct netdev *next;
};

/* By the driver: the name is given here. The device has its first user, the driver. */
void netdev_register(struct netdev *dev);
/* No new users; the driver's goes. */
void netdev_unregister(struct netdev *dev);
/* Something of it changed: carrier, features. */
void netdev_changed(struct netdev *dev);
void netdev_deliver(struct netdev *dev, unsigned int queue, struct net_buf *frames);

/* A user more, to be put back; NULL if there is no such device. name NULL: the first there is. Waits a
 * while for a device that was there at boot, and for its carrier. */
struct netdev *netdev_find(const char *name);
struct netdev *netdev_get(unsigned int i);
void netdev_put(struct netdev *dev);
/* Who gets the frames, instead of the TCP/IP stack if there is one; NULL gives them back to it. When
 * this returns the receiver before is not running any more. Sleeps. */
void netdev_receiver(struct netdev *dev, net_receive_t *fn, void *arg);
/* send, waiting for room. 0 or -errno; -ETIMEDOUT when there was none for a second. */
int netdev_send_wait(struct netdev *dev, unsigned int queue, struct net_tx *tx, bool more);

/* The TCP/IP stack, if it is there: told of each device, thread context. */
struct net_stack {
	void (*added)(struct netdev *dev);
	void (*changed)(struct netdev *dev);
	void (*removed)(struct netdev *dev);
	net_receive_t *receive;
};
void netdev_set_stack(const struct net_stack *stack);

/* "00:16:3e:..." 0 or -EINVAL. */
int net_parse_mac(const char *s, uint8_t mac[NET_MAC_BYTES]);
/* The Internet checksum's sum of bytes, to be folded; start is what came before (even length). */
uint32_t net_sum(const void *data, size_t n, uint32_t start);
uint16_t net_sum_fold(uint32_t sum);

#endif
