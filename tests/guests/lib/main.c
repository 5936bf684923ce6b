/* SPDX-License-Identifier: MIT */
/* Runs the tests of a guest and reports; called by start.S with start_info. */
#include "tests/guests/lib/guest.h"

#include <stdarg.h>

extern const struct test _tests[], _tests_end[];

start_info_t *si;
static unsigned passed, failed, skipped;
static unsigned failures;		/* of the running test */
static const char *skip_reason;
static const char *current;

void test_fail(const char *file, int line, const char *what, const char *fmt, ...)
{
	char buf[400];
	va_list ap;

	va_start(ap, fmt);
	format(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	for (const char *p = file; *p; p++)
		if (*p == '/')
			file = p + 1;
	/* A test that goes wrong in a loop says so a few times. */
	if (failures++ < 8)
		print("not ok - %s: %s:%d: %s: %s\n", current ? current : "(no test)", file, line, what, buf);
}

void test_skip(const char *why)
{
	skip_reason = why;
}

void test_report(const char *name)
{
	if (failures) {
		failed++;
	} else if (skip_reason) {
		skipped++;
		print("skip - %s: %s\n", name, skip_reason);
	} else {
		passed++;
		print("ok - %s\n", name);
	}
	failures = 0;
	skip_reason = NULL;
}

static bool selected(const char *name)
{
	const char *only = option("only");
	size_t n = 0;

	if (!only)
		return true;
	while (only[n] && only[n] != ' ')
		n++;
	return !strncmp(name, only, n);
}

void guest_main(start_info_t *info);
void guest_main(start_info_t *info)
{
	si = info;
	mm_init();
	traps_install();
	events_install();
	for (const struct test *t = _tests; t < _tests_end; t++) {
		if (!selected(t->name))
			continue;
		current = t->name;
		t->fn();
		trap_hook = NULL;
		upcall_hook = NULL;
		test_report(t->name);
	}
	print("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	guest_shutdown(SHUTDOWN_poweroff);
}
