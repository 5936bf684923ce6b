/* SPDX-License-Identifier: MIT */
/*
 * The xenstore ring from inside a domain: requests, watches, transactions, messages longer
 * than the ring; then what the daemon does with a ring that lies, and the way back.
 * What would break: a guest without its store has no devices.
 */
#include "tests/guests/lib/guest.h"

#include <xen/io/xs_wire.h>

#define PATIENCE_NS	5000000000UL

static struct xsd_sockmsg head;
static char body[XENSTORE_PAYLOAD_MAX + 1];
static uint32_t req_id;

static struct xenstore_domain_interface *ring(void)
{
	return mfn_va(si->store_mfn);
}

static void kick(void)
{
	struct evtchn_send s = { .port = si->store_evtchn };

	mb();
	evtchn_op(EVTCHNOP_send, &s);
}

static uint32_t peek(const uint32_t *p)
{
	return *(const volatile uint32_t *)p;
}

/* Wait until *p is not was; false: it never was. */
static bool changes(const uint32_t *p, uint32_t was)
{
	uint64_t end = now_ns() + PATIENCE_NS;

	while (peek(p) == was) {
		if (now_ns() > end)
			return false;
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
	mb();
	return true;
}

static bool put(const void *data, size_t n)
{
	struct xenstore_domain_interface *r = ring();
	const char *s = data;
	uint32_t prod, cons;

	while (n) {
		prod = r->req_prod;
		cons = peek(&r->req_cons);
		if (prod - cons == XENSTORE_RING_SIZE) {
			if (!changes(&r->req_cons, cons))
				return false;
			continue;
		}
		for (; n && prod - cons < XENSTORE_RING_SIZE; n--)
			r->req[MASK_XENSTORE_IDX(prod++)] = *s++;
		mb();
		r->req_prod = prod;
		kick();
	}
	return true;
}

static bool get(void *data, size_t n)
{
	struct xenstore_domain_interface *r = ring();
	char *s = data;
	uint32_t cons, prod;

	while (n) {
		cons = r->rsp_cons;
		prod = peek(&r->rsp_prod);
		if (prod == cons) {
			if (!changes(&r->rsp_prod, prod))
				return false;
			continue;
		}
		mb();
		for (; n && cons != prod; n--)
			*s++ = r->rsp[MASK_XENSTORE_IDX(cons++)];
		mb();
		r->rsp_cons = cons;
		kick();
	}
	return true;
}

static bool receive(void)
{
	if (!get(&head, sizeof(head)) || head.len > XENSTORE_PAYLOAD_MAX || !get(body, head.len))
		return false;
	body[head.len] = 0;
	return true;
}

/* Ask; the reply is in head and body.  false: none came. */
static bool ask_in(uint32_t tx, uint32_t type, const char *data, size_t len)
{
	struct xsd_sockmsg m = { .type = type, .req_id = ++req_id, .tx_id = tx, .len = (uint32_t)len };

	if (!put(&m, sizeof(m)) || !put(data, len))
		return false;
	do {
		if (!receive())
			return false;
	} while (head.type == XS_WATCH_EVENT);
	return head.req_id == req_id;
}

#define ASK(type, text)	ask_in(0, type, text, sizeof(text))

#define CHECK_REPLY(want_type, want)							\
	do {										\
		CHECK_EQ(head.type, want_type);						\
		CHECK(!strcmp(body, want), "the reply is \"%s\", not \"%s\"", body, want);	\
	} while (0)

static bool ping(void)
{
	return ask_in(0, XS_WRITE, "data/ping\0x", 11) && !strcmp(body, "OK") && ASK(XS_READ, "data/ping") &&
	       !strcmp(body, "x");
}

TEST(store_says_what_it_can)
{
	CHECK_EQ(ring()->server_features & 3, 3);
	CHECK_EQ(ring()->connection, XENSTORE_CONNECTED);
	CHECK_EQ(ring()->error, XENSTORE_ERROR_NONE);
}

TEST(store_write_read_relative_and_absolute)
{
	CHECK(ping(), "type %u, \"%s\"", head.type, body);
	CHECK(ASK(XS_READ, "domid"), "no reply");
	CHECK_EQ(head.type, XS_READ);
	CHECK(ASK(XS_READ, "data/none"), "no reply");
	CHECK_REPLY(XS_ERROR, "ENOENT");
	CHECK(ASK(XS_READ, "/local/domain/0/name"), "no reply");
	CHECK_REPLY(XS_ERROR, "EACCES");
	CHECK(ask_in(0, XS_WRITE, "name\0x", 6), "no reply");
	CHECK_REPLY(XS_ERROR, "EACCES");
	CHECK(ASK(XS_INTRODUCE, "1\0001\0001"), "no reply");
	CHECK_REPLY(XS_ERROR, "EACCES");
	CHECK(ASK(4711, ""), "no reply");
	CHECK_REPLY(XS_ERROR, "ENOSYS");
}

TEST(store_wraps_many_times)
{
	unsigned i;

	for (i = 0; i < 500; i++)
		if (!ping())
			break;
	CHECK_EQ(i, 500);
	CHECK(ring()->req_prod > 10 * XENSTORE_RING_SIZE, "req_prod is %u", ring()->req_prod);
}

TEST(store_messages_longer_than_the_ring)
{
	static char big[2010];

	memcpy(big, "data/big", 9);
	memset(big + 9, 'b', 2000);
	CHECK(ask_in(0, XS_WRITE, big, 2009), "no reply");
	CHECK_REPLY(XS_WRITE, "OK");
	CHECK(ASK(XS_READ, "data/big"), "no reply");
	CHECK_EQ(head.len, 2000);
	CHECK(!memcmp(body, big + 9, 2000), "the value came back different");
	ASK(XS_RM, "data/big");
}

TEST(store_watch)
{
	CHECK(ASK(XS_WATCH, "data/w\0token"), "no reply");
	CHECK_REPLY(XS_WATCH, "OK");
	CHECK(receive(), "no first event");
	CHECK_REPLY(XS_WATCH_EVENT, "data/w");
	CHECK(!strcmp(body + 7, "token"), "token is \"%s\"", body + 7);
	CHECK_EQ(head.req_id | head.tx_id, 0);
	/* The event and the reply may come in either order; ask_in() passes over events. */
	CHECK(ask_in(0, XS_WRITE, "data/w/x\0001", 10), "no reply");
	CHECK_REPLY(XS_WRITE, "OK");
	CHECK(ASK(XS_RESET_WATCHES, ""), "no reply");
	CHECK_REPLY(XS_RESET_WATCHES, "OK");
}

TEST(store_transaction)
{
	uint32_t tx = 0, i;

	CHECK(ASK(XS_TRANSACTION_START, ""), "no reply");
	CHECK_EQ(head.type, XS_TRANSACTION_START);
	for (i = 0; body[i] >= '0' && body[i] <= '9'; i++)
		tx = tx * 10 + (uint32_t)(body[i] - '0');
	CHECK(ask_in(tx, XS_WRITE, "data/tx\0in", 10), "no reply");
	CHECK_REPLY(XS_WRITE, "OK");
	CHECK(ASK(XS_READ, "data/tx"), "no reply");
	CHECK_REPLY(XS_ERROR, "ENOENT");
	CHECK(ask_in(tx, XS_TRANSACTION_END, "T", 2), "no reply");
	CHECK_REPLY(XS_TRANSACTION_END, "OK");
	CHECK(ASK(XS_READ, "data/tx"), "no reply");
	CHECK_REPLY(XS_READ, "in");
}

TEST(store_tells_of_replies_and_of_room_by_event)
{
	unsigned port = si->store_evtchn;

	events_unmask();
	/* What is pending from before would swallow the news. */
	port_clear(port);
	port_mask(port, false);
	port_forget(port);
	CHECK(ping(), "no reply");
	CHECK(port_taken(port), "no event came with the replies");
	port_mask(port, true);
	events_mask();
}

static void reconnect(void)
{
	ring()->connection = XENSTORE_RECONNECT;
	kick();
	CHECK(changes(&ring()->connection, XENSTORE_RECONNECT), "the daemon does not reconnect");
	CHECK_EQ(ring()->connection, XENSTORE_CONNECTED);
	CHECK_EQ(ring()->error, XENSTORE_ERROR_NONE);
	CHECK_EQ(ring()->req_prod | ring()->req_cons | ring()->rsp_prod | ring()->rsp_cons, 0);
	CHECK(ping(), "no service after the reconnect");
}

TEST(store_stops_a_ring_whose_indices_lie)
{
	ring()->req_prod = ring()->req_cons + XENSTORE_RING_SIZE + 1;
	kick();
	CHECK(changes(&ring()->error, XENSTORE_ERROR_NONE), "it goes on");
	CHECK_EQ(ring()->error, XENSTORE_ERROR_RINGIDX);
	reconnect();
}

TEST(store_stops_a_ring_with_a_message_too_long)
{
	struct xsd_sockmsg m = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };

	put(&m, sizeof(m));
	CHECK(changes(&ring()->error, XENSTORE_ERROR_NONE), "it goes on");
	CHECK_EQ(ring()->error, XENSTORE_ERROR_PROTO);
	reconnect();
}
