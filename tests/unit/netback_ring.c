/* SPDX-License-Identifier: MIT */
/*
 * The whole network backend against frontends played by the test: two interfaces of one domain on one
 * bridge, their rings and pages.  What breaks this loses or corrupts frames, or lets one frontend hurt the
 * backend or its neighbour.
 */
#include "config.h"
#include "backends/net.h"
#include "backends/store.h"
#include "libs/util/loop.h"
#include "tests/unit/backends_fake.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RX_SLOTS	64

static struct netback nb;

/* Interface i: its rings are pages and grefs 4i.., its data pages 128(i+1).. */
static struct end {
	char be[48], fe[48];
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	unsigned int tx_page, rx_page, rx_posted;
} ends[2];

static bool quick;

static void settle(void)
{
	int i;

	for (i = 0; i < (quick ? 6 : 20); i++)
		pvn_loop_once(nb.loop, quick ? 0 : 1000000);
}

static void set(const char *dir, const char *node, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	fake_set(path, "%s", value);
}

static void set_number(const char *dir, const char *node, unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	set(dir, node, text);
}

static const char *get(const char *dir, const char *node)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	return fake_get(path);
}

static void nodes(unsigned int i, const char *state)
{
	struct end *e = &ends[i];
	char mac[24];

	snprintf(e->be, sizeof(e->be), "/local/domain/0/backend/vif/7/%u", i);
	snprintf(e->fe, sizeof(e->fe), "/local/domain/7/device/vif/%u", i);
	snprintf(mac, sizeof(mac), "00:16:3e:00:00:%02x", i);
	set(e->be, "frontend", e->fe);
	set(e->be, "bridge", "t");
	set(e->be, "mac", mac);
	set(e->be, "online", "1");
	set(e->fe, "state", state);
	set(e->be, "state", state);
}

static void make(unsigned int i)
{
	nodes(i, "1");
	settle();
}

/* The pages granted, the nodes written. */
static void publish(unsigned int i)
{
	struct end *e = &ends[i];
	unsigned int p;

	fake_grant(e->tx_page, e->tx_page, false);
	fake_grant(e->rx_page, e->rx_page, false);
	for (p = 0; p < 128; p++)
		fake_grant(128 * (i + 1) + p, 128 * (i + 1) + p, p >= RX_SLOTS);
	set_number(e->fe, "tx-ring-ref", e->tx_page);
	set_number(e->fe, "rx-ring-ref", e->rx_page);
	set_number(e->fe, "event-channel-tx", 10 + 2 * i);
	set_number(e->fe, "event-channel-rx", 11 + 2 * i);
	set(e->fe, "request-rx-copy", "1");
	set(e->fe, "feature-rx-notify", "1");
	set(e->fe, "feature-sg", "1");
	set(e->fe, "feature-gso-tcpv4", "1");
}

static void connect_end(unsigned int i)
{
	struct end *e = &ends[i];
	netif_tx_sring_t *tx;
	netif_rx_sring_t *rx;

	e->tx_page = 4 * i;
	e->rx_page = 4 * i + 1;
	e->rx_posted = 0;
	tx = (netif_tx_sring_t *)(void *)FAKE_PAGE(e->tx_page);
	rx = (netif_rx_sring_t *)(void *)FAKE_PAGE(e->rx_page);
	SHARED_RING_INIT(tx);
	FRONT_RING_INIT(&e->tx, tx, 4096);
	SHARED_RING_INIT(rx);
	FRONT_RING_INIT(&e->rx, rx, 4096);
	publish(i);
	set(e->fe, "state", "4");
	settle();
}

static void backend_open(void)
{
	memset(&nb, 0, sizeof(nb));
	TAILQ_INIT(&nb.active);
	TAILQ_INIT(&nb.pushed);
	TAILQ_INIT(&nb.waiting);
	nb.no_poll = true;
	nb.sw = net_switch_new();
	cr_assert_eq(pvn_loop_new(&nb.loop), 0);
	cr_assert_eq(events_open(nb.loop, NULL, NULL, &nb.events), 0);
	nb.xgt = xengnttab_open(NULL, 0);
	if (getenv("PARAVANE_RUNDIR"))
		cr_assert_eq(net_shadows_open(&nb.shadows), 0);
	cr_assert_eq(store_open(nb.loop, &nb.store), 0);
	cr_assert_eq(xenbus_open(nb.loop, nb.store, &nb.bus), 0);
	cr_assert_eq(xenbus_register(nb.bus, &net_backend, &nb), 0);
}

static void world_open(void)
{
	fake_init();
	backend_open();
	make(0);
	make(1);
}

static void world_close(void)
{
	nb.ends = true;
	xenbus_close(nb.bus);
	store_close(nb.store);
	pvn_loop_del_timer(nb.wait_timer);
	events_close(nb.events);
	net_shadows_close(nb.shadows);
	net_switch_free(nb.sw);
	pvn_loop_free(nb.loop);
	cr_assert_eq(fake_mapped, 0, "grants left mapped: %d", fake_mapped);
	cr_assert_eq(fake_bound, 0);
}

static void both_open(void)
{
	world_open();
	connect_end(0);
	connect_end(1);
}

/* Give end i so many more rx buffers, in order of their pages. */
static void post(unsigned int i, unsigned int nr)
{
	struct end *e = &ends[i];

	for (; nr; nr--, e->rx_posted++) {
		struct netif_rx_request *req = RING_GET_REQUEST(&e->rx, e->rx.req_prod_pvt++);

		req->id = (uint16_t)(e->rx_posted % RX_SLOTS);
		req->gref = 128 * (i + 1) + e->rx_posted % RX_SLOTS;
	}
	RING_PUSH_REQUESTS(&e->rx);
	fake_kick(11 + 2 * i);
}

static uint8_t *tx_data(unsigned int i, unsigned int page)
{
	return (uint8_t *)FAKE_PAGE(128 * (i + 1) + RX_SLOTS + page);
}

static void slot(unsigned int i, unsigned int page, uint16_t flags, uint16_t offset, uint16_t size)
{
	*RING_GET_REQUEST(&ends[i].tx, ends[i].tx.req_prod_pvt++) = (struct netif_tx_request){
		.gref = 128 * (i + 1) + RX_SLOTS + page, .flags = flags, .offset = offset, .size = size,
		.id = (uint16_t)(page + 1000),
	};
}

static void extra(unsigned int i, const struct netif_extra_info *x)
{
	memcpy(RING_GET_REQUEST(&ends[i].tx, ends[i].tx.req_prod_pvt++), x, sizeof(*x));
}

static void go(unsigned int i)
{
	RING_PUSH_REQUESTS(&ends[i].tx);
	fake_kick(10 + 2 * i);
	settle();
}

static void header(unsigned int i, unsigned int to)
{
	uint8_t *p = tx_data(i, 0);
	unsigned int n;

	for (n = 0; n < 8 * 4096; n++)
		p[n] = (uint8_t)(n * 11 + n / 256);
	memcpy(p, "\x00\x16\x3e\x00\x00", 5);
	p[5] = (uint8_t)to;
	memcpy(p + 6, "\x00\x16\x3e\x00\x00", 5);
	p[11] = (uint8_t)i;
	net_put16(p + 12, 0x88b5);
}

static int tx_status(unsigned int i, unsigned int nr)
{
	return RING_GET_RESPONSE(&ends[i].tx, nr)->status;
}

static unsigned int answered(unsigned int i)
{
	return ends[i].tx.sring->rsp_prod;
}

static unsigned int received(unsigned int i)
{
	return ends[i].rx.sring->rsp_prod;
}

#define STATE_IS(i, s)	cr_assert_str_eq(get(ends[i].be, "state"), s)

TestSuite(net_alone, .init = world_open, .fini = world_close, .timeout = 60);
TestSuite(net, .init = both_open, .fini = world_close, .timeout = 60);

Test(net, features)
{
	static const char *const ones[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-rx-copy",
		"feature-ipv6-csum-offload", "feature-split-event-channels", "feature-multicast-control",
		"feature-dynamic-multicast-control",
	};
	unsigned int i;

	STATE_IS(0, "4");
	STATE_IS(1, "4");
	for (i = 0; i < sizeof(ones) / sizeof(ones[0]); i++)
		cr_assert_str_eq(get(ends[0].be, ones[i]), "1", "%s", ones[i]);
	cr_assert_str_eq(get(ends[0].be, "feature-rx-flip"), "0");
	cr_assert_str_eq(get(ends[0].be, "hotplug-status"), "connected");
}

Test(net, one_frame_each_way)
{
	struct netif_rx_response *rsp;

	post(0, 4);
	post(1, 4);
	header(0, 1);
	slot(0, 0, 0, 0, 1000);
	go(0);
	cr_assert_eq(answered(0), 1);
	cr_assert_eq(tx_status(0, 0), NETIF_RSP_OKAY);
	cr_assert_eq(RING_GET_RESPONSE(&ends[0].tx, 0)->id, 1000);
	cr_assert_eq(received(1), 1);
	cr_assert_eq(received(0), 0);
	rsp = RING_GET_RESPONSE(&ends[1].rx, 0);
	cr_assert_eq(rsp->status, 1000);
	cr_assert_eq(rsp->flags, 0);
	cr_assert_eq(memcmp(FAKE_PAGE(256), tx_data(0, 0), 1000), 0);
	header(1, 0);
	slot(1, 0, NETTXF_data_validated, 0, 60);
	go(1);
	cr_assert_eq(received(0), 1);
	cr_assert_eq(RING_GET_RESPONSE(&ends[0].rx, 0)->flags, NETRXF_data_validated);
	cr_assert_geq(fake_notified, 4);
}

static void tcp_header(unsigned int len)
{
	uint8_t *p = tx_data(0, 0);

	header(0, 1);
	net_put16(p + 12, 0x0800);
	p[14] = 0x45;
	net_put16(p + 16, len - 14);
	net_put16(p + 20, 0);
	p[23] = 6;
	p[46] = 0x50;
}

static void gso_frame(unsigned int pages)
{
	unsigned int i;

	tcp_header(pages * 4096);
	slot(0, 0, NETTXF_csum_blank | NETTXF_extra_info | (pages > 1 ? NETTXF_more_data : 0), 0,
	     (uint16_t)(pages * 4096));
	extra(0, &(struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_GSO,
					     .u.gso = { .size = 1448, .type = XEN_NETIF_GSO_TYPE_TCPV4 } });
	for (i = 1; i < pages; i++)
		slot(0, i, i + 1 < pages ? NETTXF_more_data : 0, 0, 4096);
}

Test(net, a_large_frame_goes_whole)
{
	struct netif_extra_info *x;
	unsigned int i;

	post(1, 10);
	gso_frame(3);
	go(0);
	cr_assert_eq(answered(0), 4);
	cr_assert_eq(tx_status(0, 0), NETIF_RSP_OKAY);
	cr_assert_eq(tx_status(0, 1), NETIF_RSP_NULL);
	cr_assert_eq(tx_status(0, 3), NETIF_RSP_OKAY);
	cr_assert_eq(received(1), 4);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 0)->flags, NETRXF_extra_info | NETRXF_more_data |
		     NETRXF_csum_blank | NETRXF_data_validated);
	x = (struct netif_extra_info *)(void *)RING_GET_RESPONSE(&ends[1].rx, 1);
	cr_assert_eq(x->type, XEN_NETIF_EXTRA_TYPE_GSO);
	cr_assert_eq(x->u.gso.size, 1448);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 2)->flags, NETRXF_more_data);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 3)->flags, 0);
	/* Slot 1 was the extra info's: its buffer is not used. */
	for (i = 1; i < 3; i++)
		cr_assert_eq(memcmp(FAKE_PAGE(256 + i + 1), tx_data(0, i), 4096), 0);
}

Test(net_alone, a_large_frame_is_cut_for_who_cannot)
{
	unsigned int i, sum = 0;

	set(ends[1].fe, "feature-no-csum-offload", "1");
	connect_end(0);
	connect_end(1);
	post(1, 20);
	gso_frame(3);
	go(0);
	cr_assert_eq(received(1), 9);	/* 12288 - 54 by 1448 */
	for (i = 0; i < 9; i++) {
		cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i)->flags, NETRXF_data_validated);
		sum += (unsigned int)RING_GET_RESPONSE(&ends[1].rx, i)->status - 54;
	}
	cr_assert_eq(sum, 12288 - 54);
	cr_assert_eq(memcmp(FAKE_PAGE(257) + 54, tx_data(0, 0) + 54 + 1448, 1000), 0);
}

/* On a busy machine the receiver may count as stalled before the test has come to its next line. */
static bool late(uint64_t begin)
{
	return pvn_now_ns() - begin >= NET_WAIT_NS;
}

Test(net, a_sender_waits_for_room)
{
	uint64_t begin = pvn_now_ns();
	unsigned int i;

	quick = true;
	header(0, 1);
	for (i = 0; i < 8; i++)
		slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert(answered(0) == 0 || late(begin));
	post(1, 3);
	settle();
	if (late(begin))
		return;
	cr_assert_eq(answered(0), 3);
	cr_assert_eq(received(1), 3);
	post(1, 5);
	settle();
	if (late(begin))
		return;
	cr_assert_eq(answered(0), 8);
	cr_assert_eq(tx_status(0, 7), NETIF_RSP_OKAY);
}

Test(net, who_never_reads_holds_nobody_up)
{
	uint64_t begin = pvn_now_ns(), end = begin + 5000000000ull;

	header(0, 1);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert(answered(0) == 0 || late(begin));
	while (!answered(0) && pvn_now_ns() < end)
		settle();
	cr_assert_eq(answered(0), 1);
	cr_assert_eq(tx_status(0, 0), NETIF_RSP_DROPPED);
	slot(0, 0, 0, 0, 100);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(answered(0), 3, "now it is known, and frames for it go at once");
	post(1, 1);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(received(1), 1, "it reads again");
}

Test(net, pages_that_are_not_granted)
{
	post(1, 2);
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	RING_GET_REQUEST(&ends[0].tx, 0)->gref = 900;
	go(0);
	cr_assert_eq(tx_status(0, 0), NETIF_RSP_ERROR);
	cr_assert_eq(received(1), 0);
	RING_GET_REQUEST(&ends[1].rx, 0)->gref = 900;
	slot(0, 0, 0, 0, 100);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 0)->status, NETIF_RSP_ERROR);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 1)->status, 100);
	/* A page that may be read only is no rx buffer. */
	RING_GET_REQUEST(&ends[1].rx, ends[1].rx.req_prod_pvt)->gref = 256 + RX_SLOTS;
	ends[1].rx.req_prod_pvt++;
	RING_PUSH_REQUESTS(&ends[1].rx);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 2)->status, NETIF_RSP_ERROR);
	STATE_IS(0, "4");
	STATE_IS(1, "4");
}

/* Each of these costs the offender its device; the neighbour keeps its own. */
static void offends(unsigned int offender, const char *text)
{
	char path[96];

	settle();
	STATE_IS(offender, "5");
	STATE_IS(1 - offender, "4");
	snprintf(path, sizeof(path), "/local/domain/0/error/backend/vif/7/%u/error", offender);
	cr_assert_not_null(fake_get(path));
	cr_assert_not_null(strstr(fake_get(path), text), "%s", fake_get(path));
}

Test(net, tx_index_out_of_range)
{
	ends[0].tx.sring->req_prod = 100000;
	fake_kick(10);
	offends(0, "tx ring's request producer");
}

Test(net, tx_index_backwards)
{
	post(1, 4);
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	slot(0, 0, 0, 0, 100);
	go(0);
	ends[0].tx.sring->req_prod = 1;
	fake_kick(10);
	offends(0, "tx ring's request producer");
}

Test(net, rx_index_out_of_range)
{
	ends[1].rx.sring->req_prod = 5000;
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	go(0);
	offends(1, "rx ring's request producer");
	cr_assert_eq(answered(0), 1);
}

Test(net, piece_beyond_its_page)
{
	header(0, 1);
	slot(0, 0, 0, 4000, 100);
	go(0);
	offends(0, "beyond its page");
}

Test(net, extra_info_without_end)
{
	unsigned int i;

	header(0, 1);
	slot(0, 0, NETTXF_extra_info, 0, 100);
	for (i = 0; i < 200; i++)
		extra(0, &(struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_HASH,
						     .flags = XEN_NETIF_EXTRA_FLAG_MORE });
	go(0);
	offends(0, "without end");
}

Test(net, extra_info_that_is_missing)
{
	header(0, 1);
	slot(0, 0, NETTXF_extra_info, 0, 100);
	go(0);
	offends(0, "announced and missing");
}

Test(net, more_slots_than_there_may_be)
{
	unsigned int i;

	header(0, 1);
	for (i = 0; i < 40; i++)
		slot(0, 0, NETTXF_more_data, 0, 100);
	go(0);
	offends(0, "too many slots");
}

Test(net, a_segment_size_that_lies)
{
	struct netif_extra_info x = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4 };

	post(1, 4);
	gso_frame(1);
	memcpy(RING_GET_REQUEST(&ends[0].tx, 1), &x, sizeof(x));
	go(0);
	offends(0, "segments of no size");
	cr_assert_eq(received(1), 0);
}

/* While the page of the first slot is being mapped. */
static void rewrite(void)
{
	*RING_GET_REQUEST(&ends[0].tx, 0) = (struct netif_tx_request){
		.gref = 900, .flags = NETTXF_more_data | NETTXF_extra_info, .offset = 4095, .id = 77, .size = 65535 };
}

Test(net, rewritten_after_it_was_sent)
{
	post(1, 4);
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	fake_before_map = rewrite;
	go(0);
	cr_assert_eq(answered(0), 1);
	cr_assert_eq(RING_GET_RESPONSE(&ends[0].tx, 0)->id, 1000);
	cr_assert_eq(tx_status(0, 0), NETIF_RSP_OKAY);
	cr_assert_eq(received(1), 1);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 0)->status, 100);
	STATE_IS(0, "4");
}

/* The receiver takes back its buffers when the backend has counted them and looks at the sender's page. */
static void take_back(void)
{
	fake_grant(256, 256, true);
}

Test(net, taken_back_under_way)
{
	post(1, 4);
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	slot(0, 0, 0, 0, 100);
	fake_before_map = take_back;
	go(0);
	cr_assert_eq(answered(0), 2);
	cr_assert_eq(tx_status(0, 0), NETIF_RSP_DROPPED);
	cr_assert_eq(tx_status(0, 1), NETIF_RSP_OKAY);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 0)->status, NETIF_RSP_ERROR);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, 1)->status, 100);
	STATE_IS(0, "4");
	STATE_IS(1, "4");
	cr_assert_eq(fake_mapped, 4);
}

Test(net, comes_back_a_thousand_times)
{
	unsigned int i;

	quick = true;
	for (i = 0; i < 1000; i++) {
		set(ends[0].fe, "state", "6");
		settle();
		STATE_IS(0, "6");
		set(ends[0].fe, "state", "1");
		settle();
		connect_end(0);
		STATE_IS(0, "4");
	}
	quick = false;
	post(1, 1);
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(received(1), 1);
	cr_assert_eq(fake_mapped, 4);
}

Test(net, receiver_goes_while_one_waits)
{
	uint64_t begin = pvn_now_ns();

	quick = true;
	header(0, 1);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert(answered(0) == 0 || late(begin));
	set(ends[1].fe, "state", "6");
	settle();
	cr_assert_eq(answered(0), 1);
}

Test(net, multicast_control)
{
	struct netif_extra_info x = { .type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD };

	post(1, 8);
	header(0, 1);
	memcpy(tx_data(0, 0), "\x01\x00\x5e\x00\x00\x05", 6);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(received(1), 1, "without a filter");
	set(ends[1].fe, "request-multicast-control", "1");
	settle();
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(received(1), 1, "not asked for");
	memcpy(x.u.mcast.addr, "\x01\x00\x5e\x00\x00\x05", 6);
	slot(1, 0, NETTXF_extra_info, 0, 0);
	extra(1, &x);
	go(1);
	cr_assert_eq(answered(1), 2);
	cr_assert_eq(tx_status(1, 0), NETIF_RSP_OKAY);
	slot(0, 0, 0, 0, 100);
	go(0);
	cr_assert_eq(received(1), 2, "asked for");
}

Test(net_alone, rate)
{
	uint64_t begin, took;
	unsigned int i;

	xenbus_close(nb.bus);
	set(ends[0].be, "rate", "100000,50000");
	cr_assert_eq(xenbus_open(nb.loop, nb.store, &nb.bus), 0);
	cr_assert_eq(xenbus_register(nb.bus, &net_backend, &nb), 0);
	settle();
	connect_end(0);
	connect_end(1);
	header(0, 1);
	quick = true;
	begin = pvn_now_ns();
	/* 100 kB per 50 ms: 400 kB take 150 ms or more. */
	for (i = 0; i < 400; i++) {
		post(1, 1);
		slot(0, 0, 0, 0, 1000);
		go(0);
		while (answered(0) <= i && pvn_now_ns() - begin < 10000000000ull)
			settle();
	}
	took = pvn_now_ns() - begin;
	quick = false;
	cr_assert_eq(received(1), 400);
	cr_assert_geq(took, 100000000ull, "%llu", (unsigned long long)took);
}

Test(net_alone, two_queues)
{
	char dir[64];
	unsigned int q;

	connect_end(0);
	set(ends[1].fe, "request-rx-copy", "1");
	set(ends[1].fe, "feature-sg", "1");
	set(ends[1].fe, "multi-queue-num-queues", "2");
	for (q = 0; q < 2; q++) {
		snprintf(dir, sizeof(dir), "%s/queue-%u", ends[1].fe, q);
		fake_grant(40 + 2 * q, 40 + 2 * q, false);
		fake_grant(41 + 2 * q, 41 + 2 * q, false);
		SHARED_RING_INIT((netif_tx_sring_t *)(void *)FAKE_PAGE(40 + 2 * q));
		SHARED_RING_INIT((netif_rx_sring_t *)(void *)FAKE_PAGE(41 + 2 * q));
		set_number(dir, "tx-ring-ref", 40 + 2 * q);
		set_number(dir, "rx-ring-ref", 41 + 2 * q);
		set_number(dir, "event-channel", 30 + q);
	}
	set(ends[1].fe, "state", "4");
	settle();
	STATE_IS(1, "4");
	cr_assert_eq(fake_bound, 4, "%d", fake_bound);
	cr_assert_eq(fake_mapped, 6);
	set(ends[1].fe, "state", "6");
	settle();
	set(ends[1].fe, "multi-queue-num-queues", "9");
	set(ends[1].fe, "state", "1");
	settle();
	set(ends[1].fe, "state", "4");
	settle();
	STATE_IS(1, "5");
}

/*
 * A backend that is killed at each point where it maps a page, with answers that it has not shown; the next
 * one takes over from what is in the rings and in the file.
 */
static char rundir[] = "/tmp/netback-ring.XXXXXX";
static unsigned int maps_left;

static void die_at_a_map(void)
{
	if (!--maps_left)
		_exit(0);
	fake_before_map = die_at_a_map;
}

/* Four slots that are one large frame, then two small ones; 10 pages are mapped for it. */
static void first_life(unsigned int maps)
{
	unsigned int page;

	backend_open();
	make(0);
	make(1);
	connect_end(0);
	connect_end(1);
	set(ends[1].fe, "request-multicast-control", "1");
	settle();
	slot(1, 0, NETTXF_extra_info, 0, 0);
	extra(1, &(struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
					     .u.mcast.addr = { 1, 0, 0x5e, 0, 0, 5 } });
	go(1);
	post(1, 20);
	settle();
	gso_frame(3);
	for (page = 3; page < 5; page++) {
		memcpy(tx_data(0, page), tx_data(0, 0), 12);
		memset(tx_data(0, page) + 12, (int)page, 100);
		slot(0, page, 0, 0, 100);
	}
	maps_left = maps;
	fake_before_map = die_at_a_map;
	go(0);
	_exit(0);
}

static void second_life(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ends[i].tx_page = 4 * i;
		ends[i].rx_page = 4 * i + 1;
		nodes(i, "4");
		publish(i);
		ends[i].tx.sring = (netif_tx_sring_t *)(void *)FAKE_PAGE(ends[i].tx_page);
		ends[i].rx.sring = (netif_rx_sring_t *)(void *)FAKE_PAGE(ends[i].rx_page);
		ends[i].tx.nr_ents = ends[i].rx.nr_ents = 256;
	}
	set(ends[1].fe, "request-multicast-control", "1");
	backend_open();
	settle();
}

/* The rx ring from index i on: a frame of so many slots, whose last page begins with byte. */
static unsigned int small_frame(unsigned int i, unsigned int byte)
{
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i)->status, 100, "slot %u", i);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i)->id, i);
	cr_assert_eq((uint8_t)FAKE_PAGE(256 + i)[12], byte, "slot %u", i);
	return i + 1;
}

static unsigned int large_frame(unsigned int i)
{
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i)->status, 4096, "slot %u", i);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i)->id, i);
	cr_assert(RING_GET_RESPONSE(&ends[1].rx, i)->flags & NETRXF_extra_info);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i + 1)->id, XEN_NETIF_EXTRA_TYPE_GSO);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i + 3)->id, i + 3);
	cr_assert_eq(RING_GET_RESPONSE(&ends[1].rx, i + 3)->status, 4096);
	return i + 4;
}

static void everything_arrived(void)
{
	static const int16_t status[] = { NETIF_RSP_OKAY, NETIF_RSP_NULL, NETIF_RSP_OKAY, NETIF_RSP_OKAY,
					  NETIF_RSP_OKAY, NETIF_RSP_OKAY };
	static const uint16_t ids[] = { 1000, 0, 1001, 1002, 1003, 1004 };
	unsigned int i, twice;

	STATE_IS(0, "4");
	STATE_IS(1, "4");
	cr_assert_eq(answered(0), 6, "%u", answered(0));
	for (i = 0; i < 6; i++) {
		cr_assert_eq(tx_status(0, i), status[i], "slot %u: %d", i, tx_status(0, i));
		cr_assert_eq(RING_GET_RESPONSE(&ends[0].tx, i)->id, ids[i], "slot %u", i);
	}
	i = large_frame(0);
	if (RING_GET_RESPONSE(&ends[1].rx, i)->flags & NETRXF_extra_info)	/* the one that was under way */
		i = large_frame(i);
	twice = i > 4 ? 4 : 1;
	i = small_frame(i, 3);
	if ((uint8_t)FAKE_PAGE(256 + i)[12] == 3)
		i = small_frame(i, 3);
	i = small_frame(i, 4);
	if (i < received(1))
		i = small_frame(i, 4);
	cr_assert_eq(received(1), i);
	cr_assert_leq(i, 4 + 1 + 1 + twice, "only one can have been under way");
}

static void queues_remove(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/net/queues", rundir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/net", rundir);
	rmdir(path);
}

static void count_mcast(struct xenbus_device *xdev, void *arg)
{
	*(unsigned int *)arg += ((struct net_vif *)xdev->priv)->mcast.nr;
}

Test(net_killed, at_each_map, .timeout = 60)
{
	unsigned int maps, nr;
	int status;
	pid_t pid;

	cr_assert_not_null(mkdtemp(rundir));
	setenv("PARAVANE_RUNDIR", rundir, 1);
	quick = true;
	for (maps = 1; maps <= 11; maps++) {
		fake_init();
		pid = fork();
		if (!pid)
			first_life(maps);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFEXITED(status) && !WEXITSTATUS(status));
		fake_notified = 0;
		second_life();
		cr_assert_geq(fake_notified, 4, "each port of each frontend is told");
		everything_arrived();
		nr = 0;
		xenbus_for_each(nb.bus, count_mcast, &nr);
		cr_assert_eq(nr, 1, "the multicast list is back");
		world_close();
		queues_remove();
	}
	rmdir(rundir);
}
