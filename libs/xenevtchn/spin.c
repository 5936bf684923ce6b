/* SPDX-License-Identifier: MIT */
/*
 * Looking out for events without sleeping.  A wake-up of a sleeping thread costs tens of
 * microseconds, and the domain a system call; a look at memory costs neither.
 */
#include "config.h"
#include <xenevtchn.h>

#include "libs/client/handle.h"
#define PVN_EXT_DEFINES
#include "libs/paravane-ext.h"
#include "libs/xenevtchn/private.h"

#include <immintrin.h>
#include <time.h>

#define LOOKS_PER_CLOCK	8
/* A gap between two looks at the clock that is longer than this: we were not on the CPU. */
#define PREEMPTED_NS	20000

static uint64_t now_ns(void)
{
	struct timespec ts;

	/* From the vDSO, which reads the TSC. */
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Tell the hot links that we look.  A quiet link knows already, and is looked at when unmasked. */
static int spin_begin(struct xenevtchn_handle *h, struct link *set[HOT_LINKS])
{
	int i, n = 0;

	for (i = 0; i < HOT_LINKS && h->hot[i]; i++) {
		if (link_quiet(h->hot[i]))
			continue;
		__atomic_store_n(&h->hot[i]->shm->polling, 1, __ATOMIC_RELEASE);
		set[n++] = h->hot[i];
	}
	return n;
}

/* polling = 0; barrier; look again: what came in the last moment rang no bell. */
static void spin_end(struct xenevtchn_handle *h, struct link *set[HOT_LINKS], int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!link_quiet(set[i]))
			__atomic_exchange_n(&set[i]->shm->polling, 0, __ATOMIC_SEQ_CST);
		link_drain(h, set[i]);
	}
}

static bool look(struct xenevtchn_handle *h, struct link *set[HOT_LINKS], int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (__atomic_load_n(&set[i]->shm->pending_sel, __ATOMIC_RELAXED))
			link_drain(h, set[i]);
	return !TAILQ_EMPTY(&h->ready);
}

bool links_spin(struct xenevtchn_handle *h, uint64_t ns, bool *preempted)
{
	struct link *set[HOT_LINKS];
	int n = spin_begin(h, set), looks;
	uint64_t start, last, now;

	*preempted = false;
	if (!n)
		return false;
	start = last = now_ns();
	while (!__atomic_load_n(&h->waiters, __ATOMIC_RELAXED)) {
		for (looks = 0; looks < LOOKS_PER_CLOCK; looks++) {
			if (look(h, set, n))
				goto out;
			_mm_pause();
		}
		now = now_ns();
		*preempted = now - last > PREEMPTED_NS;
		if (*preempted || now - start >= ns)
			break;
		last = now;
	}
out:
	spin_end(h, set, n);
	return !TAILQ_EMPTY(&h->ready);
}

int xenevtchn_poll(xenevtchn_handle *h, uint64_t ns)
{
	bool preempted;
	int rc;

	evtchn_lock(h);
	links_drain_hot(h);
	rc = !TAILQ_EMPTY(&h->ready) || (ns && links_spin(h, ns, &preempted));
	if (!rc && h->conn.dead)
		rc = h->conn.dead;
	evtchn_unlock(h);
	return pvn_errno(rc);
}
