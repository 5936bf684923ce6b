/* SPDX-License-Identifier: MIT */
/*
 * Command: stress. Threads on all vCPUs do one thing over and over, and check after each round
 * what must be true. `all` does everything at once.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

#include "stress.h"

static struct stress *const all[] = { &stress_lock, &stress_ipi, &stress_tlb, &stress_balloon, &stress_clock };

struct worker {
	struct stress *s;
	unsigned int number;
};

bool stress_fail(struct stress *s, const char *fmt, ...)
{
	char why[160];
	va_list ap;

	if (__atomic_exchange_n(&s->failed, true, __ATOMIC_ACQ_REL))
		return false;
	va_start(ap, fmt);
	pv_vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	printk("stress: %s: %s\n", s->name, why);
	return false;
}

static void worker_main(void *arg)
{
	struct worker w = *(struct worker *)arg;

	kfree(arg);
	while (!w.s->stop && !w.s->failed && w.s->round(w.s, w.number))
		__atomic_fetch_add(&w.s->operations, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&w.s->running, 1, __ATOMIC_ACQ_REL);
}

static unsigned int cpus_now(void)
{
	return mask_count(cpus_online_mask());
}

static bool start(struct stress *s)
{
	unsigned int n = s->workers != 0 ? s->workers : 2 * cpus_now();

	s->stop = s->failed = false;
	s->running = 0;
	s->operations = 0;
	if (s->begin != NULL && !s->begin(s))
		return stress_fail(s, "cannot begin");
	for (unsigned int i = 0; i < n; i++) {
		struct worker *w = kmalloc(sizeof(*w));

		if (w == NULL)
			return stress_fail(s, "no memory");
		*w = (struct worker){ s, i };
		__atomic_fetch_add(&s->running, 1, __ATOMIC_ACQ_REL);
		if (thread_create(s->name, worker_main, w) == NULL) {
			__atomic_fetch_sub(&s->running, 1, __ATOMIC_ACQ_REL);
			kfree(w);
			return stress_fail(s, "no memory");
		}
	}
	return true;
}

static void finish(struct stress *s)
{
	while (__atomic_load_n(&s->running, __ATOMIC_ACQUIRE) != 0)
		sleep_ns(NSEC_PER_MSEC);
	if (s->end != NULL && !s->failed)
		(void)s->end(s);
	if (s->failed)
		printf("stress: %s failed after %lu operations\n", s->name, s->operations);
	else
		printf("stress: %s passed, %lu operations\n", s->name, s->operations);
}

static bool wanted(const struct stress *s, const char *name)
{
	return strcmp(name, "all") == 0 || strcmp(name, s->name) == 0;
}

static int cmd_stress(int argc, char **argv)
{
	uint64_t seconds, until;
	bool any = false, failed = false;

	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(all); i++)
		any |= wanted(all[i], argv[1]);
	if (!any || parse_u64(argv[2], &seconds) != 0) {
		eprintf("usage: stress lock|ipi|tlb|balloon|clock|all SECONDS\n");
		return 2;
	}
	until = now_ns() + seconds * NSEC_PER_SEC;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (wanted(all[i], argv[1]))
			(void)start(all[i]);
	}
	while (now_ns() < until && !console_interrupted())
		sleep_ns(100 * NSEC_PER_MSEC);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i]->stop = true;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!wanted(all[i], argv[1]))
			continue;
		finish(all[i]);
		failed |= all[i]->failed;
	}
	return failed;
}
SHELL_COMMAND("stress", cmd_stress, "lock|ipi|tlb|balloon|clock|all SECONDS - all vCPUs at it, checked");

static int cmd_cpu(int argc, char **argv)
{
	uint64_t id;
	int rc;

	if (argc == 1) {
		printf("vCPUs possible %lx, online %lx\n", cpus_possible, cpus_online_mask());
		return 0;
	}
	if (argc != 3 || parse_u64(argv[2], &id) != 0) {
		eprintf("usage: cpu [up|down NUMBER]\n");
		return 2;
	}
	rc = strcmp(argv[1], "up") == 0 ? cpu_up((unsigned int)id) : cpu_down((unsigned int)id);
	if (rc != 0)
		eprintf("cpu %lu: %s\n", id, error_text(rc));
	return rc != 0;
}
SHELL_COMMAND("cpu", cmd_cpu, "[up|down NUMBER] - virtual processors");
