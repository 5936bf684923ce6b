/* SPDX-License-Identifier: MIT */
/*
 * The ring transport: the connection of a domain over its shared page.  The event channel is
 * behind two functions, so that tests can play the domain.
 */
#ifndef XENSTORED_RING_CONN_H
#define XENSTORED_RING_CONN_H

#include "xenstored/ring.h"

#include <stdbool.h>

struct conn;
struct domain;
struct pvn_loop;
struct pvn_timer;
struct store;

struct ring_conn {
	struct conn *conn;
	struct pvn_loop *loop;
	struct ring ring;
	bool consumed;		/* the domain is to hear of the room it got */
	bool again;		/* another turn is asked for */
	bool closing;		/* closed meanwhile: that turn frees us */
	struct pvn_timer *timer;	/* the write-rate limit lets it go on */
	void (*notify)(struct ring_conn *rc);
	void (*release)(struct ring_conn *rc);	/* unmap, unbind; before the memory of rc goes */
	void *owner;
	uint32_t port;
};

/* A connection of d over the page. 0 or -ENOMEM; on success rc->conn is the connection. */
int ring_conn_new(struct store *s, struct domain *d, struct pvn_loop *loop,
		  struct xenstore_domain_interface *page, struct ring_conn **rc);
/* The domain sent an event: serve it, a bounded bit.  Ends with conns_flush(). */
void ring_conn_turn(struct ring_conn *rc);
/* Ask for a turn before the loop waits. */
void ring_conn_again(struct ring_conn *rc);

#endif
