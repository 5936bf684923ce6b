/* SPDX-License-Identifier: MIT */
/* Timers of the event loop: a binary heap by time, so that adding and deleting cost log n. */
#include "config.h"
#include "libs/util/loop-private.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

uint64_t pvn_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool timer_before(const struct pvn_timer *a, const struct pvn_timer *b)
{
	return a->when_ns != b->when_ns ? a->when_ns < b->when_ns : a->order < b->order;
}

static void heap_put(struct pvn_loop *l, size_t i, struct pvn_timer *t)
{
	l->heap[i] = t;
	t->index = i;
}

static void heap_up(struct pvn_loop *l, struct pvn_timer *t)
{
	size_t i = t->index;

	while (i && timer_before(t, l->heap[(i - 1) / 2])) {
		heap_put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(l, i, t);
}

static void heap_down(struct pvn_loop *l, struct pvn_timer *t)
{
	size_t i = t->index, c;

	while ((c = 2 * i + 1) < l->heap_len) {
		if (c + 1 < l->heap_len && timer_before(l->heap[c + 1], l->heap[c]))
			c++;
		if (!timer_before(l->heap[c], t))
			break;
		heap_put(l, i, l->heap[c]);
		i = c;
	}
	heap_put(l, i, t);
}

static void heap_remove(struct pvn_loop *l, struct pvn_timer *t)
{
	struct pvn_timer *last = l->heap[--l->heap_len];

	if (last == t)
		return;
	heap_put(l, t->index, last);
	heap_down(l, last);
	heap_up(l, last);
}

int pvn_loop_add_timer(struct pvn_loop *l, uint64_t ns_from_now, pvn_timer_cb *cb, void *arg,
		       struct pvn_timer **out)
{
	struct pvn_timer *t = calloc(1, sizeof(*t));
	uint64_t now = pvn_now_ns();

	if (!t)
		return -ENOMEM;
	if (l->heap_len == l->heap_size) {
		size_t size = l->heap_size ? 2 * l->heap_size : 16;
		struct pvn_timer **h = reallocarray(l->heap, size, sizeof(*h));

		if (!h) {
			free(t);
			return -ENOMEM;
		}
		l->heap = h;
		l->heap_size = size;
	}
	*t = (struct pvn_timer){ .loop = l, .cb = cb, .arg = arg, .order = l->timer_order++ };
	t->when_ns = ns_from_now > UINT64_MAX - now ? UINT64_MAX : now + ns_from_now;
	t->index = l->heap_len++;
	heap_up(l, t);
	if (out)
		*out = t;
	return 0;
}

void pvn_loop_del_timer(struct pvn_timer *t)
{
	if (!t)
		return;
	heap_remove(t->loop, t);
	free(t);
}

uint64_t pvn_loop_next_timer(const struct pvn_loop *l)
{
	uint64_t now;

	if (!l->heap_len)
		return UINT64_MAX;
	now = pvn_now_ns();
	return l->heap[0]->when_ns <= now ? 0 : l->heap[0]->when_ns - now;
}

/* Those due at this instant; what a callback adds for now runs in the next round. */
void pvn_loop_run_timers(struct pvn_loop *l)
{
	uint64_t now, last_order = l->timer_order;
	struct pvn_timer *t;
	pvn_timer_cb *cb;
	void *arg;

	if (!l->heap_len)
		return;
	now = pvn_now_ns();
	while (l->heap_len && !l->stopped) {
		t = l->heap[0];
		if (t->when_ns > now || t->order >= last_order)
			break;
		heap_remove(l, t);
		cb = t->cb;
		arg = t->arg;
		free(t);
		cb(arg);
	}
}

void pvn_loop_free_timers(struct pvn_loop *l)
{
	while (l->heap_len)
		free(l->heap[--l->heap_len]);
	free(l->heap);
}
