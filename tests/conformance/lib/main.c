/* SPDX-License-Identifier: MIT */
/*
 * A case's frame: start it, keep the worst outcome, print what tests/conformance/run reads.
 *
 *	Test: TITLE
 *	answer: KEY = VALUE
 *	check: FILE:LINE: ...			a failed CHECK
 *	Result: success|skip|error|failure[: why]
 *
 * No Result line is an error, whatever else was said: a case does not pass by surviving.
 */
#include "tests/conformance/lib/conformance.h"

#include <stdarg.h>
#include <xen/io/console.h>

enum outcome { NONE, SUCCESS, SKIP, ERROR, FAILURE };
static const char *const names[] = { "error", "success", "skip", "error", "failure" };
static enum outcome worst;
static unsigned checks_failed;
static int ending;

start_info_t *si;

/* The console daemon may take the ring with the domain: wait until it has read it. */
static void drain(void)
{
	struct xencons_interface *ring = mfn_va(si->console.domU.mfn);

	for (unsigned n = 0; ring && n < 20000; n++) {
		if (*(volatile XENCONS_RING_IDX *)&ring->out_cons == ring->out_prod)
			break;
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
}

uint64_t peer_may_read_until;

/* The store forgets what a domain has said when the domain goes: the other may not have read it yet. */
static void linger(void)
{
	struct sched_poll poll = { .timeout = peer_may_read_until };

	while (peer_may_read_until > now_ns())
		HC(sched_op, (long)SCHEDOP_poll, (long)&poll);
}

static void __attribute__((noreturn)) end(enum outcome o, const char *fmt, __builtin_va_list ap)
{
	char buf[400];

	/* Two vCPUs may both end the case: the first one reports. */
	while (__atomic_exchange_n(&ending, 1, __ATOMIC_SEQ_CST))
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	if (o > worst)
		worst = o;
	format(buf, sizeof(buf), fmt, ap);
	if (checks_failed && o < FAILURE)
		print("Result: %s: %u checks failed\n", names[worst], checks_failed);
	else
		print("Result: %s%s%s\n", names[worst], buf[0] ? ": " : "", buf);
	drain();
	linger();
	guest_shutdown(SHUTDOWN_poweroff);
}

#define OUTCOME(fn, o)								\
void fn(const char *fmt, ...)							\
{										\
	va_list ap;								\
										\
	va_start(ap, fmt);							\
	end(o, fmt, ap);							\
}
OUTCOME(test_success, SUCCESS)
OUTCOME(test_skip, SKIP)
OUTCOME(test_error, ERROR)
OUTCOME(test_failure, FAILURE)

void test_crash_next(const char *fmt, ...)
{
	char buf[400];
	va_list ap;

	va_start(ap, fmt);
	format(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (checks_failed)
		print("Result: failure: %u checks failed\n", checks_failed);
	else
		print("crash-next: %s\n", buf);
	drain();
}

void check_failed(const char *file, int line, const char *what, const char *fmt, ...)
{
	char buf[400];
	va_list ap;

	va_start(ap, fmt);
	format(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	for (const char *p = file; *p; p++)
		if (*p == '/')
			file = p + 1;
	worst = FAILURE;
	/* A case that goes wrong in a loop says so a few times. */
	if (checks_failed++ < 8)
		print("check: %s:%d: %s: %s\n", file, line, what, buf);
}

void guest_main(start_info_t *info);
void guest_main(start_info_t *info)
{
	si = info;
	mm_init();
	traps_install();
	events_install();
	print("Test: %s\n", test_title);
	test_main();
	if (checks_failed)
		test_failure("%s", "");
	test_error("test_main returned without an outcome");
}
