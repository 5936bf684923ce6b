/* SPDX-License-Identifier: MIT */
/*
 * The device's frames to lwIP, in the thread of their queue and without a copy: each page becomes a
 * pbuf that gives it back when lwIP is done.
 */
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <netif/ethernet.h>
#include <pv/errno.h>
#include <pv/string.h>
#include "ethif.h"

/* lwIP wants all headers in the first piece. */
#define HEADERS_MAX	(NET_ETH_HEADER + 60U + 60U)
#define CHECK_BY_US	(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

_Static_assert(sizeof(struct pbuf_custom) <= NET_BUF_STACK_BYTES, "room for it in the page's descriptor");

static void buf_free(struct pbuf *p)
{
	struct net_buf *b = container_of((void *)p, struct net_buf, stack);

	b->next = NULL;
	net_buf_free(b);
}

static struct pbuf *wrap(struct net_buf *b)
{
	struct pbuf_custom *pc = (void *)b->stack;

	pc->custom_free_function = buf_free;
	return pbuf_alloced_custom(PBUF_RAW, b->len, PBUF_REF, pc, net_buf_data(b), b->len);
}

static struct pbuf *copied(struct net_buf *frame)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, frame->frame_len, PBUF_RAM);

	if (p != NULL)
		(void)net_buf_copy(frame, 0, p->payload, frame->frame_len);
	net_buf_free(frame);
	return p;
}

/* NULL: no memory, and the frame is gone. */
static struct pbuf *to_pbuf(struct net_buf *frame)
{
	struct pbuf *head = NULL;

	if (frame->next != NULL && frame->len < HEADERS_MAX)
		return copied(frame);
	while (frame != NULL) {
		struct net_buf *next = frame->next;
		struct pbuf *p = wrap(frame);

		if (head == NULL)
			head = p;
		else
			pbuf_cat(head, p);
		frame = next;
	}
	return head;
}

/* What nobody vouches for is checked; a piece of a datagram always. */
static u16_t checks(const struct net_buf *frame)
{
	const uint8_t *h = net_buf_data(frame);
	bool piece = frame->len >= NET_ETH_HEADER + 20 && h[12] == 8 && h[13] == 0 &&
		     ((h[20] & 0x3f) != 0 || h[21] != 0);

	return frame->offload.csum_valid && !piece ? 0 : CHECK_BY_US;
}

void ethif_receive(struct netdev *dev, unsigned int queue, struct net_buf *frames, void *arg)
{
	struct ethif *e;

	LOCK_TCPIP_CORE();
	e = dev->stack;
	while (frames != NULL) {
		struct net_buf *next = frames->next_frame;
		struct pbuf *p;

		if (e == NULL) {
			net_buf_free(frames);
			frames = next;
			continue;
		}
		e->netif.chksum_flags = (e->netif.chksum_flags & ~CHECK_BY_US) | checks(frames);
		p = to_pbuf(frames);
		if (p != NULL && ethernet_input(p, &e->netif) != ERR_OK)
			pbuf_free(p);
		frames = next;
	}
	UNLOCK_TCPIP_CORE();
}
