/* SPDX-License-Identifier: MIT */
/*
 * Two domains pass data to each other through grants and event channels, and check every byte of it: by pages
 * that both have mapped, and by grant copies.  Each round one writes, the other reads, compares and answers.
 *
 * `mib=N` on the command line makes it N MiB instead of 4 (tests/system/grants-exchange.sh); `bench=1` adds how fast grant
 * copies of whole pages, 64 in a call, are beside memcpy of the same pages: in turn, from one 1.5 MiB to another,
 * which is more than the caches of one CPU hold.
 *
 * covers: grant_table_op.map_grant_ref good
 * covers: grant_table_op.copy good
 * covers: event_channel_op.send good
 * config: domains=2 timeout=120
 */
#include "tests/conformance/lib/conformance.h"
#include "tests/conformance/lib/grant.h"

const char test_title[] = "grants and event channels: two domains exchange data with checksums";

enum { PAGES = 64, WORDS = PAGES * 512, FIRST_REF = 8, REF_HEAD = 100 };
enum { BENCH_REF = 112, BENCH_PAGES = 6 * PAGES, BENCH_TURNS = 16, BENCH_TIMES = 32 };

struct head {
	volatile uint64_t written, sum;		/* rounds the writer has done, and the last one's sum */
	volatile uint64_t read;			/* rounds the reader has done */
	volatile uint64_t wrong;
	volatile uint64_t benched;
};

static uint64_t area[WORDS] PAGE_ALIGNED;	/* the writer's, or where the reader has it mapped */
static uint64_t copy[WORDS] PAGE_ALIGNED;
static uint64_t bench_from[BENCH_PAGES * 512] PAGE_ALIGNED, bench_to[BENCH_PAGES * 512] PAGE_ALIGNED;
static char head_page[PAGE_SIZE] PAGE_ALIGNED;
static struct head *const head = (struct head *)head_page;
static evtchn_port_t port;

static uint64_t number(const char *key, uint64_t otherwise)
{
	const char *p = (const char *)si->cmd_line;
	uint64_t n = 0;

	for (; *p; p++)
		if (!strncmp(p, key, strlen(key)))
			break;
	if (!*p)
		return otherwise;
	for (p += strlen(key); *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	return n;
}

/* Position and value count, so that a page in another one's place is noticed. */
static uint64_t fill(uint64_t *p, uint64_t x)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		p[i] = x;
		sum = (sum << 1 | sum >> 63) ^ x;
	}
	return sum;
}

static uint64_t sum_of(const uint64_t *p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WORDS; i++)
		sum = (sum << 1 | sum >> 63) ^ p[i];
	return sum;
}

static void kick(void)
{
	struct evtchn_send s = { .port = port };

	evtchn_op(EVTCHNOP_send, &s);
}

/* Until *p is at least n; the other's event ends the sleep. */
static bool wait_for(const volatile uint64_t *p, uint64_t n)
{
	uint64_t stop = now_ns() + 30000000000;

	while (*p < n && now_ns() < stop) {
		struct sched_poll poll = { .nr_ports = 1, .timeout = now_ns() + 1000000000 };

		port_clear(port);
		if (*p >= n)
			break;
		set_xen_guest_handle(poll.ports, &port);
		HC(sched_op, (long)SCHEDOP_poll, (long)&poll);
	}
	return *p >= n;
}

static void write_all(uint64_t rounds)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = peer_id() };

	for (unsigned i = 0; i < PAGES; i++)
		grant_v1(FIRST_REF + i, peer_id(), va_mfn(area + i * 512), GTF_permit_access | GTF_readonly);
	grant_v1(REF_HEAD, peer_id(), va_mfn(head), GTF_permit_access);
	for (unsigned i = 0; number("bench=", 0) && i < BENCH_PAGES; i++) {
		bench_from[i * 512] = i;
		grant_v1(BENCH_REF + i, peer_id(), va_mfn(bench_from + i * 512), GTF_permit_access | GTF_readonly);
	}
	if (evtchn_op(EVTCHNOP_alloc_unbound, &a))
		test_error("no port");
	port = a.port;
	port_mask(port, true);
	peer_put("port", port);
	peer_get("ready");
	for (uint64_t n = 1; n <= rounds; n++) {
		head->sum = fill(area, n);
		head->written = n;
		kick();
		if (!wait_for(&head->read, n))
			test_failure("the reader stopped after round %lu", head->read);
	}
	answer("exchange.wrong", head->wrong);
	if (number("bench=", 0) && !wait_for(&head->benched, 1))
		test_failure("the reader's copies did not end");
	peer_put("done", 1);
}

static void map_all(void)
{
	static struct gnttab_map_grant_ref m[PAGES + 1];
	unsigned i;

	for (i = 0; i < PAGES; i++)
		m[i] = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)(area + i * 512), .ref = FIRST_REF + i,
						      .flags = GNTMAP_host_map | GNTMAP_readonly, .dom = peer_id() };
	m[PAGES] = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)head, .ref = REF_HEAD,
						  .flags = GNTMAP_host_map, .dom = peer_id() };
	if (gnttab(GNTTABOP_map_grant_ref, m, PAGES + 1))
		test_error("the call to map failed");
	for (i = 0; i <= PAGES; i++)
		if (m[i].status)
			test_error("grant %u cannot be mapped: %d", i, m[i].status);
	HC(mmuext_op, (long)&(struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL }, 1L, 0L, (long)DOMID_SELF);
}

static struct gnttab_copy ops[PAGES], bench_ops[BENCH_PAGES];

static unsigned copy_all(struct gnttab_copy *op)
{
	unsigned bad = 0;

	if (gnttab(GNTTABOP_copy, op, PAGES))
		return PAGES;
	for (unsigned i = 0; i < PAGES; i++)
		bad += op[i].status != 0;
	return bad;
}

static void copy_prepare(struct gnttab_copy *op, unsigned n, unsigned ref, uint64_t *to)
{
	for (unsigned i = 0; i < n; i++) {
		op[i] = (struct gnttab_copy){ .len = PAGE_SIZE, .flags = GNTCOPY_source_gref };
		op[i].source.u.ref = ref + i;
		op[i].source.domid = peer_id();
		op[i].dest.u.gmfn = va_mfn(to + i * 512);
		op[i].dest.domid = DOMID_SELF;
	}
}

static void bench_copy(void)
{
	for (unsigned i = 0; i < BENCH_PAGES; i += PAGES)
		if (copy_all(bench_ops + i))
			test_error("a copy failed");
}

static void bench_memcpy(void)
{
	for (unsigned i = 0; i < BENCH_PAGES; i++) {
		void *d = bench_to + i * 512;
		const void *s = bench_from + i * 512;
		uint64_t n = PAGE_SIZE;

		__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	}
}

static uint64_t bench_turn(void (*what)(void))
{
	uint64_t start = now_ns();

	for (unsigned i = 0; i < BENCH_TIMES; i++)
		what();
	return now_ns() - start;
}

static void bench(void)
{
	uint64_t copied = 0, moved = 0, bytes = (uint64_t)BENCH_TURNS * BENCH_TIMES * sizeof(bench_to);

	for (unsigned i = 0; i < BENCH_PAGES; i++)
		bench_from[i * 512] = bench_to[i * 512] = ~0UL;
	copy_prepare(bench_ops, BENCH_PAGES, BENCH_REF, bench_to);
	bench_copy(); /* everything has been touched once */
	for (unsigned i = 0; i < BENCH_TURNS; i++) {
		moved += bench_turn(bench_memcpy);
		copied += bench_turn(bench_copy);
	}
	for (unsigned i = 0; i < BENCH_PAGES; i++)
		if (bench_to[i * 512] != i)
			test_failure("page %u is not what was granted", i);
	print("bench: grant_copy %lu MB/s, memcpy %lu MB/s\n", bytes * 1000 / copied, bytes * 1000 / moved);
}

static void read_all(uint64_t rounds)
{
	struct evtchn_bind_interdomain b = { .remote_dom = peer_id() };

	b.remote_port = (evtchn_port_t)peer_get("port");
	for (unsigned i = 0; i < PAGES; i++)
		copy[i * 512] = 0;
	copy_prepare(ops, PAGES, FIRST_REF, copy);
	map_all();
	if (evtchn_op(EVTCHNOP_bind_interdomain, &b))
		test_error("the port cannot be bound");
	port = b.local_port;
	port_mask(port, true);
	peer_put("ready", 1);
	for (uint64_t n = 1; n <= rounds; n++) {
		if (!wait_for(&head->written, n))
			test_failure("the writer stopped after round %lu", head->written);
		/* By copy and by mapping in turn. */
		if (n % 2 ? copy_all(ops) || sum_of(copy) != head->sum : sum_of(area) != head->sum)
			head->wrong++;
		head->read = n;
		kick();
	}
	if (number("bench=", 0)) {
		bench();
		head->benched = 1;
		kick();
	}
	peer_get("done");
	answer("exchange.rounds-short", rounds - head->read);
}

void test_main(void)
{
	uint64_t rounds = number("mib=", 4) * 1048576 / sizeof(area);

	if (role())
		read_all(rounds);
	else
		write_all(rounds);
	test_success("");
}
