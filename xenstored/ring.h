/* SPDX-License-Identifier: MIT */
/*
 * The shared page of a domain's ring: bytes in, bytes out, and the fields beside them.
 *
 * The domain can write all of the page at any time.  Our own indices live here, not there; what
 * we read from the page is read once and checked.
 */
#ifndef XENSTORED_RING_H
#define XENSTORED_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/xs_wire.h>

struct ring {
	struct xenstore_domain_interface *page;
	XENSTORE_RING_IDX req_cons, rsp_prod;	/* ours; the page has copies for the domain */
};

/* Take over a page: its indices go on from where they are. */
void ring_attach(struct ring *r, struct xenstore_domain_interface *page);

/* At most max bytes of requests into buf / of output into the page.  How many; or -EIO: the
 * domain's indices are nonsense. */
ssize_t ring_read(struct ring *r, char *buf, size_t max);
ssize_t ring_write(struct ring *r, const char *data, size_t len);
/* Bytes of requests that wait; nonsense counts as some. */
size_t ring_waiting(const struct ring *r);

/* The domain asked for a new beginning (connection field). */
int ring_wants_reconnect(const struct ring *r);
/* Empty both directions, clear the error, say that it is connected. */
void ring_reconnect(struct ring *r);
/* Tell the domain why nobody serves it any more: XENSTORE_ERROR_*. */
void ring_set_error(struct ring *r, uint32_t error);

#endif
