/* SPDX-License-Identifier: MIT */
/*
 * The state machine of a backend device as a table: row = what the frontend says, column = what
 * we said last.  It does what Linux's backends do (frontend_changed), with one addition: a
 * frontend that starts over without closing, because its kernel was replaced, gets a new ring.
 */
#include "config.h"
#include "backends/xenbus_state.h"

#define NSTATES	9

static const unsigned char next[NSTATES][NSTATES] = {
	/* frontend \ backend: the entries not named are XB_NONE */
	[XenbusStateInitialising] = {
		[XenbusStateConnected] = XB_REOPEN,
		[XenbusStateClosed] = XB_REOPEN,
	},
	[XenbusStateInitialised] = {
		[XenbusStateInitWait] = XB_CONNECT,
	},
	[XenbusStateConnected] = {
		[XenbusStateInitWait] = XB_CONNECT,	/* frontends may skip Initialised */
	},
	[XenbusStateClosing] = {
		[XenbusStateInitWait] = XB_CLOSING,
		[XenbusStateInitialised] = XB_CLOSING,
		[XenbusStateConnected] = XB_CLOSING,
	},
	[XenbusStateClosed] = {
		[XenbusStateInitWait] = XB_CLOSE,
		[XenbusStateInitialised] = XB_CLOSE,
		[XenbusStateConnected] = XB_CLOSE,
		[XenbusStateClosing] = XB_CLOSE,
	},
};

enum xenbus_state xenbus_state_from(unsigned long long number)
{
	return number < NSTATES ? (enum xenbus_state)number : XenbusStateUnknown;
}

/* Would the frontend ever answer a request to close? */
static bool frontend_listens(enum xenbus_state fe)
{
	return fe == XenbusStateInitialised || fe == XenbusStateConnected ||
	       fe == XenbusStateClosing;
}

enum xenbus_action xenbus_next(const struct xenbus_view *v)
{
	/* The toolstack makes both directories at once, but we may look in between: a frontend
	 * that has not been there yet is not one that has left. */
	bool left = v->frontend == XenbusStateUnknown && v->frontend_seen;

	if (v->domain_gone || left)
		return XB_REMOVE;
	if (v->offline) {
		if (!v->connected || !frontend_listens(v->frontend))
			return XB_REMOVE;
		/* It sees Closing, closes, and we come by here again. */
		return v->backend == XenbusStateClosing || v->backend == XenbusStateClosed ?
			XB_NONE : XB_CLOSING;
	}
	if ((unsigned int)v->frontend >= NSTATES || (unsigned int)v->backend >= NSTATES)
		return XB_NONE;
	return (enum xenbus_action)next[v->frontend][v->backend];
}
