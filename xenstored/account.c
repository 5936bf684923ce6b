/* SPDX-License-Identifier: MIT */
/*
 * The bookkeeping of nodes and bytes per owner.  Called by the view; a change is tallied first,
 * checked against the quotas, and applied to the domains only when it happens.
 */
#include "xenstored/account.h"

#include "xenstored/domain.h"
#include "xenstored/perms.h"
#include "xenstored/store.h"
#include "xenstored/tree.h"

#include <errno.h>
#include <stdlib.h>

int64_t node_cost(const struct perms *p, uint32_t name_len, uint32_t value_len)
{
	return (int64_t)(sizeof(struct node) + sizeof(struct kid) + sizeof(struct value) +
			 p->nr * sizeof(struct perm) + name_len + value_len + 2);
}

const struct tally_row *tally_row(const struct tally *t, uint16_t domid)
{
	uint32_t i;

	for (i = 0; i < t->nr; i++)
		if (t->rows[i].domid == domid)
			return &t->rows[i];
	return NULL;
}

static struct tally_row *row_make(struct tally *t, uint16_t domid)
{
	struct tally_row *r = (struct tally_row *)tally_row(t, domid);

	if (r)
		return r;
	if (t->nr == t->size) {
		uint32_t size = t->size ? t->size * 2 : 4;

		r = reallocarray(t->rows, size, sizeof(*r));
		if (!r)
			return NULL;
		t->rows = r;
		t->size = size;
	}
	r = &t->rows[t->nr++];
	*r = (struct tally_row){ .domid = domid };
	return r;
}

/* A node is charged to the domain that was there when its owner was set.  That one's death
 * removes the node, so the answer is the same when the node goes. */
int tally_add(struct store *s, struct tally *t, const struct perms *p, int64_t nodes, int64_t bytes)
{
	struct tally_row *r;

	if (!perms_entry_valid(s, p, 0))
		return 0;
	r = row_make(t, perms_owner(p));
	if (!r)
		return -ENOMEM;
	r->nodes += nodes;
	r->bytes += bytes;
	return 0;
}

void tally_apply(struct store *s, struct tally *t)
{
	uint32_t i;

	for (i = 0; i < t->nr; i++) {
		struct domain *d = domain_find(s, t->rows[i].domid);

		if (d) {
			d->nodes += t->rows[i].nodes;
			d->node_bytes += t->rows[i].bytes;
			domain_memory_note(s, d);
		}
	}
	t->nr = 0;
}

void tally_reset(struct tally *t)
{
	t->nr = 0;
}

void tally_free(struct tally *t)
{
	free(t->rows);
	*t = (struct tally){ 0 };
}
