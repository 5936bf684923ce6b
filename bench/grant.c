/* SPDX-License-Identifier: MIT */
/*
 * grant DOMID [TIMES]: what it costs the control domain to map a grant and to unmap it, in ns.
 * Reference 0, the console's ring, is there in every domain.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <xengnttab.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint32_t domid = argc > 1 ? (uint32_t)atoi(argv[1]) : 0, times = argc > 2 ? (uint32_t)atoi(argv[2]) : 1000000, i;
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint64_t start;
	void *p;

	if (!h || !domid) {
		fprintf(stderr, "usage: grant DOMID [TIMES], with a machine that runs\n");
		return 1;
	}
	/* The first one maps the domain. */
	for (i = 0, start = 0; i <= times; i++) {
		p = xengnttab_map_grant_ref(h, domid, 0, PROT_READ | PROT_WRITE);
		if (!p || xengnttab_unmap(h, p, 1)) {
			perror("grant: mapping reference 0");
			return 1;
		}
		if (!start)
			start = now_ns();
	}
	printf("%.1f\n", (double)(now_ns() - start) / times);
	xengnttab_close(h);
	return 0;
}
