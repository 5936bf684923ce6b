/* SPDX-License-Identifier: MIT */
/* Time from the PV clock, and one-shot timers. */
#ifndef PV_TIME_H
#define PV_TIME_H

#include <pv/list.h>
#include <pv/types.h>

/* Xen system time, monotonic. Any context. */
uint64_t now_ns(void);
uint64_t clock_raw_ns(void);	/* as this vCPU computes it, not kept from going back */
/* system time when the kernel was entered. */
uint64_t boot_ns(void);
/* Nanoseconds since 1970, UTC. */
uint64_t wallclock_ns(void);

/* Fires fn(arg) in upcall context, once, at or after deadline. */
struct timer_base;
struct timer {
	struct list_head link;
	struct timer_base *base;
	uint64_t deadline_ns;
	void (*fn)(void *arg);
	void *arg;
	bool armed;
};
void timer_init(struct timer *t, void (*fn)(void *), void *arg);
void timer_set(struct timer *t, uint64_t deadline_ns);	/* again = moves it */
void timer_cancel(struct timer *t);

/* Unpredictable where the CPU has RDRAND; else only different each time. */
uint64_t random_u64(void);

struct datetime {
	int year, month, day, hour, minute, second, weekday; /* month, day from 1; Sunday 0 */
};
void datetime_from_unix(uint64_t seconds, struct datetime *dt);

#endif
