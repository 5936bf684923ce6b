/* SPDX-License-Identifier: MIT */
/*
 * Stress: the balloon. One thread gives memory back and takes it again, others fill pages, wait,
 * and look: a page that lost its contents, or came twice, was not theirs alone. In the end there
 * is as much memory as in the beginning.
 */
#include <pv/balloon.h>
#include <pv/errno.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

#include "stress.h"

#define HOLD_PAGES	32U

static uint64_t began_out;

static bool balloon_begin(struct stress *s)
{
	began_out = balloon_out();
	return true;
}

static bool move_size(struct stress *s)
{
	struct mem_stats m;
	uint64_t full = max_pfn - began_out, less;
	int rc;

	mem_stats(&m);
	less = m.free_pages / 2 * (random_u64() % 256) / 256;
	rc = balloon_set(full - less);
	if (rc == -ENOMEM)
		return stress_fail(s, "memory given back did not come again");
	return true;
}

static bool use_memory(struct stress *s)
{
	uint64_t *page[HOLD_PAGES], tag = random_u64();
	unsigned int n = 0;
	bool ok = true;

	while (n < HOLD_PAGES && (page[n] = page_alloc(0)) != NULL) {
		for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
			page[n][i] = tag + n * 512 + i;
		n++;
	}
	thread_yield();
	for (unsigned int k = 0; k < n; k++) {
		for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
			ok &= page[k][i] == tag + k * 512 + i;
		page_free(page[k], 0);
	}
	return ok || stress_fail(s, "a page lost its contents");
}

static bool balloon_round(struct stress *s, unsigned int w)
{
	return w == 0 ? move_size(s) : use_memory(s);
}

static bool balloon_end(struct stress *s)
{
	int rc = balloon_set(max_pfn - began_out);

	if (rc != 0 || balloon_out() != began_out)
		return stress_fail(s, "%lu pages missing: %d", balloon_out() - began_out, rc);
	return true;
}

struct stress stress_balloon = {
	.name = "balloon", .workers = 3, .begin = balloon_begin, .round = balloon_round,
	.end = balloon_end,
};
