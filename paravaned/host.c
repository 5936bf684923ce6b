/* SPDX-License-Identifier: MIT */
/* What the host has: CPUs and memory.  Read once at start by main.c. */
#include "config.h"
#include "paravaned/machine.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MIB_PAGES	256UL

struct machine machine;

/* A number in a file; -1: no such file or no number, "max" for instance. */
static int64_t file_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long long v;

	if (!f)
		return -1;
	if (fscanf(f, "%lld", &v) != 1)
		v = -1;
	fclose(f);
	return v;
}

/* The memory ceiling of our cgroup and of those above it, UINT64_MAX: none. */
static uint64_t cgroup_bytes(void)
{
	char line[512], path[600], *p;
	uint64_t least = UINT64_MAX;
	FILE *f = fopen("/proc/self/cgroup", "re");

	if (!f)
		return least;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = 0;
		for (p = line + 3; *p; ) {
			char *slash;
			int64_t v;

			snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", p);
			v = file_number(path);
			if (v > 0 && (uint64_t)v < least)
				least = (uint64_t)v;
			slash = strrchr(p, '/');
			*slash = 0;
		}
	}
	fclose(f);
	return least;
}

/*
 * The host needs some memory for itself: a sixteenth, at least 128 MiB and at most 2 GiB,
 * never more than a quarter.
 */
static uint64_t reserve_pages(uint64_t total)
{
	uint64_t r = total / 16;

	if (r < 128 * MIB_PAGES)
		r = 128 * MIB_PAGES;
	if (r > 2048 * MIB_PAGES)
		r = 2048 * MIB_PAGES;
	return r > total / 4 ? total / 4 : r;
}

/* A container may have been given some of the host's CPUs only, and not the first ones. */
static void cpus_find(void)
{
	cpu_set_t set;
	uint16_t i;

	machine.nr_cpus = 0;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		for (i = 0; i < CPU_SETSIZE && machine.nr_cpus < PVN_MAX_CPUS; i++)
			if (CPU_ISSET(i, &set))
				machine.host_cpu[machine.nr_cpus++] = i;
	if (!machine.nr_cpus)
		machine.nr_cpus = 1;
}

int host_init(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	uint64_t limit = cgroup_bytes() / PVN_PAGE_SIZE;

	if (pages <= 0)
		return -EIO;
	machine.total_pages = (uint64_t)pages < limit ? (uint64_t)pages : limit;
	machine.usable_pages = machine.total_pages - reserve_pages(machine.total_pages);
	cpus_find();
	return 0;
}
