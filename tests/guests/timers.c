/* SPDX-License-Identifier: MIT */
/*
 * Clocks and timers.  What would break: sleeps, time-outs and the scheduler tick.  Nothing here
 * judges how fast the host is: a timer must fire, must not fire early, and must stop when told.
 */
#include "tests/guests/lib/guest.h"

#define MS	1000000UL

static unsigned timer_port;
static volatile unsigned ticks;
static volatile uint64_t tick_time;

static void on_tick(void)
{
	if (!timer_port || !port_taken(timer_port))
		return;
	port_forget(timer_port);
	ticks++;
	tick_time = now_ns();
}

static void vcpu_timer_stop(void)
{
	HC(vcpu_op, (long)VCPUOP_stop_periodic_timer, 0L, 0L);
	HC(vcpu_op, (long)VCPUOP_stop_singleshot_timer, 0L, 0L);
	HC(set_timer_op, 0L);
}

/* VIRQ_TIMER bound, no timer running, upcalls open. */
static void timer_begin(void)
{
	struct evtchn_bind_virq b = { .virq = VIRQ_TIMER, .vcpu = 0 };

	events_mask();
	if (!timer_port) {
		CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &b), 0);
		timer_port = b.port;
	}
	vcpu_timer_stop();
	port_clear(timer_port);
	port_forget(timer_port);
	port_mask(timer_port, false);
	vcpu0()->evtchn_upcall_pending = 0;
	ticks = 0;
	upcall_hook = on_tick;
	events_unmask();
	ticks = 0;
}

static void timer_end(void)
{
	vcpu_timer_stop();
	events_mask();
	upcall_hook = NULL;
}

/* Spin until n ticks or, as a net under the test, 20 s. */
static bool ticks_wait(unsigned n)
{
	uint64_t until = now_ns() + 20000 * MS;

	while (ticks < n && now_ns() < until)
		;
	return ticks >= n;
}

static void spin(uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	while (now_ns() < until)
		;
}

TEST(time_system_clock_is_monotonic)
{
	uint64_t last = now_ns(), first = last;

	for (unsigned i = 0; i < 300000; i++) {
		uint64_t now = now_ns();

		if (now < last) {
			CHECK(false, "went back from %lu to %lu", last, now);
			return;
		}
		last = now;
	}
	CHECK(last > first, "stands still");
	CHECK_EQ(vcpu0()->time.version & 1, 0);
	CHECK(vcpu0()->time.tsc_to_system_mul != 0, "no scale");
}

TEST(time_wallclock_is_sane)
{
	uint64_t sec = (uint64_t)shared->wc_sec_hi << 32 | shared->wc_sec;

	CHECK_EQ(shared->wc_version & 1, 0);
	CHECK(shared->wc_nsec < 1000000000, "%u ns", shared->wc_nsec);
	sec += now_ns() / 1000000000;
	/* Between 2024 and 2100. */
	CHECK(sec > 1704067200 && sec < 4102444800, "%lu s since 1970", sec);
}

/* A domain that does nothing about it gets a 10 ms tick. */
TEST(timer_periodic_is_preset)
{
	struct evtchn_bind_virq b = { .virq = VIRQ_TIMER, .vcpu = 0 };

	CHECK_EQ(evtchn_op(EVTCHNOP_bind_virq, &b), 0);
	timer_port = b.port;
	port_mask(timer_port, false);
	upcall_hook = on_tick;
	events_unmask();
	CHECK(ticks_wait(3), "%u ticks", ticks);
	timer_end();
}

TEST(timer_singleshot_fires_once_and_not_early)
{
	struct vcpu_set_singleshot_timer t = { 0 };
	uint64_t due;

	timer_begin();
	due = now_ns() + 20 * MS;
	t.timeout_abs_ns = due;
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_set_singleshot_timer, 0L, (long)&t), 0);
	CHECK(ticks_wait(1), "it never fired");
	CHECK(tick_time >= due, "%lu ns early", due - tick_time);
	spin(30 * MS);
	CHECK_EQ(ticks, 1);
	timer_end();
}

TEST(timer_singleshot_in_the_past_fires_now)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1 };

	timer_begin();
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_set_singleshot_timer, 0L, (long)&t), 0);
	CHECK(ticks_wait(1), "it never fired");
	timer_end();
}

TEST(timer_singleshot_can_be_stopped_and_moved)
{
	struct vcpu_set_singleshot_timer t = { 0 };
	uint64_t due;

	timer_begin();
	t.timeout_abs_ns = now_ns() + 500 * MS;
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_set_singleshot_timer, 0L, (long)&t), 0);
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_stop_singleshot_timer, 0L, 0L), 0);
	t.timeout_abs_ns = due = now_ns() + 5 * MS;
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_set_singleshot_timer, 0L, (long)&t), 0);
	CHECK(ticks_wait(1), "it never fired");
	CHECK(tick_time >= due, "early");
	timer_end();
}

TEST(timer_periodic_keeps_firing_until_stopped)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 2 * MS };
	uint64_t start;
	unsigned n;

	timer_begin();
	start = now_ns();
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_set_periodic_timer, 0L, (long)&t), 0);
	CHECK(ticks_wait(10), "%u ticks", ticks);
	CHECK(tick_time - start >= 18 * MS, "10 ticks of 2 ms in %lu ns", tick_time - start);
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_stop_periodic_timer, 0L, 0L), 0);
	spin(MS);
	n = ticks;
	spin(20 * MS);
	CHECK_EQ(ticks, n);
	t.period_ns = MS - 1;
	CHECK_EQ(HC(vcpu_op, (long)VCPUOP_set_periodic_timer, 0L, (long)&t), -XEN_EINVAL);
	timer_end();
}

TEST(timer_set_timer_op)
{
	uint64_t due;

	timer_begin();
	due = now_ns() + 10 * MS;
	CHECK_EQ(HC(set_timer_op, (long)due), 0);
	CHECK(ticks_wait(1), "it never fired");
	CHECK(tick_time >= due, "%lu ns early", due - tick_time);
	CHECK_EQ(HC(set_timer_op, 1L), 0);
	CHECK(ticks_wait(2), "a time in the past never fired");
	CHECK_EQ(HC(set_timer_op, (long)(now_ns() + 30 * MS)), 0);
	CHECK_EQ(HC(set_timer_op, 0L), 0);
	spin(60 * MS);
	CHECK_EQ(ticks, 2);
	timer_end();
}

TEST(timer_wakes_a_block)
{
	uint64_t due, now;

	timer_begin();
	events_mask();
	due = now_ns() + 15 * MS;
	CHECK_EQ(HC(set_timer_op, (long)due), 0);
	/* block unmasks and sleeps in one; the event cannot slip between. */
	CHECK_EQ(HC(sched_op, (long)SCHEDOP_block, 0L), 0);
	now = now_ns();
	CHECK_EQ(ticks, 1);
	CHECK(now >= due, "woken %lu ns early", due - now);
	CHECK_EQ(vcpu0()->evtchn_upcall_mask, 0);
	timer_end();
}

/* The whole of a tight loop is guest code: the upcall must break into it. */
TEST(timer_interrupts_a_loop_without_hypercalls)
{
	timer_begin();
	ticks = 0;
	CHECK_EQ(HC(set_timer_op, (long)(now_ns() + 5 * MS)), 0);
	for (uint64_t i = 0; i < 1UL << 36 && !ticks; i++)
		barrier();
	CHECK_EQ(ticks, 1);
	timer_end();
}

TEST(timer_fires_many_times)
{
	struct vcpu_set_singleshot_timer t = { 0 };

	timer_begin();
	for (unsigned i = 0; i < 500; i++) {
		t.timeout_abs_ns = now_ns() + 50000;
		HC(vcpu_op, (long)VCPUOP_set_singleshot_timer, 0L, (long)&t);
		if (!ticks_wait(i + 1)) {
			CHECK(false, "shot %u was lost", i);
			break;
		}
	}
	timer_end();
}
