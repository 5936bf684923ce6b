/* SPDX-License-Identifier: MIT */
/*
 * Grants between domains, the machine's part, with domains that have no process: random operations of
 * three domains, one of whose tables another thread scribbles over, and after each step the
 * invariants.  What would break: a frame that goes to somebody else while it is mapped, a mapping
 * nobody granted, a count that never comes back.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xen/grant_table.h>

#include "libs/util/loop.h"
#include "paravaned/domain.h"
#include "paravaned/grant.h"
#include "paravaned/lender.h"
#include "paravaned/machine.h"
#include "paravaned/memory.h"
#include "paravaned/process.h"

#define DOMAINS	3
#define PAGES	16U
#define REFS	24U
#define STEPS	20000

static struct domain *dom[DOMAINS];
static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

static struct domain *make(void)
{
	struct xen_domctl_createdomain cfg = { .max_vcpus = 1, .max_evtchn_port = 64, .max_grant_frames = 4,
					       .max_maptrack_frames = 1 };
	struct domain *d;
	uint64_t mfn;
	unsigned i;

	cr_assert(domain_create(0, &cfg, &d) == 0);
	cr_assert(memory_set_max(d, PAGES) == 0);
	for (i = 0; i < PAGES - 4; i++)
		cr_assert(memory_populate(d, i, 0, &mfn) == 0);
	domain_header(d)->nr_grant_frames = 1;
	return d;
}

static void setup(void)
{
	unsigned i;

	machine.usable_pages = machine.total_pages = 1 << 20;
	machine.nr_cpus = 1;
	cr_assert(pvn_loop_new(&machine.loop) == 0);
	cr_assert(domain_table_init() == 0);
	for (i = 0; i < DOMAINS; i++)
		dom[i] = make();
}

TestSuite(paravaned_grants, .init = setup);

static grant_entry_v1_t *entry(struct domain *d, uint32_t ref)
{
	return (grant_entry_v1_t *)(d->shared + PVN_HEAP_OFFSET + PVN_HEAP_GRANT * PVN_PAGE_SIZE) + ref;
}

static uint64_t ram(struct domain *d, unsigned i)
{
	return d->range.base + PVN_HEAP_FRAMES + i;
}

static void grant(struct domain *d, uint32_t ref, struct domain *to, unsigned frame, uint16_t flags)
{
	*entry(d, ref) = (grant_entry_v1_t){ .flags = flags, .domid = to->domid, .frame = (uint32_t)ram(d, frame) };
}

static int map(struct domain *d, struct domain *rd, uint32_t ref, uint32_t flags, uint32_t *handle)
{
	struct pvn_grant_map g = { .ref = ref, .domid = rd->domid, .flags = flags };

	grant_map(d, &g, 1);
	*handle = g.handle;
	return g.status;
}

static int unmap(struct domain *d, uint32_t handle)
{
	struct pvn_grant_map g = { .handle = handle, .flags = GNTMAP_host_map | GNTMAP_device_map };

	grant_unmap(d, &g, 1);
	return g.status;
}

/* Every use of a handle is a pin of its frame, and no pin is without one. */
static void check_invariants(void)
{
	uint32_t pins[DOMAINS][PAGES] = { { 0 } }, handles = 0, h, i, k;

	for (i = 0; i < DOMAINS; i++) {
		struct borrower *b = dom[i]->borrower;

		for (h = 0; b && h < b->used; h++) {
			const struct foreign *f = &b->v[h];

			if (!f->flags)
				continue;
			handles++;
			for (k = 0; k < DOMAINS; k++)
				if (dom[k]->lender == f->l) {
					cr_assert(f->mfn - ram(dom[k], 0) < PAGES);
					pins[k][f->mfn - ram(dom[k], 0)] += !!(f->flags & GNTMAP_host_map) + !!(f->flags & GNTMAP_device_map);
				}
		}
	}
	cr_assert_eq(handles, borrowers_handles());
	for (k = 0; k < DOMAINS; k++) {
		uint32_t pinned = 0;

		for (i = 0; dom[k]->lender && i < PAGES; i++) {
			cr_assert_eq(dom[k]->lender->pins[i], pins[k][i], "domain %u frame %u: %u pins, %u uses", k, i,
				     dom[k]->lender->pins[i], pins[k][i]);
			pinned += pins[k][i] != 0;
			/* What is mapped is not free. */
			cr_assert(!pins[k][i] || dom[k]->populated[0] >> i & 1);
		}
		cr_assert(!dom[k]->lender || dom[k]->lender->nr_pinned == pinned);
	}
}

static volatile bool scribble;

/* A guest that changes its entries all the time: for the second domain, for the third, for nobody. */
static void *scribbler(void *arg)
{
	struct domain *d = arg;
	uint64_t r = 88172645463325252;

	while (scribble) {
		grant_entry_v1_t e = { 0 };
		uint64_t word;

		r ^= r << 13, r ^= r >> 7, r ^= r << 17;
		e.flags = (uint16_t)(r >> 8 & (GTF_type_mask | GTF_readonly | GTF_reading | GTF_writing));
		e.domid = dom[r >> 20 & 1 ? 1 : 2]->domid;
		e.frame = (uint32_t)ram(d, r >> 24 & 31);
		memcpy(&word, &e, 8);
		__atomic_store_n((uint64_t *)entry(d, (r >> 32) % REFS), word, __ATOMIC_RELAXED);
		if (!(r >> 40 & 0xfff))
			((struct pvn_pin *)(d->shared + PVN_PINS_OFFSET))[(r >> 32) % REFS].readers = (uint16_t)r;
		if (!(r >> 52))
			domain_header(d)->grant_version = r >> 60 & 3;
	}
	return NULL;
}

static void random_step(void)
{
	struct domain *d = dom[rnd(DOMAINS)], *rd = dom[rnd(DOMAINS)];
	struct pvn_grant_copy c = { .src = rnd(REFS), .dst = ram(d, rnd(PAGES)), .src_domid = rd->domid,
				    .dst_domid = DOMID_SELF, .len = (uint16_t)rnd(5000), .flags = GNTCOPY_source_gref };
	uint32_t h;
	uint64_t mfn;
	bool gone;

	switch (rnd(8)) {
	case 0:
	case 1:
		map(d, rd, rnd(REFS), rnd(16), &h);
		break;
	case 2:
	case 3:
		unmap(d, rnd(40));
		break;
	case 4:
		grant_copy(d, &c, 1);
		break;
	case 5:
		memory_release(d, ram(d, rnd(PAGES)), 1);
		break;
	case 6:
		if (!memory_populate(d, rnd(PAGES), 0, &mfn))
			cr_assert(!d->lender || !d->lender->pins[mfn - ram(d, 0)], "a mapped frame was given out");
		break;
	case 7:
		grant_transfer(d, ram(d, rnd(PAGES)), rd->domid, rnd(REFS), &gone);
		break;
	}
	if (rd != dom[0] && !rnd(3)) /* the other tables change between the calls only */
		grant(rd, rnd(REFS), dom[rnd(DOMAINS)], rnd(PAGES), (uint16_t)rnd(8));
}

static void end_all(void)
{
	uint32_t i, h;

	for (i = 0; i < DOMAINS; i++)
		for (h = 0; h < 256; h++)
			unmap(dom[i], h);
}

Test(paravaned_grants, random_operations_keep_the_invariants)
{
	pthread_t t;
	unsigned i;

	scribble = true;
	cr_assert(pthread_create(&t, NULL, scribbler, dom[0]) == 0);
	for (i = 0; i < STEPS; i++) {
		random_step();
		check_invariants();
	}
	scribble = false;
	pthread_join(t, NULL);
	end_all();
	check_invariants();
	cr_assert_eq(borrowers_handles(), 0);
	for (i = 0; i < DOMAINS; i++)
		cr_assert(grants_active(dom[i]) == 0 && (!dom[i]->lender || dom[i]->lender->nr_pinned == 0));
}

Test(paravaned_grants, a_mapped_frame_outlives_its_release_and_its_domain)
{
	uint64_t used = machine.used_pages, base = dom[0]->range.base, mfn;
	uint64_t pages = dom[0]->tot_pages;
	uint32_t a, b;

	grant(dom[0], 8, dom[1], 3, GTF_permit_access);
	grant(dom[0], 9, dom[1], 4, GTF_permit_access);
	cr_assert(map(dom[1], dom[0], 8, GNTMAP_host_map, &a) == 0);
	cr_assert(map(dom[1], dom[0], 9, GNTMAP_host_map | GNTMAP_readonly, &b) == 0);
	cr_assert_eq(entry(dom[0], 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	memset(lender_bytes(dom[0]->lender, ram(dom[0], 3)), 0x5a, PVN_PAGE_SIZE);
	cr_assert(memory_release(dom[0], ram(dom[0], 3), 1) == 0);
	cr_assert(memory_release(dom[0], ram(dom[0], 3), 1) < 0, "released twice");
	cr_assert_eq(lender_bytes(dom[0]->lender, ram(dom[0], 3))[5], 0x5a);
	cr_assert(memory_populate(dom[0], 3, 0, &mfn) == 0 && mfn != ram(dom[0], 3));
	cr_assert(memory_release(dom[0], mfn, 1) == 0);
	domain_destroy(dom[0], "test");
	dom[0] = make();
	cr_assert(dom[0]->range.base != base, "the numbers of mapped frames were given out");
	cr_assert_eq(lender_orphaned_frames(), 2);
	cr_assert_eq(machine.used_pages, used + 2);
	cr_assert(unmap(dom[1], a) == 0);
	cr_assert_eq(lender_orphaned_frames(), 1);
	cr_assert(unmap(dom[1], b) == 0);
	cr_assert_eq(lender_orphaned_frames(), 0);
	cr_assert_eq(machine.used_pages, used);
	cr_assert_eq(dom[0]->tot_pages, pages);
}

Test(paravaned_grants, a_borrower_that_dies_lets_go)
{
	uint32_t h;

	grant(dom[0], 8, dom[1], 3, GTF_permit_access);
	cr_assert(map(dom[1], dom[0], 8, GNTMAP_host_map | GNTMAP_device_map, &h) == 0);
	cr_assert_eq(dom[0]->lender->pins[3], 2);
	domain_destroy(dom[1], "test");
	cr_assert_eq(dom[0]->lender->nr_pinned, 0);
	cr_assert_eq(entry(dom[0], 8)->flags, GTF_permit_access);
	cr_assert_eq(borrowers_handles(), 0);
}

Test(paravaned_grants, statuses)
{
	uint32_t h, i;

	grant(dom[0], 8, dom[1], 3, GTF_permit_access | GTF_readonly);
	cr_assert_eq(map(dom[1], dom[0], 8, 0, &h), GNTST_bad_gntref);
	cr_assert_eq(map(dom[1], dom[0], 8, GNTMAP_host_map, &h), GNTST_general_error);
	cr_assert_eq(map(dom[2], dom[0], 8, GNTMAP_host_map | GNTMAP_readonly, &h), GNTST_general_error);
	cr_assert_eq(map(dom[1], dom[0], 512, GNTMAP_host_map, &h), GNTST_bad_gntref);
	cr_assert_eq(map(dom[1], dom0, 8, GNTMAP_host_map, &h), GNTST_general_error);
	cr_assert_eq(unmap(dom[1], 0), GNTST_bad_handle);
	/* One maptrack frame. */
	for (i = 0; i < 256; i++)
		cr_assert_eq(map(dom[1], dom[0], 8, GNTMAP_host_map | GNTMAP_readonly, &h), 0);
	cr_assert_eq(map(dom[1], dom[0], 8, GNTMAP_host_map | GNTMAP_readonly, &h), GNTST_no_space);
	cr_assert_eq(entry(dom[0], 8)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	end_all();
	cr_assert_eq(entry(dom[0], 8)->flags, GTF_permit_access | GTF_readonly);
}

Test(paravaned_grants, a_transfer_moves_the_contents)
{
	uint64_t a = dom[0]->tot_pages, b = dom[1]->tot_pages, mfn;
	bool gone;

	memset(lender_bytes(lender_of(dom[0]), ram(dom[0], 2)), 0x77, PVN_PAGE_SIZE);
	cr_assert_eq(grant_transfer(dom[0], ram(dom[1], 2), dom[1]->domid, 8, &gone), GNTST_bad_page);
	cr_assert(!gone);
	*entry(dom[1], 8) = (grant_entry_v1_t){ .flags = GTF_accept_transfer, .domid = dom[0]->domid, .frame = 14 };
	cr_assert_eq(grant_transfer(dom[0], ram(dom[0], 2), dom[1]->domid, 8, &gone), 0);
	cr_assert(gone);
	cr_assert_eq(entry(dom[1], 8)->flags, GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
	mfn = entry(dom[1], 8)->frame;
	cr_assert(memory_owned(dom[1], mfn) && !memory_owned(dom[0], ram(dom[0], 2)));
	cr_assert_eq(lender_bytes(dom[1]->lender, mfn)[99], 0x77);
	cr_assert(dom[0]->tot_pages == a - 1 && dom[1]->tot_pages == b + 1);
	cr_assert_eq(domain_header(dom[1])->transfers, 1);
	/* Nobody takes it: it is gone all the same, as with Xen. */
	cr_assert_eq(grant_transfer(dom[0], ram(dom[0], 3), dom[1]->domid, 8, &gone), GNTST_general_error);
	cr_assert(gone && dom[1]->tot_pages == b + 1);
}

static struct pvn_copy_ring *ring(struct domain *d)
{
	return (struct pvn_copy_ring *)(d->shared + PVN_COPY_OFFSET);
}

/* dom[1] asks for all of page 2 of dom[0], by ref, into its page dst. */
static void ask(uint32_t ref, unsigned dst)
{
	struct pvn_copy_ring *r = ring(dom[1]);

	r->op[r->asked++ % PVN_COPY_RING] = (struct pvn_grant_copy){
		.src = ref, .dst = ram(dom[1], dst), .src_domid = dom[0]->domid, .dst_domid = DOMID_SELF,
		.len = PVN_PAGE_SIZE, .flags = GNTCOPY_source_gref };
}

static uint8_t byte_of(struct domain *d, unsigned page)
{
	return lender_bytes(lender_of(d), ram(d, page))[77];
}

static void lend_page_2(uint8_t content)
{
	memset(lender_bytes(lender_of(dom[0]), ram(dom[0], 2)), content, PVN_PAGE_SIZE);
	grant(dom[0], 5, dom[1], 2, GTF_permit_access | GTF_readonly);
}

/* Each operation of the ring has its status, in order, and nothing stays pinned. */
Test(paravaned_grants, copy_ring)
{
	struct pvn_copy_ring *r = ring(dom[1]);
	struct vcpu *v = &dom[1]->vcpu[0];
	unsigned i;

	lend_page_2(0x5a);
	for (i = 0; i < 20; i++)
		ask(i % 3 == 1 ? 6 : 5, i % 3);
	copy_ring_serve(v);
	cr_assert_eq(r->done, 20);
	for (i = 0; i < 20; i++)
		cr_assert_eq(r->status[i], i % 3 == 1 ? GNTST_general_error : 0, "copy %u: %d", i, r->status[i]);
	cr_assert(byte_of(dom[1], 0) == 0x5a && byte_of(dom[1], 1) == 0 && byte_of(dom[1], 2) == 0x5a);
	cr_assert_eq(entry(dom[0], 5)->flags, GTF_permit_access | GTF_readonly);
	/* Taken back: the same operation does nothing any more. */
	entry(dom[0], 5)->flags = 0;
	ask(5, 1);
	copy_ring_serve(v);
	cr_assert(r->done == 21 && r->status[20] == GNTST_general_error && byte_of(dom[1], 1) == 0);
	/* More than there is room for: the domain's end, and nothing is copied. */
	r->asked = r->done + PVN_COPY_RING + 1;
	copy_ring_serve(v);
	cr_assert(dom[1]->is_shut_down && r->done == 21);
}

/* Who copies in a stream is served without asking, for a while; who copies too much waits for the next window. */
Test(paravaned_grants, copy_ring_awake)
{
	struct pvn_copy_ring *r = ring(dom[1]);
	struct vcpu *v = &dom[1]->vcpu[0];
	unsigned i;

	lend_page_2(0x11);
	copy_ring_serve(v);
	copy_ring_serve(v);
	cr_assert_eq(r->awake, 0, "on one CPU nobody polls");
	machine.nr_cpus = 2;
	for (i = 0; i < 100 && !r->awake; i++)
		copy_ring_serve(v);
	cr_assert_eq(r->awake, 1);
	ask(5, 0);
	cr_assert_eq(pvn_loop_once(machine.loop, UINT64_MAX), 0);
	cr_assert(r->done == 1 && byte_of(dom[1], 0) == 0x11);
	for (i = 0; i < 10000 && r->awake; i++)
		cr_assert_eq(pvn_loop_once(machine.loop, 1000000), 0);
	cr_assert_eq(r->awake, 0, "it went to sleep");
	/* The last copy of many: the window is used up. */
	request_throttled(dom[1], 400);
	dom[1]->copy_count = 255;
	ask(5, 1);
	copy_ring_serve(v);
	cr_assert(r->done == 2 && dom[1]->request_timer);
	ask(5, 2);
	copy_ring_serve(v);
	cr_assert_eq(r->done, 2);
	for (i = 0; i < 100 && dom[1]->request_timer; i++)
		cr_assert_eq(pvn_loop_once(machine.loop, 20000000), 0);
	copy_ring_serve(v);
	cr_assert(r->done == 3 && byte_of(dom[1], 2) == 0x11);
}
