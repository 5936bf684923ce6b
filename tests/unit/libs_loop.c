/* SPDX-License-Identifier: MIT */
/*
 * The event loop, each case on io_uring and on epoll: level-triggered descriptors, changes and
 * deletions from inside callbacks, timers in order, deferred calls once each.
 */
#include "config.h"
#include "libs/util/loop.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ON_URING, ON_EPOLL };

static struct pvn_loop *loop_on(int waiter)
{
	struct pvn_loop *l;

	setenv("PARAVANE_NO_IO_URING", waiter == ON_EPOLL ? "1" : "0", 1);
	cr_assert_eq(pvn_loop_new(&l), 0);
	if (waiter == ON_EPOLL)
		cr_assert_not(pvn_loop_is_uring(l));
	return l;
}

#define BOTH(name)							\
	ParameterizedTestParameters(libs_loop, name)			\
	{								\
		static int waiters[] = { ON_URING, ON_EPOLL };		\
		return cr_make_param_array(int, waiters, 2);		\
	}								\
	ParameterizedTest(int *waiter, libs_loop, name)

struct end {
	struct pvn_loop *l;
	struct pvn_watch *w, *other;
	int fd, calls, stop_after;
	uint32_t revents;
	bool read_it;
};

static void on_ready(void *arg, uint32_t revents)
{
	struct end *e = arg;
	char c;

	e->calls++;
	e->revents |= revents;
	if (e->read_it)
		cr_assert_eq(read(e->fd, &c, 1), 1);
	if (e->calls == e->stop_after)
		pvn_loop_stop(e->l);
}

BOTH(io_uring_is_used_where_the_host_lets_us)
{
	struct pvn_loop *l = loop_on(*waiter);
	struct io_uring ring;
	bool host = io_uring_queue_init(4, &ring, 0) == 0;

	if (host)
		io_uring_queue_exit(&ring);
	cr_assert_eq(pvn_loop_is_uring(l), host && *waiter == ON_URING);
	pvn_loop_free(l);
}

BOTH(readiness_is_level_triggered)
{
	struct end e = { .l = loop_on(*waiter), .stop_after = 3, .read_it = true };
	int p[2];

	cr_assert_eq(pipe(p), 0);
	e.fd = p[0];
	cr_assert_eq(write(p[1], "abc", 3), 3);
	cr_assert_eq(pvn_loop_add_fd(e.l, p[0], POLLIN, on_ready, &e, &e.w), 0);
	cr_assert_eq(pvn_loop_run(e.l), 0);
	cr_assert_eq(e.calls, 3, "one byte was read per call");
	cr_assert_eq(pvn_loop_once(e.l, 1000000), 0);
	cr_assert_eq(e.calls, 3, "nothing is left");
	/* Not read: it comes again and again. */
	e.read_it = false;
	cr_assert_eq(write(p[1], "x", 1), 1);
	e.stop_after = 6;
	cr_assert_eq(pvn_loop_run(e.l), 0);
	cr_assert_eq(e.calls, 6);
	close(p[1]);
	cr_assert_eq(read(p[0], &(char){ 0 }, 1), 1);
	e.stop_after = 7;
	cr_assert_eq(pvn_loop_run(e.l), 0);
	cr_assert(e.revents & POLLHUP);
	pvn_loop_del_fd(e.w);
	pvn_loop_free(e.l);
}

BOTH(events_can_be_changed)
{
	struct end e = { .l = loop_on(*waiter), .stop_after = 1 };
	int s[2], i;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	cr_assert_eq(pvn_loop_add_fd(e.l, s[0], POLLIN, on_ready, &e, &e.w), 0);
	for (i = 0; i < 3; i++)
		cr_assert_eq(pvn_loop_once(e.l, 1000000), 0);
	cr_assert_eq(e.calls, 0);
	cr_assert_eq(pvn_loop_mod_fd(e.w, POLLIN | POLLOUT), 0);
	cr_assert_eq(pvn_loop_run(e.l), 0);
	cr_assert_eq(e.revents, POLLOUT);
	cr_assert_eq(pvn_loop_mod_fd(e.w, 0), 0);
	cr_assert_eq(write(s[1], "x", 1), 1);
	for (i = 0; i < 3; i++)
		cr_assert_eq(pvn_loop_once(e.l, 1000000), 0);
	cr_assert_eq(e.calls, 1, "it listens to nothing");
	e.stop_after = 2;
	cr_assert_eq(pvn_loop_mod_fd(e.w, POLLIN), 0);
	cr_assert_eq(pvn_loop_run(e.l), 0);
	cr_assert(e.revents & POLLIN);
	pvn_loop_free(e.l);
}

static void on_ready_delete_other(void *arg, uint32_t revents)
{
	struct end *e = arg;

	e->calls++;
	pvn_loop_del_fd(e->other);
	pvn_loop_del_fd(e->w);
	e->other = e->w = NULL;
	pvn_loop_stop(e->l);
}

BOTH(no_callback_after_a_delete)
{
	struct end e = { .l = loop_on(*waiter) };
	int p[2][2], i;

	for (i = 0; i < 2; i++) {
		cr_assert_eq(pipe(p[i]), 0);
		cr_assert_eq(write(p[i][1], "x", 1), 1);
	}
	/* Both are ready in the same round; whichever is first ends both. */
	cr_assert_eq(pvn_loop_add_fd(e.l, p[0][0], POLLIN, on_ready_delete_other, &e, &e.w), 0);
	cr_assert_eq(pvn_loop_add_fd(e.l, p[1][0], POLLIN, on_ready_delete_other, &e, &e.other), 0);
	cr_assert_eq(pvn_loop_run(e.l), 0);
	for (i = 0; i < 3; i++)
		cr_assert_eq(pvn_loop_once(e.l, 1000000), 0);
	cr_assert_eq(e.calls, 1);
	pvn_loop_free(e.l);
}

BOTH(a_descriptor_is_free_after_its_delete)
{
	struct end e = { .l = loop_on(*waiter), .stop_after = 1 };
	int s[2], i;
	char c;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	cr_assert_eq(pvn_loop_add_fd(e.l, s[0], POLLIN, on_ready, &e, &e.w), 0);
	for (i = 0; i < 2; i++)
		cr_assert_eq(pvn_loop_once(e.l, 1000000), 0);
	pvn_loop_del_fd(e.w);
	close(s[0]);
	cr_assert_eq(fcntl(s[1], F_SETFL, O_NONBLOCK), 0);
	cr_assert_eq(read(s[1], &c, 1), 0, "the peer sees the end at once");
	close(s[1]);
	/* The same numbers, watched anew. */
	cr_assert_eq(pipe(s), 0);
	cr_assert_eq(pvn_loop_add_fd(e.l, s[0], POLLIN, on_ready, &e, &e.w), 0);
	cr_assert_eq(write(s[1], "x", 1), 1);
	cr_assert_eq(pvn_loop_run(e.l), 0);
	cr_assert_eq(e.calls, 1);
	cr_assert_eq(pvn_loop_add_fd(e.l, 999, POLLIN, on_ready, &e, &e.other), -EBADF);
	pvn_loop_free(e.l);
}

BOTH(many_descriptors)
{
	enum { N = 400 };
	static struct end e[N];
	struct pvn_loop *l = loop_on(*waiter);
	int p[N][2], i, total = 0, rounds;

	for (i = 0; i < N; i++) {
		cr_assert_eq(pipe(p[i]), 0);
		e[i] = (struct end){ .l = l, .fd = p[i][0], .read_it = true };
		cr_assert_eq(pvn_loop_add_fd(l, p[i][0], POLLIN, on_ready, &e[i], &e[i].w), 0);
		cr_assert_eq(write(p[i][1], "x", 1), 1);
	}
	for (rounds = 0; rounds < 100 && total < N; rounds++) {
		cr_assert_eq(pvn_loop_once(l, 1000000), 0);
		for (total = 0, i = 0; i < N; i++)
			total += e[i].calls;
	}
	for (i = 0; i < N; i++)
		cr_assert_eq(e[i].calls, 1);
	for (i = 0; i < N; i += 2)
		pvn_loop_del_fd(e[i].w);
	pvn_loop_free(l);
}

static char order[64];
static struct pvn_loop *the_loop;

static void note(void *arg)
{
	size_t n = strlen(order);

	order[n] = *(const char *)arg;
	order[n + 1] = 0;
	if (*(const char *)arg == 'z')
		pvn_loop_stop(the_loop);
}

static void add_now(void *arg)
{
	note("a");
	pvn_loop_add_timer(the_loop, 0, note, "b", NULL);
}

BOTH(timers_run_in_order)
{
	struct pvn_timer *t[2];

	order[0] = 0;
	the_loop = loop_on(*waiter);
	pvn_loop_add_timer(the_loop, 9000000, note, "z", NULL);
	pvn_loop_add_timer(the_loop, 6000000, note, "3", NULL);
	pvn_loop_add_timer(the_loop, 3000000, note, "2", &t[0]);
	pvn_loop_add_timer(the_loop, 2000000, note, "x", &t[1]);
	pvn_loop_add_timer(the_loop, 0, note, "0", NULL);
	pvn_loop_add_timer(the_loop, 0, note, "1", NULL);
	pvn_loop_add_timer(the_loop, UINT64_MAX, note, "n", NULL);
	pvn_loop_del_timer(t[1]);
	pvn_loop_del_timer(NULL);
	cr_assert_eq(pvn_loop_run(the_loop), 0);
	cr_assert_str_eq(order, "0123z");
	pvn_loop_free(the_loop);
}

BOTH(a_timer_made_by_a_timer_runs_in_the_next_round)
{
	order[0] = 0;
	the_loop = loop_on(*waiter);
	pvn_loop_add_timer(the_loop, 0, add_now, NULL, NULL);
	cr_assert_eq(pvn_loop_once(the_loop, 0), 0);
	cr_assert_str_eq(order, "a");
	cr_assert_eq(pvn_loop_once(the_loop, 0), 0);
	cr_assert_str_eq(order, "ab");
	pvn_loop_free(the_loop);
}

static void defer_again(void *arg)
{
	note("d");
	if (strlen(order) < 5)
		pvn_loop_add_deferred(the_loop, defer_again, NULL);
	else
		pvn_loop_stop(the_loop);
}

BOTH(deferred_calls_run_before_waiting)
{
	order[0] = 0;
	the_loop = loop_on(*waiter);
	pvn_loop_add_deferred(the_loop, note, "1");
	pvn_loop_add_deferred(the_loop, note, "2");
	pvn_loop_add_deferred(the_loop, defer_again, NULL);
	cr_assert_eq(pvn_loop_run(the_loop), 0);
	cr_assert_str_eq(order, "12ddd");
	pvn_loop_free(the_loop);
}

static bool three_times(void *arg)
{
	return ++*(int *)arg <= 3;
}

/* While somebody polls the loop does not sleep, and serves its descriptors and timers. */
BOTH(polling)
{
	struct pvn_loop *l = loop_on(*waiter);
	int polled = 0, i;

	pvn_loop_set_poll(l, three_times, &polled);
	for (i = 1; i <= 3; i++) {
		cr_assert_eq(pvn_loop_once(l, UINT64_MAX), 0);
		cr_assert_eq(polled, i);
	}
	cr_assert_eq(pvn_loop_once(l, 1000000), 0); /* it says no: this one sleeps */
	cr_assert_eq(polled, 4);
	pvn_loop_set_poll(l, NULL, NULL);
	cr_assert_eq(pvn_loop_once(l, 1000000), 0);
	cr_assert_eq(polled, 4);
	pvn_loop_free(l);
}
