/* SPDX-License-Identifier: MIT */
/*
 * xenconsoled: ring of a domain -> rate limit -> log file and buffer -> pty.
 *
 * xenconsoled.c finds the domains and has the shared descriptors, console.c is one domain's
 * console, console_attach.c knows who is attached to which pty.
 */
#ifndef PVN_BACKENDS_CONSOLE_H
#define PVN_BACKENDS_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <xengnttab.h>

#include "backends/console_buffer.h"
#include "backends/console_log.h"
#include "backends/console_pty.h"
#include "backends/console_rate.h"
#include "backends/console_ring.h"
#include "backends/events.h"

struct pvn_loop;
struct pvn_timer;
struct pvn_watch;
struct store;
struct store_watch;
struct consoled;

struct console {
	struct consoled *cd;
	TAILQ_ENTRY(console) entry;		/* hash chain */
	unsigned int domid;
	char dir[64];				/* /local/domain/N/console */
	struct store_watch *watch;		/* on it */
	unsigned int epoch;			/* of the store that last had our tty */

	struct xencons_interface *ring;		/* NULL: not connected */
	int port;				/* ours; -1: none */
	uint32_t remote_port;

	struct console_rate rate;
	struct pvn_timer *rate_timer;		/* set: the domain has to wait */
	struct console_log log;
	struct console_buffer buffer;		/* what no attached terminal has taken yet */

	struct console_pty pty;			/* .master -1: none */
	struct pvn_watch *pty_watch;
	int attach_wd;				/* console_attach.c; -1: take it as attached */
	unsigned int attached;			/* how many have the pty open besides us */

	bool ending;				/* the domain is gone, readers are finishing */
	struct pvn_timer *end_timer;
	unsigned int end_ticks;
};

TAILQ_HEAD(consoles, console);
#define CONSOLE_BUCKETS	256

struct consoled {
	struct pvn_loop *loop;
	struct store *store;
	struct events *events;
	xengnttab_handle *xgt;
	struct store_watch *introduce, *release;
	int inotify;				/* -1: the host has none */
	struct pvn_watch *inotify_watch;
	struct consoles consoles[CONSOLE_BUCKETS];	/* by domid */
	char log_dir[512];			/* "": no logs */
	uint64_t rotate_size, log_rate;
	unsigned int rotate_keep;
};

/* Is the console directory dir this daemon's to serve?  Its node `type' may name another. */
bool console_is_ours(struct store *s, const char *dir);

/* console.c: a domain appeared.  *out may be not connected yet; console_look() tries again. */
int console_new(struct consoled *cd, unsigned int domid, struct console **out);
void console_free(struct console *c);
/* Look at the store: connect when its keys are there, end when it is another domain's by now. */
void console_look(struct console *c);
void console_event(struct console *c);		/* its port fired */
void console_pump(struct console *c);		/* buffer -> pty, if somebody is attached */
/* The domain is gone: take what is left, let readers finish, then free (maybe at once). */
void console_end(struct console *c);

/* console_attach.c */
void console_attach_open(struct consoled *cd);
void console_attach_close(struct consoled *cd);
void console_attach_watch(struct console *c);
void console_attach_unwatch(struct console *c);

#endif
