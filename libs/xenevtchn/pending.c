/* SPDX-License-Identifier: MIT */
/*
 * Taking events: xenevtchn_pending() and xenevtchn_unmask().
 *
 * A descriptor that does not block (O_NONBLOCK on xenevtchn_fd()) is read as event loops do: what
 * memory shows first, without a system call; the epoll set when memory shows nothing.  Such a
 * caller takes a wake-up for nothing as EAGAIN.
 *
 * With one that blocks, the caller may have waited with poll() before and rely on us not to
 * sleep.  A domain's doorbell can come late, after its event has been taken; so before taking
 * events we also take the readiness of the epoll set, and a bell that rang for nothing is reported
 * as an event of a port of that domain, if there is one that is not masked: events may be spurious,
 * a hanging daemon may not.  Only a caller that sleeps in here anyway is served from memory first.
 */
#include "config.h"
#include <xenevtchn.h>

#include "libs/client/handle.h"
#include "libs/xenevtchn/private.h"
#include "libs/xenevtchn/epoll-names.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BATCH		32
#define POLL_MAX_NS	50000
#define POLL_MIN_NS	10000

enum { HEARD_NOTHING = 0, HEARD = 1, HEARD_BELL = 2 };

static struct binding *unmasked_port(struct link *l)
{
	int w, i;

	for (w = 0; w < PVN_PORT_WORDS; w++)
		for (i = 0; l->ports[w] && i < 64; i++)
			if (l->ports[w][i] && !l->ports[w][i]->masked)
				return l->ports[w][i];
	return NULL;
}

/* One event of the epoll set; *bell is a link whose bell rang for nothing. */
static int hear(struct xenevtchn_handle *h, uint64_t name, struct link **bell)
{
	uint32_t slot = (uint32_t)name, generation = (uint32_t)(name >> 32);
	struct binding *last = TAILQ_LAST(&h->ready, ready_list);
	struct link *l;

	if (name == EPOLL_NAME_KICK) {
		h->kicked = false;
		return HEARD;
	}
	if (name == EPOLL_NAME_CONN) {
		evtchn_take_messages(h);
		return HEARD;
	}
	l = slot < h->nr_links && h->links[slot].generation == generation ? h->links[slot].link : NULL;
	if (!l)
		return HEARD;
	link_drain(h, l);
	link_heat(h, l);
	if (TAILQ_LAST(&h->ready, ready_list) == last)
		*bell = l;
	return HEARD_BELL;
}

static int hear_all(struct xenevtchn_handle *h, const struct epoll_event *ev, int n, bool spurious_ok)
{
	struct link *bell = NULL;
	struct binding *b;
	int i, heard = HEARD_NOTHING;

	for (i = 0; i < n; i++) {
		/* A message may end the link that rang before. */
		if (ev[i].data.u64 == EPOLL_NAME_CONN)
			bell = NULL;
		heard |= hear(h, ev[i].data.u64, &bell);
	}
	if (spurious_ok && bell && TAILQ_EMPTY(&h->ready)) {
		b = unmasked_port(bell);
		if (b)
			binding_fire(h, b);
	}
	return heard;
}

/* Take the readiness of the epoll set, without waiting. */
static int hear_now(struct xenevtchn_handle *h, bool spurious_ok)
{
	struct epoll_event ev[BATCH];
	int n, heard = HEARD_NOTHING;

	do {
		n = epoll_wait(h->epoll_fd, ev, BATCH, 0);
		if (n > 0)
			heard |= hear_all(h, ev, n, spurious_ok);
	} while (n == BATCH && TAILQ_EMPTY(&h->ready));
	return heard;
}

static int take_ready(struct xenevtchn_handle *h)
{
	struct binding *b = TAILQ_FIRST(&h->ready);

	if (!b)
		return -EAGAIN;
	TAILQ_REMOVE(&h->ready, b, entry);
	b->ready = false;
	/* More to take: a caller that goes back to poll() must not sleep. */
	evtchn_kick(h);
	return (int)b->port;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Sleeping was short: polling would have spared it.  It was long: polling was in vain. */
static void poll_adapt(struct xenevtchn_handle *h, uint64_t slept_ns)
{
	if (slept_ns > POLL_MAX_NS)
		h->poll_ns /= 2;
	else if (h->poll_ns < POLL_MAX_NS)
		h->poll_ns = h->poll_ns ? 2 * h->poll_ns : POLL_MIN_NS;
	if (h->poll_ns < POLL_MIN_NS)
		h->poll_ns = 0;
	if (h->poll_ns > POLL_MAX_NS)
		h->poll_ns = POLL_MAX_NS;
}

/*
 * A caller that was seen to sleep here a short time (so it does not poll() before) is spared system
 * calls and sleep while events come quickly.  The readiness of the epoll set is left for later.
 */
static bool spin_first(struct xenevtchn_handle *h)
{
	bool preempted;

	if (!h->poll_ns)
		return false;
	if (TAILQ_EMPTY(&h->ready) && !links_spin(h, h->poll_ns, &preempted) && preempted)
		h->poll_ns = 0;
	return true;
}

/* Wait for something to happen; the lock is not held meanwhile.  0 or -errno. */
static int wait_for_event(struct xenevtchn_handle *h)
{
	struct epoll_event ev[BATCH];
	uint64_t before;
	int n, err;

	evtchn_unlock(h);
	before = now_ns();
	n = epoll_wait(h->epoll_fd, ev, BATCH, -1);
	err = errno;
	evtchn_lock(h);
	if (n < 0)
		return -err;
	poll_adapt(h, now_ns() - before);
	/* Who sleeps here did not poll() before: a bell for nothing needs no report. */
	hear_all(h, ev, n, false);
	return 0;
}

static bool fd_nonblock(struct xenevtchn_handle *h)
{
	int flags = fcntl(h->epoll_fd, F_GETFL);

	h->nonblock = flags >= 0 && flags & O_NONBLOCK;
	return h->nonblock;
}

static int pending(struct xenevtchn_handle *h)
{
	int port, rc, heard;

	links_drain_hot(h);
	if (h->nonblock || spin_first(h)) {
		port = take_ready(h);
		if (port >= 0)
			return port;
	}
	heard = hear_now(h, !h->nonblock);
	port = take_ready(h);
	if (port >= 0)
		return port;
	if (h->conn.dead)
		return h->conn.dead;
	/* All ports of the bell are masked: only one who waits for the descriptor calls us then. */
	if (fd_nonblock(h) || (heard & HEARD_BELL))
		return -EAGAIN;
	do {
		rc = wait_for_event(h);
		if (rc)
			return rc;
		port = take_ready(h);
	} while (port < 0 && !h->conn.dead);
	return port >= 0 ? port : h->conn.dead;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	int rc;

	evtchn_lock(h);
	rc = pending(h);
	evtchn_unlock(h);
	return pvn_errno(rc);
}

/* As with the device, the mask is the handle's own: a port that is not bound is no error. */
int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	struct binding *b;

	evtchn_lock(h);
	b = binding_find(h, port);
	if (b && b->masked && !b->ready) {
		b->masked = false;
		if (b->link)
			b->link->nr_masked--;
		if (b->fired) {
			b->fired = false;
			binding_fire(h, b);
		}
		if (b->link)
			link_unmasked(h, b->link);
		evtchn_kick(h);
	}
	evtchn_unlock(h);
	return 0;
}
