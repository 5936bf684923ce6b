/* SPDX-License-Identifier: MIT */
/*
 * Command: selftest. The kernel checks itself where only the running kernel can: the direct map
 * growing over all of memory, sleeping and preemption, locks between threads, grants, windows.
 * One line per case, "selftest NAME: ok" or what went wrong; exit status 1 if any failed.
 */
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

#define CHECK(cond) do { if (!(cond)) { \
	printf("selftest: line %d: %s\n", __LINE__, #cond); return false; } } while (0)

/* Takes all pages there are, writes each, reads each back, gives all back. The pages are linked
 * through their first word. */
static bool test_pages(void)
{
	struct mem_stats before, empty, after;
	unsigned long **list = NULL, **p;
	unsigned long n = 0, seen = 0;

	mem_stats(&before);
	while ((p = page_alloc(0)) != NULL) {
		p[0] = (unsigned long *)list;
		p[1] = (unsigned long *)~(unsigned long)p;
		list = p;
		n++;
	}
	mem_stats(&empty);
	while (list != NULL) {
		p = list;
		list = (unsigned long **)p[0];
		seen += p[1] == (unsigned long *)~(unsigned long)p;
		page_free(p, 0);
	}
	mem_stats(&after);
	CHECK(seen == n);
	CHECK(empty.free_pages == 0);
	CHECK(empty.mapped_pages == empty.total_pages);
	/* What is missing afterwards became page tables. */
	CHECK(after.free_pages + after.table_pages + 8 >= before.free_pages + before.table_pages);
	return true;
}

static bool kmalloc_round(int again)
{
	static unsigned char *obj[256];
	struct mem_stats before, after;

	/* Other threads allocate too, now and then: what is lost is lost each time. */
	if (again++ != 0)
		sleep_ns(10 * NSEC_PER_MSEC);
	mem_stats(&before);
	for (unsigned int i = 0; i < ARRAY_SIZE(obj); i++) {
		obj[i] = kmalloc(1 + i * 37);
		CHECK(obj[i] != NULL);
		CHECK(((unsigned long)obj[i] & 15) == 0);
		memset(obj[i], i, 1 + i * 37);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(obj); i++) {
		CHECK(obj[i][0] == i && obj[i][i * 37] == i);
		kfree(obj[i]);
	}
	mem_stats(&after);
	if (before.kmalloc_bytes != after.kmalloc_bytes && again < 5)
		return kmalloc_round(again);
	CHECK(before.kmalloc_bytes == after.kmalloc_bytes);
	return true;
}

static bool test_kmalloc(void)
{
	return kmalloc_round(0);
}

static bool test_sleep(void)
{
	uint64_t start = now_ns();

	sleep_ns(20 * NSEC_PER_MSEC);
	CHECK(now_ns() - start >= 20 * NSEC_PER_MSEC);
	return true;
}

static volatile bool spinner_stop;
static volatile unsigned int spinners;

static void spinner(void *arg)
{
	spinners++;
	while (!spinner_stop)
		__asm__ volatile("pause");
	spinners--;
}

/* Two threads that never give up the CPU: we run again only because they are preempted. */
static bool test_preempt(void)
{
	spinner_stop = false;
	spinners = 0;
	CHECK(thread_create("spin/0", spinner, NULL) != NULL);
	CHECK(thread_create("spin/1", spinner, NULL) != NULL);
	while (spinners < 2)
		thread_yield();
	sleep_ns(NSEC_PER_MSEC);
	spinner_stop = true;
	while (spinners > 0)
		sleep_ns(NSEC_PER_MSEC);
	return true;
}

#define LOCK_THREADS	4
#define LOCK_ROUNDS	500

static struct mutex test_mutex = MUTEX_INIT(test_mutex);
static struct condvar test_done = CONDVAR_INIT(test_done);
static volatile unsigned int inside, total, finished;
static volatile bool overlap;

static void locker(void *arg)
{
	for (int i = 0; i < LOCK_ROUNDS; i++) {
		mutex_lock(&test_mutex);
		overlap |= inside++ != 0;
		if (i % 8 == 0)
			thread_yield();
		total++;
		inside--;
		mutex_unlock(&test_mutex);
	}
	mutex_lock(&test_mutex);
	finished++;
	condvar_signal(&test_done);
	mutex_unlock(&test_mutex);
}

static bool test_locks(void)
{
	inside = total = finished = 0;
	overlap = false;
	for (int i = 0; i < LOCK_THREADS; i++)
		CHECK(thread_create("locker", locker, NULL) != NULL);
	mutex_lock(&test_mutex);
	while (finished < LOCK_THREADS)
		condvar_wait(&test_done, &test_mutex);
	mutex_unlock(&test_mutex);
	CHECK(total == LOCK_THREADS * LOCK_ROUNDS);
	CHECK(!overlap);
	return true;
}

static bool test_grants(void)
{
	static grant_ref_t refs[1200];
	void *page = page_alloc(0);

	CHECK(page != NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(refs); i++) {
		CHECK(grant_access(0, virt_to_mfn(page), i & 1, &refs[i]) == 0);
		CHECK(i == 0 || refs[i] != refs[i - 1]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(refs); i++)
		CHECK(grant_end_access(refs[i]));
	page_free(page, 0);
	return true;
}

/* One frame at two addresses. */
static bool test_vmap(void)
{
	char *page = page_alloc(0), *window;
	mfn_t mfns[2];
	int probe;

	CHECK(page != NULL);
	mfns[0] = mfns[1] = virt_to_mfn(page);
	window = vmap(mfns, 2);
	CHECK(window != NULL);
	memcpy(page, "shared", 7);
	CHECK(memcmp(window + PAGE_SIZE, "shared", 7) == 0);
	vunmap(window, 2);
	CHECK(probe_read(&probe, window, sizeof(probe)) != 0);
	page_free(page, 0);
	return true;
}

static volatile unsigned int loop_events;

static void loop_event(evtchn_port_t port, void *data)
{
	loop_events++;
}

/* It comes on the first vCPU, wherever we run. */
static bool loop_reached(unsigned int n)
{
	uint64_t end = now_ns() + NSEC_PER_SEC;

	while (loop_events < n && now_ns() < end)
		thread_yield();
	return loop_events == n;
}

/* Both ends of a channel in this domain. */
static bool test_loopback(void)
{
	evtchn_port_t a, b;

	CHECK(evtchn_alloc_unbound(DOMID_SELF, &a) == 0);
	CHECK(evtchn_bind_interdomain(DOMID_SELF, a, &b) == 0);
	loop_events = 0;
	CHECK(evtchn_set_handler(a, loop_event, NULL, "selftest") == 0);
	for (unsigned int i = 1; i <= 10; i++) {
		CHECK(evtchn_notify(b) == 0);
		CHECK(loop_reached(i));
	}
	evtchn_mask(a);
	CHECK(evtchn_notify(b) == 0);
	CHECK(loop_events == 10);
	evtchn_unmask(a);
	CHECK(loop_reached(11));
	evtchn_unbind(b);
	evtchn_unbind(a);
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} tests[] = {
	{ "kmalloc", test_kmalloc },   { "sleep", test_sleep }, { "preempt", test_preempt },
	{ "locks", test_locks },       { "grants", test_grants }, { "vmap", test_vmap },
	{ "loopback", test_loopback }, { "pages", test_pages },
};

static int cmd_selftest(int argc, char **argv)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (argc > 1 && strcmp(argv[1], tests[i].name) != 0)
			continue;
		if (tests[i].fn())
			printf("selftest %s: ok\n", tests[i].name);
		else
			failed = 1;
	}
	return failed;
}
SHELL_COMMAND("selftest", cmd_selftest, "[NAME] - the kernel checks itself");
