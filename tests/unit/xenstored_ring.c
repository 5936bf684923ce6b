/* SPDX-License-Identifier: MIT */
/*
 * The ring of a domain, played on a page of our own: wrapping indices, full rings, slow and
 * hostile domains.  If this breaks, a domain can read or write beyond its ring, hang xenstored, or
 * lose its own messages.
 */
#include "tests/unit/xenstored_play.h"

#include "libs/util/loop.h"
#include "xenstored/ring-conn.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guest {
	struct play *p;
	struct pvn_loop *loop;
	struct xenstore_domain_interface *page;
	struct ring_conn *rc;
	unsigned notified, released;
};

static struct guest *current;

static void count_notify(struct ring_conn *rc)
{
	current->notified++;
}

static void count_release(struct ring_conn *rc)
{
	current->released++;
}

static void guest_start(struct guest *g, uint32_t index)
{
	struct domain *d;

	memset(g, 0, sizeof(*g));
	current = g;
	g->p = play_new();
	play_ask(g->p, 0, "MKDIR", "/local/domain/1|");
	play_ask(g->p, 0, "SET_PERMS", "/local/domain/1|n1|");
	cr_assert_eq(pvn_loop_new(&g->loop), 0);
	g->page = calloc(1, 4096);
	g->page->req_cons = g->page->req_prod = g->page->rsp_cons = g->page->rsp_prod = index;
	d = domain_learn(play_store(g->p), 1);
	cr_assert_eq(ring_conn_new(play_store(g->p), d, g->loop, g->page, &g->rc), 0);
	g->rc->notify = count_notify;
	g->rc->release = count_release;
	d->conn = g->rc->conn;
}

static void guest_end(struct guest *g)
{
	if (g->rc)
		conn_close(g->rc->conn);
	cr_assert_eq(g->released, 1);
	pvn_loop_once(g->loop, 0);
	pvn_loop_free(g->loop);
	free(g->page);
	play_free(g->p);
}

/* As much as there is room for; how much that was. */
static size_t guest_send(struct guest *g, const void *data, size_t len)
{
	size_t i, room = XENSTORE_RING_SIZE - (g->page->req_prod - g->page->req_cons);

	len = len > room ? room : len;
	for (i = 0; i < len; i++)
		g->page->req[MASK_XENSTORE_IDX(g->page->req_prod++)] = ((const char *)data)[i];
	return len;
}

static size_t guest_take(struct guest *g, void *data, size_t max)
{
	size_t i;

	for (i = 0; i < max && g->page->rsp_cons != g->page->rsp_prod; i++)
		((char *)data)[i] = g->page->rsp[MASK_XENSTORE_IDX(g->page->rsp_cons++)];
	return i;
}

static void turns(struct guest *g)
{
	int i;

	ring_conn_turn(g->rc);
	for (i = 0; i < 10; i++)
		pvn_loop_once(g->loop, 0);
}

static size_t message(char *buf, uint32_t type, uint32_t id, const char *body, size_t len)
{
	struct xsd_sockmsg m = { .type = type, .req_id = id, .len = (uint32_t)len };

	memcpy(buf, &m, sizeof(m));
	memcpy(buf + sizeof(m), body, len);
	return sizeof(m) + len;
}

/* Ask over the ring, in however many pieces it takes. */
static void ring_ask(struct guest *g, uint32_t type, const char *body, size_t len, struct xsd_sockmsg *m,
		     char *reply)
{
	char buf[sizeof(*m) + XENSTORE_PAYLOAD_MAX];
	size_t all = message(buf, type, 7, body, len), sent = 0, got = 0;
	int i;

	for (i = 0; i < 100; i++) {
		sent += guest_send(g, buf + sent, all - sent);
		turns(g);
		got += guest_take(g, (got < sizeof(*m) ? (char *)m : reply - sizeof(*m)) + got,
				  got < sizeof(*m) ? sizeof(*m) - got : sizeof(*m) + m->len - got);
		if (got >= sizeof(*m) && got == sizeof(*m) + m->len)
			break;
	}
	cr_assert_eq(sent, all);
	cr_assert(got >= sizeof(*m) && got == sizeof(*m) + m->len, "no whole reply");
	reply[m->len] = 0;
}

static void ping(struct guest *g)
{
	char reply[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg m;

	ring_ask(g, XS_WRITE, "k\0value", 7, &m, reply);
	cr_assert_eq(m.type, XS_WRITE);
	cr_assert_str_eq(reply, "OK");
	ring_ask(g, XS_READ, "k", 2, &m, reply);
	cr_assert_str_eq(reply, "value");
	cr_assert_eq(m.req_id, 7);
}

Test(xenstored_ring, indices_wrap)
{
	static const uint32_t starts[] = { 0, 1, 1023, 0x7ffffff0, 0xfffffff5, 0xffffff00 };
	struct guest g;
	size_t i, j;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		guest_start(&g, starts[i]);
		cr_assert_eq(g.page->server_features, XENSTORE_SERVER_FEATURE_RECONNECTION |
						      XENSTORE_SERVER_FEATURE_ERROR);
		for (j = 0; j < 50; j++)
			ping(&g);
		cr_assert(g.notified >= 100);
		guest_end(&g);
	}
}

Test(xenstored_ring, messages_bigger_than_the_ring)
{
	char big[2048], reply[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg m;
	struct guest g;

	guest_start(&g, 5);
	memcpy(big, "big", 4);
	memset(big + 4, 'x', 2000);
	ring_ask(&g, XS_WRITE, big, 2004, &m, reply);
	cr_assert_str_eq(reply, "OK");
	ring_ask(&g, XS_READ, "big", 4, &m, reply);
	cr_assert_eq(m.len, 2000);
	cr_assert_eq(memcmp(reply, big + 4, 2000), 0);
	guest_end(&g);
}

/* A domain that never takes its replies is not read from for ever. */
Test(xenstored_ring, outstanding_requests_are_bounded)
{
	char buf[64];
	size_t len, i, accepted = 0;
	struct guest g;

	guest_start(&g, 0);
	len = message(buf, XS_GET_DOMAIN_PATH, 1, "1", 2);
	for (i = 0; i < 5000; i++) {
		if (guest_send(&g, buf, len) < len)
			break;
		accepted++;
		turns(&g);
	}
	cr_assert(i < 500, "%zu requests went in", i);
	cr_assert(g.rc->conn->reply_nr <= 20);
	/* and goes on when it does */
	for (i = 0; i < 200; i++) {
		char out[256];

		guest_take(&g, out, sizeof(out));
		turns(&g);
	}
	cr_assert_eq(g.page->req_prod, g.page->req_cons, "requests were left");
	cr_assert_eq(g.rc->conn->reply_nr, 0);
	guest_end(&g);
}

static void check_stopped(struct guest *g, uint32_t error)
{
	turns(g);
	cr_assert_eq(g->page->error, error);
	cr_assert(g->rc->conn->dead);
	cr_assert_eq(play_store(g->p)->nr_watches, 0);
	cr_assert_eq(play_store(g->p)->nr_transactions, 0);
	/* Nobody else has noticed. */
	cr_assert_str_eq(play_ask(g->p, 0, "READ", "/local/domain/0/name|"), "Domain-0");
	cr_assert_str_eq(play_ask(g->p, 0, "WRITE", "/local/domain/1/k|x"), "OK|");
	/* Deaf until it reconnects. */
	turns(g);
	cr_assert_eq(g->page->error, error);
	g->page->connection = XENSTORE_RECONNECT;
	turns(g);
	cr_assert_eq(g->page->connection, XENSTORE_CONNECTED);
	cr_assert_eq(g->page->error, XENSTORE_ERROR_NONE);
	cr_assert_eq(g->page->req_cons | g->page->req_prod | g->page->rsp_cons | g->page->rsp_prod, 0);
	ping(g);
}

static void guest_busy(struct guest *g)
{
	char reply[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg m;

	ring_ask(g, XS_WATCH, "k\0t", 4, &m, reply);
	turns(g);
	guest_take(g, reply, sizeof(reply));
	ring_ask(g, XS_TRANSACTION_START, "", 1, &m, reply);
	cr_assert_eq(play_store(g->p)->nr_transactions, 1);
}

Test(xenstored_ring, hostile_indices)
{
	struct guest g;

	guest_start(&g, 100);
	guest_busy(&g);
	g.page->req_prod = g.page->req_cons + XENSTORE_RING_SIZE + 1;
	check_stopped(&g, XENSTORE_ERROR_RINGIDX);

	guest_busy(&g);
	g.page->req_prod = g.page->req_cons - 1;
	check_stopped(&g, XENSTORE_ERROR_RINGIDX);

	/* The response side is looked at when there is something to say. */
	guest_busy(&g);
	g.page->rsp_cons = g.page->rsp_prod + 1;
	play_ask(g.p, 0, "WRITE", "/local/domain/1/k|x");
	check_stopped(&g, XENSTORE_ERROR_RINGIDX);

	guest_busy(&g);
	g.page->rsp_cons = g.page->rsp_prod - XENSTORE_RING_SIZE - 1;
	play_ask(g.p, 0, "WRITE", "/local/domain/1/k|x");
	check_stopped(&g, XENSTORE_ERROR_RINGIDX);

	/* Our indices in the page are for the domain to read: what it writes there is nothing to us. */
	g.page->req_cons = 0x12345678;
	g.page->rsp_prod = 0x9abcdef0;
	turns(&g);
	cr_assert(!g.rc->conn->dead);
	guest_end(&g);
}

Test(xenstored_ring, protocol_errors)
{
	char buf[64];
	size_t len;
	struct guest g;

	guest_start(&g, 0);
	guest_busy(&g);
	len = message(buf, XS_READ, 1, "", 0);
	((struct xsd_sockmsg *)(void *)buf)->len = XENSTORE_PAYLOAD_MAX + 1;
	guest_send(&g, buf, len);
	check_stopped(&g, XENSTORE_ERROR_PROTO);
	guest_busy(&g);
	((struct xsd_sockmsg *)(void *)buf)->len = UINT32_MAX;
	guest_send(&g, buf, len);
	check_stopped(&g, XENSTORE_ERROR_PROTO);
	guest_end(&g);
}

/* A domain whose events pile up has them counted, and the daemon's memory is bounded. */
Test(xenstored_ring, untaken_events_are_bounded)
{
	char reply[XENSTORE_PAYLOAD_MAX + 1], body[2100], path[2001];
	struct xsd_sockmsg m;
	struct guest g;
	int i;

	guest_start(&g, 0);
	ring_ask(&g, XS_WATCH, "/local/domain/1\0t", 18, &m, reply);
	memset(path, 'p', 1900);
	path[1900] = 0;
	for (i = 0; i < 5000; i++) {
		snprintf(body, sizeof(body), "/local/domain/1/%s%d|", path, i % 100);
		play_ask(g.p, 0, "WRITE", body);
	}
	cr_assert(conn_pending(g.rc->conn) < 3 << 20, "%zu bytes wait", conn_pending(g.rc->conn));
	cr_assert_str_eq(play_ask(g.p, 0, "RM", "/local/domain/1|"), "OK|");
	guest_end(&g);
}

/* Ten thousand rounds of random writes to every field of the page. */
Test(xenstored_ring, random_pages)
{
	struct guest g;
	uint32_t *w;
	int i, j;

	srand(4711);
	guest_start(&g, 0);
	for (i = 0; i < 10000; i++) {
		for (j = rand() % 8; j > 0; j--)
			((unsigned char *)g.page)[rand() % (2 * XENSTORE_RING_SIZE)] = (unsigned char)(rand() % 40);
		w = &g.page->req_cons + rand() % 7;
		*w = rand() % 2 ? (uint32_t)rand() : *w + (uint32_t)rand() % 2048;
		if (rand() % 4 == 0)
			g.page->req_prod = g.rc->ring.req_cons + (uint32_t)rand() % 1100;
		turns(&g);
		if (rand() % 3 == 0)
			g.page->rsp_cons = g.rc->ring.rsp_prod;
		if (rand() % 5 == 0)
			g.page->connection = XENSTORE_RECONNECT;
	}
	cr_assert_str_eq(play_ask(g.p, 0, "READ", "/local/domain/0/name|"), "Domain-0");
	guest_end(&g);
}

/* A domain that waits for room hears that there is some, though no reply is due yet. */
Test(xenstored_ring, room_is_told)
{
	char buf[64];
	struct guest g;
	unsigned before;

	guest_start(&g, 0);
	message(buf, XS_READ, 1, "k", 2);
	before = g.notified;
	guest_send(&g, buf, 10);
	turns(&g);
	cr_assert_eq(g.page->req_cons, 10);
	cr_assert(g.notified > before, "not notified");
	cr_assert_eq(g.page->rsp_prod, 0);
	guest_end(&g);
}
