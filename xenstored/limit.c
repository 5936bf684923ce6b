/* SPDX-License-Identifier: MIT */
/*
 * The write-rate limit of domains.  A change costs credit only while others have transactions
 * open, since only those can be harmed by it; credit comes back with time.  Called when a
 * request of a domain has changed the tree, and before its next one is read.
 */
#include "xenstored/limit.h"

#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/store.h"

/* 200 changes a second, ten at once: the rates of Xen's daemon. */
#define WRITE_COST_NS	5000000LL
#define BURST_NS	(10 * WRITE_COST_NS)

static void credit_refill(struct store *s, struct domain *d)
{
	uint64_t now = s->machine->now_ns(s->machine_arg);
	int64_t more = d->wrl_time_ns ? (int64_t)(now - d->wrl_time_ns) : BURST_NS;

	d->wrl_time_ns = now;
	d->wrl_credit_ns = more >= BURST_NS - d->wrl_credit_ns ? BURST_NS : d->wrl_credit_ns + more;
}

uint64_t limit_wait_ns(struct conn *c)
{
	struct domain *d = c->domain;

	if (c->privileged || d->wrl_credit_ns >= 0)
		return 0;
	credit_refill(c->store, d);
	return d->wrl_credit_ns >= 0 ? 0 : (uint64_t)-d->wrl_credit_ns;
}

void limit_note_write(struct conn *c)
{
	struct domain *d = c->domain;

	if (c->privileged || c->store->nr_transactions == d->transactions)
		return;
	credit_refill(c->store, d);
	d->wrl_credit_ns -= WRITE_COST_NS;
}
