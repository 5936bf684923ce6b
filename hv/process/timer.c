/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the host timer that interrupts a running guest.
 * A blocked vCPU does not need it: its wait has a time-out of its own.
 */
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <hv/guest.h>
#include <hv/platform.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>

static int32_t timer_id;

void timer_init(void)
{
	struct sigevent ev;

	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = SIGALRM;
	if (sys3(__NR_timer_create, CLOCK_MONOTONIC, &ev, &timer_id))
		sys_exit(17);
}

void platform_set_timer(uint64_t ns)
{
	struct __kernel_itimerspec t;
	uint64_t now = now_ns(), left = ns > now ? ns - now : 1;

	memset(&t, 0, sizeof(t));
	t.it_value.tv_sec = (long long)(left / 1000000000UL);
	t.it_value.tv_nsec = (long long)(left % 1000000000UL);
	sys6(__NR_timer_settime, timer_id, 0, &t, 0, 0, 0);
}
