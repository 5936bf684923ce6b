/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the whole network backend (backends/net_*.c) against two frontends of a domain, which write to
 * their rings and pages what they like, when they like.  Store, grants and event channels are tables (tests/unit/backends_fake.c).
 * Input: features, then steps.  Checked after each: every slot taken is answered, no more than there are;
 * what is answered is shown; no page stays mapped; what was lent for reading is not written.
 */
#include "config.h"
#include <stdlib.h>

#include "backends/net.h"
#include "backends/store.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "tests/fuzz/tape.h"
#include "tests/unit/backends_fake.h"

#define STEPS		48
#define ENDS		2
#define TX_PAGES	4u	/* lent for reading */
#define RX_PAGES	32u	/* lent for writing, and behind them one that is not */
#define NOT_LENT	900u

static struct netback nb;
static struct end {
	char be[48], fe[48];
	netif_tx_sring_t *tx;
	netif_rx_sring_t *rx;
	RING_IDX tx_prod, rx_prod;
} ends[ENDS];
static uint8_t lent[ENDS][TX_PAGES * NET_PAGE];
static const uint8_t nothing[NET_PAGE];

static unsigned int tx_page(unsigned int i, unsigned int n)
{
	return 128 * (i + 1) + n;
}

static unsigned int rx_page(unsigned int i, unsigned int n)
{
	return 128 * (i + 1) + 64 + n;
}

static void settle(void)
{
	int n;

	for (n = 0; n < 3; n++)
		pvn_loop_once(nb.loop, 0);
}

static void set(const char *dir, const char *node, unsigned int value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	fake_set(path, "%u", value);
}

static unsigned int state(unsigned int i)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/state", ends[i].be);
	return (unsigned int)atoi(fake_get(path));
}

static void start(void)
{
	unsigned int i, n;
	char path[128];

	pvn_log_level(LOG_EMERG);
	fake_init();
	TAILQ_INIT(&nb.active);
	TAILQ_INIT(&nb.pushed);
	TAILQ_INIT(&nb.waiting);
	nb.no_poll = true;
	nb.sw = net_switch_new();
	FUZZ_CHECK(!pvn_loop_new(&nb.loop) && !events_open(nb.loop, NULL, NULL, &nb.events), "no loop");
	nb.xgt = xengnttab_open(NULL, 0);
	FUZZ_CHECK(!store_open(nb.loop, &nb.store) && !xenbus_open(nb.loop, nb.store, &nb.bus) &&
		   !xenbus_register(nb.bus, &net_backend, &nb), "no bus");
	for (i = 0; i < ENDS; i++) {
		struct end *e = &ends[i];

		snprintf(e->be, sizeof(e->be), "/local/domain/0/backend/vif/7/%u", i);
		snprintf(e->fe, sizeof(e->fe), "/local/domain/7/device/vif/%u", i);
		e->tx = (netif_tx_sring_t *)(void *)FAKE_PAGE(4 * i);
		e->rx = (netif_rx_sring_t *)(void *)FAKE_PAGE(4 * i + 1);
		fake_grant(4 * i, 4 * i, false);
		fake_grant(4 * i + 1, 4 * i + 1, false);
		for (n = 0; n < TX_PAGES; n++)
			fake_grant(tx_page(i, n), tx_page(i, n), true);
		for (n = 0; n < RX_PAGES; n++)
			fake_grant(rx_page(i, n), rx_page(i, n), false);
		snprintf(path, sizeof(path), "%s/frontend", e->be);
		fake_set(path, "%s", e->fe);
		snprintf(path, sizeof(path), "%s/bridge", e->be);
		fake_set(path, "t");
		snprintf(path, sizeof(path), "%s/mac", e->be);
		fake_set(path, "00:16:3e:00:00:%02x", i);
		set(e->be, "online", 1);
		set(e->fe, "tx-ring-ref", 4 * i);
		set(e->fe, "rx-ring-ref", 4 * i + 1);
		set(e->fe, "event-channel-tx", 10 + 2 * i);
		set(e->fe, "event-channel-rx", 11 + 2 * i);
		set(e->fe, "request-rx-copy", 1);
		set(e->fe, "state", 1);
		set(e->be, "state", 1);
		settle();
	}
}

/* The same each time: rings and pages empty, connected. */
static void fresh(struct tape *t)
{
	uint8_t can = tape_u8(t);
	unsigned int i;

	for (i = 0; i < ENDS; i++) {
		struct end *e = &ends[i];

		set(e->fe, "state", 6);
		settle();
		set(e->fe, "state", 1);
		settle();
		SHARED_RING_INIT(e->tx);
		SHARED_RING_INIT(e->rx);
		e->tx_prod = e->rx_prod = 0;
		memset(FAKE_PAGE(tx_page(i, 0)), 0, TX_PAGES * NET_PAGE);
		memset(lent[i], 0, sizeof(lent[i]));
		set(e->fe, "feature-sg", can & 1);
		set(e->fe, "feature-gso-tcpv4", can >> 1 & 1);
		set(e->fe, "feature-gso-tcpv6", can >> 2 & 1);
		set(e->fe, "feature-no-csum-offload", can >> 3 & 1);
		set(e->fe, "feature-ipv6-csum-offload", can >> 4 & 1);
		set(e->fe, "request-multicast-control", can >> 5 & 1);
		set(e->fe, "state", 4);
		settle();
		FUZZ_CHECK(state(i) == 4, "interface %u does not connect: %u", i, state(i));
	}
}

static void check_queue(const struct net_queue *q, int *mapped)
{
	FUZZ_CHECK(q->tx.req_cons == q->tx.rsp_prod_pvt, "tx: %u taken, %u answered", q->tx.req_cons, q->tx.rsp_prod_pvt);
	FUZZ_CHECK(q->rx.req_cons == q->rx.rsp_prod_pvt, "rx: %u taken, %u answered", q->rx.req_cons, q->rx.rsp_prod_pvt);
	FUZZ_CHECK(q->shadow->tx_answered == q->tx.rsp_prod_pvt && q->shadow->rx_answered == q->rx.rsp_prod_pvt,
		   "the shadow says %u and %u", q->shadow->tx_answered, q->shadow->rx_answered);
	FUZZ_CHECK(q->pushed || (q->tx_shown == q->tx.rsp_prod_pvt && q->rx_shown == q->rx.rsp_prod_pvt),
		   "answered and not shown");
	FUZZ_CHECK(!q->waits_for || q->waits_for->tx.sring, "it waits for one that is gone");
	*mapped += 2;
}

static void check_device(struct xenbus_device *xdev, void *mapped)
{
	const struct net_vif *vif = xdev->priv;
	unsigned int i;

	for (i = 0; i < vif->nr_queues; i++)
		if (vif->queues[i].tx.sring)
			check_queue(&vif->queues[i], mapped);
	FUZZ_CHECK(vif->mcast.nr <= NET_MCAST_MAX, "%u multicast addresses", vif->mcast.nr);
}

static void check(void)
{
	int mapped = 0;
	unsigned int i;

	xenbus_for_each(nb.bus, check_device, &mapped);
	FUZZ_CHECK(mapped == fake_mapped, "%d pages are mapped, %d of them rings", fake_mapped, mapped);
	for (i = 0; i < ENDS; i++) {
		FUZZ_CHECK(!memcmp(lent[i], FAKE_PAGE(tx_page(i, 0)), sizeof(lent[i])), "a page lent for reading is written");
		FUZZ_CHECK(!memcmp(nothing, FAKE_PAGE(rx_page(i, RX_PAGES)), NET_PAGE), "a page that is not lent is written");
	}
}

/* Into a page the backend may read: mostly headers that make sense. */
static void page_write(struct tape *t, unsigned int i)
{
	static const uint8_t v4[] = { 0, 0x16, 0x3e, 0, 0, 0, 0, 0x16, 0x3e, 0, 0, 0, 8, 0, 0x45, 0, 0x3f, 0, 0, 0, 0, 0, 64, 6 };
	static const uint8_t v6[] = { 0, 0x16, 0x3e, 0, 0, 0, 0, 0x16, 0x3e, 0, 0, 0, 0x86, 0xdd, 0x60, 0, 0, 0, 0x3f, 0, 6, 64 };
	uint8_t how = tape_u8(t), *page = lent[i] + (how >> 6) % TX_PAGES * NET_PAGE;
	unsigned int at = tape_u8(t);

	if (how % 4 == 0)
		memcpy(page, v4, sizeof(v4));
	else if (how % 4 == 1)
		memcpy(page, v6, sizeof(v6));
	if (how % 4 < 2) {
		page[5] = (uint8_t)(how >> 2 & 1);
		page[46] = page[66] = (uint8_t)(5 << 4);
		page[0] |= how >> 3 & 1;
	}
	page[at] = tape_u8(t);
	page[at + 1] = tape_u8(t);
	memcpy(FAKE_PAGE(tx_page(i, 0)), lent[i], sizeof(lent[i]));
}

static void tx_slot(struct tape *t, struct end *e, unsigned int i)
{
	struct netif_tx_request *req = &e->tx->ring[e->tx_prod++ % 256].req;
	uint8_t how = tape_u8(t);

	req->gref = how % 8 == 7 ? NOT_LENT : tx_page(i, how % TX_PAGES);
	req->offset = how & 0x40 ? tape_u16(t) : 0;
	req->flags = how >> 3 & 3 ? (uint16_t)(how >> 3 & 1 ? NETTXF_more_data : 0) : tape_u8(t) & 0xf;
	req->id = how;
	req->size = how & 0x80 ? tape_u16(t) : how & 0x20 ? 600 : 100;
}

static void extra_slot(struct tape *t, struct end *e)
{
	struct netif_extra_info x = { .type = tape_u8(t) % 6, .flags = tape_u8(t) % 16 == 1 };

	tape_bytes(t, &x.u, sizeof(x.u));
	if (x.type == XEN_NETIF_EXTRA_TYPE_GSO)
		x.u.gso.type = x.u.gso.type % 8 < 6 ? 1 + x.u.gso.type % 2 : x.u.gso.type;
	memcpy(&e->tx->ring[e->tx_prod++ % 256], &x, sizeof(x));
}

static void post(struct tape *t, struct end *e, unsigned int i)
{
	unsigned int nr = tape_u8(t) % 64;

	for (; nr; nr--, e->rx_prod++)
		e->rx->ring[e->rx_prod % 256].req = (struct netif_rx_request){
			.id = (uint16_t)e->rx_prod, .gref = nr == 13 ? NOT_LENT : rx_page(i, e->rx_prod % RX_PAGES) };
	e->rx->req_prod = e->rx_prod;
	fake_kick(11 + 2 * i);
}

static void step(struct tape *t)
{
	uint8_t op = tape_u8(t);
	unsigned int i = op & 1, at;
	struct end *e = &ends[i];

	switch (op >> 1 & 15) {
	case 0 ... 3:
		tx_slot(t, e, i);
		return;
	case 4 ... 5:
		extra_slot(t, e);
		return;
	case 6 ... 7:
		page_write(t, i);
		return;
	case 8 ... 9:
		post(t, e, i);
		break;
	case 10:	/* anywhere in the rings, indices too */
		at = tape_u16(t) % NET_PAGE;
		((uint8_t *)(op & 0x20 ? (void *)e->tx : (void *)e->rx))[at] = tape_u8(t);
		return;
	case 11:
		fake_kick(11 + 2 * i);
		break;
	default:
		e->tx->req_prod = e->tx_prod;
		fake_kick(10 + 2 * i);
	}
	settle();
	check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct tape t = { data, size };
	unsigned int n;

	if (!started)
		start();
	started = true;
	fresh(&t);
	check();
	for (n = 0; n < STEPS && t.left; n++)
		step(&t);
	settle();
	check();
	return 0;
}
