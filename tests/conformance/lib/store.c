/* SPDX-License-Identifier: MIT */
/* A store client just big enough for two domains of a case to meet.  Polls; takes no event. */
#include "tests/conformance/lib/conformance.h"

#include <xen/io/xs_wire.h>

#define PATIENCE_NS	20000000000UL
#define LINGER_NS	2000000000UL

extern uint64_t peer_may_read_until;	/* main.c */

static struct xsd_sockmsg head;
static char body[256];
static uint32_t req_id;

static struct xenstore_domain_interface *ring(void)
{
	static struct xenstore_domain_interface *r;

	if (!r)
		r = mfn_va(si->store_mfn);
	return r;
}

static void kick(void)
{
	struct evtchn_send s = { .port = si->store_evtchn };

	mb();
	evtchn_op(EVTCHNOP_send, &s);
}

static void changes(const uint32_t *p, uint32_t was)
{
	uint64_t stop = now_ns() + PATIENCE_NS;

	while (*(const volatile uint32_t *)p == was) {
		if (now_ns() > stop)
			test_error("the store does not answer");
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
	mb();
}

static void put(const void *data, size_t n)
{
	struct xenstore_domain_interface *r = ring();
	const char *s = data;

	while (n) {
		uint32_t prod = r->req_prod, cons = *(volatile uint32_t *)&r->req_cons;

		if (prod - cons == XENSTORE_RING_SIZE)
			changes(&r->req_cons, cons);
		for (; n && prod - cons < XENSTORE_RING_SIZE; n--)
			r->req[MASK_XENSTORE_IDX(prod++)] = *s++;
		mb();
		r->req_prod = prod;
	}
	kick();
}

static void get(void *data, size_t n)
{
	struct xenstore_domain_interface *r = ring();
	char *s = data;

	while (n) {
		uint32_t cons = r->rsp_cons, prod = *(volatile uint32_t *)&r->rsp_prod;

		if (prod == cons)
			changes(&r->rsp_prod, prod);
		for (; n && cons != prod; n--)
			*s++ = r->rsp[MASK_XENSTORE_IDX(cons++)];
		mb();
		r->rsp_cons = cons;
	}
	kick();
}

/* One request; the reply is in head and body.  False: the store answered an error. */
static bool ask(uint32_t type, const char *data, size_t len)
{
	struct xsd_sockmsg m = { .type = type, .req_id = ++req_id, .len = (uint32_t)len };

	put(&m, sizeof(m));
	put(data, len);
	do {
		get(&head, sizeof(head));
		if (head.len >= sizeof(body))
			test_error("the store's answer is %u bytes long", head.len);
		get(body, head.len);
		body[head.len] = 0;
	} while (head.type == XS_WATCH_EVENT);
	return head.type != XS_ERROR;
}

static size_t text(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static size_t text(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list ap;
	int n;

	__builtin_va_start(ap, fmt);
	n = format(buf, size, fmt, ap);
	__builtin_va_end(ap);
	return (size_t)n;
}

static uint64_t number(const char *s)
{
	uint64_t v = 0;

	while (*s >= '0' && *s <= '9')
		v = v * 10 + (uint64_t)(*s++ - '0');
	return v;
}

/* Read the number at path; waits for it. */
static uint64_t wait_number(const char *path)
{
	uint64_t stop = now_ns() + PATIENCE_NS;

	while (!ask(XS_READ, path, strlen(path) + 1) || !body[0]) {
		if (now_ns() > stop)
			test_error("nobody wrote %s: %s", path, body);
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
	return number(body);
}

unsigned role(void)
{
	return (unsigned)option_number("role", 0);
}

domid_t peer_id(void)
{
	static domid_t id;

	if (!id)
		id = (domid_t)wait_number("data/peer");
	return id;
}

domid_t self_id(void)
{
	static domid_t id;

	if (!id)
		id = (domid_t)wait_number("domid");
	return id;
}

void peer_put(const char *key, uint64_t value)
{
	char buf[100];
	size_t n;

	/* Made unreadable and empty first: the other never sees a node it may read without its value. */
	n = text(buf, sizeof(buf), "data/%s", key) + 1;
	n += text(buf + n, sizeof(buf) - n, "%lu", value);
	if (!ask(XS_WRITE, buf, n))
		test_error("store: write of %s: %s", key, body);
	n = text(buf, sizeof(buf), "data/%s", key) + 1;
	n += text(buf + n, sizeof(buf) - n, "n%u", self_id()) + 1;
	n += text(buf + n, sizeof(buf) - n, "r%u", peer_id()) + 1;
	if (!ask(XS_SET_PERMS, buf, n))
		test_error("store: permissions of %s: %s", key, body);
	peer_may_read_until = now_ns() + LINGER_NS;
}

uint64_t peer_get(const char *key)
{
	char path[100];

	text(path, sizeof(path), "/local/domain/%u/data/%s", peer_id(), key);
	return wait_number(path);
}
