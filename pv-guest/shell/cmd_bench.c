/* SPDX-License-Identifier: MIT */
/*
 * Command: bench. One line per figure, "bench METRIC VALUE UNIT", for scripts to read; medians of
 * several runs.
 *
 * `bench ping COUNT GAP_US` measures an event there and back: it publishes a port in
 * data/bench/port, waits for a program in the control domain to bind it and send a first event,
 * then sends COUNT events, each answered by one, GAP_US of sleep between rounds.
 */
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/xenbus.h>

#include "bench.h"

#define RUNS		7
#define HELLO_NS	(30 * NSEC_PER_SEC)
#define SETTLE_NS	(50 * NSEC_PER_MSEC)
#define PINGS_NS	(30 * NSEC_PER_SEC)	/* for all answers */

void bench_sort(uint64_t *v, size_t n)
{
	for (size_t gap = n / 2; gap > 0; gap /= 2) {
		for (size_t i = gap; i < n; i++) {
			uint64_t x = v[i];
			size_t j = i;

			for (; j >= gap && v[j - gap] > x; j -= gap)
				v[j] = v[j - gap];
			v[j] = x;
		}
	}
}

static void hypercall_null(void)
{
	HYPERVISOR_xen_version(XENVER_version, NULL);
}

/* A SYSCALL instruction of our own, as kernels without a hypercall page do it. */
static void hypercall_bare(void)
{
	unsigned long rax = __HYPERVISOR_xen_version, rdi = XENVER_version, rsi = 0;

	__asm__ volatile("syscall" : "+a"(rax), "+D"(rdi), "+S"(rsi)
			 : : "rcx", "r11", "rdx", "r10", "r8", "memory");
}

static evtchn_port_t send_port;

static void send_event(void)
{
	evtchn_notify(send_port);
}

static char *copy_from, *copy_to;
#define COPY_BYTES	(256 * 1024UL)

static void copy_memory(void)
{
	memcpy(copy_to, copy_from, COPY_BYTES);
}

uint64_t bench_measure(void (*fn)(void), unsigned int calls)
{
	uint64_t v[RUNS];

	for (int r = 0; r < RUNS; r++) {
		uint64_t start = now_ns();

		for (unsigned int i = 0; i < calls; i++)
			fn();
		v[r] = (now_ns() - start) * 1000 / calls;
	}
	bench_sort(v, RUNS);
	return v[RUNS / 2];
}

void bench_report(const char *metric, uint64_t picoseconds)
{
	printf("bench %s %lu.%02lu ns\n", metric, picoseconds / 1000, picoseconds % 1000 / 10);
}

static void bench_copy(void)
{
	uint64_t ps;

	copy_from = kzalloc(COPY_BYTES);
	copy_to = kzalloc(COPY_BYTES);
	if (copy_from != NULL && copy_to != NULL) {
		ps = bench_measure(copy_memory, 64);
		printf("bench memory.copy_mib_s %lu MiB/s\n",
		       COPY_BYTES * 1000000UL / (ps + 1) * 1000000UL >> 20);
	}
	kfree(copy_from);
	kfree(copy_to);
}

static void switch_thread(void)
{
	thread_yield();
}

static int bench_all(void)
{
	bench_report("hypercall.null_ns", bench_measure(hypercall_null, 100000));
	bench_report("hypercall.bare_syscall_ns", bench_measure(hypercall_bare, 2000));
	if (evtchn_alloc_unbound(0, &send_port) == 0) {
		bench_report("evtchn.send_unbound_ns", bench_measure(send_event, 2000));
		evtchn_unbind(send_port);
	}
	bench_report("thread.yield_ns", bench_measure(switch_thread, 10000));
	bench_copy();
	return 0;
}

static struct wait_queue hello = WAIT_QUEUE_INIT(hello);
static volatile uint64_t answers, answered_ns;

static void answer_event(evtchn_port_t port, void *data)
{
	answered_ns = now_ns();
	if (answers++ == 0)
		wake_up(&hello);
}

static volatile bool late;

static void too_late(void *unused)
{
	late = true;
}

/* From the send to the upcall that the answer raises.  Waits in the hypervisor itself, without the
 * scheduler: what is measured is the event. */
static bool ping_once(evtchn_port_t port, uint64_t *ns)
{
	uint64_t before = answers, start = now_ns();

	evtchn_notify(port);
	while (answers == before && !late) {
		irq_save();
		if (answers == before)
			HYPERVISOR_sched_op(SCHEDOP_block, NULL); /* unmasks */
		else
			irq_restore(0);
	}
	*ns = answered_ns - start;
	return !late;
}

static int ping_run(evtchn_port_t port, uint64_t count, uint64_t gap_us)
{
	uint64_t *v = kmalloc(count * sizeof(*v)), n = 0;
	struct timer deadline;

	if (v == NULL)
		return 1;
	late = false;
	timer_init(&deadline, too_late, NULL);
	timer_set(&deadline, now_ns() + PINGS_NS + count * gap_us * NSEC_PER_USEC);
	while (n < count && ping_once(port, &v[n])) {
		n++;
		if (gap_us != 0)
			sleep_ns(gap_us * NSEC_PER_USEC);
	}
	timer_cancel(&deadline);
	if (n == count) {
		bench_sort(v, n);
		printf("bench evtchn.roundtrip_ns %lu ns\n", v[n / 2]);
		printf("bench evtchn.roundtrip_min_ns %lu ns\n", v[0]);
		printf("bench evtchn.roundtrip_p99_ns %lu ns\n", v[n * 99 / 100]);
	} else {
		eprintf("bench: no answer to event %lu\n", n);
	}
	kfree(v);
	return n == count ? 0 : 1;
}

static int bench_ping(uint64_t count, uint64_t gap_us)
{
	evtchn_port_t port;
	int rc = evtchn_alloc_unbound(0, &port), status = 1;

	if (rc != 0) {
		eprintf("bench: no port: %d\n", rc);
		return 1;
	}
	answers = 0;
	evtchn_set_handler(port, answer_event, NULL, "bench");
	xenbus_printf(XS_NO_TX, "data/bench", "port", "%u", port);
	if (wait_event_timeout(&hello, answers != 0, HELLO_NS)) {
		/* Binding may have raised an event of its own: let it pass before we count. */
		sleep_ns(SETTLE_NS);
		status = ping_run(port, count, gap_us);
	} else {
		eprintf("bench: nobody bound port %u\n", port);
	}
	xenbus_rm(XS_NO_TX, "data/bench", "port");
	evtchn_unbind(port);
	return status;
}

/* Other files bring their own: `bench blk ...` is the command "bench-blk". */
static const struct shell_command *bench_of(const char *name)
{
	char full[32];

	pv_snprintf(full, sizeof(full), "bench-%s", name);
	return shell_command_find(full);
}

static int cmd_bench(int argc, char **argv)
{
	uint64_t count = 1000, gap = 0;

	if (argc == 1)
		return bench_all();
	if (bench_of(argv[1]) != NULL)
		return bench_of(argv[1])->fn(argc - 1, argv + 1);
	if (strcmp(argv[1], "ping") != 0 || argc > 4 ||
	    (argc > 2 && parse_u64(argv[2], &count) != 0) ||
	    (argc > 3 && parse_u64(argv[3], &gap) != 0) || count == 0 || count > 200000) {
		eprintf("usage: bench [ping [COUNT [GAP_US]] | hypercalls | mmu | ipi | blk ...]\n");
		return 2;
	}
	return bench_ping(count, gap);
}
SHELL_COMMAND("bench", cmd_bench, "[ping [COUNT [GAP_US]] | hypercalls | mmu | ipi | blk ...] - measure");
