/* SPDX-License-Identifier: MIT */
/*
 * Where vCPUs run.  The host's scheduler is told by sched_setaffinity for a vCPU's own process and
 * all of its helpers (mapper, nursery and runners of user mode); what they make later inherits it.
 *
 * Hard affinity is a limit.  Soft affinity is a preference, which Linux does not know: it is kept,
 * and followed where we choose a CPU ourselves, for a vCPU with user mode.
 *
 * CPUs are numbered 0 to nr_cpus - 1 as in Xen: the CPUs the daemon may use, in the host's order.
 */
#include "config.h"
#include "paravaned/process.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "libs/util/log.h"
#include "paravaned/domain.h"
#include "paravaned/machine.h"

/* How many vCPUs with user mode live on each CPU. */
static uint32_t homes[PVN_MAX_CPUS];

static bool has(const uint8_t *bits, uint32_t cpu)
{
	return bits[cpu / 8] >> (cpu % 8) & 1;
}

uint32_t affinity_last_cpu(pid_t pid)
{
	uint32_t host = process_last_cpu(pid), i;

	for (i = 0; i < machine.nr_cpus; i++)
		if (machine.host_cpu[i] == host)
			return i;
	return 0;
}

/* Does it prefer some of the CPUs it may use? */
static bool has_preference(const struct vcpu *v)
{
	uint32_t i;

	for (i = 0; i < machine.nr_cpus; i++)
		if (has(v->hard, i) && has(v->soft, i))
			return true;
	return false;
}

static bool is_candidate(const struct vcpu *v, bool prefers, uint32_t cpu)
{
	return has(v->hard, cpu) && (!prefers || has(v->soft, cpu));
}

/* Of the CPUs it may use and prefers, that with the fewest; where it is now, if that is one of them. */
static uint32_t find_home(const struct vcpu *v)
{
	bool prefers = has_preference(v);
	uint32_t i, best = affinity_last_cpu(v->pid);

	if (!is_candidate(v, prefers, best))
		best = PVN_MAX_CPUS;
	for (i = 0; i < machine.nr_cpus; i++)
		if (is_candidate(v, prefers, i) && (best == PVN_MAX_CPUS || homes[i] < homes[best]))
			best = i;
	return best == PVN_MAX_CPUS ? 0 : best;
}

struct pass {
	const cpu_set_t *set;
	bool changed;			/* some process was elsewhere */
};

static void set_one(pid_t pid, void *pass)
{
	struct pass *p = pass;
	cpu_set_t now;

	/* A helper may be gone by now; the vCPU's own process was looked at by who called. */
	if (sched_getaffinity(pid, sizeof(now), &now) != 0 || CPU_EQUAL(&now, p->set))
		return;
	if (sched_setaffinity(pid, sizeof(*p->set), p->set) == 0)
		p->changed = true;
}

/* Passes over a tree whose processes come and go: one is mostly enough, and is proven by the next. */
#define MAX_PASSES	8

/*
 * The parent first: what it makes after that inherits, what it made before is found.  Unless an older
 * child goes in that moment: /proc/PID/task/TID/children may then leave out its neighbour (proc(5)),
 * so it is looked at until nobody is elsewhere.  0 or -errno.
 */
static int set_all(const struct vcpu *v, cpu_set_t *set)
{
	struct pass pass = { .set = set, .changed = true };
	int i;

	if (sched_setaffinity(v->pid, sizeof(*set), set) != 0 && errno != ESRCH) {
		int rc = -errno;

		pvn_log(LOG_WARNING, "d%u: cannot set the CPU affinity of vCPU %u: %m", v->d->domid, v->id);
		return rc;
	}
	for (i = 0; pass.changed && i < MAX_PASSES; i++) {
		pass.changed = false;
		process_tree_each(v->pid, set_one, &pass);
	}
	return 0;
}

static int live_at_home(struct vcpu *v)
{
	cpu_set_t set;

	homes[v->home]--;
	v->home = find_home(v);
	homes[v->home]++;
	CPU_ZERO(&set);
	CPU_SET(machine.host_cpu[v->home], &set);
	v->pinned = true;
	return set_all(v, &set);
}

int affinity_apply(struct vcpu *v)
{
	bool was_pinned = v->pinned;
	cpu_set_t set;
	uint32_t i, n = 0;

	if (!v->pid)
		return 0;
	if (v->user_mode)
		return live_at_home(v);
	CPU_ZERO(&set);
	for (i = 0; i < machine.nr_cpus; i++)
		if (has(v->hard, i)) {
			CPU_SET(machine.host_cpu[i], &set);
			n++;
		}
	v->pinned = n < machine.nr_cpus;
	return v->pinned || was_pinned ? set_all(v, &set) : 0;
}

/*
 * A hand-over between processes costs 2 us on one CPU and 25 us between two (a wake-up is an
 * interrupt there), and only one of them has the turn: they share one, of those that the vCPU may use.
 */
void affinity_user_mode(struct vcpu *v)
{
	if (v->user_mode)
		return;
	v->user_mode = true;
	homes[v->home]++;
	affinity_apply(v);
}

void affinity_leave(struct vcpu *v)
{
	if (v->user_mode)
		homes[v->home]--;
	v->user_mode = false;
	v->pinned = false;
}
