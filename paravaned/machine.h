/* SPDX-License-Identifier: MIT */
/* What the whole machine has: its loop, its host, its clock. */
#ifndef PARAVANED_MACHINE_H
#define PARAVANED_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <paravane/shared.h>

struct pvn_loop;
struct pvn_watch;

/* Maps of CPUs have so many bits. */
#define PVN_MAX_CPUS	512

struct machine {
	struct pvn_loop *loop;
	int listen_fd;
	struct pvn_watch *listen_watch;
	bool trace;			/* log hypercalls nobody serves */
	bool stopping;

	/* The host. */
	uint32_t nr_cpus;		/* that we may use, at most PVN_MAX_CPUS */
	uint16_t host_cpu[PVN_MAX_CPUS]; /* their numbers on the host, ascending */
	uint64_t total_pages;		/* memory of the host or of our cgroup */
	uint64_t usable_pages;		/* of these, at most so many for domains */
	uint64_t used_pages;		/* populated or claimed by domains */
	uint32_t cpu_khz;
	uint32_t nr_running;		/* domains with a process */
	uint64_t start_ns;		/* CLOCK_MONOTONIC */
};

extern struct machine machine;

int host_init(void);		/* host.c: fills in the host's part */

/* clock.c */
void clock_init(void);
/* The clock of a domain that starts now: the longer the machine runs, the better it is known. */
void clock_fill(struct pvn_clock *clk, int64_t time_offset_s);

struct domain;
/* wallclock.c: its shared_info says what time it is by the host's clock and by the domain's own. */
void wallclock_update(struct domain *d);
int wallclock_init(void);	/* from now on, whenever the host's clock is set.  0 or -errno */

/* Tell every running image how long it may poll while idle: not at all when CPUs are scarce. */
void poll_window_update(void);
#define POLL_MAX_NS	50000

#endif
