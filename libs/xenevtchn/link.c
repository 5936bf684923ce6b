/* SPDX-License-Identifier: MIT */
/*
 * Links: what a domain and this handle share (struct pvn_link), and the doorbell it rings.
 *
 * The page is the domain's to scribble on.  A bit there is a hint that one of the ports that
 * paravaned told us of has something; other bits name nothing.  Work per look is bounded by the
 * number of bits.
 */
#include "config.h"
#include "libs/xenevtchn/private.h"
#include "libs/xenevtchn/epoll-names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct link *link_find(struct xenevtchn_handle *h, uint32_t domid)
{
	struct link *l = h->by_domid[domid % LINK_BUCKETS];

	while (l && l->domid != domid)
		l = l->next;
	return l;
}

static int slot_take(struct xenevtchn_handle *h, struct link *l)
{
	struct link_slot *s;
	uint32_t i, n;

	/* Linear only in what it costs to bind the first port of a domain. */
	for (i = 0; i < h->nr_links; i++)
		if (!h->links[i].link)
			break;
	if (i == h->nr_links) {
		n = i ? 2 * i : 8;
		s = reallocarray(h->links, n, sizeof(*s));
		if (!s)
			return -ENOMEM;
		memset(s + i, 0, (n - i) * sizeof(*s));
		h->links = s;
		h->nr_links = n;
	}
	l->slot = i;
	h->links[i].link = l;
	return 0;
}

/* Xchg, not a plain store: partner of the barrier between the sender's bit and its look at polling. */
static void polling_set(struct link *l, uint32_t on)
{
	if (on)
		__atomic_store_n(&l->shm->polling, 1, __ATOMIC_RELEASE);
	else
		__atomic_exchange_n(&l->shm->polling, 0, __ATOMIC_SEQ_CST);
}

bool link_quiet(const struct link *l)
{
	return l->nr_masked == l->nr_bound;
}

static int link_watch(struct xenevtchn_handle *h, struct link *l)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLET,
		.data.u64 = epoll_name_link(l->slot, h->links[l->slot].generation),
	};

	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, l->doorbell, &ev) ? -errno : 0;
}

/* Make the link of message m; takes over *doorbell. */
static int link_new(struct xenevtchn_handle *h, const struct pvn_msg_evtchn *m, int *doorbell,
		    struct link **out)
{
	struct link *l;
	int rc, v;

	if (*doorbell < 0 || m->link >= PVN_MAX_LINKS)
		return -EPROTO;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->domid = m->domid;
	for (v = 0; v < PVN_MAX_VCPUS; v++)
		l->pidfd[v] = -1;
	rc = pvn_domain_get(&h->domains, m->domid, &l->d);
	if (rc)
		goto out_free;
	l->shm = (struct pvn_link *)(l->d->shared + PVN_LINKS_OFFSET) + m->link;
	rc = slot_take(h, l);
	if (rc)
		goto out_put;
	l->doorbell = *doorbell;
	rc = link_watch(h, l);
	if (rc)
		goto out_slot;
	*doorbell = -1;
	l->next = h->by_domid[l->domid % LINK_BUCKETS];
	h->by_domid[l->domid % LINK_BUCKETS] = l;
	*out = l;
	return 0;
out_slot:
	h->links[l->slot].link = NULL;
out_put:
	pvn_domain_put(l->d);
out_free:
	free(l);
	return rc;
}

static void link_cool(struct xenevtchn_handle *h, struct link *l)
{
	int i;

	for (i = 0; i < HOT_LINKS; i++) {
		if (h->hot[i] != l)
			continue;
		memmove(h->hot + i, h->hot + i + 1, (HOT_LINKS - 1 - (size_t)i) * sizeof(h->hot[0]));
		h->hot[HOT_LINKS - 1] = NULL;
		return;
	}
}

static void link_release(struct link *l)
{
	int i;

	for (i = 0; i < PVN_PORT_WORDS; i++)
		free(l->ports[i]);
	for (i = 0; i < PVN_MAX_VCPUS; i++)
		if (l->pidfd[i] >= 0)
			close(l->pidfd[i]);
	close(l->doorbell);
	free(l);
}

static void link_free(struct xenevtchn_handle *h, struct link *l)
{
	struct link **p = &h->by_domid[l->domid % LINK_BUCKETS];

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	link_cool(h, l);
	h->links[l->slot].link = NULL;
	h->links[l->slot].generation++;
	/* The domain has the eventfd, too, so closing ours would not take it out of the epoll set. */
	epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, l->doorbell, NULL);
	pvn_domain_put(l->d);
	link_release(l);
}

/* All at once, with the handle: the epoll set may be the parent's, and must be left alone. */
void links_free(struct xenevtchn_handle *h)
{
	uint32_t i;

	for (i = 0; i < h->nr_links; i++) {
		if (!h->links[i].link)
			continue;
		if (h->conn.pid == getpid())
			pvn_domain_put(h->links[i].link->d);
		link_release(h->links[i].link);
	}
	free(h->links);
}

static int ports_set(struct link *l, uint32_t port, struct binding *b)
{
	struct binding ***word = &l->ports[port / 64];

	if (!*word) {
		*word = calloc(64, sizeof(**word));
		if (!*word)
			return -ENOMEM;
	}
	if (b && (*word)[port % 64])
		return -EPROTO;
	(*word)[port % 64] = b;
	return 0;
}

int link_bind(struct xenevtchn_handle *h, struct binding *b, const struct pvn_msg_evtchn *m,
	      int *doorbell)
{
	struct link *l = link_find(h, m->domid);
	int rc = 0;

	if (m->remote_port >= PVN_MAX_PORTS)
		return -EPROTO;
	if (m->link_new || !l)
		rc = l ? -EPROTO : link_new(h, m, doorbell, &l);
	if (rc)
		return rc;
	rc = ports_set(l, m->remote_port, b);
	if (rc) {
		if (!l->nr_bound)
			link_free(h, l);
		return rc;
	}
	b->kind = BINDING_INTERDOMAIN;
	b->link = l;
	b->remote_port = m->remote_port;
	l->nr_bound++;
	if (b->masked)
		l->nr_masked++;
	/* Whoever had the page before us, or we while quiet, may have left polling set. */
	polling_set(l, link_quiet(l));
	link_drain(h, l);
	return 0;
}

/* The port waits for a peer again; its link may be left without ports. */
void link_detach(struct binding *b)
{
	struct link *l = b->link;

	ports_set(l, b->remote_port, NULL);
	b->link = NULL;
	b->kind = BINDING_UNBOUND;
	b->remote_port = 0;
	l->nr_bound--;
	if (b->masked)
		l->nr_masked--;
	if (link_quiet(l))
		polling_set(l, 1);
}

/* Free the link to domid, if there is one, and it has no port left. */
void link_reap(struct xenevtchn_handle *h, int domid)
{
	struct link *l = domid < 0 ? NULL : link_find(h, (uint32_t)domid);

	if (l && !l->nr_bound)
		link_free(h, l);
}

void link_heat(struct xenevtchn_handle *h, struct link *l)
{
	int i;

	if (h->hot[0] == l)
		return;
	for (i = 1; i < HOT_LINKS - 1; i++)
		if (h->hot[i] == l)
			break;
	memmove(h->hot + 1, h->hot, (size_t)i * sizeof(h->hot[0]));
	h->hot[0] = l;
}

static void drain_word(struct xenevtchn_handle *h, struct link *l, unsigned word)
{
	uint64_t bits = __atomic_exchange_n(&l->shm->pending[word], 0, __ATOMIC_SEQ_CST);
	struct binding *b;

	for (; l->ports[word] && bits; bits &= bits - 1) {
		b = l->ports[word][__builtin_ctzll(bits)];
		if (b)
			binding_fire(h, b);
	}
}

/* Take what the domain has set.  Quiet afterwards: what comes next is looked for at the unmask. */
void link_drain(struct xenevtchn_handle *h, struct link *l)
{
	uint64_t sel;
	bool quiet = link_quiet(l);

	if (!__atomic_load_n(&l->shm->pending_sel, __ATOMIC_ACQUIRE))
		return;
	sel = __atomic_exchange_n(&l->shm->pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; sel; sel &= sel - 1)
		drain_word(h, l, (unsigned)__builtin_ctzll(sel));
	if (!quiet && link_quiet(l))
		polling_set(l, 1);
}

/*
 * A port of the link has been unmasked (nr_masked is one less): look at what came meanwhile; when
 * that does not make the link quiet again, have the doorbell rung from now on, and look again.
 */
void link_unmasked(struct xenevtchn_handle *h, struct link *l)
{
	/* It was quiet before if this was the last missing. */
	if (l->nr_masked + 1 != l->nr_bound)
		return;
	link_drain(h, l);
	if (link_quiet(l))
		return;
	polling_set(l, 0);
	link_drain(h, l);
}

void links_drain_hot(struct xenevtchn_handle *h)
{
	int i;

	for (i = 0; i < HOT_LINKS && h->hot[i]; i++)
		link_drain(h, h->hot[i]);
}
