/* SPDX-License-Identifier: MIT */
/* The token bucket of a console.  No product below overflows: spans are cut to a second first. */
#include "config.h"
#include "backends/console_rate.h"

#define NS_PER_S	1000000000ull
#define MIN_BURST	65536u
#define WAIT_NS		20000000ull	/* a lot is what comes in 20 ms */

void console_rate_init(struct console_rate *r, uint64_t per_second, uint64_t now_ns)
{
	r->per_second = per_second < UINT32_MAX ? per_second : UINT32_MAX;
	r->burst = r->per_second > MIN_BURST ? r->per_second : MIN_BURST;
	r->tokens = r->burst;
	r->then_ns = now_ns;
}

size_t console_rate_allowed(struct console_rate *r, uint64_t now_ns)
{
	uint64_t span = now_ns - r->then_ns, earned;

	if (!r->per_second)
		return SIZE_MAX;
	if (span >= NS_PER_S) {
		earned = r->per_second * (span / NS_PER_S < MIN_BURST ? span / NS_PER_S : MIN_BURST);
		r->then_ns = now_ns;
	} else {
		earned = r->per_second * span / NS_PER_S;
		/* Time that has not earned a whole byte yet is not lost. */
		r->then_ns += earned * NS_PER_S / r->per_second;
	}
	r->tokens = r->tokens + earned < r->burst ? r->tokens + earned : r->burst;
	return r->tokens;
}

void console_rate_spend(struct console_rate *r, size_t n)
{
	if (r->per_second)
		r->tokens -= n < r->tokens ? n : r->tokens;
}

uint64_t console_rate_wait_ns(const struct console_rate *r)
{
	return r->per_second && r->per_second * WAIT_NS < NS_PER_S ?
		NS_PER_S / r->per_second + 1 : WAIT_NS;
}
