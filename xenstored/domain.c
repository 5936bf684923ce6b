/* SPDX-License-Identifier: MIT */
/*
 * Domains as the store knows them.  A record is made when a domain is first named (permissions,
 * INTRODUCE) and goes when the machine says that the domain is gone; what the domain owned goes
 * with it, so that a later domain of the same number starts with nothing.
 */
#include "xenstored/domain.h"

#include "libs/util/log.h"
#include "xenstored/conn.h"
#include "xenstored/path.h"
#include "xenstored/perms.h"
#include "xenstored/store.h"
#include "xenstored/view.h"
#include "xenstored/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/xen.h>

#define LIST_CHUNK	64
#define MAX_COMPLAINTS	8

struct domain *domain_find(const struct store *s, uint16_t domid)
{
	return domid < DOMID_FIRST_RESERVED ? s->by_domid[domid] : NULL;
}

struct domain *domain_learn(struct store *s, uint16_t domid)
{
	struct domain *d = domain_find(s, domid);
	struct domain_state st = { 0 };

	if (d || domid >= DOMID_FIRST_RESERVED)
		return d;
	if (domid && (s->machine->domain_info(s->machine_arg, domid, &st) || st.dying))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->domid = domid;
	d->target = DOMID_INVALID;
	d->born_gen = ++s->gen;
	memcpy(d->handle, st.handle, sizeof(d->handle));
	s->by_domid[domid] = d;
	TAILQ_INSERT_TAIL(&s->domains, d, entry);
	return d;
}

const struct domain *domain_target(const struct store *s, const struct domain *d)
{
	return d->target == DOMID_INVALID ? NULL : domain_find(s, d->target);
}

void domain_complain(struct domain *d, const char *what)
{
	if (d->complaints++ < MAX_COMPLAINTS)
		pvn_log(LOG_NOTICE, "domain %u: %s%s", d->domid, what,
			d->complaints == MAX_COMPLAINTS ? " (said for the last time)" : "");
}

int64_t domain_memory(const struct domain *d)
{
	return d->node_bytes + d->other_bytes + (d->conn ? (int64_t)conn_pending(d->conn) : 0);
}

void domain_memory_note(struct store *s, struct domain *d)
{
	bool over;

	if (!d->domid)
		return;
	over = quota_exceeded(s, QUOTA_MEMORY_SOFT, (uint64_t)domain_memory(d));
	if (over && !d->over_soft)
		domain_complain(d, "uses more memory of the store than the soft quota");
	d->over_soft = over;
}

void domain_free(struct store *s, struct domain *d)
{
	s->by_domid[d->domid] = NULL;
	TAILQ_REMOVE(&s->domains, d, entry);
	free(d);
}

struct orphan_walk {
	struct store *s;
	struct domain *d;
	path_buf path;
	size_t len;
	path_buf found;
};

static int orphan_find(const struct kid *k, void *arg)
{
	struct orphan_walk *w = arg;
	size_t len = w->len;
	int rc;

	if (w->len + 1 + k->len >= sizeof(w->path))
		return 0;
	w->path[w->len++] = '/';
	memcpy(w->path + w->len, k->name, k->len + 1U);
	w->len += k->len;
	if (perms_owner(k->node->perms) == w->d->domid && perms_entry_valid(w->s, k->node->perms, 0)) {
		memcpy(w->found, w->path, w->len + 1);
		rc = 1;
	} else {
		rc = kids_each(k->node->kids, orphan_find, w);
	}
	w->len = len;
	w->path[len] = 0;
	return rc;
}

/* Remove what d owns below base.  Looks for one at a time, since a removal moves the others. */
static void orphans_remove(struct orphan_walk *w, const char *base)
{
	const struct node *n;
	struct view v;
	int64_t before;

	while (w->d->nodes > 0) {
		n = tree_find(w->s->root, base[1] ? base : "/");
		if (!n)
			return;
		w->len = base[1] ? strlen(base) : 0;
		memcpy(w->path, base, w->len);
		w->path[w->len] = 0;
		if (!kids_each(n->kids, orphan_find, w))
			return;
		before = w->d->nodes;
		view_direct(&v, w->s);
		if (view_rm_any(&v, w->found)) {
			pvn_log(LOG_ERR, "no memory to remove the nodes of domain %u", w->d->domid);
			return;
		}
		view_commit(&v);
		if (w->d->nodes >= before)
			return;
	}
}

/* Where a domain's nodes usually are comes first, so that the whole tree is seldom searched. */
static void domain_remove_nodes(struct store *s, struct domain *d)
{
	struct orphan_walk *w;
	char home[32];

	if (d->nodes <= 0)
		return;
	w = malloc(sizeof(*w));
	if (!w)
		return;
	w->s = s;
	w->d = d;
	snprintf(home, sizeof(home), "/local/domain/%u", d->domid);
	orphans_remove(w, home);
	orphans_remove(w, "/");
	free(w);
}

void domain_remove(struct store *s, struct domain *d)
{
	bool introduced = d->conn;
	uint16_t domid = d->domid;
	struct domain *other;

	/* The dead hear nothing of their own end. */
	if (d->conn)
		conn_close(d->conn);
	domain_remove_nodes(s, d);
	TAILQ_FOREACH(other, &s->domains, entry)
		if (other->target == domid)
			other->target = DOMID_INVALID;
	domain_free(s, d);
	if (introduced)
		watch_fire_special(s, SPECIAL_RELEASE, domid);
}

static void domain_apply_state(struct store *s, struct domain *d, const struct domain_state *st)
{
	d->seen = !st->dying && !memcmp(d->handle, st->handle, sizeof(d->handle));
	if (d->seen && st->shutdown && !d->shutdown && d->conn) {
		d->shutdown = true;
		watch_fire_special(s, SPECIAL_RELEASE, d->domid);
	} else if (d->seen && !st->shutdown) {
		d->shutdown = false;
	}
}

void domains_check(struct store *s)
{
	struct domain_state st[LIST_CHUNK];
	struct domain *d, *next;
	uint32_t first = 0;
	int n, i;

	TAILQ_FOREACH(d, &s->domains, entry)
		d->seen = d->domid == 0;
	do {
		n = s->machine->domain_list(s->machine_arg, (uint16_t)first, st, LIST_CHUNK);
		if (n < 0) {
			pvn_log(LOG_ERR, "cannot ask the machine for its domains: %s", strerror(-n));
			return;
		}
		for (i = 0; i < n; i++) {
			d = domain_find(s, st[i].domid);
			if (d && d->domid)
				domain_apply_state(s, d, &st[i]);
			first = st[i].domid + 1U;
		}
	} while (n == LIST_CHUNK && first < DOMID_FIRST_RESERVED);

	for (d = TAILQ_FIRST(&s->domains); d; d = next) {
		next = TAILQ_NEXT(d, entry);
		if (!d->seen)
			domain_remove(s, d);
	}
}
