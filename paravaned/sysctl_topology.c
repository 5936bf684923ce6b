/* SPDX-License-Identifier: MIT */
/* The sysctls about CPUs, nodes and pools: one node, one pool, as many cores as CPUs. */
#include "config.h"
#include "paravaned/hypercall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xen/sysctl.h>

#include "paravaned/buffers.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"

/* No host has more CPUs than this: what lies beyond in a map is not touched. */
#define MAX_MAP_BYTES	4096U

/* nr bits into the client's map; the rest of the map is cleared.  0 or -EFAULT. */
int bitmap_to_client(struct client *c, struct xenctl_bitmap *map, const uint8_t *bits, uint32_t nr)
{
	uint32_t bytes = map->nr_bits / 8 + !!(map->nr_bits % 8), i;

	if (bytes > MAX_MAP_BYTES)
		bytes = MAX_MAP_BYTES;
	for (i = 0; i < bytes; i++) {
		uint8_t b = i * 8 < nr ? bits[i] : 0;

		if (i * 8 < nr && nr - i * 8 < 8)
			b &= (uint8_t)((1U << (nr - i * 8)) - 1);
		if (copy_to_client(c, (uint64_t)map->bitmap.p + i, &b, 1))
			return -EFAULT;
	}
	return 0;
}

int64_t sysctl_cputopoinfo(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
	uint32_t i;

	for (i = 0; t->cputopo.p && i < t->num_cpus && i < machine.nr_cpus; i++) {
		struct xen_sysctl_cputopo cpu = { .core = i };

		if (copy_to_client(c, (uint64_t)t->cputopo.p + i * sizeof(cpu), &cpu, sizeof(cpu)))
			return -EFAULT;
	}
	t->num_cpus = machine.nr_cpus;
	return 0;
}

int64_t sysctl_numainfo(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	struct xen_sysctl_meminfo mem = {
		.memsize = machine.total_pages << PVN_PAGE_SHIFT,
		.memfree = (machine.usable_pages - machine.used_pages) << PVN_PAGE_SHIFT,
	};
	uint32_t distance = 10;

	if (n->num_nodes && n->meminfo.p && copy_to_client(c, (uint64_t)n->meminfo.p, &mem, sizeof(mem)))
		return -EFAULT;
	if (n->num_nodes && n->distance.p &&
	    copy_to_client(c, (uint64_t)n->distance.p, &distance, sizeof(distance)))
		return -EFAULT;
	n->num_nodes = 1;
	return 0;
}

int64_t sysctl_cpupool_op(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
	uint8_t all[PVN_MAX_CPUS / 8];

	memset(all, 0xff, sizeof(all));
	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		if (p->cpupool_id)
			return -ENOENT;
		p->sched_id = XEN_SCHEDULER_CREDIT2;
		p->n_dom = domain_count() + 1;
		return bitmap_to_client(c, &p->cpumap, all, machine.nr_cpus);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return bitmap_to_client(c, &p->cpumap, all, 0);
	default:
		return -EOPNOTSUPP;
	}
}

/* Idle times since boot, from the host's own accounting. */
int64_t sysctl_getcpuinfo(struct client *c, struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "re");
	char line[512];
	uint32_t n = 0;

	while (f && n < g->max_cpus && fgets(line, sizeof(line), f)) {
		struct xen_sysctl_cpuinfo info;
		unsigned long long idle;

		if (sscanf(line, "cpu%*u %*u %*u %*u %llu", &idle) != 1)
			continue;
		info.idletime = idle * tick_ns;
		if (copy_to_client(c, (uint64_t)g->info.p + n * sizeof(info), &info, sizeof(info))) {
			fclose(f);
			return -EFAULT;
		}
		n++;
	}
	if (f)
		fclose(f);
	g->nr_cpus = n;
	return 0;
}
