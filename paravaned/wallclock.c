/* SPDX-License-Identifier: MIT */
/*
 * The wallclock of domains that run.  A guest adds its system time to what shared_info says
 * (<xen/xen.h>, wc_sec), so that is said anew when somebody sets the host's clock, and now and then
 * beside: the host's clock is slewed, the rate that a domain got at its start is not.
 */
#include "config.h"
#include "paravaned/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include <xen/xen.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/domain.h"

#define PERIOD_S	660	/* as often as Linux sets a hardware clock */

static int timer_fd = -1;

/* What the domain's clock says. */
static uint64_t system_time(const struct pvn_clock *clk)
{
	__uint128_t delta = __rdtsc() - clk->tsc_base;

	delta = clk->tsc_shift < 0 ? delta >> -clk->tsc_shift : delta << clk->tsc_shift;
	return (uint64_t)(delta * clk->tsc_to_system_mul >> 32);
}

void wallclock_update(struct domain *d)
{
	struct shared_info *s = (struct shared_info *)(d->shared + PVN_HEAP_OFFSET +
						       PVN_HEAP_SHARED_INFO * PVN_PAGE_SIZE);
	uint32_t version = __atomic_load_n(&s->wc_version, __ATOMIC_RELAXED) | 1;
	struct timespec ts;
	uint64_t wall;

	clock_gettime(CLOCK_REALTIME, &ts);
	wall = (uint64_t)(ts.tv_sec + d->time_offset_s) * 1000000000U + (uint64_t)ts.tv_nsec -
	       system_time(&d->clock);
	__atomic_store_n(&s->wc_version, version, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&s->wc_sec, (uint32_t)(wall / 1000000000U), __ATOMIC_RELAXED);
	__atomic_store_n(&s->wc_sec_hi, (uint32_t)(wall / 1000000000U >> 32), __ATOMIC_RELAXED);
	__atomic_store_n(&s->wc_nsec, (uint32_t)(wall % 1000000000U), __ATOMIC_RELAXED);
	__atomic_store_n(&s->wc_version, version + 1, __ATOMIC_RELEASE);
}

static int arm(void)
{
	struct itimerspec when = { 0 };

	clock_gettime(CLOCK_REALTIME, &when.it_value);
	when.it_value.tv_sec += PERIOD_S;
	return timerfd_settime(timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) ? -errno : 0;
}

/* The time has come, or there was a jump (ECANCELED). */
static void clock_ready(void *arg, uint32_t revents)
{
	struct domain *d;
	uint64_t times;
	int rc;

	(void)arg;
	(void)revents;
	if (read(timer_fd, &times, sizeof(times)) < 0 && errno == EAGAIN)
		return;
	/* Armed first: a jump from here on is heard, and one before is seen. */
	rc = arm();
	if (rc)
		pvn_log(LOG_WARNING, "cannot watch the host's clock any more: %s", strerror(-rc));
	for (d = domain_at_or_after(1); d; d = domain_at_or_after(d->domid + 1U))
		if (d->nr_processes)
			wallclock_update(d);
}

int wallclock_init(void)
{
	struct pvn_watch *w;
	int rc;

	timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer_fd < 0)
		return -errno;
	rc = arm();
	return rc ? rc : pvn_loop_add_fd(machine.loop, timer_fd, POLLIN, clock_ready, NULL, &w);
}
