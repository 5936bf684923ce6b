/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: page tables and the reservation, with inputs that reach deep.  The guest's own address
 * space stays as it is; 24 frames of it are played with: written as data, made tables, linked to each
 * other, pinned, mapped, given back and taken anew, with operations that are interrupted and not
 * always taken up again.  Checked after each step: a recount of every table (hv_mm_check.c), exactly.
 */
#include "tests/fuzz/hv.h"
#include <hypercalls/dispatch.h>
#include <xen/memory.h>

#define STEPS	128
#define FIRST	64U
#define FRAMES	24U
#define DONE	(ARG + 0x1800)

static uint64_t frame(struct tape *t)
{
	uint8_t b = tape_u8(t);

	if (b >= 250)
		return RAM(b); /* somebody else's: not populated, or in use */
	return RAM(b & 32 ? SHIM_PAGES + b % 8 : FIRST + b % FRAMES);
}

static uint64_t entry(struct tape *t)
{
	uint8_t f = tape_u8(t);
	uint64_t mfn = frame(t), e = PTE(mfn, f & 0x67);

	if (f & 0x08)
		e |= _PAGE_PAT;
	if (f & 0x10)
		e ^= _PAGE_PRESENT;
	if (f & 0x80)
		e |= _PAGE_NX;
	return e;
}

/* Few slots, so that they meet again; the last ones are the hypervisor's in an L4. */
static unsigned int slot(struct tape *t)
{
	static const unsigned int slots[] = { 0, 1, 2, 3, 255, 256, 271, 511 };

	return slots[tape_u8(t) % ARRAY_SIZE(slots)];
}

static void call(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint8_t how)
{
	const uint64_t a[5] = { a0, a1, a2, a3 };

	fuzz_call(nr, a, how);
}

static void updates(struct tape *t, uint8_t how)
{
	struct mmu_update *u = mfn_ptr(RAM(ARG_PFN));
	unsigned int i, n = 1 + (how >> 2) % 8;

	for (i = 0; i < n; i++) {
		uint64_t mfn = frame(t);

		u[i].ptr = (mfn << PAGE_SHIFT) + slot(t) * 8;
		if (how & 0x80)
			u[i].ptr |= i % 4;
		u[i].val = entry(t);
	}
	call(__HYPERVISOR_mmu_update, ARG, n, DONE, DOMID_SELF, how);
}

static void extended(struct tape *t, uint8_t how)
{
	static const unsigned int cmds[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE, MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE, MMUEXT_NEW_USER_BASEPTR,
		MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_INVLPG_ALL, MMUEXT_UNPIN_TABLE,
	};
	struct mmuext_op *op = mfn_ptr(RAM(ARG_PFN));
	unsigned int i, n = 1 + (how >> 2) % 4;

	for (i = 0; i < n; i++) {
		op[i].cmd = cmds[tape_u8(t) % ARRAY_SIZE(cmds)];
		op[i].arg1.mfn = frame(t);
		op[i].arg2.src_mfn = frame(t);
		if (op[i].cmd == MMUEXT_NEW_USER_BASEPTR && (how & 0x80))
			op[i].arg1.mfn = 0;
	}
	call(__HYPERVISOR_mmuext_op, ARG, n, DONE, DOMID_SELF, how);
}

static void mapping(struct tape *t, uint8_t how)
{
	uint64_t pfn = FIRST + tape_u8(t) % FRAMES;

	call(__HYPERVISOR_update_va_mapping, pfn << PAGE_SHIFT, entry(t), how >> 2 & 3, 0, how);
}

static void balloon(struct tape *t, uint8_t how)
{
	static const unsigned int cmds[] = { XENMEM_decrease_reservation, XENMEM_populate_physmap,
					     XENMEM_increase_reservation };
	struct xen_memory_reservation *m = mfn_ptr(RAM(ARG_PFN));
	uint64_t *extent = (uint64_t *)(m + 1);
	unsigned int i, n = 1 + (how >> 2) % 4;

	*m = (struct xen_memory_reservation){ .nr_extents = n, .extent_order = how >> 5 & 1,
					      .domid = DOMID_SELF };
	m->extent_start.p = (xen_pfn_t *)(ARG + sizeof(*m));
	for (i = 0; i < n; i++)
		extent[i] = frame(t);
	call(__HYPERVISOR_memory_op, cmds[tape_u8(t) % ARRAY_SIZE(cmds)], ARG, 0, 0, how);
}

/* The guest writes what it can: frames that are no tables. */
static void store(struct tape *t)
{
	uint64_t mfn = frame(t), e;
	struct page_info *pg = mfn_page(mfn);
	unsigned int s = slot(t);

	e = entry(t);
	if (pg && (!pg->type_count || pg->type == PGT_writable) && mfn - RAM(0) >= FIRST)
		shim_table(mfn)[s] = e;
}

static void step(struct tape *t)
{
	uint8_t op = tape_u8(t), how;

	if (op % 8 < 3) {
		store(t);
		return;
	}
	how = tape_u8(t);
	switch (op % 8) {
	case 3: case 4:
		updates(t, how);
		break;
	case 5:
		extended(t, how);
		break;
	case 6:
		mapping(t, how);
		break;
	default:
		balloon(t, how);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tape t;
	static unsigned int i;

	t = (struct tape){ data, size };
	fuzz_reset();
	for (i = 0; i < STEPS && t.left; i++) {
		if (!fuzz_alive())
			break;
		step(&t);
		fuzz_check(1);
	}
	return 0;
}
