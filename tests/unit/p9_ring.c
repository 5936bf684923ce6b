/* SPDX-License-Identifier: MIT */
/*
 * The 9pfs backend against a frontend played by the test: states, rings, frontends that lie.  What breaks this
 * lets one frontend stop the backend, or read memory of it.
 */
#include "config.h"
#include "backends/p9.h"
#include "backends/store.h"
#include "libs/util/loop.h"
#include "tests/unit/backends_fake.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p9/9p2000l.h>

#define BE	"/local/domain/0/backend/9pfs/7/0"
#define FE	"/local/domain/7/device/9pfs/0"
#define PORT	5
#define INTF	0	/* gref and page of the interface; the data's follow */
#define DATA	8
#define ORDER	2U
#define HALF	XEN_FLEX_RING_SIZE(ORDER)

static struct p9back pb;
static char share[64];
static struct xen_9pfs_data_intf *intf;
static unsigned char *data;

static void settle(void)
{
	int i;

	for (i = 0; i < 20; i++)
		pvn_loop_once(pb.loop, 1000000);
}

static void open_world(void)
{
	fake_init();
	memset(&pb, 0, sizeof(pb));
	TAILQ_INIT(&pb.active);
	strcpy(share, "/tmp/p9_ring.XXXXXX");
	cr_assert(mkdtemp(share) != NULL);
	cr_assert_eq(pvn_loop_new(&pb.loop), 0);
	cr_assert_eq(events_open(pb.loop, NULL, NULL, &pb.events), 0);
	pb.xgt = xengnttab_open(NULL, 0);
	cr_assert_eq(store_open(pb.loop, &pb.store), 0);
	cr_assert_eq(xenbus_open(pb.loop, pb.store, &pb.bus), 0);
	cr_assert_eq(xenbus_register(pb.bus, &p9_backend, &pb), 0);
	fake_set(BE "/frontend", FE);
	fake_set(BE "/path", "%s", share);
	fake_set(BE "/security_model", "none");
	fake_set(BE "/online", "1");
	fake_set(FE "/state", "1");
}

static void close_world(void)
{
	xenbus_close(pb.bus);
	store_close(pb.store);
	events_close(pb.events);
	pvn_loop_free(pb.loop);
	rmdir(share);
	cr_assert_eq(fake_mapped, 0, "grants left mapped: %d", fake_mapped);
	cr_assert_eq(fake_bound, 0);
}

TestSuite(p9_ring, .init = open_world, .fini = close_world);

#define STATE_IS(n)	cr_assert_str_eq(fake_get(BE "/state"), #n)

static void offer(void)
{
	unsigned int i;

	fake_set(BE "/state", "1");
	settle();
	intf = (struct xen_9pfs_data_intf *)(void *)FAKE_PAGE(INTF);
	data = (unsigned char *)FAKE_PAGE(DATA);
	memset(intf, 0, 4096);
	intf->ring_order = ORDER;
	fake_grant(INTF, INTF, false);
	for (i = 0; i < 1u << ORDER; i++) {
		fake_grant(DATA + i, DATA + i, false);
		intf->ref[i] = DATA + i;
	}
	fake_set(FE "/version", "1");
	fake_set(FE "/num-rings", "1");
	fake_set(FE "/ring-ref0", "%u", INTF);
	fake_set(FE "/event-channel-0", "%u", PORT);
}

static void join(void)
{
	fake_set(FE "/state", "3");
	settle();
}

static void send_bytes(const void *bytes, size_t n)
{
	RING_IDX at = intf->out_prod & (HALF - 1);

	xen_9pfs_write_packet(data + HALF, bytes, n, &at, intf->out_cons & (HALF - 1), HALF);
	intf->out_prod += (RING_IDX)n;
	fake_kick(PORT);
	settle();
}

/* Tversion: 7 + 4 + 2 + 8 = 21 bytes; its answer is as long. */
static void send_version(void)
{
	uint8_t m[21] = { 21, 0, 0, 0, P9_TVERSION, 0xff, 0xff, 0, 0x10, 0, 0, 8, 0 };

	memcpy(m + 13, P9_VERSION, 8);
	send_bytes(m, sizeof(m));
}

Test(p9_ring, connects_answers_and_lets_go)
{
	unsigned int i, before;

	offer();
	STATE_IS(2);
	cr_assert_str_eq(fake_get(BE "/versions"), "1");
	join();
	STATE_IS(4);
	before = fake_notified;
	for (i = 0; i < 2 * HALF / 21; i++) {	/* around the ring's end */
		send_version();
		cr_assert_eq(intf->out_cons, (i + 1) * 21);
		cr_assert_eq(intf->in_prod, (i + 1) * 21);
		cr_assert_eq(data[(i * 21 + 4) & (HALF - 1)], P9_TVERSION + 1);
		intf->in_cons = intf->in_prod;
	}
	cr_assert_gt(fake_notified, before);
	fake_set(FE "/state", "6");
	settle();
	cr_assert_eq(fake_mapped, 0);
}

Test(p9_ring, a_share_that_is_not_there)
{
	fake_set(BE "/path", "%s/none", share);
	fake_set(BE "/state", "1");
	settle();
	cr_assert_str_eq(fake_get(BE "/hotplug-status"), "error");
	cr_assert(strstr(fake_get(BE "/hotplug-error"), "No such file") != NULL);
}

Test(p9_ring, half_a_message_waits_for_the_rest)
{
	uint8_t m[9] = { 9, 0, 0, 0, P9_TFLUSH, 1, 0, 0, 0 };

	offer();
	join();
	send_version();
	send_bytes(m, 3);
	send_bytes(m + 3, 5);
	cr_assert_eq(intf->out_cons, 21);
	send_bytes(m + 8, 1);
	cr_assert_eq(intf->out_cons, 30);
	cr_assert_eq(intf->in_prod, 21 + 7);
}

Test(p9_ring, an_answer_waits_for_room)
{
	unsigned int i, fit = HALF / 21;

	offer();
	join();
	for (i = 0; i < fit + 3; i++)
		send_version();
	cr_assert_eq(intf->in_prod, fit * 21, "it has written over what was not read");
	/* Room, without a notification. */
	intf->in_cons = intf->in_prod;
	for (i = 0; i < 100 && intf->in_prod != (fit + 3) * 21; i++) {
		usleep(1000);
		pvn_loop_once(pb.loop, 1000000);
	}
	cr_assert_eq(intf->in_prod, (fit + 3) * 21);
	STATE_IS(4);
}

/* The offender loses its device, and nothing is left of it. */
static void is_cut_off(void)
{
	settle();
	cr_assert_str_neq(fake_get(BE "/state"), "4");
	cr_assert_eq(fake_mapped, 0);
	cr_assert_eq(fake_bound, 0);
}

Test(p9_ring, a_producer_out_of_range)
{
	offer();
	join();
	intf->out_prod = (RING_IDX)HALF + 1;
	fake_kick(PORT);
	is_cut_off();
}

Test(p9_ring, a_consumer_out_of_range)
{
	offer();
	join();
	intf->in_cons = 1;	/* of what was never sent */
	send_version();
	is_cut_off();
}

Test(p9_ring, a_message_shorter_than_its_header)
{
	const uint8_t m[7] = { 6, 0, 0, 0, P9_TFLUSH };

	offer();
	join();
	send_bytes(m, sizeof(m));
	is_cut_off();
}

Test(p9_ring, a_message_larger_than_the_ring)
{
	const uint8_t m[7] = { 0, 0, 0, 0x7f, P9_TFLUSH };

	offer();
	join();
	send_bytes(m, sizeof(m));
	is_cut_off();
}

Test(p9_ring, a_message_larger_than_was_agreed_on)
{
	const uint8_t m[7] = { 1, 0x10, 0, 0, P9_TFLUSH };

	offer();
	join();
	send_version();		/* 4,096 bytes */
	send_bytes(m, sizeof(m));
	is_cut_off();
}

Test(p9_ring, interfaces_that_make_no_sense)
{
	offer();
	intf->ring_order = 0;
	join();
	is_cut_off();
}

Test(p9_ring, an_order_beyond_ours)
{
	offer();
	intf->ring_order = P9_MAX_ORDER + 1;
	join();
	is_cut_off();
}

Test(p9_ring, references_that_were_never_granted)
{
	offer();
	intf->ref[2] = 999;
	join();
	is_cut_off();
}

Test(p9_ring, more_rings_than_there_may_be)
{
	offer();
	fake_set(FE "/num-rings", "%u", P9_MAX_RINGS + 1);
	join();
	is_cut_off();
}

Test(p9_ring, comes_and_goes)
{
	unsigned int i;

	offer();
	for (i = 0; i < 200; i++) {
		join();
		STATE_IS(4);
		intf->in_cons = intf->in_prod = intf->out_cons = intf->out_prod = 0;
		fake_set(FE "/state", "5");
		settle();
		fake_set(FE "/state", "6");
		settle();
		cr_assert_eq(fake_mapped, 0);
		fake_set(FE "/state", "1");
		settle();
		STATE_IS(2);
	}
}
