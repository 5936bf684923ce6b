/* SPDX-License-Identifier: MIT */
/*
 * The store as a whole: made with what a control domain finds after boot, checked, freed.
 * Called by main.c, CONTROL check, and the unit tests.
 */
#include "xenstored/store.h"

#include "libs/util/log.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/perms.h"
#include "xenstored/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xen/xen.h>

static const char *const special_names[SPECIAL_COUNT] = {
	[SPECIAL_INTRODUCE] = "@introduceDomain",
	[SPECIAL_RELEASE] = "@releaseDomain",
};

const char *special_name(enum special sp)
{
	return special_names[sp];
}

int special_by_name(const char *path)
{
	int i;

	for (i = 0; i < SPECIAL_COUNT; i++)
		if (!strcmp(path, special_names[i]))
			return i;
	return -ENOENT;
}

/* What is there before anybody writes: as Xen's daemon and xen-init-dom0 leave it. */
static const struct {
	const char *path, *value;
} initial[] = {
	{ "/tool/xenstored", "" },
	{ "/local/domain/0/name", "Domain-0" },
	{ "/local/domain/0/domid", "0" },
	{ "/vm", "" },
	{ "/libxl", "" },
};

static int store_fill(struct store *s)
{
	struct domain *dom0 = domain_find(s, 0);
	struct conn *c;
	struct view v;
	size_t i;
	int rc = conn_new(s, dom0, true, &c);

	if (rc)
		return rc;
	for (i = 0; i < sizeof(initial) / sizeof(initial[0]) && !rc; i++) {
		view_direct(&v, s);
		rc = view_write(&v, c, initial[i].path, initial[i].value,
				(uint32_t)strlen(initial[i].value));
		if (!rc)
			view_commit(&v);
	}
	conn_close(c);
	return rc;
}

static int store_root(struct store *s)
{
	static const struct perm none = { 0, 0 };
	struct perms *p = perms_new(&none, 1, ++s->gen);
	int i, rc;

	if (!p)
		return -ENOMEM;
	s->root = node_new(p, NULL, s->gen);
	rc = s->root ? tally_add(s, &s->tally, p, 1, node_cost(p, 0, 0)) : -ENOMEM;
	tally_apply(s, &s->tally);
	for (i = 0; i < SPECIAL_COUNT; i++)
		s->special[i] = perms_get(p);
	perms_put(p);
	return rc;
}

int store_new(const struct machine_ops *machine, void *arg, struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (!s)
		return -ENOMEM;
	TAILQ_INIT(&s->domains);
	TAILQ_INIT(&s->conns);
	TAILQ_INIT(&s->dirty);
	TAILQ_INIT(&s->transactions);
	s->machine = machine;
	s->machine_arg = arg;
	quota_defaults(s->quota);
	s->by_domid = calloc(DOMID_FIRST_RESERVED, sizeof(struct domain *));
	if (s->by_domid && domain_learn(s, 0))
		rc = store_root(s);
	if (!rc)
		rc = store_fill(s);
	if (rc) {
		store_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void store_free(struct store *s)
{
	struct conn *c;
	struct domain *d;
	int i;

	while ((c = TAILQ_FIRST(&s->conns)))
		conn_close(c);
	while ((d = TAILQ_FIRST(&s->domains)))
		domain_free(s, d);
	node_put(s->root);
	for (i = 0; i < SPECIAL_COUNT; i++)
		perms_put(s->special[i]);
	strmap_free(&s->watch_points);
	tally_free(&s->tally);
	changes_free(&s->changes);
	free(s->by_domid);
	free(s);
}

static int recount(const struct kid *k, void *arg)
{
	struct store *s = arg;
	int rc = tally_add(s, &s->tally, k->node->perms, 1,
			   node_cost(k->node->perms, k->len, node_len(k->node)));

	return rc ? rc : kids_each(k->node->kids, recount, s);
}

int store_check(struct store *s)
{
	const struct tally_row *row;
	struct domain *d;
	int rc = tree_check(s->root);

	if (rc)
		pvn_log(LOG_ERR, "check: the tree is inconsistent");
	tally_reset(&s->tally);
	if (!rc)
		rc = tally_add(s, &s->tally, s->root->perms, 1, node_cost(s->root->perms, 0, node_len(s->root)));
	if (!rc)
		rc = kids_each(s->root->kids, recount, s);
	TAILQ_FOREACH(d, &s->domains, entry) {
		row = tally_row(&s->tally, d->domid);
		if (!rc && ((row ? row->nodes : 0) != d->nodes || (row ? row->bytes : 0) != d->node_bytes)) {
			pvn_log(LOG_ERR, "check: domain %u has %lld nodes of %lld bytes, not %lld of %lld",
				d->domid, (long long)(row ? row->nodes : 0), (long long)(row ? row->bytes : 0),
				(long long)d->nodes, (long long)d->node_bytes);
			rc = -EIO;
		}
	}
	tally_reset(&s->tally);
	return rc;
}
