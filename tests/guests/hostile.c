/* SPDX-License-Identifier: MIT */
/*
 * A guest that misbehaves in the way its command line names (mode=...).  The scripts
 * tests/system/hostile-*.sh start it and look whether anybody else notices.  Whoever reads the
 * line "hostile: MODE" knows that the guest has reached its deed.
 */
#include "tests/guests/lib/guest.h"

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

static void spin_masked(void)
{
	events_mask();
	for (;;)
		barrier();
}

static void spin_hypercalls(void)
{
	events_mask();
	for (;;)
		HC(xen_version, (long)XENVER_version, 0L);
}

static void spin_yield(void)
{
	for (;;)
		HC(sched_op, (long)SCHEDOP_yield, 0L);
}

/* Asleep for good, with events masked for good: shutdown requests go unheard. */
static void block_forever(void)
{
	for (unsigned w = 0; w < 64; w++)
		shared->evtchn_mask[w] = ~0UL;
	HC(vcpu_op, (long)VCPUOP_stop_periodic_timer, 0L, 0L);
	for (;;)
		HC(sched_op, (long)SCHEDOP_block, 0L);
}

static void crash(void)
{
	guest_shutdown(SHUTDOWN_crash);
}

/* A fault whose frame has nowhere to go: the PV triple fault. */
static void bad_stack(void)
{
	__asm__ volatile("mov $0x20000008, %%rsp; ud2" ::: "memory");
}

static void bad_stack_hole(void)
{
	__asm__ volatile("mov $0x700000002000, %%rsp; ud2" ::: "memory");
}

static void no_handler(void)
{
	HC(set_trap_table, 0L);
	__asm__ volatile("ud2" ::: "memory");
}

static void jump_nowhere(void)
{
	HC(set_trap_table, 0L);
	__asm__ volatile("jmp *%0" :: "r"(0x123456789abcUL));
}

static void bad_iret(void)
{
	__asm__ volatile("mov $0x20000008, %%rsp; mov $23, %%eax; syscall" ::: "memory");
}

/* The page it stands on: the hypercall has nowhere to return to. */
static void unmap_myself(void)
{
	uint64_t rsp;

	__asm__ volatile("mov %%rsp, %0" : "=r"(rsp));
	map_va((void *)(rsp & ~4095UL), 0);
}

static void flood_console(void)
{
	char line[128];

	memset(line, 'F', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (;;)
		console_write(line, sizeof(line));
}

static void kick(unsigned port)
{
	struct evtchn_send s = { .port = port };

	evtchn_op(EVTCHNOP_send, &s);
}

static void flood_events(void)
{
	for (;;) {
		kick(si->console.domU.evtchn);
		kick(si->store_evtchn);
	}
}

/* Good requests, as fast as the ring takes them; the replies are thrown away. */
static void flood_store(void)
{
	struct xenstore_domain_interface *ring = mfn_va(si->store_mfn);
	struct { struct xsd_sockmsg h; char path[12]; } m = { { XS_READ, 1, 0, 8 }, "domid\0" };
	const char *bytes = (const char *)&m;
	size_t n = sizeof(m.h) + m.h.len;

	memcpy(m.path, "control\0", 8);
	for (;;) {
		XENSTORE_RING_IDX prod = ring->req_prod;

		if (prod - *(volatile XENSTORE_RING_IDX *)&ring->req_cons + n <= sizeof(ring->req)) {
			for (size_t i = 0; i < n; i++)
				ring->req[MASK_XENSTORE_IDX(prod + i)] = bytes[i];
			mb();
			ring->req_prod = prod + (XENSTORE_RING_IDX)n;
		}
		ring->rsp_cons = ring->rsp_prod;
		mb();
		kick(si->store_evtchn);
	}
}

/* Requests, and never a reply taken. */
static void store_never_reads(void)
{
	struct xenstore_domain_interface *ring = mfn_va(si->store_mfn);
	struct { struct xsd_sockmsg h; char path[8]; } m = { { XS_DIRECTORY, 1, 0, 2 }, "." };
	const char *bytes = (const char *)&m;
	size_t n = sizeof(m.h) + m.h.len;

	for (;;) {
		XENSTORE_RING_IDX prod = ring->req_prod;

		if (prod - *(volatile XENSTORE_RING_IDX *)&ring->req_cons + n <= sizeof(ring->req)) {
			for (size_t i = 0; i < n; i++)
				ring->req[MASK_XENSTORE_IDX(prod + i)] = bytes[i];
			mb();
			ring->req_prod = prod + (XENSTORE_RING_IDX)n;
			kick(si->store_evtchn);
		}
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
}

static uint64_t seed = 88172645463325252UL;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)seed;
}

/* Indices that make no sense, contents that make none, over and over. */
static void corrupt_rings(void)
{
	struct xenstore_domain_interface *xs = mfn_va(si->store_mfn);
	struct xencons_interface *con = mfn_va(si->console.domU.mfn);

	for (;;) {
		for (unsigned i = 0; i < PAGE_SIZE / 4; i++) {
			((volatile uint32_t *)xs)[i] = rnd();
			((volatile uint32_t *)con)[i] = rnd();
		}
		kick(si->store_evtchn);
		kick(si->console.domU.evtchn);
		con->out_prod = con->out_cons + 0x7fffffff;
		xs->req_prod = xs->req_cons - 1;
		kick(si->store_evtchn);
		kick(si->console.domU.evtchn);
		for (unsigned i = 0; i < 100; i++)
			HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
}

static void corrupt_grants(void)
{
	static char page[PAGE_SIZE] PAGE_ALIGNED;
	xen_pfn_t frame = 0;
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };

	set_xen_guest_handle(s.frame_list, &frame);
	HC(grant_table_op, (long)GNTTABOP_setup_table, (long)&s, 1L);
	map_va(page, frame << 12 | PTE_KERNEL);
	for (;;) {
		for (unsigned i = 0; i < PAGE_SIZE / 4; i++)
			((volatile uint32_t *)page)[i] = rnd();
		kick(si->console.domU.evtchn);
		kick(si->store_evtchn);
		HC(sched_op, (long)SCHEDOP_yield, 0L);
	}
}

/* All that a guest shares with the machine lies in one window of its process: fill it with noise. */
static void corrupt_shared_window(void)
{
	volatile uint32_t *p = (volatile uint32_t *)0x610000000000UL;

	for (unsigned i = 0; i < (2UL << 20) / 4; i++)
		p[i] = rnd();
	for (;;)
		kick(si->store_evtchn);
}

/* Random hypercalls with random arguments. */
static void random_hypercalls(void)
{
	for (;;) {
		unsigned nr = rnd() % 60;
		long a[5];

		if (nr == __HYPERVISOR_sched_op && rnd() % 64)
			continue;
		for (unsigned i = 0; i < 5; i++) {
			switch (rnd() % 5) {
			case 0: a[i] = rnd() % 64; break;
			case 1: a[i] = (long)seed; break;
			case 2: a[i] = (long)(BASE + rnd() % (4u << 20)); break;
			case 3: a[i] = (long)(pfn_mfn(rnd() % si->nr_pages) << 12 | rnd() % 0x1000); break;
			default: a[i] = -(long)(rnd() % 64); break;
			}
		}
		hcall_bare(nr, a[0], a[1], a[2], a[3], a[4]);
	}
}

static void fill_memory(void)
{
	volatile uint64_t *window = page_alloc();

	for (;;)
		for (uint64_t pfn = 1024; pfn < si->nr_pages; pfn++)
			if (map_va((void *)window, pfn_mfn(pfn) << 12 | PTE_KERNEL) == 0)
				window[0] = pfn;
}

/* Hangs for good, with a watchdog set. */
static void hang_watched(void)
{
	struct sched_watchdog w = { .id = 0, .timeout = 1 };

	CHECK_EQ(HC(sched_op, (long)SCHEDOP_watchdog, (long)&w), 1);
	spin_masked();
}

/* Names its reason before it shuts down for another: the first one counts. */
static void first_reason(void)
{
	struct sched_shutdown first = { .reason = SHUTDOWN_watchdog }, last = { .reason = SHUTDOWN_poweroff };

	CHECK_EQ(HC(sched_op, (long)SCHEDOP_shutdown_code, (long)&first), 0);
	HC(sched_op, (long)SCHEDOP_shutdown, (long)&last);
}

/* A quiet neighbour: counts seconds on its console until told otherwise. */
static void neighbour(void)
{
	for (unsigned n = 1;; n++) {
		struct sched_poll p = { .timeout = now_ns() + 200000000 };

		HC(sched_op, (long)SCHEDOP_poll, (long)&p);
		print("beat %u\n", n);
	}
}

static const struct mode {
	const char *name;
	void (*fn)(void);
} modes[] = {
	{ "spin-masked", spin_masked },
	{ "spin-hypercalls", spin_hypercalls },
	{ "spin-yield", spin_yield },
	{ "block-forever", block_forever },
	{ "crash", crash },
	{ "bad-stack", bad_stack },
	{ "bad-stack-hole", bad_stack_hole },
	{ "no-handler", no_handler },
	{ "jump-nowhere", jump_nowhere },
	{ "bad-iret", bad_iret },
	{ "unmap-myself", unmap_myself },
	{ "flood-console", flood_console },
	{ "flood-events", flood_events },
	{ "flood-store", flood_store },
	{ "store-never-reads", store_never_reads },
	{ "corrupt-rings", corrupt_rings },
	{ "corrupt-grants", corrupt_grants },
	{ "corrupt-shared-window", corrupt_shared_window },
	{ "random-hypercalls", random_hypercalls },
	{ "fill-memory", fill_memory },
	{ "hang-watched", hang_watched },
	{ "first-reason", first_reason },
	{ "neighbour", neighbour },
};

TEST(hostile)
{
	const char *want = option("mode");

	for (unsigned i = 0; want && i < sizeof(modes) / sizeof(modes[0]); i++) {
		size_t n = strlen(modes[i].name);

		if (strncmp(modes[i].name, want, n) || (want[n] && want[n] != ' '))
			continue;
		print("hostile: %s\n", modes[i].name);
		modes[i].fn();
	}
	CHECK(false, "no such mode");
}
