/* SPDX-License-Identifier: MIT */
/* Event channels in the event loop: one libxenevtchn handle, a callback per port. */
#ifndef PVN_BACKENDS_EVENTS_H
#define PVN_BACKENDS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct events;
struct pvn_loop;

typedef void events_cb(void *arg);

/*
 * woken(arg), which may be NULL, runs when the loop was woken by an event, before the ports'
 * callbacks.  When the connection to paravaned ends this logs so and stops the loop.  0 or -errno.
 */
int events_open(struct pvn_loop *loop, events_cb *woken, void *arg, struct events **out);
void events_close(struct events *ev);

/* Bind a port of ours to the domain's.  Our port's number, or -errno. */
int events_bind(struct events *ev, unsigned int domid, uint32_t remote_port, events_cb *cb,
		void *arg);
void events_unbind(struct events *ev, int port);
void events_notify(struct events *ev, int port);

/* Take what is pending now, a bounded lot, without waiting. */
void events_take(struct events *ev);

/* Look for at most ns without sleeping: is something pending?  false where the library cannot. */
bool events_poll(struct events *ev, uint64_t ns);
bool events_can_poll(void);

#endif
