/* SPDX-License-Identifier: MIT */
/*
 * One domain's console.
 *
 * What the domain writes is taken off the ring as fast as its bucket allows and no faster: a
 * flooding domain waits on its own full ring, nobody else does.  Taken bytes go to the log
 * and to the buffer; the buffer goes to the pty while somebody is attached.
 *
 * The daemon trusts the store's console directory (the toolstack's) and nothing in the ring.
 */
#include "config.h"
#include "backends/console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/program.h"
#include "backends/store.h"
#include "libs/util/log.h"
#include "libs/util/loop.h"

#define DEFAULT_LIMIT	1048576u
#define MAX_LIMIT	(16u << 20)
#define END_TICK_NS	20000000ull
#define END_TICKS	100		/* two seconds for readers to finish */

static bool is_attached(const struct console *c)
{
	return c->attached || c->attach_wd < 0;
}

/* What we want to hear from the pty: input as there is room, room as there is output. */
static void pty_interest(struct console *c)
{
	uint32_t events = 0;

	if (!c->pty_watch)
		return;
	if (c->ring && console_ring_room(c->ring))
		events |= POLLIN;
	if (c->buffer.used && is_attached(c))
		events |= POLLOUT;
	pvn_loop_mod_fd(c->pty_watch, events);
}

void console_pump(struct console *c)
{
	const char *data;
	ssize_t done;
	size_t n;

	while (c->pty.master >= 0 && is_attached(c) &&
	       (n = console_buffer_peek(&c->buffer, &data)) > 0) {
		done = write(c->pty.master, data, n);
		if (done <= 0)
			break;
		console_buffer_skip(&c->buffer, (size_t)done);
	}
	pty_interest(c);
}

static void pty_input(struct console *c)
{
	char buf[sizeof(c->ring->in)];
	size_t room = c->ring ? console_ring_room(c->ring) : 0;
	ssize_t n;

	if (!room)
		return;
	n = read(c->pty.master, buf, room);
	if (n > 0 && console_ring_put(c->ring, buf, (size_t)n))
		events_notify(c->cd->events, c->port);
}

static void pty_ready(void *arg, uint32_t revents)
{
	struct console *c = arg;

	if (revents & (POLLERR | POLLHUP | POLLNVAL)) {	/* we hold the slave open: not by rights */
		pvn_loop_del_fd(c->pty_watch);
		c->pty_watch = NULL;
		return;
	}
	if (revents & POLLIN)
		pty_input(c);
	console_pump(c);
}

static void rate_over(void *arg)
{
	struct console *c = arg;

	c->rate_timer = NULL;
	console_event(c);
}

/* One ringful at most, so that consoles take turns. */
static void ring_take(struct console *c, size_t allowed)
{
	char buf[sizeof(c->ring->out)];
	ssize_t n;

	n = console_ring_take(c->ring, buf, allowed < sizeof(buf) ? allowed : sizeof(buf));
	if (n <= 0)
		return;
	console_rate_spend(&c->rate, (size_t)n);
	console_log_write(&c->log, buf, (size_t)n);
	console_buffer_add(&c->buffer, buf, (size_t)n);
	events_notify(c->cd->events, c->port);
}

void console_event(struct console *c)
{
	size_t allowed;

	if (!c->ring)
		return;
	if (!c->rate_timer) {
		allowed = console_rate_allowed(&c->rate, pvn_now_ns());
		if (allowed)
			ring_take(c, allowed);
		/* No event will come for what is left. */
		if (console_ring_waiting(c->ring))
			pvn_loop_add_timer(c->cd->loop,
					   allowed ? 0 : console_rate_wait_ns(&c->rate), rate_over,
					   c, &c->rate_timer);
	}
	console_pump(c);
}

static void log_start(struct console *c)
{
	struct consoled *cd = c->cd;
	char dir[64], *name;
	int rc;

	if (!*cd->log_dir || c->log.path)
		return;
	snprintf(dir, sizeof(dir), "/local/domain/%u", c->domid);
	if (store_read(cd->store, dir, "name", &name))
		return;
	rc = console_log_open(&c->log, cd->log_dir, name, cd->rotate_size, cd->rotate_keep);
	if (rc)
		pvn_log(LOG_WARNING, "console log of %s: %s", name, strerror(-rc));
	free(name);
}

bool console_is_ours(struct store *s, const char *dir)
{
	bool ours = true;
	char *type;

	if (!store_read(s, dir, "type", &type)) {
		ours = !strcmp(type, "xenconsoled");
		free(type);
	}
	return ours;
}

/* The keys that say where the ring is.  Reading them makes the write of tty below conflict with a
 * removal of the domain's directory. */
static int keys_read(struct console *c, uint64_t *port, uint64_t *limit)
{
	struct store *s = c->cd->store;

	if (!console_is_ours(s, c->dir))
		return -EOPNOTSUPP;
	if (store_read_uint(s, c->dir, "limit", MAX_LIMIT, limit))
		*limit = DEFAULT_LIMIT;
	return store_read_uint(s, c->dir, "port", UINT32_MAX, port);
}

static int tty_publish(struct console *c)
{
	struct store *s = c->cd->store;
	uint64_t port, limit;
	int rc, tries;

	for (tries = 0; tries < 16; tries++) {
		rc = store_begin(s);
		if (rc)
			return rc;
		rc = keys_read(c, &port, &limit);
		if (!rc)
			rc = store_write(s, c->dir, "tty", "%s", c->pty.path);
		if (!rc)	/* the path is opened by tools of the control domain: theirs alone */
			rc = store_readable_by(s, c->dir, "tty", c->domid);
		if (rc) {
			store_end(s, false);
			return rc;
		}
		rc = store_end(s, true);
		if (rc != -EAGAIN)
			return rc;
	}
	return rc;
}

static int pty_start(struct console *c)
{
	int rc;

	if (c->pty.master >= 0)
		return 0;
	rc = console_pty_open(&c->pty);
	if (rc)
		return rc;
	console_attach_watch(c);
	c->epoch = store_epoch(c->cd->store);
	rc = pvn_loop_add_fd(c->cd->loop, c->pty.master, POLLIN, pty_ready, c, &c->pty_watch);
	if (!rc)
		rc = tty_publish(c);
	return rc;
}

static void ring_disconnect(struct console *c)
{
	if (!c->ring)
		return;
	pvn_loop_del_timer(c->rate_timer);
	c->rate_timer = NULL;
	events_unbind(c->cd->events, c->port);
	xengnttab_unmap(c->cd->xgt, c->ring, 1);
	c->ring = NULL;
	c->port = -1;
}

static void ring_event(void *arg)
{
	console_event(arg);
}

static int ring_connect(struct console *c, uint32_t port)
{
	struct consoled *cd = c->cd;
	int rc;

	c->ring = xengnttab_map_grant_ref(cd->xgt, c->domid, GNTTAB_RESERVED_CONSOLE,
					  PROT_READ | PROT_WRITE);
	if (!c->ring)
		return -errno;
	c->port = events_bind(cd->events, c->domid, port, ring_event, c);
	if (c->port < 0) {
		rc = c->port;
		xengnttab_unmap(cd->xgt, c->ring, 1);
		c->ring = NULL;
		return rc;
	}
	c->remote_port = port;
	return 0;
}

/* Is the directory still the one we wrote our tty into?  Not if the domid was used anew. */
static bool still_ours(struct console *c)
{
	char *tty;
	int rc = store_read(c->cd->store, c->dir, "tty", &tty);
	bool same;

	if ((rc == -ENOENT || (!rc && !*tty)) && c->epoch != store_epoch(c->cd->store)) {
		if (!rc)
			free(tty);
		return domain_alive(c->cd->xgt, c->domid);	/* the store has forgotten, not we */
	}
	if (rc)
		return rc != -ENOENT;
	c->epoch = store_epoch(c->cd->store);
	same = !strcmp(tty, c->pty.path);
	free(tty);
	return same;
}

static void tty_unpublish(struct console *c)
{
	char *tty;

	if (c->pty.master < 0 || store_read(c->cd->store, c->dir, "tty", &tty))
		return;
	if (!strcmp(tty, c->pty.path))
		store_rm(c->cd->store, c->dir, "tty");
	free(tty);
}

void console_look(struct console *c)
{
	uint64_t port, limit;
	int rc;

	if (c->ending)
		return;
	if (c->pty.master >= 0 && !still_ours(c)) {
		console_end(c);
		return;
	}
	rc = keys_read(c, &port, &limit);
	if (rc || store_introduced(c->cd->store, c->domid) != 1)
		return;
	if (c->ring && c->remote_port == port) {
		/* The toolstack has filled a new store; it does not know the terminal. */
		if (c->epoch != store_epoch(c->cd->store) && !tty_publish(c))
			c->epoch = store_epoch(c->cd->store);
		return;
	}
	ring_disconnect(c);
	if (!c->buffer.limit)
		console_buffer_init(&c->buffer, (size_t)limit);
	log_start(c);
	rc = ring_connect(c, (uint32_t)port);
	if (!rc)
		rc = pty_start(c);
	if (rc) {
		pvn_log(LOG_WARNING, "console of domain %u: %s", c->domid, strerror(-rc));
		return;
	}
	pvn_log(LOG_INFO, "console of domain %u at %s", c->domid, c->pty.path);
	console_event(c);	/* it may have written before we bound the port */
}

static void watch_event(void *arg, const char *path)
{
	struct console *c = arg;
	const char *rest = path + (strlen(path) < strlen(c->dir) ? strlen(path) : strlen(c->dir));

	if (!*rest || !strcmp(rest, "/port") || !strcmp(rest, "/ring-ref") || !strcmp(rest, "/type"))
		console_look(c);
}

int console_new(struct consoled *cd, unsigned int domid, struct console **out)
{
	struct console *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->cd = cd;
	c->domid = domid;
	c->port = c->attach_wd = -1;
	c->pty.master = c->pty.slave = -1;
	c->log.fd = -1;
	snprintf(c->dir, sizeof(c->dir), "/local/domain/%u/console", domid);
	console_rate_init(&c->rate, cd->log_rate, pvn_now_ns());
	/* Its first event has the keys looked at. */
	rc = store_watch(cd->store, c->dir, watch_event, c, &c->watch);
	if (rc) {
		free(c);
		return rc;
	}
	TAILQ_INSERT_TAIL(&cd->consoles[domid % CONSOLE_BUCKETS], c, entry);
	*out = c;
	return 0;
}

void console_free(struct console *c)
{
	TAILQ_REMOVE(&c->cd->consoles[c->domid % CONSOLE_BUCKETS], c, entry);
	if (!c->ending)
		tty_unpublish(c);
	store_unwatch(c->watch);
	ring_disconnect(c);
	pvn_loop_del_timer(c->end_timer);
	pvn_loop_del_fd(c->pty_watch);
	console_attach_unwatch(c);
	console_pty_close(&c->pty);
	console_log_close(&c->log);
	console_buffer_free(&c->buffer);
	free(c);
}

/* Closing a pty discards what its reader has not read, so a dead domain's last words get time. */
static void end_tick(void *arg)
{
	struct console *c = arg;
	bool done;

	c->end_timer = NULL;
	console_pump(c);
	done = c->pty.master < 0 || !c->attached ||
	       (!c->buffer.used && console_pty_drained(&c->pty));
	/* Twice in a row: the terminal moves bytes from one of its queues to the other. */
	c->end_ticks = done ? c->end_ticks + END_TICKS / 2 : c->end_ticks + 1;
	if (c->end_ticks >= END_TICKS ||
	    pvn_loop_add_timer(c->cd->loop, END_TICK_NS, end_tick, c, &c->end_timer))
		console_free(c);
}

void console_end(struct console *c)
{
	if (c->ending)
		return;
	c->ending = true;
	if (c->ring)
		ring_take(c, sizeof(c->ring->out));
	ring_disconnect(c);
	tty_unpublish(c);
	store_unwatch(c->watch);
	c->watch = NULL;
	end_tick(c);
}
