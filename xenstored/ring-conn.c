/* SPDX-License-Identifier: MIT */
/*
 * The ring transport: moves bytes between a domain's page and its connection.
 *
 * A domain that breaks the protocol is not served any more; the error field says why, until it
 * asks for a reconnect.  However much it sends, a turn takes one ring of bytes and CONN_BUDGET
 * requests; then others have theirs.
 */
#include "xenstored/ring-conn.h"

#include "libs/util/loop.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/limit.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdlib.h>

static void ring_bad_index(struct conn *c)
{
	domain_complain(c->domain, "nonsense in the indices of its ring, stopped");
	conn_stop(c, XENSTORE_ERROR_RINGIDX);
}

static void ring_conn_flush(struct conn *c)
{
	struct ring_conn *rc = c->transport;
	bool produced = false;
	const char *data;
	size_t len;
	ssize_t n = 0;

	while ((data = conn_peek(c, &len)), len) {
		n = ring_write(&rc->ring, data, len);
		if (n <= 0)
			break;
		conn_taken(c, (size_t)n);
		produced = true;
	}
	if (n < 0)
		ring_bad_index(c);
	if (produced || rc->consumed)
		rc->notify(rc);
	rc->consumed = false;
	/* Requests may have waited for their predecessors' replies to be taken. */
	if (produced && (c->in_end > c->in_start || ring_waiting(&rc->ring)) && conn_may_read(c))
		ring_conn_again(rc);
}

static void ring_conn_bury(struct conn *c)
{
	struct ring_conn *rc = c->transport;

	conn_reset(c);
	ring_set_error(&rc->ring, (uint32_t)c->error);
	rc->notify(rc);
}

static void ring_conn_close(struct conn *c)
{
	struct ring_conn *rc = c->transport;

	pvn_loop_del_timer(rc->timer);
	rc->timer = NULL;
	rc->release(rc);
	rc->conn = NULL;
	if (rc->again)
		rc->closing = true;
	else
		free(rc);
}

static const struct conn_ops ring_conn_ops = {
	.flush = ring_conn_flush,
	.bury = ring_conn_bury,
	.close = ring_conn_close,
};

int ring_conn_new(struct store *s, struct domain *d, struct pvn_loop *loop,
		  struct xenstore_domain_interface *page, struct ring_conn **out)
{
	struct ring_conn *rc = calloc(1, sizeof(*rc));
	int rc2;

	if (!rc)
		return -ENOMEM;
	rc2 = conn_new(s, d, false, &rc->conn);
	if (rc2) {
		free(rc);
		return rc2;
	}
	rc->loop = loop;
	rc->conn->ops = &ring_conn_ops;
	rc->conn->transport = rc;
	ring_attach(&rc->ring, page);
	*out = rc;
	return 0;
}

static void again_cb(void *arg)
{
	struct ring_conn *rc = arg;

	rc->again = false;
	if (rc->closing)
		free(rc);
	else
		ring_conn_turn(rc);
}

void ring_conn_again(struct ring_conn *rc)
{
	if (!rc->again)
		rc->again = !pvn_loop_add_deferred(rc->loop, again_cb, rc);
}

static void timer_cb(void *arg)
{
	struct ring_conn *rc = arg;

	rc->timer = NULL;
	ring_conn_turn(rc);
}

static void reconnect(struct ring_conn *rc)
{
	struct conn *c = rc->conn;

	conn_reset(c);
	c->dead = false;
	ring_reconnect(&rc->ring);
	rc->notify(rc);
}

/* Take what the ring has. */
static void ring_conn_fill(struct ring_conn *rc)
{
	struct conn *c = rc->conn;
	size_t room = conn_in_room(c);
	ssize_t n = ring_read(&rc->ring, c->in + c->in_end, room);

	if (n < 0) {
		ring_bad_index(c);
	} else if (n > 0) {
		c->in_end += (size_t)n;
		rc->consumed = true;
		conn_touch(c);
	}
}

void ring_conn_turn(struct ring_conn *rc)
{
	struct conn *c = rc->conn;
	struct store *s = c->store;
	uint64_t wait_ns;
	bool more;

	if (ring_wants_reconnect(&rc->ring))
		reconnect(rc);
	if (c->dead)
		return;
	if (conn_may_read(c))
		ring_conn_fill(rc);
	more = conn_process(c) || ring_waiting(&rc->ring);
	wait_ns = more && !c->dead ? limit_wait_ns(c) : 0;
	if (wait_ns && !rc->timer)
		pvn_loop_add_timer(rc->loop, wait_ns, timer_cb, rc, &rc->timer);
	else if (more && conn_may_read(c))
		ring_conn_again(rc);
	/* An event also says that the domain took output: there may be room for more. */
	conn_touch(c);
	conns_flush(s);
}
