/* SPDX-License-Identifier: MIT */
/*
 * Direct paging under random operations, checked after each against a recount of all tables
 * (hv_mm_check.c).  What would break: a count that is wrong once is a frame that can be written
 * while it is a page table, or one that never comes back.
 *
 * A preempted operation is simulated by events that come at random: hv_exit_work is set, the
 * hypercall stops and the "guest" makes it again, or makes another one first.
 */
#include <criterion/criterion.h>
#include <hypercalls/dispatch.h>
#include "hv_mm_check.h"
#include "hv_shim.h"

#define STEPS	30000
#define REQ	60UL	/* pfn where requests lie; mapped by the shim's own tables */
#define DONE	61UL
#define FIRST	64	/* pfns the test plays with */
#define FRAMES	24

static uint64_t state;

static uint64_t rnd(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static uint64_t any_frame(void)
{
	return RAM(FIRST + rnd(FRAMES));
}

static uint64_t any_entry(void)
{
	static const uint64_t bad[] = { _PAGE_PAT, _PAGE_PWT, _PAGE_GLOBAL };
	uint64_t e = PTE(any_frame(), _PAGE_PRESENT);

	if (rnd(3) == 0)
		e |= _PAGE_RW;
	if (rnd(2))
		e |= _PAGE_USER;
	if (rnd(40) == 0)
		e |= bad[rnd(3)];
	if (rnd(40) == 0)
		e = PTE(RAM(SHIM_PAGES + 3), _PAGE_PRESENT);
	return rnd(4) ? e : rnd(2) ? 0 : e & ~_PAGE_PRESENT;
}

static void maybe_event(void)
{
	hv_exit_work = rnd(4) == 0;
}

/* The hypercall, and the rest of it as often as it is interrupted. */
static long call(uint64_t nr, uint64_t count)
{
	uint64_t a1 = REQ << PAGE_SHIFT, a2 = count, a3 = DONE << PAGE_SHIFT, a4 = DOMID_SELF;
	unsigned int rounds = 0;
	long rc;

	for (;;) {
		maybe_event();
		rc = hypercall_dispatch(a1, a2, a3, a4, 0, nr);
		mm_check(1);
		if (!vcpu.again.active)
			return rc;
		cr_assert_lt(++rounds, 10000, "it does not get on");
		vcpu.again.active = 0;
		if (rnd(8) == 0)
			return 0; /* the guest forgets about it */
		nr = vcpu.again.nr;
		a1 = vcpu.again.arg[0], a2 = vcpu.again.arg[1], a3 = vcpu.again.arg[2], a4 = vcpu.again.arg[3];
	}
}

static void random_updates(void)
{
	struct mmu_update *u = mfn_ptr(RAM(REQ));
	unsigned int i, n = 1 + (unsigned int)rnd(8);
	uint32_t *done = mfn_ptr(RAM(DONE));
	long rc;

	for (i = 0; i < n; i++) {
		u[i].ptr = (any_frame() << PAGE_SHIFT) + rnd(4) * 8 + (rnd(16) ? 0 : rnd(8));
		u[i].val = any_entry();
	}
	rc = call(__HYPERVISOR_mmu_update, n);
	if (rc == 0 && !rnd(1))
		cr_expect_leq(*done, n);
}

static void random_ext(void)
{
	static const unsigned int cmds[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE, MMUEXT_UNPIN_TABLE, MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE,
		MMUEXT_NEW_USER_BASEPTR,
	};
	struct mmuext_op *op = mfn_ptr(RAM(REQ));
	unsigned int i, n = 1 + (unsigned int)rnd(3);

	for (i = 0; i < n; i++) {
		op[i].cmd = cmds[rnd(ARRAY_SIZE(cmds))];
		op[i].arg1.mfn = any_frame();
		op[i].arg2.src_mfn = any_frame();
		if (op[i].cmd == MMUEXT_NEW_USER_BASEPTR && rnd(2))
			op[i].arg1.mfn = 0;
	}
	call(__HYPERVISOR_mmuext_op, n);
}

/* The guest writes what it can: frames that are no tables. */
static void random_store(void)
{
	uint64_t mfn = any_frame();
	struct page_info *pg = mfn_page(mfn);

	if (pg && (!pg->type_count || pg->type == PGT_writable))
		shim_table(mfn)[rnd(4)] = any_entry();
}

static void play(uint64_t seed)
{
	unsigned int i;

	state = seed;
	shim_reset();
	/* Nothing of the frames in play is mapped at first. */
	for (i = FIRST; i < FIRST + FRAMES; i++)
		shim_table(SHIM_L1)[i] = 0;
	cr_assert_eq(page_get_type(SHIM_L4, PGT_l4), 0);
	mm_check(1);
	for (i = 0; i < STEPS; i++) {
		switch (rnd(8)) {
		case 0: case 1: case 2:
			random_updates();
			break;
		case 3: case 4:
			random_ext();
			break;
		default:
			random_store();
		}
		mm_check(1);
	}
}

Test(paging_model, counts_agree_with_the_tables_1) { play(0x9e3779b97f4a7c15UL); }
Test(paging_model, counts_agree_with_the_tables_2) { play(0x2545f4914f6cdd1dUL); }

/* After everything is undone no reference is left. */
Test(paging_model, undoing_everything_leaves_nothing)
{
	unsigned int i;

	play(0xdeadbeefcafef00dUL);
	hv_exit_work = 0;
	mm_enter();
	pt_work_new_operation();
	for (i = 0; i < SHIM_PAGES; i++) {
		struct page_info *pg = mfn_page(RAM(i));

		if (pg->pinned) {
			pg->pinned = 0;
			page_put_type(RAM(i));
		}
	}
	if (vcpu.user_cr3_mfn)
		page_put_type(vcpu.user_cr3_mfn);
	page_put_type(vcpu.cr3_mfn);
	mm_leave();
	for (i = 0; i < SHIM_PAGES; i++)
		cr_assert_eq(mfn_page(RAM(i))->count, 0, "frame %u still has %u", i, mfn_page(RAM(i))->count);
}
