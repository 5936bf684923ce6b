/* SPDX-License-Identifier: MIT */
/* A token bucket: what one domain may cost others in log lines, console bytes and the like. */
#ifndef PARAVANED_RATELIMIT_H
#define PARAVANED_RATELIMIT_H

#include <stdint.h>

struct ratelimit {
	uint64_t last_ns;
	uint64_t tokens;
	uint64_t suppressed;	/* refused since somebody last looked */
};

/* At most `burst` at once and `per_s` per second in the long run; returns how many of `want`. */
static inline uint64_t ratelimit_take(struct ratelimit *r, uint64_t now_ns, uint64_t want,
				      uint64_t burst, uint64_t per_s)
{
	uint64_t ns = now_ns - r->last_ns, add;

	/* After this long the bucket is full anyway, and the product below cannot overflow. */
	if (!r->last_ns || ns > 1000000000ULL * (burst / per_s + 1))
		add = burst;
	else
		add = ns * per_s / 1000000000ULL;
	if (add) {
		r->tokens = r->tokens + add > burst ? burst : r->tokens + add;
		r->last_ns = now_ns;
	}
	if (want > r->tokens) {
		r->suppressed += want - r->tokens;
		want = r->tokens;
	}
	r->tokens -= want;
	return want;
}

#endif
