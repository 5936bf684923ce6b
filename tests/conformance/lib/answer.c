/* SPDX-License-Identifier: MIT */
/* Answers: one line each, values in the form that reads best in a recorded file. */
#include "tests/conformance/lib/conformance.h"

#include <stdarg.h>

static const struct { int nr; const char *name; } errnos[] = {
#define XEN_ERRNO(name, value) { value, #name },
#include <xen/errno.h>
};

static void put(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *key, const char *fmt, ...)
{
	char buf[300];
	va_list ap;

	va_start(ap, fmt);
	format(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	print("answer: %s = %s\n", key, buf);
}

void answer(const char *key, uint64_t value)
{
	int64_t v = (int64_t)value;

	if (v < 0 && v >= -133) {
		for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
			if (errnos[i].nr == -v) {
				put(key, "-%s", errnos[i].name);
				return;
			}
		}
	}
	if (value < 1024)
		put(key, "%lu", value);
	else
		put(key, "%#lx", value);
}

void answer_str(const char *key, const char *value)
{
	put(key, "%s", value);
}

void answer_status(const char *key, uint64_t ret, int16_t status)
{
	if (ret)
		answer(key, ret);
	else
		put(key, "status %d", status);
}

void answer_trap(const char *key, const struct regs *r)
{
	/* Flags the hardware leaves as arithmetic left them say nothing. */
	put(key, "vector %lu error %#lx cs %#lx mask %lu ss %#lx rflags %#lx", r->vector,
	    r->vector == 8 || (r->vector >= 10 && r->vector <= 14) || r->vector == 17 ? r->error & 0xffffffff : 0,
	    r->cs & 0xffff, REGS_SAVED_MASK(r), r->ss & 0xffff, r->rflags & ~0x8d5UL);
}

bool answer_caught(const char *key, void (*fn)(void *), void *arg)
{
	bool trapped = catch_call(fn, arg);

	if (trapped)
		put(key, "vector %lu error %#lx", last_trap.vector, last_trap.error & 0xffffffff);
	else
		put(key, "none");
	return trapped;
}
