/* SPDX-License-Identifier: MIT */
/*
 * FIFO event channels: the rules one by one, then a guest that keeps them against a checker of the
 * invariants of hv/fifo.c, then a guest that writes anything anywhere.
 * What would break: lost or doubled events, a queue that runs into another one, a dead image.
 */
#include <criterion/criterion.h>
#include <hypercalls/dispatch.h>
#include <stdlib.h>
#include "hv_shim.h"

#define NR_PORTS	2048U		/* two array pages */
#define ARRAY(i)	RAM(20 + (i))
#define CONTROL(v)	RAM(30 + (v))
#define ARG		(50UL << PAGE_SHIFT)
#define PENDING		(1U << EVTCHN_FIFO_PENDING)
#define MASKED		(1U << EVTCHN_FIFO_MASKED)
#define LINKED		(1U << EVTCHN_FIFO_LINKED)
#define BUSY		(1U << EVTCHN_FIFO_BUSY)
#define LINK(w)		((w) & EVTCHN_FIFO_LINK_MASK)

static event_word_t *word(uint32_t port)
{
	return (event_word_t *)mfn_ptr(ARRAY(port / 1024)) + port % 1024;
}

static struct evtchn_fifo_control_block *control(unsigned int v)
{
	return (void *)((char *)mfn_ptr(CONTROL(v)) + 64);
}

static long op(int cmd, const void *arg, size_t n)
{
	memcpy(guest_ptr(ARG, 1), arg, n);
	return do_event_channel_op((uint64_t)cmd, ARG, 0, 0, 0);
}
#define OP(name, ...) op(EVTCHNOP_##name, &(struct evtchn_##name){ __VA_ARGS__ }, sizeof(struct evtchn_##name))

static unsigned int refs;	/* of each frame from the start: mapped writable */

static void running(void)
{
	uint32_t p;

	shim_reset();
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
	refs = mfn_page(ARRAY(0))->count;
	header.nr_vcpus = 2;
	header.valid_ports = NR_PORTS;
	for (p = 1; p < NR_PORTS; p++)
		port_table[p] = (struct pvn_port){ .state = PVN_PORT_LOOPBACK, .remote_port = p };
}

static void fifo_on(unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		cr_assert_eq(OP(init_control, .control_gfn = CONTROL(i), .offset = 64, .vcpu = i), 0);
	for (i = 0; i < pages; i++)
		cr_assert_eq(OP(expand_array, .array_gfn = ARRAY(i)), 0);
}

TestSuite(fifo, .init = running);

Test(fifo, set_up_errors)
{
	struct evtchn_init_control *c = guest_ptr(ARG, 1);

	cr_expect_eq(OP(expand_array, .array_gfn = ARRAY(0)), -XEN_EOPNOTSUPP);
	cr_expect_eq(OP(set_priority, .port = 5, .priority = 3), -XEN_ENOSYS);
	cr_expect_eq(OP(init_control, .control_gfn = CONTROL(0), .vcpu = 2), -XEN_ENOENT);
	cr_expect_eq(OP(init_control, .control_gfn = CONTROL(0), .offset = 4096 - 64), -XEN_EINVAL);
	cr_expect_eq(OP(init_control, .control_gfn = CONTROL(0), .offset = 12), -XEN_EINVAL);
	cr_expect_eq(OP(init_control, .control_gfn = SHIM_L1), -XEN_EINVAL, "a page table");
	cr_expect_eq(OP(init_control, .control_gfn = 1), -XEN_EINVAL, "not ours");
	cr_expect_not(this_domain.fifo.active, "what failed changes nothing");
	cr_expect_eq(OP(init_control, .control_gfn = CONTROL(0), .offset = 4096 - 72), 0);
	cr_expect_eq(c->link_bits, 17);
	cr_expect_eq(OP(init_control, .control_gfn = CONTROL(1), .offset = 0), -XEN_EINVAL, "twice");
	cr_expect_eq(mfn_page(CONTROL(1))->count, refs, "and lets go of the page");
	cr_expect_eq(OP(expand_array, .array_gfn = SHIM_L1), -XEN_EINVAL);
	cr_expect_eq(OP(expand_array, .array_gfn = ARRAY(0)), 0);
	cr_expect_eq(mfn_page(ARRAY(0))->type, PGT_writable);
	cr_expect_eq(mfn_page(ARRAY(0))->type_count, refs + 1);
	cr_expect_eq(OP(set_priority, .port = 5, .priority = 16), -XEN_EINVAL);
	cr_expect_eq(OP(set_priority, .port = NR_PORTS, .priority = 1), -XEN_EINVAL);
	port_table[5].state = PVN_PORT_FREE;
	cr_expect_eq(OP(set_priority, .port = 5, .priority = 1), -XEN_EACCES);
}

Test(fifo, array_has_128_pages)
{
	int i;

	fifo_on(0);
	for (i = 0; i < 128; i++)
		cr_assert_eq(OP(expand_array, .array_gfn = ARRAY(0)), 0);
	cr_expect_eq(OP(expand_array, .array_gfn = ARRAY(0)), -XEN_ENOSPC);
	cr_expect_eq(mfn_page(ARRAY(0))->type_count, refs + 128);
	cr_expect_eq(OP(reset, .dom = DOMID_SELF), 0);
	cr_expect_eq(mfn_page(ARRAY(0))->count, refs);
}

Test(fifo, events_hang_behind_each_other)
{
	fifo_on(1);
	evtchn_set_pending(5);
	cr_expect_eq(*word(5), PENDING | LINKED);
	cr_expect_eq(control(0)->head[7], 5);
	cr_expect_eq(control(0)->ready, 1U << 7);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_pending, 1);
	cr_expect_eq(shared_info_page.evtchn_pending[0], 0, "not the 2-level bit");
	evtchn_set_pending(6);
	evtchn_set_pending(5);
	evtchn_set_pending(7);
	cr_expect_eq(control(0)->head[7], 5);
	cr_expect_eq(*word(5), PENDING | LINKED | 6);
	cr_expect_eq(*word(6), PENDING | LINKED | 7);
	cr_expect_eq(*word(7), PENDING | LINKED);
}

Test(fifo, masked_is_not_linked_until_unmask)
{
	fifo_on(1);
	*word(5) = MASKED;
	evtchn_set_pending(5);
	cr_expect_eq(*word(5), PENDING | MASKED);
	cr_expect_eq(control(0)->ready, 0);
	cr_expect_eq(vcpu_info_ptr->evtchn_upcall_pending, 0);
	cr_expect(evtchn_port_pending(5));
	cr_expect_eq(OP(unmask, .port = 5), 0);
	cr_expect_eq(*word(5), PENDING | LINKED);
	cr_expect_eq(control(0)->head[7], 5);
}

Test(fifo, each_priority_has_its_queue)
{
	fifo_on(1);
	cr_assert_eq(OP(set_priority, .port = 5, .priority = 0), 0);
	cr_assert_eq(OP(set_priority, .port = 6, .priority = 15), 0);
	evtchn_set_pending(5);
	evtchn_set_pending(6);
	cr_expect_eq(control(0)->ready, 1U << 15 | 1U);
	cr_expect(control(0)->head[0] == 5 && control(0)->head[15] == 6);
	cr_assert_eq(OP(set_priority, .port = 5, .priority = 3), 0);
	evtchn_set_pending(5);
	cr_expect_eq(control(0)->ready, 1U << 15 | 1U, "linked already: it stays");
}

Test(fifo, pending_before_its_page_comes)
{
	evtchn_set_pending(9);	/* 2-level */
	fifo_on(1);
	cr_expect_eq(*word(9), PENDING | LINKED, "taken along");
	evtchn_set_pending(1500);
	cr_expect_eq(this_domain.fifo.early[1500 / 64], 1UL << 1500 % 64);
	cr_assert_eq(OP(expand_array, .array_gfn = ARRAY(1)), 0);
	cr_expect_eq(*word(1500), PENDING | LINKED);
	cr_expect_eq(LINK(*word(9)), 1500);
}

Test(fifo, reset_goes_back_to_two_levels)
{
	fifo_on(2);
	evtchn_set_pending(5);
	shim_machine_ret = 0;
	cr_expect_eq(OP(reset, .dom = DOMID_SELF), 0);
	cr_expect_not(*word(5) & PENDING);
	cr_expect(mfn_page(ARRAY(0))->count == refs && mfn_page(ARRAY(1))->count == refs &&
		  mfn_page(CONTROL(0))->count == refs && mfn_page(CONTROL(1))->count == refs);
	evtchn_set_pending(5);
	cr_expect_not(*word(5) & PENDING, "that page is the guest's alone now");
	cr_expect_eq(shared_info_page.evtchn_pending[0], 1UL << 5);
	memset(word(0), 0, 4096);
	fifo_on(1);
	cr_expect_eq(*word(5), PENDING | LINKED, "and again");
}

Test(fifo, closing_leaves_it_linked_and_not_pending)
{
	fifo_on(1);
	evtchn_set_pending(5);
	evtchn_set_pending(6);
	cr_expect_eq(OP(close, .port = 5), 0);
	cr_expect_eq(*word(5), LINKED | 6, "the chain holds");
	port_table[5].state = PVN_PORT_FREE;
	cr_expect(fifo_is_busy(5));
	evtchn_set_pending(5);
	cr_expect_eq(*word(5), LINKED | 6, "nothing comes for a closed port");
}

static uint32_t asked_from;
static int64_t give_port(const struct pvn_request *q)
{
	asked_from = (uint32_t)q->a[4];
	return asked_from ? asked_from : 1;
}

Test(fifo, linked_port_is_not_used_again)
{
	fifo_on(1);
	port_table[5].state = port_table[6].state = PVN_PORT_FREE;
	*word(5) = LINKED;
	shim_machine_answer = give_port;
	cr_expect_eq(OP(bind_ipi, .vcpu = 0), 0);
	cr_expect_eq(asked_from, 6);
}

Test(fifo, moved_port_is_linked_where_it_notifies_now)
{
	fifo_on(1);
	evtchn_set_pending(5);
	*word(5) &= ~(LINKED | PENDING);	/* consumed: queue 0/7 ran empty, tail still 5 */
	cr_expect_eq(OP(bind_vcpu, .port = 5, .vcpu = 1), 0);
	evtchn_set_pending(5);
	cr_expect_eq(*word(5), 0, "the other vCPU's process links it");
	cr_expect_eq(pvcpu(1).pending[0], 1UL << 5);
	cr_expect_eq(shim.kicks, 1);
	vcpu.id = 1;
	evtchn_drain();
	cr_expect_eq(control(1)->head[7], 5);
	vcpu.id = 0;
	evtchn_set_pending(6);
	cr_expect_eq(control(0)->head[7], 6);
	cr_expect_eq(LINK(*word(5)), 0, "vCPU 0's queue does not run into vCPU 1's");
}

Test(fifo, move_takes_along_what_nobody_took)
{
	header.nr_vcpus = 3;
	port_table[5].vcpu = 1;
	evtchn_set_pending(5);
	cr_expect_eq(OP(bind_vcpu, .port = 5, .vcpu = 2), 0);
	cr_expect_eq(pvcpu(1).pending[0], 0);
	cr_expect_eq(pvcpu(2).pending[0], 1UL << 5);
	cr_expect_eq(OP(bind_vcpu, .port = 5, .vcpu = 0), 0);
	cr_expect_eq(shared_info_page.evtchn_pending[0], 1UL << 5);
}

Test(fifo, poll_asks_the_abi_in_force)
{
	struct sched_poll *p = guest_ptr(ARG, 1);
	evtchn_port_t *port = guest_ptr(ARG + 64, 1);

	fifo_on(1);
	*word(5) = MASKED;
	*port = 5;
	evtchn_set_pending(5);
	*p = (struct sched_poll){ .nr_ports = 1, .ports.p = (void *)(ARG + 64) };
	cr_expect_eq(do_sched_op(SCHEDOP_poll, ARG, 0, 0, 0), 0);
	cr_expect_eq(shim.waits, 0);
}

/* --- a guest that keeps the rules --- */

static uint32_t guest_head[2][16], guest_ready[2];
static unsigned char is_masked[NR_PORTS], raised[NR_PORTS];
static unsigned int taken;

static unsigned char is_on_its_way(uint32_t port)
{
	return (pvcpu(0).pending[port / 64] | pvcpu(1).pending[port / 64]) >> port % 64 & 1;
}

/* One event of the highest queue of vCPU v, as the ABI says a guest takes it. */
static int guest_take(unsigned int v)
{
	unsigned int q;
	uint32_t port, w;

	guest_ready[v] |= __atomic_exchange_n(&control(v)->ready, 0, __ATOMIC_SEQ_CST);
	if (!guest_ready[v])
		return 0;
	q = (unsigned int)__builtin_ctz(guest_ready[v]);
	port = guest_head[v][q] ? guest_head[v][q] : control(v)->head[q];
	cr_assert(port && port < NR_PORTS, "vcpu %u queue %u: head %u", v, q, port);
	w = __atomic_fetch_and(word(port), ~(LINKED | (uint32_t)EVTCHN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);
	cr_assert(w & LINKED, "port %u is in a queue and not linked", port);
	cr_assert_not(w & BUSY);
	guest_head[v][q] = LINK(w);
	if (!LINK(w))
		guest_ready[v] &= ~(1U << q);
	if ((w & PENDING) && !(w & MASKED)) {
		__atomic_fetch_and(word(port), ~PENDING, __ATOMIC_SEQ_CST);
		cr_assert(raised[port], "port %u came and was not raised", port);
		raised[port] = is_on_its_way(port); /* raised again, and not linked yet */
		taken++;
	}
	return 1;
}

static unsigned char seen[NR_PORTS];

static void check_queue(unsigned int v, unsigned int q)
{
	uint32_t port = guest_head[v][q], tail = this_domain.fifo.vcpu[v].tail[q], last = 0;
	int in_use = (guest_ready[v] | control(v)->ready) >> q & 1;

	cr_assert(tail < NR_PORTS);
	if (tail)
		cr_assert(this_domain.fifo.last[tail].vcpu == v && this_domain.fifo.last[tail].priority == q,
			  "invariant 2: %u is the tail of two queues", tail);
	if (!port && in_use)
		port = control(v)->head[q];
	for (; port; port = LINK(*word(port))) {
		cr_assert_lt(port, NR_PORTS);
		cr_assert_not(seen[port], "port %u hangs in two places", port);
		seen[port] = 1;
		cr_assert(*word(port) & LINKED, "invariant 3: port %u", port);
		last = port;
	}
	if (last)
		cr_assert_eq(last, tail, "invariant 1: %u hangs last, the tail is %u", last, tail);
}

static void check(void)
{
	unsigned int v, q;
	uint32_t p;

	memset(seen, 0, sizeof(seen));
	for (v = 0; v < 2; v++)
		for (q = 0; q < 16; q++)
			check_queue(v, q);
	for (p = 0; p < NR_PORTS; p++)
		cr_assert_eq(!!(*word(p) & LINKED), seen[p], "invariant 3: port %u is lost", p);
	cr_assert_eq(this_domain.fifo.lock, 0);
}

static void drain_both(void)
{
	unsigned int v, was = vcpu.id;

	for (v = 0; v < 2; v++) {
		vcpu.id = v;
		evtchn_drain();
	}
	vcpu.id = was;
}

static void honest_step(void)
{
	uint32_t p = 1 + (uint32_t)rand() % 24, v = (uint32_t)rand() & 1;

	if (p > 20)
		p += 1200;
	vcpu.id = (uint32_t)rand() & 1;
	switch (rand() % 8) {
	case 0:
		is_masked[p] = 1;
		__atomic_fetch_or(word(p), MASKED, __ATOMIC_SEQ_CST);
		break;
	case 1:
		is_masked[p] = 0;
		cr_assert_eq(OP(unmask, .port = p), 0);
		break;
	case 2:
		cr_assert_eq(OP(bind_vcpu, .port = p, .vcpu = v), 0);
		break;
	case 3:
		cr_assert_eq(OP(set_priority, .port = p, .priority = (uint32_t)rand() % 4 * 5), 0);
		break;
	case 4:
		guest_take(v);
		break;
	default:
		raised[p] = 1;
		evtchn_set_pending(p);
	}
	if (rand() & 1)
		drain_both();
}

Test(fifo, honest_guest_gets_every_event_once)
{
	uint32_t p;
	int i;

	fifo_on(2);
	srand(7);
	for (i = 0; i < 200000; i++) {
		honest_step();
		if (i % 8 == 0)
			check();
	}
	for (p = 1; p < NR_PORTS; p++)
		if (is_masked[p])
			OP(unmask, .port = p);
	drain_both();
	while (guest_take(0) || guest_take(1))
		check();
	for (p = 1; p < NR_PORTS; p++)
		cr_assert_not(raised[p], "the event of port %u is lost", p);
	cr_assert_gt(taken, 10000);
}

/* --- a guest that does not --- */

static void mutate(void)
{
	uint32_t *page = mfn_ptr(rand() & 1 ? ARRAY(rand() & 1) : CONTROL(rand() & 1));
	uint32_t n = (uint32_t)rand() % 32, at = n < 24 ? n : (uint32_t)rand() % 1024;

	page[at] = rand() & 1 ? (uint32_t)rand() << 16 ^ (uint32_t)rand() << 1 : page[at] ^ 1U << (rand() & 31);
}

Test(fifo, hostile_words_hurt_nobody)
{
	unsigned int v, q;
	int i;

	fifo_on(2);
	srand(11);
	for (i = 0; i < 300000; i++) {
		uint32_t p = 1 + (uint32_t)rand() % 24;

		mutate();
		vcpu.id = (uint32_t)rand() & 1;
		if (rand() % 3 == 0)
			OP(unmask, .port = p);
		else if (rand() % 4 == 0)
			OP(bind_vcpu, .port = p, .vcpu = (uint32_t)rand() & 1);
		else
			evtchn_set_pending(p);
		drain_both();
		for (v = 0; v < 2; v++)
			for (q = 0; q < 16; q++) {
				uint32_t tail = this_domain.fifo.vcpu[v].tail[q];

				cr_assert_lt(tail, NR_PORTS);
				cr_assert(!tail || this_domain.fifo.last[tail].vcpu == v);
			}
		cr_assert_eq(this_domain.fifo.lock, 0);
	}
	cr_assert_eq(mfn_page(ARRAY(0))->type_count, refs + 1);
	cr_expect_eq(OP(reset, .dom = DOMID_SELF), 0);
	cr_expect_eq(mfn_page(ARRAY(0))->count, refs);
}
