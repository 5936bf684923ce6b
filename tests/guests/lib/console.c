/* SPDX-License-Identifier: MIT */
/* Output of the guests: to the PV console ring (the domain's console log) and by console_io (the
 * machine's log), so that a verdict arrives even where one of them is broken. */
#include "tests/guests/lib/guest.h"

#include <stdarg.h>
#include <xen/io/console.h>

#define PATIENCE	20000	/* yields to wait for the console daemon before bytes are dropped */

static void ring_kick(void)
{
	struct evtchn_send s = { .port = si->console.domU.evtchn };

	evtchn_op(EVTCHNOP_send, &s);
}

static void ring_write(const char *s, size_t n)
{
	struct xencons_interface *ring = mfn_va(si->console.domU.mfn);
	unsigned patience = PATIENCE;

	if (!ring)
		return;
	while (n) {
		XENCONS_RING_IDX prod = ring->out_prod;

		while (n && prod - *(volatile XENCONS_RING_IDX *)&ring->out_cons < sizeof(ring->out)) {
			ring->out[MASK_XENCONS_IDX(prod++, ring->out)] = *s++;
			n--;
		}
		mb();
		ring->out_prod = prod;
		mb();
		ring_kick();
		if (n && patience-- == 0)
			return;
		if (n)
			HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
}

void console_write(const char *s, size_t n)
{
	HC(console_io, (long)CONSOLEIO_write, (long)n, (long)s);
	ring_write(s, n);
}

void print(const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = format(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	console_write(buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

const char *option(const char *name)
{
	const char *s = (const char *)si->cmd_line;
	size_t len = strlen(name);

	while (*s) {
		while (*s == ' ')
			s++;
		if (!strncmp(s, name, len) && s[len] == '=')
			return s + len + 1;
		while (*s && *s != ' ')
			s++;
	}
	return NULL;
}

unsigned long option_number(const char *name, unsigned long otherwise)
{
	const char *s = option(name);
	unsigned long v = 0;

	if (!s)
		return otherwise;
	while (*s >= '0' && *s <= '9')
		v = v * 10 + (unsigned long)(*s++ - '0');
	return v;
}

void guest_shutdown(unsigned reason)
{
	struct sched_shutdown s = { .reason = reason };

	for (;;)
		HC(sched_op, (long)SCHEDOP_shutdown, (long)&s);
}
