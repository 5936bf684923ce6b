/* SPDX-License-Identifier: MIT */
/*
 * Grant copies as the images ask for them: in a ring of each vCPU (struct pvn_copy_ring).
 *
 * To be woken takes longer than to copy a hundred pages, so who copies in a stream is waited for:
 * until AWAKE_NS after the last copy we look at its ring, and at everything else each ROUND_NS, unless
 * CPUs are scarce.  The ring is the domain's to change at any moment: an operation is taken once, and
 * where we are in the ring only we know.
 */
#include "config.h"
#include "paravaned/grant.h"

#include <sched.h>
#include <string.h>

#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"
#include "paravaned/process.h"

#define TURN		256U	/* copies of a vCPU before others are looked after */
#define STEP		GRANT_COPIES	/* copies before the image is told */
#define PER_REQUEST	256U	/* copies that count as one request */
#define STREAM_NS	500000	/* two calls closer than that: there will be more */
#define AWAKE_NS	200000	/* how long to wait for them: longer than who has slept takes to wake up */
#define ROUND_NS	100000	/* of looking at rings before others are looked after */
#define MAX_AWAKE	8
#define LOOKS		400	/* in vain, before the loop goes round */

static struct vcpu *awake[MAX_AWAKE];
static unsigned int nr_awake;
static uint64_t last_work_ns;

static struct pvn_copy_ring *ring_of(struct vcpu *v)
{
	return (struct pvn_copy_ring *)(v->d->shared + PVN_COPY_OFFSET + v->id * PVN_PAGE_SIZE);
}

static uint32_t waiting(struct vcpu *v)
{
	return __atomic_load_n(&ring_of(v)->asked, __ATOMIC_ACQUIRE) - v->copies;
}

static void serve_some(struct vcpu *v, uint32_t n)
{
	struct pvn_copy_ring *r = ring_of(v);
	struct pvn_grant_copy op[STEP];
	uint32_t i;

	for (i = 0; i < n; i++)
		memcpy(&op[i], &r->op[(v->copies + i) % PVN_COPY_RING], sizeof(op[i]));
	__asm__ volatile("" : "+m"(op)); /* from here on those copies, which nobody changes */
	grant_copy(v->d, op, n);
	for (i = 0; i < n; i++, v->copies++)
		__atomic_store_n(&r->status[v->copies % PVN_COPY_RING], op[i].status, __ATOMIC_RELAXED);
	__atomic_store_n(&r->done, v->copies, __ATOMIC_RELEASE);
}

/* What the ring holds, within limits.  How many. */
static uint32_t serve(struct vcpu *v)
{
	struct domain *d = v->d;
	uint32_t did = 0, n;

	if (d->request_timer || d->is_shut_down)
		return 0;
	while (did < TURN && (n = waiting(v))) {
		if (n > PVN_COPY_RING) {
			domain_crash(d, "vCPU %u asks for %u grant copies at once", v->id, n);
			return did;
		}
		n = n < STEP ? n : STEP;
		serve_some(v, n);
		did += n;
	}
	d->copy_count += did;
	if (d->copy_count >= PER_REQUEST) {
		request_throttled(d, d->copy_count / PER_REQUEST);
		d->copy_count %= PER_REQUEST;
	}
	return did;
}

static void set_awake(struct vcpu *v, uint32_t on)
{
	__atomic_store_n(&ring_of(v)->awake, on, __ATOMIC_SEQ_CST);
}

void copy_ring_forget(struct vcpu *v)
{
	unsigned int i;

	for (i = 0; i < nr_awake && awake[i] != v; i++)
		continue;
	if (i == nr_awake)
		return;
	set_awake(v, 0);
	awake[i] = awake[--nr_awake];
	if (!nr_awake)
		pvn_loop_set_poll(machine.loop, NULL, NULL);
}

/* Who asked before it could see that we sleep has been heard now, or sends for us. */
static void fall_asleep(void)
{
	unsigned int i;

	for (i = 0; i < nr_awake; i++)
		set_awake(awake[i], 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (nr_awake) {
		struct vcpu *v = awake[nr_awake - 1];

		copy_ring_forget(v);
		serve(v);
	}
}

static bool poll_rings(void *arg)
{
	uint64_t start = pvn_now_ns(), now = start;
	unsigned int i, idle = 0;
	bool did = false;

	/* Until nobody has asked for a while, but not so long that others notice. */
	while (idle < LOOKS && now - start < ROUND_NS) {
		uint32_t n = 0;

		/* (To serve one may end its domain, and with that its place.) */
		for (i = nr_awake; i; i--)
			if (i <= nr_awake)
				n += serve(awake[i - 1]);
		idle = n ? 0 : idle + 1;
		did |= n != 0;
		if (n || idle % 64 == 0)
			now = pvn_now_ns();
		__builtin_ia32_pause();
	}
	if (!did)
		sched_yield(); /* who would ask may be waiting for this CPU */
	now = pvn_now_ns();
	if (did)
		last_work_ns = now;
	if (now - last_work_ns < AWAKE_NS)
		return true;
	fall_asleep();
	return false;
}

static void stay_awake_for(struct vcpu *v)
{
	unsigned int i;

	if (machine.nr_cpus < 2 || machine.nr_running > machine.nr_cpus || nr_awake == MAX_AWAKE)
		return;
	for (i = 0; i < nr_awake; i++)
		if (awake[i] == v)
			return;
	awake[nr_awake++] = v;
	set_awake(v, 1);
	pvn_loop_set_poll(machine.loop, poll_rings, NULL);
}

void copy_ring_serve(struct vcpu *v)
{
	uint64_t now;

	serve(v);
	now = pvn_now_ns();
	if (now - v->copies_ns < STREAM_NS && !v->d->is_shut_down) {
		last_work_ns = now;
		stay_awake_for(v);
	}
	v->copies_ns = now;
}
