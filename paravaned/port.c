/* SPDX-License-Identifier: MIT */
/*
 * The table of ports of one domain.
 *
 * Ports are numbered from 1 and the lowest free one is given out, as Xen does.  The image gets
 * a copy of what it needs in the page set, the state last.  Called by evtchn.c and
 * evtchn_control.c.
 */
#include "config.h"
#include "paravaned/evtchn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paravaned/domain.h"

#define CHUNK	64U

static struct port *port_at(struct domain *d, uint32_t port)
{
	return &d->port_chunk[port / CHUNK][port % CHUNK];
}

/* Ports never move: they are linked into the lists of their owners.  As on Xen, ports that are there
 * and never were in use are told from ports beyond the table. */
static int table_grow(struct domain *d)
{
	struct port **chunks, *chunk;
	uint32_t i;

	if (d->nr_ports >= d->max_ports)
		return -ENOSPC;
	chunks = reallocarray(d->port_chunk, d->nr_ports / CHUNK + 1, sizeof(*chunks));
	if (!chunks)
		return -ENOMEM;
	d->port_chunk = chunks;
	chunk = calloc(CHUNK, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	chunks[d->nr_ports / CHUNK] = chunk;
	for (i = 0; i < CHUNK; i++)
		chunk[i].number = d->nr_ports + i;
	d->nr_ports += CHUNK;
	if (d->shared)
		__atomic_store_n(&domain_header(d)->valid_ports, d->nr_ports, __ATOMIC_RELEASE);
	return 0;
}

/* The first ports of a domain are there from the beginning.  0 or -ENOMEM. */
int port_table_init(struct domain *d)
{
	return table_grow(d);
}

void port_table_free(struct domain *d)
{
	uint32_t i;

	for (i = 0; i < d->nr_ports / CHUNK; i++)
		free(d->port_chunk[i]);
	free(d->port_chunk);
	d->port_chunk = NULL;
	d->nr_ports = 0;
	free(d->virq_port);
	d->virq_port = NULL;
}

static uint32_t free_from(struct domain *d, uint32_t i)
{
	while (i < d->nr_ports && port_at(d, i)->state != PVN_PORT_FREE)
		i++;
	return i;
}

/* The lowest free port that is not below `from`.  0; -ENOSPC: all in use; -ENOMEM. */
int port_alloc(struct domain *d, uint64_t from, struct port **out)
{
	uint32_t i = free_from(d, d->port_hint ? d->port_hint : 1);
	int rc;

	d->port_hint = i;
	if (from > i)
		i = free_from(d, from < d->nr_ports ? (uint32_t)from : d->nr_ports);
	if (i >= d->max_ports)
		return -ENOSPC;
	if (i >= d->nr_ports) {
		rc = table_grow(d);
		if (rc)
			return rc;
	}
	*out = port_at(d, i);
	return 0;
}

struct port *port_lookup(struct domain *d, uint64_t port)
{
	struct port *p;

	if (!port || port >= d->nr_ports)
		return NULL;
	p = port_at(d, (uint32_t)port);
	return p->state == PVN_PORT_FREE ? NULL : p;
}

void port_publish(struct domain *d, const struct port *p)
{
	struct pvn_port *out;
	uint8_t before;

	if (d == dom0)
		return;
	out = (struct pvn_port *)(d->shared + PVN_PORTS_OFFSET) + p->number;
	/* Pairs with the image's acquire load of state: it never sees half of a new binding. */
	before = __atomic_exchange_n(&out->state, (uint8_t)PVN_PORT_FREE, __ATOMIC_SEQ_CST);
	out->link = p->link;
	out->remote_domid = p->remote_domid;
	out->remote_port = p->remote_port;
	out->virq = p->virq;
	/* A port that only changes its peer keeps the vCPU that the guest chose for it. */
	if (before == PVN_PORT_FREE || p->state == PVN_PORT_FREE)
		out->vcpu = p->vcpu;
	__atomic_store_n(&out->state, p->state, __ATOMIC_RELEASE);
}

void port_free(struct domain *d, struct port *p)
{
	uint32_t number = p->number;

	if (p->owner)
		LIST_REMOVE(p, of_owner);
	*p = (struct port){ .number = number };
	if (number < d->port_hint)
		d->port_hint = number;
	port_publish(d, p);
}
