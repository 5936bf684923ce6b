/* SPDX-License-Identifier: MIT */
/* A token bucket: how fast a domain's console is read.  Pure arithmetic, time is an argument. */
#ifndef PVN_BACKENDS_CONSOLE_RATE_H
#define PVN_BACKENDS_CONSOLE_RATE_H

#include <stddef.h>
#include <stdint.h>

struct console_rate {
	uint64_t per_second;	/* bytes; 0: no limit */
	uint64_t burst;		/* bytes that may come at once after a silence */
	uint64_t tokens;
	uint64_t then_ns;	/* when tokens was right */
};

void console_rate_init(struct console_rate *r, uint64_t per_second, uint64_t now_ns);

/* Bytes that may be read now: SIZE_MAX without a limit. */
size_t console_rate_allowed(struct console_rate *r, uint64_t now_ns);
void console_rate_spend(struct console_rate *r, size_t n);

/* Nanoseconds until some bytes (a sensible lot, not one) are allowed again. */
uint64_t console_rate_wait_ns(const struct console_rate *r);

#endif
