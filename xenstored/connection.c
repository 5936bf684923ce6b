/* SPDX-License-Identifier: MIT */
/*
 * Connections: input of whole messages, the output queue, and what goes with a client.
 * Called by the transports; hands requests to request.c.
 */
#include "xenstored/conn.h"

#include "libs/util/log.h"
#include "xenstored/domain.h"
#include "xenstored/limit.h"
#include "xenstored/request.h"
#include "xenstored/store.h"
#include "xenstored/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int conn_new(struct store *s, struct domain *d, bool privileged, struct conn **out)
{
	static uint64_t next_id;
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->store = s;
	c->domain = d;
	c->privileged = privileged;
	c->id = ++next_id;
	TAILQ_INIT(&c->watches);
	TAILQ_INIT(&c->transactions);
	TAILQ_INSERT_TAIL(&s->conns, c, entry);
	*out = c;
	return 0;
}

void conn_reset(struct conn *c)
{
	watch_del_all(c);
	transaction_end_all(c);
	c->in_start = c->in_end = 0;
	c->out_taken += c->out_end - c->out_start;
	c->out_start = c->out_end = 0;
	c->reply_nr = 0;
}

void conn_close(struct conn *c)
{
	conn_reset(c);
	if (c->ops && c->ops->close)
		c->ops->close(c);
	if (c->domain->conn == c)
		c->domain->conn = NULL;
	if (c->is_dirty)
		TAILQ_REMOVE(&c->store->dirty, c, dirty_entry);
	TAILQ_REMOVE(&c->store->conns, c, entry);
	free(c->out);
	free(c);
}

void conn_touch(struct conn *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	TAILQ_INSERT_TAIL(&c->store->dirty, c, dirty_entry);
}

/* --- input --- */

size_t conn_in_room(struct conn *c)
{
	if (c->in_start) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	return sizeof(c->in) - c->in_end;
}

bool conn_in_partial(const struct conn *c)
{
	size_t have = c->in_end - c->in_start;
	struct xsd_sockmsg msg;

	if (have < sizeof(msg))
		return have > 0;
	memcpy(&msg, c->in + c->in_start, sizeof(msg));
	return msg.len <= XENSTORE_PAYLOAD_MAX && have < sizeof(msg) + msg.len;
}

bool conn_may_read(struct conn *c)
{
	if (c->dead || conn_pending(c) >= CONN_OUT_PAUSE)
		return false;
	if (c->privileged)
		return true;
	if (quota_exceeded(c->store, QUOTA_OUTSTANDING, c->reply_nr + 1U) ||
	    c->reply_nr == CONN_REPLIES)
		return false;
	if (quota_exceeded(c->store, QUOTA_MEMORY_HARD, (uint64_t)domain_memory(c->domain)))
		return false;
	return limit_wait_ns(c) == 0;
}

void conn_stop(struct conn *c, int error)
{
	if (c->dead)
		return;
	c->dead = true;
	c->error = error;
	conn_touch(c);
}

bool conn_process(struct conn *c)
{
	struct xsd_sockmsg msg;
	int budget;

	for (budget = CONN_BUDGET;; budget--) {
		size_t have = c->in_end - c->in_start;

		if (c->dead || have < sizeof(msg))
			return false;
		memcpy(&msg, c->in + c->in_start, sizeof(msg));
		if (msg.len > XENSTORE_PAYLOAD_MAX) {
			if (c->privileged)
				pvn_log(LOG_NOTICE, "connection %llu: a message of %u bytes, dropped",
					(unsigned long long)c->id, msg.len);
			else
				domain_complain(c->domain, "a message too long, ring stopped");
			conn_stop(c, XENSTORE_ERROR_PROTO);
			return false;
		}
		if (have < sizeof(msg) + msg.len)
			return false;
		if (!budget || !conn_may_read(c))
			return true;
		request_handle(c, &msg, c->in + c->in_start + sizeof(msg));
		c->in_start += sizeof(msg) + msg.len;
		if (c->in_start >= c->in_end)
			c->in_start = c->in_end = 0;
	}
}

/* --- output --- */

size_t conn_pending(const struct conn *c)
{
	return c->out_end - c->out_start;
}

static bool out_reserve(struct conn *c, size_t len)
{
	size_t used = conn_pending(c), size = 8192;
	char *out;

	if (c->out_end + len <= c->out_size)
		return true;
	/* Half of the buffer is free when it is moved or made, so that copying stays cheap. */
	if (2 * (used + len) <= c->out_size) {
		memmove(c->out, c->out + c->out_start, used);
	} else {
		while (size < 2 * (used + len))
			size *= 2;
		out = malloc(size);
		if (!out)
			return false;
		if (used)
			memcpy(out, c->out + c->out_start, used);
		free(c->out);
		c->out = out;
		c->out_size = size;
	}
	c->out_start = 0;
	c->out_end = used;
	return true;
}

static void out_put(struct conn *c, const void *data, size_t len)
{
	if (len)
		memcpy(c->out + c->out_end, data, len);
	c->out_end += len;
}

/* Whether len more bytes may wait.  A privileged client that takes nothing is dropped in the
 * end; a domain loses events, which nobody but itself has to blame for. */
static bool out_allowed(struct conn *c, size_t len)
{
	if (c->dead)
		return false;
	if (conn_pending(c) + len > CONN_OUT_MAX) {
		pvn_log(LOG_WARNING, "domain %u, connection %llu: does not read its %zu bytes, dropped",
			c->domain->domid, (unsigned long long)c->id, conn_pending(c));
		conn_stop(c, XENSTORE_ERROR_COMM);
		return false;
	}
	return out_reserve(c, len);
}

void conn_reply(struct conn *c, const struct xsd_sockmsg *req, uint32_t type, const void *data, size_t len)
{
	struct xsd_sockmsg msg = { .type = type, .req_id = req->req_id, .tx_id = req->tx_id,
				   .len = (uint32_t)len };

	if (!out_allowed(c, sizeof(msg) + len))
		return;
	out_put(c, &msg, sizeof(msg));
	out_put(c, data, len);
	if (c->reply_nr < CONN_REPLIES) {
		uint32_t i = (c->reply_first + c->reply_nr++) % CONN_REPLIES;

		c->reply_end[i] = c->out_taken + conn_pending(c);
	}
	conn_touch(c);
}

/* Does the same event wait already?  Only asked when output has piled up. */
static bool event_waits(struct conn *c, uint64_t hash)
{
	uint32_t i = hash % CONN_RECENT;
	bool waits = conn_pending(c) > XENSTORE_PAYLOAD_MAX && c->recent[i].hash == hash &&
		     c->recent[i].pos > c->out_taken;

	if (!waits) {
		c->recent[i].hash = hash;
		c->recent[i].pos = c->out_taken + conn_pending(c);
	}
	return waits;
}

static bool event_allowed(struct conn *c, size_t len)
{
	if (c->privileged)
		return true;
	if (!quota_exceeded(c->store, QUOTA_MEMORY_HARD, (uint64_t)domain_memory(c->domain) + len)) {
		c->said_full = false;
		return true;
	}
	if (!c->said_full)
		domain_complain(c->domain, "does not take its events, some are lost");
	c->said_full = true;
	return false;
}

void conn_event(struct conn *c, const char *path, const char *token)
{
	size_t plen = strlen(path) + 1, tlen = strlen(token) + 1;
	struct xsd_sockmsg msg = { .type = XS_WATCH_EVENT, .len = (uint32_t)(plen + tlen) };

	if (msg.len > XENSTORE_PAYLOAD_MAX || !event_allowed(c, sizeof(msg) + msg.len) ||
	    event_waits(c, str_hash(path, plen) ^ (str_hash(token, tlen) << 1)) ||
	    !out_allowed(c, sizeof(msg) + msg.len))
		return;
	out_put(c, &msg, sizeof(msg));
	out_put(c, path, plen);
	out_put(c, token, tlen);
	conn_touch(c);
}

const char *conn_peek(const struct conn *c, size_t *len)
{
	*len = conn_pending(c);
	return c->out + c->out_start;
}

void conn_taken(struct conn *c, size_t len)
{
	c->out_start += len;
	c->out_taken += len;
	while (c->reply_nr && c->reply_end[c->reply_first] <= c->out_taken) {
		c->reply_first = (c->reply_first + 1) % CONN_REPLIES;
		c->reply_nr--;
	}
	if (c->out_start != c->out_end)
		return;
	c->out_start = c->out_end = 0;
	/* What a burst needed is not kept. */
	if (c->out_size > 64 * 1024) {
		free(c->out);
		c->out = NULL;
		c->out_size = 0;
	}
}

void conns_flush(struct store *s)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&s->dirty))) {
		TAILQ_REMOVE(&s->dirty, c, dirty_entry);
		c->is_dirty = false;
		if (c->dead)
			c->ops->bury(c);
		else
			c->ops->flush(c);
	}
}
