/* SPDX-License-Identifier: MIT */
/*
 * Events from vCPU to vCPU: "look at the scheduler" and "call this function". There is one call
 * at a time; who makes it serves the calls of others while it waits for its turn, so it must not
 * mask events.
 */
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/thread_struct.h>

#define SPINS_BEFORE_YIELD	2000U

uint64_t cpus_possible = 1, cpus_online = 1;

static spinlock_t call_lock = SPINLOCK_INIT;
static void (*call_fn)(void *);
static void *call_arg;
static uint64_t call_pending;

uint64_t cpus_online_mask(void)
{
	return __atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE);
}

void smp_kick(struct cpu *c)
{
	c->need_resched = true;
	mb();
	if (c->resched_port != 0)
		evtchn_notify(c->resched_port);
}

/* need_resched is set by the sender; the way out of the upcall looks at it. */
static void resched_event(evtchn_port_t port, void *data)
{
	this_cpu()->need_resched = true;
}

static void call_event(evtchn_port_t port, void *data)
{
	uint64_t bit = 1UL << this_cpu()->id;

	if (!(__atomic_load_n(&call_pending, __ATOMIC_ACQUIRE) & bit))
		return;
	call_fn(call_arg);
	__atomic_fetch_and(&call_pending, ~bit, __ATOMIC_RELEASE);
}

void smp_call(uint64_t mask, void (*fn)(void *), void *arg)
{
	struct cpu *me;
	unsigned int spins = 0;

	spin_lock(&call_lock);
	me = this_cpu();
	mask &= cpus_online_mask();
	call_fn = fn;
	call_arg = arg;
	__atomic_store_n(&call_pending, mask & ~(1UL << me->id), __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		if (i != me->id && (mask >> i & 1))
			evtchn_notify(cpus[i].call_port);
	}
	if (mask >> me->id & 1) {
		unsigned long flags = irq_save();

		fn(arg);
		irq_restore(flags);
	}
	while (__atomic_load_n(&call_pending, __ATOMIC_ACQUIRE) != 0) {
		cpu_relax();
		if (++spins % SPINS_BEFORE_YIELD == 0)
			HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	}
	spin_unlock(&call_lock);
}

static int bind(struct cpu *c, evtchn_handler_t *fn, const char *name, evtchn_port_t *port)
{
	struct evtchn_bind_ipi op = { .vcpu = c->id };
	long rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &op);

	if (rc != 0)
		return (int)rc;
	evtchn_claim(op.port, c);
	rc = evtchn_set_handler(op.port, fn, NULL, name);
	if (rc == 0)
		*port = op.port;
	return (int)rc;
}

int smp_cpu_events(void)
{
	struct cpu *c = this_cpu();
	int rc = bind(c, resched_event, "resched", &c->resched_port);

	return rc != 0 ? rc : bind(c, call_event, "call", &c->call_port);
}
