/* SPDX-License-Identifier: MIT */
/*
 * A connection: a client on the socket or the ring of a domain.
 *
 * The transport puts bytes into in[], calls conn_process(), and takes the reply and event bytes
 * from the queue (conn_peek(), conn_taken()) whenever there is room on its way.  Connections
 * with bytes to take are on store->dirty.
 */
#ifndef XENSTORED_CONN_H
#define XENSTORED_CONN_H

#include "xenstored/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <xen/io/xs_wire.h>

struct domain;
struct store;
struct transaction;

/* Requests handled of one connection before others get their turn. */
#define CONN_BUDGET		16
#define CONN_IN_SIZE		(2 * (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX))
/* A client that lets so much wait is not read from; so much, it is dropped. */
#define CONN_OUT_PAUSE		(256U * 1024)
#define CONN_OUT_MAX		(32U * 1024 * 1024)
#define CONN_REPLIES		64
#define CONN_RECENT		64

TAILQ_HEAD(transaction_list, transaction);

struct conn_ops {
	void (*flush)(struct conn *c);	/* send what is queued */
	void (*bury)(struct conn *c);	/* it was stopped: see conn_stop() */
	void (*close)(struct conn *c);	/* free the transport; the connection goes next */
};

struct conn {
	TAILQ_ENTRY(conn) entry;
	TAILQ_ENTRY(conn) dirty_entry;
	struct store *store;
	struct domain *domain;
	bool privileged;
	bool is_dirty;
	bool dead;		/* stopped: hears and says nothing */
	int error;		/* and why, XENSTORE_ERROR_* */
	uint64_t id;
	const struct conn_ops *ops;
	void *transport;

	struct watch_list watches;
	struct transaction_list transactions;

	/* Input: bytes [in_start, in_end) wait to be handled. */
	size_t in_start, in_end;
	char in[CONN_IN_SIZE];

	/* Output: a byte queue; positions in the stream count from the start of the connection. */
	char *out;
	size_t out_start, out_end, out_size;
	uint64_t out_taken;			/* stream position of out_start */
	uint64_t reply_end[CONN_REPLIES];	/* positions of replies not taken yet */
	uint32_t reply_first, reply_nr;
	struct {
		uint64_t hash, pos;
	} recent[CONN_RECENT];			/* events queued lately, to leave out doubles */
	bool said_full;
};

/* domid's connection; privileged: dom0's.  domain must be known.  0 or -ENOMEM. */
int conn_new(struct store *s, struct domain *d, bool privileged, struct conn **c);
/* Watches, transactions, buffers; as after a reconnect. */
void conn_reset(struct conn *c);
void conn_close(struct conn *c);

/* It broke the rules: nothing more from or to it; its transport buries it at the next flush. */
void conn_stop(struct conn *c, int error);

/* Handle whole messages from in[], at most CONN_BUDGET.  true: more of them wait. */
bool conn_process(struct conn *c);
/* May more requests of c be read now?  false: its output or a limit stands before. */
bool conn_may_read(struct conn *c);
/* Does the input end within a message (of the first that waits)? */
bool conn_in_partial(const struct conn *c);
/* Bytes of room behind in_end, after making some. */
size_t conn_in_room(struct conn *c);

void conn_reply(struct conn *c, const struct xsd_sockmsg *req, uint32_t type, const void *data, size_t len);
void conn_event(struct conn *c, const char *path, const char *token);

/* See to it that conns_flush() comes by here. */
void conn_touch(struct conn *c);

size_t conn_pending(const struct conn *c);
const char *conn_peek(const struct conn *c, size_t *len);
void conn_taken(struct conn *c, size_t len);
/* Flush every connection that has output, bury those that were stopped: end every turn with it.
 * A connection may be gone after it. */
void conns_flush(struct store *s);

#endif
