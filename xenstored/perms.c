/* SPDX-License-Identifier: MIT */
/*
 * Permissions of nodes: who may do what, what a new node inherits, the wire form.
 * Called by the view, the watches and the operations on permissions.
 */
#include "xenstored/perms.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct perms *perms_new(const struct perm *p, uint32_t nr, uint64_t gen)
{
	struct perms *n = malloc(sizeof(*n) + nr * sizeof(*p));

	if (!n)
		return NULL;
	n->refs = 1;
	n->nr = nr;
	n->gen = gen;
	memcpy(n->p, p, nr * sizeof(*p));
	return n;
}

struct perms *perms_get(struct perms *p)
{
	p->refs++;
	return p;
}

void perms_put(struct perms *p)
{
	if (p && !--p->refs)
		free(p);
}

/* Does entry domid of p speak of domain d (NULL: there is none)? */
static bool speaks_of(const struct perms *p, uint16_t domid, const struct domain *d)
{
	return d && d->domid == domid && d->born_gen <= p->gen;
}

unsigned perms_for(const struct conn *c, const struct perms *p)
{
	const struct domain *d = c->domain, *target;
	uint32_t i;

	if (c->privileged)
		return PERM_ALL;
	target = domain_target(c->store, d);
	if (speaks_of(p, perms_owner(p), d) || speaks_of(p, perms_owner(p), target))
		return PERM_ALL;
	for (i = 1; i < p->nr; i++)
		if (speaks_of(p, p->p[i].domid, d) || speaks_of(p, p->p[i].domid, target))
			return p->p[i].bits;
	return p->p[0].bits;
}

bool perms_entry_valid(struct store *s, const struct perms *p, uint32_t i)
{
	return speaks_of(p, p->p[i].domid, domain_find(s, p->p[i].domid));
}

struct perms *perms_inherit(const struct conn *c, struct perms *parent)
{
	struct perms *n;
	uint32_t i, nr = 1;
	bool same = true;

	if (!c->privileged && perms_owner(parent) != c->domain->domid)
		same = false;
	for (i = 0; i < parent->nr; i++)
		same = same && perms_entry_valid(c->store, parent, i);
	if (same)
		return perms_get(parent);

	/* Entries of domains gone must not become valid again by the new date. */
	n = perms_new(parent->p, parent->nr, ++c->store->gen);
	if (!n)
		return NULL;
	if (!c->privileged)
		n->p[0].domid = c->domain->domid;
	else if (!perms_entry_valid(c->store, parent, 0))
		n->p[0].domid = 0;
	for (i = 1; i < parent->nr; i++)
		if (perms_entry_valid(c->store, parent, i))
			n->p[nr++] = parent->p[i];
	n->nr = nr;
	return n;
}

static int perm_parse(const char *s, struct perm *p)
{
	static const char letters[] = "nrwb";
	const char *l = *s ? strchr(letters, *s) : NULL;
	unsigned long domid = 0;
	size_t i;

	if (!l || !s[1])
		return -EINVAL;
	for (i = 1; s[i]; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		domid = domid * 10 + (unsigned)(s[i] - '0');
		if (domid > UINT16_MAX)
			return -EINVAL;
	}
	p->domid = (uint16_t)domid;
	p->bits = (uint16_t)(l - letters);	/* n 0, r 1, w 2, b 3 */
	return 0;
}

int perms_parse(struct store *s, const char *text, size_t len, struct perms **out)
{
	uint32_t nr = 0, i;
	struct perms *p;
	size_t at;
	int rc;

	for (at = 0; at < len; at++)
		nr += !text[at];
	if (!nr || text[len - 1])
		return -EINVAL;
	p = calloc(1, sizeof(*p) + nr * sizeof(p->p[0]));
	if (!p)
		return -ENOMEM;
	p->refs = 1;
	p->nr = nr;
	for (i = 0; i < nr; i++, text += strlen(text) + 1) {
		rc = perm_parse(text, &p->p[i]);
		if (rc) {
			free(p);
			return rc;
		}
		domain_learn(s, p->p[i].domid);
	}
	p->gen = ++s->gen;
	*out = p;
	return 0;
}

int perms_format(struct store *s, const struct perms *p, char *buf, size_t size)
{
	size_t used = 0;
	uint32_t i;
	int n;

	for (i = 0; i < p->nr; i++) {
		if (i && !perms_entry_valid(s, p, i))
			continue;
		n = snprintf(buf + used, size - used, "%c%u", "nrwb"[p->p[i].bits & 3], p->p[i].domid);
		if (n < 0 || (size_t)n >= size - used)
			return -E2BIG;
		used += (size_t)n + 1;
	}
	return (int)used;
}
