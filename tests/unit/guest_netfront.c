/* SPDX-License-Identifier: MIT */
/*
 * netfront's rings against a made-up backend, an honest one and many that are not.
 *
 * What would break: frames put together wrongly, pages or grants lost, a page handed on that the
 * backend can still write, or a backend's lie believed: an id out of range or twice, more answers than
 * requests, a piece beyond its page, a chain of pieces or extra information without an end.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include "drivers/netfront_queue.h"
#include "net/pkt.h"

#define GRANTS 4096U

static struct grant {
	bool used, live, readonly, mapped;
	mfn_t mfn;
} grants[GRANTS];

mfn_t virt_to_mfn(const void *va)
{
	return (uintptr_t)va >> PAGE_SHIFT;
}

int grant_alloc(grant_ref_t *ref)
{
	for (unsigned i = 8; i < GRANTS; i++) {
		if (grants[i].used)
			continue;
		grants[i] = (struct grant){ .used = true };
		*ref = i;
		return 0;
	}
	return -ENOSPC;
}

void grant_free(grant_ref_t ref)
{
	cr_assert(grants[ref].used && !grants[ref].live);
	grants[ref].used = false;
}

void grant_set(grant_ref_t ref, domid_t domid, mfn_t mfn, bool readonly)
{
	cr_assert(grants[ref].used && !grants[ref].live);
	grants[ref] = (struct grant){ true, true, readonly, false, mfn };
}

bool grant_revoke(grant_ref_t ref)
{
	cr_assert(grants[ref].used && grants[ref].live);
	if (grants[ref].mapped)
		return false;
	grants[ref].live = false;
	return true;
}

int grant_access(domid_t domid, mfn_t mfn, bool readonly, grant_ref_t *ref)
{
	int rc = grant_alloc(ref);

	if (rc == 0)
		grant_set(*ref, domid, mfn, readonly);
	return rc;
}

bool grant_end_access(grant_ref_t ref)
{
	if (!grant_revoke(ref))
		return false;
	grant_free(ref);
	return true;
}

static unsigned grants_used(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < GRANTS; i++)
		n += grants[i].used;
	return n;
}

static uint8_t *grant_page(grant_ref_t ref, bool write)
{
	cr_assert(ref < GRANTS && grants[ref].live, "grant %u is live", ref);
	cr_assert(!write || !grants[ref].readonly);
	return (uint8_t *)(grants[ref].mfn << PAGE_SHIFT);
}

static struct netfront_queue q;
static netif_tx_back_ring_t btx;
static netif_rx_back_ring_t brx;
static unsigned ended;
static int last_status;

static void setup(void)
{
	cr_assert_eq(netfront_queue_open(&q, 0), 0);
	BACK_RING_INIT(&btx, q.tx.sring, PAGE_SIZE);
	BACK_RING_INIT(&brx, q.rx.sring, PAGE_SIZE);
	netfront_rx_fill(&q);
	ended = 0;
}

TestSuite(guest_netfront, .init = setup);

static void done(struct net_tx *tx, int status)
{
	ended++;
	last_status = status;
	for (unsigned i = 0; i < tx->nr_frags && status != -EBUSY; i++)
		page_free((void *)((uintptr_t)tx->frags[i].data & PAGE_MASK), 0);
	free(tx);
}

static void end(struct net_tx *tx)
{
	while (tx) {
		struct net_tx *next = tx->next;

		tx->done(tx, tx->status);
		tx = next;
	}
}

static struct net_tx *make(unsigned pieces, uint16_t len, uint16_t gso)
{
	struct net_tx *tx = calloc(1, sizeof(*tx));

	tx->nr_frags = pieces;
	tx->done = done;
	for (unsigned i = 0; i < pieces; i++) {
		uint8_t *page = page_alloc(0);

		for (unsigned k = 0; k < PAGE_SIZE; k++)
			page[k] = i * 7 + k * 3;
		tx->frags[i] = (struct net_frag){ page + PAGE_SIZE - len, len };
	}
	tx->offload.gso_size = gso;
	tx->offload.gso_type = gso ? NET_GSO_TCPV4 : NET_GSO_NONE;
	return tx;
}

static int send(struct net_tx *tx)
{
	bool notify;
	int rc = netfront_tx_send(&q, tx, false, &notify);

	if (rc)
		done(tx, rc);
	return rc;
}

static struct netif_tx_request tx_take(void)
{
	cr_assert_neq(btx.req_cons, btx.sring->req_prod, "a request is there");
	return *RING_GET_REQUEST(&btx, btx.req_cons++);
}

static void tx_answer(uint16_t id, int16_t status)
{
	struct netif_tx_response rsp = { .id = id, .status = status };

	memcpy(RING_GET_RESPONSE(&btx, btx.rsp_prod_pvt), &rsp, sizeof(rsp));
	btx.rsp_prod_pvt++;
}

static void tx_push(void)
{
	btx.sring->rsp_prod = btx.rsp_prod_pvt;
	end(netfront_tx_reap(&q));
}

/* Reads one frame as a backend does and answers it. Its length. */
static uint32_t tx_serve(uint8_t *out, struct netif_extra_info *extra)
{
	struct netif_tx_request first = tx_take(), r = first;
	uint32_t at = 0, rest = 0, sizes[NET_MAX_FRAGS] = { 0 };
	struct netif_tx_request all[NET_MAX_FRAGS];
	unsigned n = 0;

	memset(extra, 0, sizeof(*extra));
	if (first.flags & NETTXF_extra_info) {
		struct netif_tx_request e = tx_take();

		memcpy(extra, &e, sizeof(*extra));
		cr_assert_eq(extra->flags, 0);
	}
	all[n++] = first;
	while (r.flags & NETTXF_more_data) {
		r = tx_take();
		cr_assert_lt(n, NET_MAX_FRAGS);
		rest += r.size;
		sizes[n] = r.size;
		all[n++] = r;
	}
	sizes[0] = first.size - rest;
	for (unsigned i = 0; i < n; i++) {
		cr_assert_leq(all[i].offset + sizes[i], PAGE_SIZE);
		memcpy(out + at, grant_page(all[i].gref, false) + all[i].offset, sizes[i]);
		at += sizes[i];
		tx_answer(all[i].id, NETIF_RSP_OKAY);
		if (i == 0 && (first.flags & NETTXF_extra_info))
			tx_answer(0xffff, NETIF_RSP_NULL);
	}
	cr_assert_eq(at, first.size);
	return at;
}

Test(guest_netfront, sends_frames_of_all_shapes)
{
	static const uint16_t lens[] = { 14, 60, 1514, 3000, 3641 };
	static uint8_t got[1 << 17];
	struct netif_extra_info extra;

	for (unsigned round = 0; round < 2000; round++) {
		unsigned pieces = 1 + round % NET_MAX_FRAGS;
		uint16_t len = lens[round % 5], gso = round % 3 ? 0 : 1448;

		if (pieces * len > NET_FRAME_MAX)
			continue;
		cr_assert_eq(send(make(pieces, len, gso)), 0);
		cr_assert_eq(tx_serve(got, &extra), (uint32_t)pieces * len);
		for (unsigned i = 0; i < pieces; i++)
			for (unsigned k = 0; k < len; k++)
				cr_assert_eq(got[i * len + k], (uint8_t)(i * 7 + (PAGE_SIZE - len + k) * 3));
		cr_assert_eq(extra.type, gso ? XEN_NETIF_EXTRA_TYPE_GSO : 0);
		cr_assert_eq(extra.u.gso.size, gso);
		tx_push();
		cr_assert_eq(last_status, 0);
		cr_assert_null(q.broken);
	}
	cr_expect_eq(q.tx_free, NETFRONT_TX_SLOTS);
	end(netfront_queue_close(&q));
	cr_expect_eq(grants_used(), 0u);
}

Test(guest_netfront, says_when_the_ring_is_full)
{
	static uint8_t got[1 << 17];
	struct netif_extra_info extra;
	unsigned sent = 0;

	while (send(make(3, 100, 0)) == 0)
		sent++;
	cr_expect_eq(last_status, -EAGAIN);
	cr_expect_geq(sent, (NETFRONT_TX_SLOTS - NET_MAX_FRAGS - 2) / 3);
	ended = 0;
	while (btx.req_cons != btx.sring->req_prod)
		tx_serve(got, &extra);
	tx_push();
	cr_expect_eq(ended, sent);
	cr_expect(netfront_tx_has_room(&q));
}

Test(guest_netfront, refuses_what_no_frame_is)
{
	struct net_tx *tx = make(1, 13, 0);

	cr_expect_eq(send(tx), -EINVAL, "shorter than a header");
	tx = make(1, 100, 0);
	tx->frags[0].data = (uint8_t *)tx->frags[0].data + 1;
	cr_expect_eq(send(tx), -EINVAL, "a piece across pages");
	tx = make(17, 4000, 1448);
	cr_expect_eq(send(tx), -EINVAL, "longer than a frame can be");
	tx = make(2, 4000, 1);
	tx->offload.gso_size = 0;
	cr_expect_eq(send(tx), -EINVAL, "segments of nothing");
	cr_expect_eq(btx.sring->req_prod, 0u, "nothing was sent");
}

Test(guest_netfront, errors_end_a_frame_and_no_other)
{
	struct netif_tx_request a, b;

	send(make(1, 100, 0));
	send(make(1, 100, 0));
	a = tx_take();
	b = tx_take();
	tx_answer(b.id, NETIF_RSP_ERROR);
	tx_push();
	cr_expect_eq(last_status, -EIO);
	tx_answer(a.id, NETIF_RSP_OKAY);
	tx_push();
	cr_expect_eq(last_status, 0);
	cr_expect_eq(ended, 2u);
	cr_expect_eq(q.stats.tx_errors, 1u);
	cr_expect_null(q.broken);
}

/* The queue takes nothing more, and all that was in flight ends at its close. */
static void expect_broken(const char *how, unsigned in_flight)
{
	struct net_tx *tx = make(1, 100, 0);
	bool notify, more;

	cr_expect_not_null(q.broken, "%s", how);
	cr_expect_eq(netfront_tx_send(&q, tx, false, &notify), -EIO, "%s", how);
	done(tx, 0);
	cr_expect_null(netfront_rx_poll(&q, 64, &more), "%s", how);
	ended = 0;
	end(netfront_queue_close(&q));
	cr_expect_eq(ended, in_flight, "%s: %u ended", how, ended);
	cr_expect_eq(grants_used(), 0u, "%s: %u grants", how, grants_used());
}

Test(guest_netfront, answers_to_nothing)
{
	static const uint16_t ids[] = { 1, 255, 256, 0x8000, 0xffff };
	struct netif_tx_request r;

	for (unsigned i = 0; i < 5; i++) {
		send(make(1, 100, 0));
		tx_take();
		tx_answer(ids[i], NETIF_RSP_OKAY);
		tx_push();
		expect_broken("an id that was not sent", 1);
		setup();
	}
	send(make(2, 100, 0));
	send(make(2, 100, 0));
	r = tx_take();
	tx_answer(r.id, NETIF_RSP_OKAY);
	tx_answer(r.id, NETIF_RSP_OKAY);
	tx_push();
	expect_broken("the same id twice", 2);
	setup();
	send(make(1, 100, 0));
	tx_answer(0, NETIF_RSP_NULL);
	tx_push();
	expect_broken("extra information that was not sent", 1);
	setup();
	send(make(1, 100, 0));
	btx.rsp_prod_pvt += 2;
	tx_push();
	cr_expect_str_eq(q.broken, "more answers than frames");
	expect_broken("more answers than requests", 1);
	setup();
	btx.rsp_prod_pvt -= 1;
	tx_push();
	expect_broken("answers that move backwards", 0);
}

Test(guest_netfront, keeps_a_page_it_was_sent)
{
	struct netif_tx_request r;

	send(make(1, 100, 0));
	r = tx_take();
	grants[r.gref].mapped = true;
	tx_answer(r.id, NETIF_RSP_OKAY);
	tx_push();
	cr_expect_not_null(q.broken);
	cr_expect_eq(ended, 0u);
	end(netfront_queue_close(&q));
	cr_expect_eq(last_status, -EBUSY, "its sender must not use it again");
	cr_expect_eq(grants_used(), 1u);
}

/* The receive side. */
static struct netif_rx_request rx_take(void)
{
	cr_assert_neq(brx.req_cons, brx.sring->req_prod, "a page is there");
	return *RING_GET_REQUEST(&brx, brx.req_cons++);
}

static void rx_answer(uint16_t id, uint16_t offset, int16_t status, uint16_t flags)
{
	struct netif_rx_response rsp = { .id = id, .offset = offset, .flags = flags, .status = status };

	memcpy(RING_GET_RESPONSE(&brx, brx.rsp_prod_pvt), &rsp, sizeof(rsp));
	brx.rsp_prod_pvt++;
}

static void rx_extra(uint8_t type, uint8_t flags, uint16_t size, uint8_t gso_type)
{
	struct netif_extra_info e = { .type = type, .flags = flags };

	rx_take();
	e.u.gso.size = size;
	e.u.gso.type = gso_type;
	memcpy(RING_GET_RESPONSE(&brx, brx.rsp_prod_pvt), &e, sizeof(e));
	brx.rsp_prod_pvt++;
}

static struct net_buf *rx_push(void)
{
	bool more = true;
	struct net_buf *f;

	brx.sring->rsp_prod = brx.rsp_prod_pvt;
	f = netfront_rx_poll(&q, 64, &more);
	return f;
}

/* One frame of pieces of len bytes each at offset; a piece's bytes are its number. */
static void rx_frame(unsigned pieces, uint16_t offset, uint16_t len, uint16_t flags, uint16_t gso)
{
	for (unsigned i = 0; i < pieces; i++) {
		struct netif_rx_request r = rx_take();

		memset(grant_page(r.gref, true) + offset, 1 + i, len);
		rx_answer(r.id, offset, len, (i == 0 ? flags | (gso ? NETRXF_extra_info : 0) : 0) |
			  (i + 1 < pieces ? NETRXF_more_data : 0));
		if (i == 0 && gso)
			rx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, gso, XEN_NETIF_GSO_TYPE_TCPV6);
	}
}

Test(guest_netfront, receives_frames_of_all_shapes)
{
	for (unsigned round = 0; round < 3000; round++) {
		unsigned pieces = 1 + round % NET_MAX_FRAGS;
		uint16_t offset = round % 97, len = 14 + round * 37 % 3500, gso = round % 4 ? 0 : 1440;
		uint8_t bytes[8];
		struct net_buf *f;

		if (pieces * len > NET_FRAME_MAX)
			continue;
		rx_frame(pieces, offset, len, round % 2 ? NETRXF_csum_blank | NETRXF_data_validated : 0, gso);
		f = rx_push();
		cr_assert_null(q.broken, "%s", q.broken);
		cr_assert_not_null(f);
		cr_assert_null(f->next_frame);
		cr_assert_eq(f->frame_len, (uint32_t)pieces * len);
		cr_assert_eq(f->offload.gso_size, gso);
		cr_assert_eq(f->offload.gso_type, gso ? NET_GSO_TCPV6 : 0);
		cr_assert_eq(f->offload.csum_blank, round % 2);
		cr_assert_eq(f->offload.csum_valid, round % 2);
		cr_assert_eq(net_buf_copy(f, (pieces - 1) * len + len - 8, bytes, 8), 8u);
		cr_assert_eq(bytes[0], pieces);
		cr_assert_eq(bytes[7], pieces);
		for (struct net_buf *b = f; b; b = b->next)
			for (unsigned i = 8; i < GRANTS; i++)
				cr_assert(!grants[i].live || grants[i].mfn != virt_to_mfn(b->page),
					  "a page that is handed on is not granted");
		net_buf_free(f);
		netfront_rx_fill(&q);
		cr_assert_eq(netfront_rx_posted(&q), NETFRONT_RX_SLOTS);
	}
	end(netfront_queue_close(&q));
	cr_expect_eq(grants_used(), 0u);
}

Test(guest_netfront, errors_and_short_frames_are_dropped)
{
	struct netif_rx_request r = rx_take();
	struct net_buf *f;

	rx_answer(r.id, 0, NETIF_RSP_ERROR, 0);
	rx_frame(1, 0, 13, 0, 0);
	rx_frame(1, 0, 60, 0, 0);
	r = rx_take();
	rx_answer(r.id, 0, 100, NETRXF_more_data);
	r = rx_take();
	rx_answer(r.id, 0, NETIF_RSP_DROPPED, 0);
	f = rx_push();
	cr_assert_not_null(f);
	cr_expect_eq(f->frame_len, 60u);
	cr_expect_null(f->next_frame);
	cr_expect_eq(q.stats.rx_errors, 3u);
	cr_expect_null(q.broken);
	net_buf_free(f);
}

static void lie(const char *how)
{
	struct net_buf *f = rx_push();

	cr_expect_null(f, "%s: no frame of it", how);
	expect_broken(how, 0);
	setup();
}

Test(guest_netfront, frames_that_cannot_be)
{
	struct netif_rx_request r = rx_take();

	rx_answer(r.id, 4000, 97, 0);
	lie("beyond its page");
	r = rx_take();
	rx_answer(r.id, 0xffff, 100, 0);
	lie("an offset outside");
	r = rx_take();
	rx_answer(r.id + 1, 0, 100, 0);
	lie("the place of another page");
	r = rx_take();
	rx_answer(r.id + 256, 0, 100, 0);
	lie("an id out of range");
	r = rx_take();
	rx_answer(r.id, 0, 100, NETRXF_more_data);
	lie("more that does not come");
	r = rx_take();
	rx_answer(r.id, 0, 100, NETRXF_extra_info);
	lie("extra information that does not come");
	for (unsigned i = 0; i < 100; i++) {
		r = rx_take();
		rx_answer(r.id, 0, 100, i < 99 ? NETRXF_more_data : 0);
	}
	lie("too many pieces");
	r = rx_take();
	rx_answer(r.id, 0, 100, NETRXF_extra_info);
	for (unsigned i = 0; i < 255; i++)
		rx_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 1448, 1);
	lie("extra information without an end");
	for (unsigned type = 0; type < 256; type++) {
		if (type == XEN_NETIF_EXTRA_TYPE_GSO || type == XEN_NETIF_EXTRA_TYPE_HASH)
			continue;
		r = rx_take();
		rx_answer(r.id, 0, 100, NETRXF_extra_info);
		rx_extra(type, 0, 1448, 1);
		lie("extra information of no kind");
	}
	r = rx_take();
	rx_answer(r.id, 0, 100, NETRXF_extra_info);
	rx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0, 1);
	lie("segments of nothing");
	r = rx_take();
	rx_answer(r.id, 0, 100, NETRXF_extra_info);
	rx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, 3);
	lie("segments of no protocol");
	brx.rsp_prod_pvt += 257;
	lie("more frames than pages");
	brx.rsp_prod_pvt -= 1;
	lie("frames that move backwards");
}

Test(guest_netfront, keeps_a_page_it_filled)
{
	struct netif_rx_request r = rx_take();

	grants[r.gref].mapped = true;
	rx_answer(r.id, 0, 100, 0);
	cr_expect_null(rx_push());
	cr_expect_not_null(q.broken);
	end(netfront_queue_close(&q));
	cr_expect_eq(grants_used(), 1u, "that page is lost, no other");
}

/* Whatever the answers are, nothing is lost and nothing is handed on twice. */
Test(guest_netfront, random_answers)
{
	uint64_t seed = 7;

	for (unsigned round = 0; round < 3000; round++) {
		for (unsigned k = 0; k < 20; k++)
			send(make(1 + k % 5, 200, k % 2 ? 100 : 0));
		for (unsigned k = 0; k < 60 && !q.broken; k++) {
			struct net_buf *f, *next;

			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			rx_answer(seed >> 60 ? brx.rsp_prod_pvt : seed >> 20, seed >> 61 ? 0 : seed >> 3,
				  seed >> 62 ? 100 : seed >> 30, seed >> 40 & (seed >> 50 & 7 ? 3 : 31));
			tx_answer(seed >> 59 ? k : seed >> 8, seed >> 25 & 31 ? 0 : seed >> 33);
			tx_push();
			for (f = rx_push(); f; f = next) {
				next = f->next_frame;
				net_buf_free(f);
			}
			netfront_rx_fill(&q);
		}
		end(netfront_queue_close(&q));
		cr_assert_eq(grants_used(), 0u, "round %u", round);
		setup();
	}
}

Test(guest_netfront, tags_and_sums)
{
	static const uint8_t mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 };
	uint8_t *page = page_alloc_zeroed();
	struct net_buf b = { .page = page, .offset = 1, .len = 1000, .frame_len = 1000 };
	struct net_frag frags[3] = { { page + 1, 301 }, { page + 302, 399 }, { page + 701, 300 } };
	struct pkt_tag tag = { .magic = PKT_MAGIC, .seq = 77 }, found;

	for (unsigned i = 0; i < 1000; i++)
		page[1 + i] = i * 13 + i / 256;
	pkt_headers(page + 1, 1000, mac, mac, 0);
	cr_expect_eq(net_sum_fold(net_sum(page + 15, 20, 0)), 0xffff, "the header's checksum is right");
	cr_expect_eq(pkt_tag_find(&b, &found), 0u, "no tag yet");
	memcpy(page + 1 + PKT_UDP_HEADERS, &tag, sizeof(tag));
	cr_expect_eq(pkt_tag_find(&b, &found), PKT_UDP_HEADERS);
	cr_expect_eq(found.seq, 77u);
	for (unsigned at = 0; at < 900; at += 41)
		cr_expect_eq(pkt_sum_frags(frags, at, 1000 - at), pkt_sum_buf(&b, at, 1000 - at), "from %u", at);
	tag.sum = pkt_sum_buf(&b, 50, 950);
	page[900] ^= 4;
	cr_expect_neq(pkt_sum_buf(&b, 50, 950), tag.sum, "a changed bit is seen");
}
