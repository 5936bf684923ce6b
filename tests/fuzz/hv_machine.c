/* SPDX-License-Identifier: MIT */
/*
 * A machine that does for one domain what paravaned would, and notes what it is told: which frames
 * are the domain's, which ports are in use, which grants are mapped.  The frames another domain
 * grants it have numbers of their own (LENT_MFN) and nothing behind them.
 */
#include "tests/fuzz/hv_machine.h"
#include <xen/grant_table.h>

#define HANDLES	32

static uint8_t owned[ALL_FRAMES];
static struct pvn_grant_map handle[HANDLES];	/* flags 0: free */

void fuzz_machine_reset(void)
{
	memset(owned, 0, sizeof(owned));
	memset(owned, 1, SHIM_PAGES);
	memset(handle, 0, sizeof(handle));
}

static int64_t populate(unsigned int order, struct pvn_reply *r)
{
	unsigned int i, j, n = 1U << order;

	for (i = 0; i + n <= ALL_FRAMES; i += n) {
		for (j = 0; j < n && !owned[i + j]; j++)
			continue;
		if (j < n)
			continue;
		memset(owned + i, 1, n);
		r->a[0] = RAM(i);
		return 0;
	}
	return -XEN_ENOMEM;
}

static int64_t release(const struct pvn_request *q)
{
	uint32_t i, n = q->len / 8;
	uint64_t mfn;

	FUZZ_CHECK(q->len <= PVN_DATA_MAX && q->len % 8 == 0, "%u bytes", q->len);
	for (i = 0; i < n; i++) {
		memcpy(&mfn, q->data + i * 8, 8);
		FUZZ_CHECK(mfn - RAM(0) < ALL_FRAMES && owned[mfn - RAM(0)], "frame %#lx given back", mfn);
		FUZZ_CHECK(mfn_slot(mfn)->count == 0, "frame %#lx given back with %u references", mfn,
			   mfn_slot(mfn)->count);
		owned[mfn - RAM(0)] = 0;
	}
	return n;
}

static int64_t new_port(const struct pvn_request *q, uint8_t state)
{
	uint32_t p = q->a[4] ? (uint32_t)q->a[4] : 1;

	for (; p < header.valid_ports; p++)
		if (port_table[p].state == PVN_PORT_FREE)
			break;
	if (p >= header.valid_ports)
		return -XEN_ENOSPC;
	port_table[p] = (struct pvn_port){ .state = state, .remote_domid = DOMID_SELF };
	if (state == PVN_PORT_VIRQ) {
		if (q->a[0] >= NR_VIRQS || q->a[1] >= header.nr_vcpus)
			goto no;
		port_table[p].virq = (uint16_t)q->a[0];
		port_table[p].vcpu = (uint16_t)q->a[1];
	}
	if (state == PVN_PORT_IPI) {
		if (q->a[0] >= header.nr_vcpus)
			goto no;
		port_table[p].vcpu = (uint16_t)q->a[0];
	}
	if (state == PVN_PORT_INTERDOMAIN)
		port_table[p].link = p % PVN_MAX_LINKS;
	return p;
no:
	port_table[p].state = PVN_PORT_FREE;
	return -XEN_EINVAL;
}

static int64_t close_port(uint64_t p)
{
	if (p >= header.valid_ports)
		return -XEN_EINVAL;
	if (port_table[p].state == PVN_PORT_FREE)
		return -XEN_EBADF;
	port_table[p] = (struct pvn_port){ 0 };
	return 0;
}

static int64_t reset_ports(void)
{
	memset(port_table, 0, header.valid_ports * sizeof(*port_table));
	return 0;
}

static void map_one(struct pvn_grant_map *g)
{
	unsigned int h;

	g->status = g->domid != 9 ? GNTST_bad_domain : g->ref >= LENT_FRAMES ? GNTST_bad_gntref : 0;
	if (!g->status && !(g->flags & (GNTMAP_host_map | GNTMAP_device_map)))
		g->status = GNTST_bad_gntref;
	if (g->status)
		return;
	for (h = 0; h < HANDLES && handle[h].flags; h++)
		continue;
	if (h == HANDLES) {
		g->status = GNTST_no_space;
		return;
	}
	g->handle = h;
	g->mfn = LENT_MFN + g->ref;
	handle[h] = *g;
}

static void unmap_one(struct pvn_grant_map *g)
{
	const uint32_t uses = GNTMAP_host_map | GNTMAP_device_map;
	struct pvn_grant_map *h = g->handle < HANDLES ? &handle[g->handle] : NULL;

	g->status = h && h->flags ? GNTST_okay : GNTST_bad_handle;
	if (g->status)
		return;
	h->flags &= ~(g->flags & uses);
	if (!(h->flags & uses))
		h->flags = 0;
}

static void lookup_one(struct pvn_grant_map *g)
{
	struct pvn_grant_map *h = g->handle < HANDLES ? &handle[g->handle] : NULL;
	uint32_t number = g->handle;

	if (!h || !h->flags) {
		g->status = GNTST_bad_handle;
		return;
	}
	*g = *h;
	g->handle = number;
}

static int64_t grants(const struct pvn_request *q, struct pvn_reply *r,
		      void (*one)(struct pvn_grant_map *g))
{
	struct pvn_grant_map *g = (struct pvn_grant_map *)r->data;
	uint32_t i, n = q->len / sizeof(*g);

	FUZZ_CHECK(q->len <= PVN_DATA_MAX && q->len % sizeof(*g) == 0, "%u bytes", q->len);
	r->len = q->len;
	memcpy(r->data, q->data, q->len);
	for (i = 0; i < n; i++)
		one(&g[i]);
	return 0;
}

/* Nothing is copied: the statuses say so. */
/* Counts since the process started, as the image does. */
static int64_t copies(void)
{
	static uint32_t done;
	struct pvn_copy_ring *c = pset(PVN_COPY_OFFSET + vcpu.id * PAGE_SIZE, struct pvn_copy_ring);

	FUZZ_CHECK(c->asked != done && c->asked - done <= PVN_COPY_RING, "%u copies", c->asked - done);
	for (; done != c->asked; done++)
		c->status[done % PVN_COPY_RING] = done & 1 ? GNTST_okay : GNTST_bad_gntref;
	c->done = done;
	return 0;
}

static int64_t transfer(const struct pvn_request *q, struct pvn_reply *r)
{
	uint64_t i = q->a[0] - RAM(0);

	r->a[0] = (uint64_t)GNTST_bad_page;
	r->a[1] = 0;
	if (i >= ALL_FRAMES || !owned[i])
		return 0;
	FUZZ_CHECK(mfn_slot(q->a[0])->count == 0, "a frame in use changes hands");
	owned[i] = 0;
	r->a[0] = q->a[1] == 9 ? GNTST_okay : (uint64_t)GNTST_bad_domain;
	r->a[1] = 1;
	return 0;
}

int64_t fuzz_machine(const struct pvn_request *q, struct pvn_reply *r)
{
	static struct pvn_reply none;

	r = r ? r : &none;
	switch (q->op) {
	case PVN_REQ_ALLOC_UNBOUND:
		return new_port(q, PVN_PORT_UNBOUND);
	case PVN_REQ_BIND_INTERDOMAIN:
		return new_port(q, q->a[0] == 9 ? PVN_PORT_PEER : PVN_PORT_INTERDOMAIN);
	case PVN_REQ_BIND_VIRQ:
		return new_port(q, PVN_PORT_VIRQ);
	case PVN_REQ_BIND_IPI:
		return new_port(q, PVN_PORT_IPI);
	case PVN_REQ_CLOSE:
		return close_port(q->a[0]);
	case PVN_REQ_RESET:
		return reset_ports();
	case PVN_REQ_STATUS:
		if (q->a[0] >= header.valid_ports || q->a[1] != header.domid)
			return -XEN_EINVAL;
		memset(r->a, 0, sizeof(r->a));
		r->a[0] = port_table[q->a[0]].state;
		return 0;
	case PVN_REQ_MEM_RELEASE:
		return release(q);
	case PVN_REQ_MEM_POPULATE:
		return q->a[1] > 9 ? -XEN_EINVAL : populate((unsigned int)q->a[1], r);
	case PVN_REQ_MEM_OWNED:
		return q->a[0] - RAM(0) < ALL_FRAMES && owned[q->a[0] - RAM(0)];
	case PVN_REQ_GRANT_MAP:
		return grants(q, r, map_one);
	case PVN_REQ_GRANT_LOOKUP:
		return grants(q, r, lookup_one);
	case PVN_REQ_GRANT_UNMAP:
		return grants(q, r, unmap_one);
	case PVN_REQ_GRANT_COPY:
		return copies();
	case PVN_REQ_GRANT_TRANSFER:
		return transfer(q, r);
	case PVN_REQ_DOMAIN:
		return q->a[0] == 9 || q->a[0] == header.domid ? 0 : -XEN_ESRCH;
	}
	return 0;
}

void fuzz_machine_check(void)
{
	uint32_t lent[LENT_FRAMES] = { 0 };
	unsigned int i;

	for (i = 0; i < ALL_FRAMES; i++)
		FUZZ_CHECK(!!mfn_page(RAM(i)) == owned[i], "frame %#lx: the machine says %u", RAM(i), owned[i]);
	for (i = 0; i < HANDLES; i++)
		if (handle[i].flags & GNTMAP_host_map)
			lent[handle[i].ref]++;
	for (i = 0; i < LENT_FRAMES; i++)
		FUZZ_CHECK(mm_check_lent[i] <= lent[i], "lent frame %u is mapped %u times, %u handles", i,
			   mm_check_lent[i], lent[i]);
}
