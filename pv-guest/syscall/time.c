/* SPDX-License-Identifier: MIT */
/* Clocks and sleeping. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#include "calls.h"

#define CLOCK_REALTIME		0U
#define CLOCK_PROCESS		2U
#define CLOCK_THREAD		3U
#define CLOCK_LAST		7U
#define TIMER_ABSTIME		1U
#define CLK_TCK			100U

static int clock_read(uint32_t clock, uint64_t *ns)
{
	switch (clock) {
	case 0: case 5:
		*ns = wallclock_ns();
		return 0;
	case 1: case 4: case 6: case CLOCK_LAST:
		*ns = now_ns();
		return 0;
	case CLOCK_PROCESS: case CLOCK_THREAD:
		*ns = current()->run_ns + (now_ns() - current()->started_ns);
		return 0;
	}
	return -EINVAL;
}

static long give_timespec(uint64_t to, uint64_t ns)
{
	uint64_t ts[2] = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	return copy_to_user(to, ts, sizeof(ts));
}

long sys_clock_gettime(const uint64_t *a)
{
	uint64_t ns;
	int rc = clock_read((uint32_t)a[0], &ns);

	return rc != 0 ? rc : give_timespec(a[1], ns);
}

long sys_clock_getres(const uint64_t *a)
{
	uint64_t ns;
	int rc = clock_read((uint32_t)a[0], &ns);

	return rc != 0 || a[1] == 0 ? rc : give_timespec(a[1], 1);
}

long sys_gettimeofday(const uint64_t *a)
{
	uint64_t ns = wallclock_ns();
	uint64_t tv[2] = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC };
	uint64_t zone = 0;

	if (a[0] != 0 && copy_to_user(a[0], tv, sizeof(tv)) != 0)
		return -EFAULT;
	return a[1] != 0 ? copy_to_user(a[1], &zone, sizeof(zone)) : 0;
}

long sys_time(const uint64_t *a)
{
	uint64_t s = wallclock_ns() / NSEC_PER_SEC;

	if (a[0] != 0 && copy_to_user(a[0], &s, sizeof(s)) != 0)
		return -EFAULT;
	return (long)s;
}

/* 0, or -EINTR with the rest of the time at urest. */
static long sleep_until(uint64_t deadline, uint64_t urest)
{
	while (now_ns() < deadline) {
		struct thread *t = current();

		t->state = THREAD_SLEEPING;
		mb();
		if (signal_pending()) {
			t->state = THREAD_RUNNABLE;
			break;
		}
		wait_sleep(deadline);
	}
	if (now_ns() >= deadline)
		return 0;
	if (urest != 0 && give_timespec(urest, deadline - now_ns()) != 0)
		return -EFAULT;
	return -EINTR;
}

static int take_timespec(uint64_t from, uint64_t *ns)
{
	int64_t ts[2];

	if (copy_from_user(ts, from, sizeof(ts)) != 0)
		return -EFAULT;
	if (ts[0] < 0 || ts[1] < 0 || ts[1] >= (int64_t)NSEC_PER_SEC)
		return -EINVAL;
	*ns = MIN((uint64_t)ts[0], 1UL << 32) * NSEC_PER_SEC + (uint64_t)ts[1];
	return 0;
}

long sys_nanosleep(const uint64_t *a)
{
	uint64_t ns;
	int rc = take_timespec(a[0], &ns);

	return rc != 0 ? rc : sleep_until(now_ns() + ns, a[1]);
}

long sys_clock_nanosleep(const uint64_t *a)
{
	uint64_t ns, clock;
	int rc = clock_read((uint32_t)a[0], &clock);

	if (rc == 0)
		rc = take_timespec(a[2], &ns);
	if (rc != 0)
		return rc;
	if (a[1] & TIMER_ABSTIME)
		return sleep_until(ns > clock ? now_ns() + (ns - clock) : 0, 0);
	return sleep_until(now_ns() + ns, a[3]);
}

long sys_times(const uint64_t *a)
{
	uint64_t t[4] = { (current()->run_ns + (now_ns() - current()->started_ns)) /
			  (NSEC_PER_SEC / CLK_TCK) };

	if (a[0] != 0 && copy_to_user(a[0], t, sizeof(t)) != 0)
		return -EFAULT;
	return (long)(now_ns() / (NSEC_PER_SEC / CLK_TCK));
}

long sys_getrusage(const uint64_t *a)
{
	uint64_t usage[18] = { 0 }, ns = current()->run_ns;

	if ((int32_t)a[0] == 0) {
		usage[0] = ns / NSEC_PER_SEC;
		usage[1] = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return copy_to_user(a[1], usage, sizeof(usage));
}
