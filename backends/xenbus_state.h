/* SPDX-License-Identifier: MIT */
/* What a backend does next: a pure function of what both ends say. */
#ifndef PVN_BACKENDS_XENBUS_STATE_H
#define PVN_BACKENDS_XENBUS_STATE_H

#include <stdbool.h>

#include <xen/io/xenbus.h>

enum xenbus_action {
	XB_NONE,
	XB_CONNECT,	/* map the ring; Connected */
	XB_REOPEN,	/* let go of the old ring, wait for a new one; InitWait */
	XB_CLOSING,	/* Closing; the ring is served on, the frontend may have writes to flush */
	XB_CLOSE,	/* let go of the ring; Closed; keep the device for the next frontend */
	XB_REMOVE,	/* let go of the ring; Closed; forget the device */
};

struct xenbus_view {
	enum xenbus_state backend;	/* what we wrote last */
	enum xenbus_state frontend;	/* XenbusStateUnknown: its node is not there */
	bool frontend_seen;		/* its node has been there before */
	bool offline;			/* the toolstack wrote online = 0 */
	bool connected;			/* there is a ring */
	bool domain_gone;		/* the frontend's domain has left the store */
};

enum xenbus_action xenbus_next(const struct xenbus_view *v);

/* Any number a domain may have written, as a state: what is not one is Unknown. */
enum xenbus_state xenbus_state_from(unsigned long long number);

#endif
