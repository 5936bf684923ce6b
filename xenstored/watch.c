/* SPDX-License-Identifier: MIT */
/*
 * Watches.  An event of path P goes to the watches of P and of every path above it; so firing
 * looks up each prefix of P in a table, however many watches there are.
 * Called by the operations and by view_commit(); sends through conn_event().
 *
 * Tour: 64. Who hears of what.
 */
#include "xenstored/watch.h"

#include "xenstored/change.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/path.h"
#include "xenstored/perms.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct watch_point *point_find(const struct store *s, const char *path, size_t len)
{
	struct strmap_entry *e = strmap_find(&s->watch_points, path, len);

	return e ? (struct watch_point *)((char *)e - offsetof(struct watch_point, entry)) : NULL;
}

static struct watch_point *point_make(struct store *s, const char *path)
{
	size_t len = strlen(path);
	struct watch_point *p = point_find(s, path, len);

	if (p)
		return p;
	p = malloc(sizeof(*p) + len + 1);
	if (!p)
		return NULL;
	memcpy(p->path, path, len + 1);
	TAILQ_INIT(&p->watches);
	if (strmap_add(&s->watch_points, &p->entry, p->path, len)) {
		free(p);
		return NULL;
	}
	return p;
}

static void point_release(struct store *s, struct watch_point *p)
{
	if (!TAILQ_EMPTY(&p->watches))
		return;
	strmap_del(&s->watch_points, &p->entry);
	free(p);
}

static int64_t watch_cost(const struct watch *w)
{
	return (int64_t)(sizeof(*w) + sizeof(struct watch_point) + strlen(w->token) +
			 w->point->entry.len + 2);
}

static struct watch *watch_find(struct conn *c, const char *path, const char *token)
{
	struct watch_point *p = point_find(c->store, path, strlen(path));
	struct watch *w;

	if (!p)
		return NULL;
	TAILQ_FOREACH(w, &p->watches, of_point)
		if (w->conn == c && !strcmp(w->token, token))
			return w;
	return NULL;
}

int watch_add(struct conn *c, const char *path, bool relative, const char *token, struct watch **out)
{
	struct domain *d = c->domain;
	struct watch *w;

	if (watch_find(c, path, token))
		return -EEXIST;
	if (!c->privileged &&
	    (quota_exceeded(c->store, QUOTA_WATCHES, d->watches + 1U) ||
	     quota_exceeded(c->store, QUOTA_MEMORY_HARD, (uint64_t)domain_memory(d))))
		return -ENOSPC;
	w = malloc(sizeof(*w) + strlen(token) + 1);
	if (!w)
		return -ENOMEM;
	w->conn = c;
	strcpy(w->token, token);
	w->prefix = relative ? (uint32_t)snprintf(NULL, 0, "/local/domain/%u/", d->domid) : 0;
	w->point = point_make(c->store, path);
	if (!w->point) {
		free(w);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&w->point->watches, w, of_point);
	TAILQ_INSERT_TAIL(&c->watches, w, of_conn);
	c->store->nr_watches++;
	d->watches++;
	d->other_bytes += watch_cost(w);
	*out = w;
	return 0;
}

static void watch_drop(struct watch *w)
{
	struct conn *c = w->conn;
	struct watch_point *p = w->point;

	c->store->nr_watches--;
	c->domain->watches--;
	c->domain->other_bytes -= watch_cost(w);
	TAILQ_REMOVE(&p->watches, w, of_point);
	TAILQ_REMOVE(&c->watches, w, of_conn);
	free(w);
	point_release(c->store, p);
}

int watch_del(struct conn *c, const char *path, const char *token)
{
	struct watch *w = watch_find(c, path, token);

	if (!w)
		return -ENOENT;
	watch_drop(w);
	return 0;
}

void watch_del_all(struct conn *c)
{
	struct watch *w;

	while ((w = TAILQ_FIRST(&c->watches)))
		watch_drop(w);
}

static void watch_send(struct watch *w, const char *path)
{
	conn_event(w->conn, path + w->prefix, w->token);
}

void watch_fire_first(struct watch *w)
{
	watch_send(w, w->point->path);
}

bool watch_at(const struct store *s, const char *path, size_t len)
{
	return point_find(s, path, len) != NULL;
}

static bool may_know(const struct conn *c, const struct perms *p)
{
	return p && (perms_for(c, p) & PERM_READ);
}

static void point_fire(struct watch_point *p, const struct change *ch, const char *path)
{
	struct watch *w;

	TAILQ_FOREACH(w, &p->watches, of_point)
		if (may_know(w->conn, ch->now) || may_know(w->conn, ch->old) ||
		    may_know(w->conn, ch->parent))
			watch_send(w, path);
}

static void change_fire(struct store *s, const struct change *ch)
{
	size_t len = strlen(ch->path);
	struct watch_point *p;

	for (;;) {
		p = point_find(s, ch->path, len);
		if (p)
			point_fire(p, ch, ch->path);
		if (ch->exact || len <= 1)
			return;
		while (ch->path[--len] != '/')
			;
		if (!len)
			len = 1;	/* the root is "/" */
	}
}

void watch_fire(struct store *s, struct changes *changes)
{
	uint32_t i;

	changes_merge(changes);
	for (i = 0; i < changes->nr && s->nr_watches; i++)
		if (!changes->list[i].dup)
			change_fire(s, &changes->list[i]);
	changes_reset(changes);
}

void watch_fire_special(struct store *s, int special, uint16_t domid)
{
	struct change ch = { .now = s->special[special], .exact = true };
	const char *name = special_name(special);
	char of_one[32];
	struct watch_point *p = point_find(s, name, strlen(name));

	if (p)
		point_fire(p, &ch, name);
	snprintf(of_one, sizeof(of_one), "%s/%u", name, domid);
	p = point_find(s, of_one, strlen(of_one));
	if (p)
		point_fire(p, &ch, of_one);
}
