/* SPDX-License-Identifier: MIT */
/*
 * The machine's console ring.  Indices count bytes for ever and are taken modulo the size, as
 * in Xen's readconsole.  Called by everybody with something to say.
 */
#include "config.h"
#include "paravaned/console_ring.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xen/xen.h>

#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/evtchn.h"

/* A flooding guest gets so many bytes at once, and per second. */
#define DOMAIN_BURST_BYTES	16384
#define DOMAIN_BYTES_PER_S	4096

static char ring[CONSOLE_RING_BYTES];
static uint32_t ring_cons, ring_prod;

/* What goes in is shown on somebody's terminal, and may come from a domain: text only. */
static char printable(unsigned char c)
{
	if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f))
		return (char)c;
	return c < ' ' ? ' ' : '?';
}

static void ring_put(char c)
{
	ring[ring_prod++ % CONSOLE_RING_BYTES] = printable((unsigned char)c);
	if (ring_prod - ring_cons > CONSOLE_RING_BYTES)
		ring_cons = ring_prod - CONSOLE_RING_BYTES;
}

static void ring_puts(const char *s)
{
	while (*s)
		ring_put(*s++);
}

void machine_log(const char *fmt, ...)
{
	char line[256], *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* One call is one line, whatever a domain put into its last words. */
	for (p = line; (p = strchr(p, '\n')); )
		*p = ' ';
	pvn_log(LOG_INFO, "%s", line);
	ring_puts("(PVN) ");
	ring_puts(line);
	ring_put('\n');
	evtchn_raise_virq(VIRQ_CON_RING);
}

static void line_start(struct domain *d)
{
	char prefix[16];

	snprintf(prefix, sizeof(prefix), "(d%u) ", d->domid);
	ring_puts(prefix);
}

void console_ring_write(struct domain *d, const char *text, size_t len)
{
	uint64_t suppressed = d->console_limit.suppressed;
	size_t i, n = ratelimit_take(&d->console_limit, pvn_now_ns(), len, DOMAIN_BURST_BYTES,
				     DOMAIN_BYTES_PER_S);

	if (n && suppressed) {
		char note[64];

		d->console_limit.suppressed -= suppressed;
		snprintf(note, sizeof(note), "[%lu bytes dropped]\n", (unsigned long)suppressed);
		line_start(d);
		ring_puts(note);
	}
	for (i = 0; i < n; i++) {
		if (!d->console_midline)
			line_start(d);
		d->console_midline = text[i] != '\n';
		ring_put(text[i]);
	}
	if (n)
		evtchn_raise_virq(VIRQ_CON_RING);
}

size_t console_ring_read(uint32_t *from, char *buf, size_t len)
{
	uint32_t i = *from;
	size_t n = 0;

	if (ring_prod - i > ring_prod - ring_cons)
		i = ring_cons;
	while (n < len && i != ring_prod)
		buf[n++] = ring[i++ % CONSOLE_RING_BYTES];
	*from = i;
	return n;
}

uint32_t console_ring_start(void)
{
	return ring_cons;
}

void console_ring_clear(void)
{
	ring_cons = ring_prod;
}
