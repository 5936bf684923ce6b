/* SPDX-License-Identifier: MIT */
/*
 * Command: bench ipi. smp.ipi_ns: an event to another vCPU, which runs a thread of its own that never
 * waits, and its answer by an event, for which this vCPU runs on, too. So both are interrupted
 * each time, and neither is woken.
 */
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/smp.h>
#include <pv/thread_struct.h>
#include <pv/time.h>

#include "bench.h"

#define ROUNDS		2001U
#define WAIT_NS		(5 * NSEC_PER_SEC)

static volatile bool stop, answered;
static volatile unsigned int busy_cpu;
static evtchn_port_t there, back;

static void on_there(evtchn_port_t port, void *data)
{
	evtchn_notify(back);
}

static void on_back(evtchn_port_t port, void *data)
{
	answered = true;
}

static int bind_ipi(evtchn_handler_t *fn, evtchn_port_t *port)
{
	struct evtchn_bind_ipi op = { .vcpu = this_cpu()->id };
	long rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &op);

	if (rc != 0)
		return (int)rc;
	evtchn_claim(op.port, this_cpu());
	*port = op.port;
	return evtchn_set_handler(op.port, fn, NULL, "bench");
}

/* Stays on the vCPU it started on: nobody waits for that one. */
static void busy_main(void *unused)
{
	preempt_disable();
	if (bind_ipi(on_there, &there) == 0)
		__atomic_store_n(&busy_cpu, this_cpu()->id + 1, __ATOMIC_RELEASE);
	while (!stop)
		cpu_relax();
	evtchn_unbind(there);
	preempt_enable();
	__atomic_store_n(&busy_cpu, 0, __ATOMIC_RELEASE);
}

static bool ping(uint64_t *ns)
{
	uint64_t start = now_ns();

	answered = false;
	evtchn_notify(there);
	while (!answered) {
		cpu_relax();
		if (now_ns() - start > WAIT_NS)
			return false;
	}
	*ns = now_ns() - start;
	return true;
}

static int cmd_bench_ipi(int argc, char **argv)
{
	static uint64_t v[ROUNDS];
	uint64_t start = now_ns();
	unsigned int n = 0;

	stop = false;
	preempt_disable();
	if (mask_count(cpus_online_mask()) < 2 || bind_ipi(on_back, &back) != 0 ||
	    thread_create("bench", busy_main, NULL) == NULL) {
		preempt_enable();
		eprintf("bench: this takes two vCPUs\n");
		return 1;
	}
	while (busy_cpu == 0 && now_ns() - start < WAIT_NS)
		cpu_relax();
	while (busy_cpu != 0 && n < ROUNDS && ping(&v[n]))
		n++;
	stop = true;
	preempt_enable();
	while (busy_cpu != 0)
		sleep_ns(NSEC_PER_MSEC);
	evtchn_unbind(back);
	if (n < ROUNDS) {
		eprintf("bench: no answer from the other vCPU\n");
		return 1;
	}
	bench_sort(v, n);
	bench_report("smp.ipi_ns", v[n / 2] * 1000);
	return 0;
}
SHELL_COMMAND("bench-ipi", cmd_bench_ipi, "- an event to another vCPU and back");
