/* SPDX-License-Identifier: MIT */
/*
 * Pages that frames are received into. They go from here into a driver's ring, from there with a
 * frame to its receiver, and come back when it is done with them; some are kept for the next use.
 * How many there are at all is bounded, so that a receiver that keeps them starves itself only.
 */
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/net.h>
#include <pv/string.h>

#define KEEP_MAX	512U
#define BUFS_MAX	8192U

static spinlock_t lock = SPINLOCK_INIT;	/* all below */
static struct net_buf *kept;
static unsigned int nr_kept, nr_bufs;

static struct net_buf *buf_new(void)
{
	struct net_buf *b = kmalloc(sizeof(*b));

	if (b == NULL)
		return NULL;
	b->page = page_alloc_zeroed();
	if (b->page == NULL) {
		kfree(b);
		return NULL;
	}
	return b;
}

struct net_buf *net_buf_alloc(void)
{
	struct net_buf *b;
	bool full;

	spin_lock(&lock);
	b = kept;
	full = nr_bufs >= BUFS_MAX;
	if (b != NULL) {
		kept = b->next;
		nr_kept--;
	} else if (!full) {
		nr_bufs++;
	}
	spin_unlock(&lock);
	if (b == NULL && !full) {
		b = buf_new();
		if (b == NULL) {
			spin_lock(&lock);
			nr_bufs--;
			spin_unlock(&lock);
		}
	}
	if (b != NULL)
		b->next = b->next_frame = NULL;
	return b;
}

void net_buf_free(struct net_buf *b)
{
	struct net_buf *surplus = NULL, *next;

	spin_lock(&lock);
	for (; b != NULL; b = next) {
		next = b->next;
		if (nr_kept < KEEP_MAX) {
			b->next = kept;
			kept = b;
			nr_kept++;
		} else {
			b->next = surplus;
			surplus = b;
			nr_bufs--;
		}
	}
	spin_unlock(&lock);
	for (; surplus != NULL; surplus = next) {
		next = surplus->next;
		page_free(surplus->page, 0);
		kfree(surplus);
	}
}

void net_buf_lose(struct net_buf *b)
{
	spin_lock(&lock);
	nr_bufs--;
	spin_unlock(&lock);
	kfree(b);
}

uint32_t net_buf_copy(const struct net_buf *b, uint32_t at, void *dst, uint32_t n)
{
	uint32_t done = 0;

	for (; b != NULL && done < n; b = b->next) {
		uint32_t take;

		if (at >= b->len) {
			at -= b->len;
			continue;
		}
		take = MIN(b->len - at, n - done);
		memcpy((uint8_t *)dst + done, net_buf_data(b) + at, take);
		done += take;
		at = 0;
	}
	return done;
}
