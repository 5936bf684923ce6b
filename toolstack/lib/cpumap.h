/* SPDX-License-Identifier: MIT */
/* Sets of the host's CPUs, as `xl vcpu-pin', cpus= and cpus_soft= write them. */
#ifndef PARAVANE_CPUMAP_H
#define PARAVANE_CPUMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CPUMAP_CPUS	512

struct cpumap {
	uint8_t bits[CPUMAP_CPUS / 8];
};

/*
 * "2", "0-3,^1", "all,^7", "node:0": the parts are added or, with ^, taken away, in their order.  CPUs
 * that no host has are left out in silence, as by Xen's xl.  0, or -EINVAL with the reason in why.
 */
int cpumap_parse(struct cpumap *m, const char *text, char *why, size_t size);

static inline bool cpumap_has(const struct cpumap *m, unsigned int cpu)
{
	return m->bits[cpu / 8] >> (cpu % 8) & 1;
}

/* Of the first nr CPUs: "all", "none" or ranges. */
void cpumap_print(const struct cpumap *m, unsigned int nr, FILE *f);

#endif
