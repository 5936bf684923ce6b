/* SPDX-License-Identifier: MIT */
/*
 * lwIP's frames to the device.
 *
 * lwIP knows no large segments, so segments of a connection that follow one another are put together
 * here, as long as the core lock is held: the other side then has one frame of up to 64 KiB to carry. A
 * TCP checksum is left blank where the other side fills it in, and made here where not.
 */
#include <lwip/prot/ethernet.h>
#include <pv/errno.h>
#include <pv/string.h>
#include "ethif.h"

#define KEEP_PAGES	512U
#define FRAMES_MAX	512U

#define ETH	NET_ETH_HEADER
#define TCP_FIN	1
#define TCP_PSH	8
#define TCP_ACK	16

static spinlock_t lock = SPINLOCK_INIT;		/* the four below */
static struct ethif_tx *free_frames;
static void *free_pages[KEEP_PAGES];
static unsigned int nr_free_pages, nr_frames;

bool ethif_dirty;

static void *page_take(void)
{
	void *page = NULL;

	spin_lock(&lock);
	if (nr_free_pages > 0)
		page = free_pages[--nr_free_pages];
	spin_unlock(&lock);
	return page != NULL ? page : page_alloc_zeroed();
}

static void pages_give(struct ethif_tx *t)
{
	spin_lock(&lock);
	while (t->nr_pages > 0 && nr_free_pages < KEEP_PAGES)
		free_pages[nr_free_pages++] = t->tx.frags[--t->nr_pages].data;
	spin_unlock(&lock);
	while (t->nr_pages > 0)
		page_free(t->tx.frags[--t->nr_pages].data, 0);
}

static void frame_give(struct ethif_tx *t)
{
	pages_give(t);
	spin_lock(&lock);
	t->next_free = free_frames;
	free_frames = t;
	spin_unlock(&lock);
}

static void tx_done(struct net_tx *tx, int status)
{
	struct ethif_tx *t = container_of(tx, struct ethif_tx, tx);

	/* Pages the other side keeps are not used again. */
	if (status == -EBUSY)
		t->nr_pages = 0;
	frame_give(t);
}

static struct ethif_tx *frame_take(void)
{
	struct ethif_tx *t;
	bool make = false;

	spin_lock(&lock);
	t = free_frames;
	if (t != NULL) {
		free_frames = t->next_free;
	} else if (nr_frames < FRAMES_MAX) {
		nr_frames++;
		make = true;
	}
	spin_unlock(&lock);
	if (make)
		t = kmalloc(sizeof(*t));
	if (t == NULL)
		return NULL;
	t->tx.offload = (struct net_offload){ 0 };
	t->tx.done = tx_done;
	t->nr_pages = 0;
	t->len = 0;
	return t;
}

static uint8_t *frame_start(const struct ethif_tx *t)
{
	return t->tx.frags[0].data;
}

/* n bytes behind what is there. False without memory. */
static bool append(struct ethif_tx *t, const uint8_t *p, uint32_t n)
{
	while (n > 0) {
		uint32_t at = t->len % PAGE_SIZE, take = MIN(n, (uint32_t)PAGE_SIZE - at);

		if (at == 0) {
			void *page = t->nr_pages < ETHIF_TX_PAGES ? page_take() : NULL;

			if (page == NULL)
				return false;
			t->tx.frags[t->nr_pages++].data = page;
		}
		memcpy((uint8_t *)t->tx.frags[t->nr_pages - 1].data + at, p, take);
		t->tx.frags[t->nr_pages - 1].len = at + take;
		t->len += take;
		p += take;
		n -= take;
	}
	return true;
}

static bool append_pbuf(struct ethif_tx *t, const struct pbuf *p, uint32_t skip)
{
	for (; p != NULL; p = p->next) {
		if (skip >= p->len) {
			skip -= p->len;
			continue;
		}
		if (!append(t, (const uint8_t *)p->payload + skip, p->len - skip))
			return false;
		skip = 0;
	}
	return true;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* A TCP segment's place in its frame. */
struct segment {
	bool v6;
	unsigned int tcp, payload;	/* offsets */
	uint32_t bytes;			/* of payload */
};

/* False: not TCP, or not as lwIP writes it. */
static bool segment_find(const uint8_t *h, uint32_t have, uint32_t len, struct segment *s)
{
	if (have < ETH + 40)
		return false;
	if (get16(h + 12) == ETHTYPE_IP && h[ETH] == 0x45 && h[ETH + 9] == 6 &&
	    (get16(h + ETH + 6) & 0x3fff) == 0) {
		s->v6 = false;
		s->tcp = ETH + 20;
	} else if (get16(h + 12) == ETHTYPE_IPV6 && h[ETH + 6] == 6) {
		s->v6 = true;
		s->tcp = ETH + 40;
	} else {
		return false;
	}
	if (have < s->tcp + 20)
		return false;
	s->payload = s->tcp + (h[s->tcp + 12] >> 4) * 4;
	if (s->payload < s->tcp + 20 || have < s->payload || len < s->payload)
		return false;
	s->bytes = len - s->payload;
	return true;
}

/* The pseudo header's sum; its length field counts from the TCP header on. */
static uint32_t pseudo_sum(const uint8_t *h, const struct segment *s, uint32_t len)
{
	uint32_t l4 = len - s->tcp;
	uint8_t tail[4] = { 0, 6, l4 >> 8, l4 };

	if (s->v6)
		return net_sum(tail, 4, net_sum(h + ETH + 8, 32, 0));
	return net_sum(tail, 4, net_sum(h + ETH + 12, 8, 0));
}

/* The TCP checksum, by us or by the other side. */
static void checksum(const struct ethif *e, struct ethif_tx *t, const struct segment *s)
{
	uint8_t *h = frame_start(t);
	uint32_t sum = pseudo_sum(h, s, t->len);
	uint16_t field = net_sum_fold(sum);

	memset(h + s->tcp + 16, 0, 2);
	if (e->dev->features & (s->v6 ? NET_F_CSUM6 : NET_F_CSUM4)) {
		t->tx.offload.csum_blank = true;
	} else {
		/* Pages hold an even number of bytes, and the header begins at an even offset. */
		for (unsigned int i = 0; i < t->nr_pages; i++) {
			const struct net_frag *f = &t->tx.frags[i];
			uint32_t skip = i == 0 ? s->tcp : 0;

			sum = net_sum((const uint8_t *)f->data + skip, f->len - skip, sum);
		}
		field = ~net_sum_fold(sum);
	}
	memcpy(h + s->tcp + 16, &field, 2);
}

static void send(struct ethif *e, struct ethif_tx *t, const struct segment *s)
{
	const uint8_t *h = frame_start(t);
	unsigned int queue = 0;

	if (s != NULL) {
		checksum(e, t, s);
		queue = (h[s->tcp + 1] ^ h[s->tcp + 3]) % e->dev->nr_queues;
	}
	t->tx.nr_frags = t->nr_pages;
	if (e->dev->ops->send(e->dev, queue, &t->tx, true) != 0) {
		frame_give(t);
		return;
	}
	e->dirty_queues |= 1U << queue;
	ethif_dirty = true;
}

/* The gathered one gets the lengths it has now. */
static void gather_send(struct ethif *e)
{
	struct ethif_gather *g = &e->gather;
	struct ethif_tx *t = g->t;
	struct segment s = { g->v6, g->v6 ? ETH + 40 : ETH + 20, g->headers, 0 };
	uint8_t *h;

	if (t == NULL)
		return;
	g->t = NULL;
	h = frame_start(t);
	if (g->segments > 1 && g->v6) {
		put16(h + ETH + 4, t->len - ETH - 40);
	} else if (g->segments > 1) {
		uint16_t sum;

		put16(h + ETH + 2, t->len - ETH);
		memset(h + ETH + 10, 0, 2);
		sum = ~net_sum_fold(net_sum(h + ETH, 20, 0));
		memcpy(h + ETH + 10, &sum, 2);
	}
	if (g->segments > 1) {
		t->tx.offload.gso_type = g->v6 ? NET_GSO_TCPV6 : NET_GSO_TCPV4;
		t->tx.offload.gso_size = g->segment;
	}
	send(e, t, &s);
}

/* Everything but lengths, checksums, identification, sequence number and PSH is the same. */
static bool same_flow(const uint8_t *a, const uint8_t *b, const struct segment *s)
{
	unsigned int tcp = s->tcp;

	if (s->v6 ? memcmp(a + ETH + 8, b + ETH + 8, 32) : memcmp(a + ETH + 12, b + ETH + 12, 8))
		return false;
	return memcmp(a, b, ETH) == 0 && memcmp(a + tcp, b + tcp, 4) == 0 &&
	       memcmp(a + tcp + 8, b + tcp + 8, 5) == 0 && (a[tcp + 13] | TCP_PSH) == (b[tcp + 13] | TCP_PSH) &&
	       memcmp(a + tcp + 14, b + tcp + 14, 2) == 0 &&
	       memcmp(a + tcp + 20, b + tcp + 20, s->payload - tcp - 20) == 0;
}

/* True: it is in the gathered one now. */
static bool gather_add(struct ethif *e, const struct pbuf *p, const struct segment *s)
{
	struct ethif_gather *g = &e->gather;
	const uint8_t *h = p->payload;
	struct ethif_tx *t = g->t;
	uint32_t before, pages;

	if (t == NULL || g->v6 != s->v6 || g->headers != s->payload || s->bytes == 0 || s->bytes > g->segment ||
	    get32(h + s->tcp + 4) != g->next_seq || t->len + s->bytes > NET_FRAME_MAX ||
	    !same_flow(frame_start(t), h, s))
		return false;
	before = t->len;
	pages = t->nr_pages;
	if (!append_pbuf(t, p, s->payload)) {
		/* As it was. */
		while (t->nr_pages > pages)
			page_free(t->tx.frags[--t->nr_pages].data, 0);
		t->len = before;
		t->tx.frags[pages - 1].len = (before - 1) % PAGE_SIZE + 1;
		return false;
	}
	frame_start(t)[s->tcp + 13] |= h[s->tcp + 13] & TCP_PSH;
	g->next_seq += s->bytes;
	g->segments++;
	/* A short one is the last. */
	if (s->bytes < g->segment)
		gather_send(e);
	return true;
}

static bool gather_begin(struct ethif *e, struct ethif_tx *t, const struct segment *s)
{
	const uint8_t *h = frame_start(t);

	if (!(e->dev->features & (s->v6 ? NET_F_TSO6 : NET_F_TSO4)) || s->bytes == 0 ||
	    (h[s->tcp + 13] | TCP_PSH) != (TCP_ACK | TCP_PSH))
		return false;
	e->gather = (struct ethif_gather){
		.t = t, .v6 = s->v6, .headers = s->payload, .segment = s->bytes, .segments = 1,
		.next_seq = get32(h + s->tcp + 4) + s->bytes };
	ethif_dirty = true;
	return true;
}

err_t ethif_linkoutput(struct netif *n, struct pbuf *p)
{
	struct ethif *e = n->state;
	struct segment s;
	bool tcp = segment_find(p->payload, p->len, p->tot_len, &s);
	struct ethif_tx *t;

	if (tcp && gather_add(e, p, &s))
		return ERR_OK;
	gather_send(e);
	/* lwIP keeps what finds no room and tries again. */
	if (!e->dev->ops->has_room(e->dev, tcp ? (((uint8_t *)p->payload)[s.tcp + 1] ^
						  ((uint8_t *)p->payload)[s.tcp + 3]) % e->dev->nr_queues : 0))
		return ERR_MEM;
	t = frame_take();
	if (t == NULL)
		return ERR_MEM;
	if (!append_pbuf(t, p, 0)) {
		frame_give(t);
		return ERR_MEM;
	}
	if (!tcp || !gather_begin(e, t, &s))
		send(e, t, tcp ? &s : NULL);
	return ERR_OK;
}

void ethif_flush_all(void)
{
	ethif_dirty = false;
	for (struct ethif *e = ethifs; e != NULL; e = e->next) {
		gather_send(e);
		for (unsigned int q = 0; e->dirty_queues >> q != 0; q++) {
			if (e->dirty_queues >> q & 1)
				e->dev->ops->flush(e->dev, q);
		}
		e->dirty_queues = 0;
	}
	ethif_dirty = false;
}
