/* SPDX-License-Identifier: MIT */
/*
 * Stress: TLB shoot-down. One address shows one of two frames after the other. All vCPUs look at
 * it, the entry changes, the hypervisor is asked to flush (each way in turn), and all look again:
 * whoever still sees the old frame kept a translation he had to forget.
 */
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/smp.h>
#include <pv/thread.h>

#include "stress.h"

static uint64_t *frame[2];
static volatile uint64_t *window;
static unsigned int shown;

struct look {
	uint64_t want;
	uint64_t wrong;		/* vCPUs that saw something else */
};

static bool tlb_begin(struct stress *s)
{
	mfn_t mfn;

	for (unsigned int i = 0; i < 2; i++) {
		if (frame[i] == NULL)
			frame[i] = page_alloc(0);
		if (frame[i] == NULL)
			return false;
		frame[i][0] = 0xf0f0f0f000000000UL + i;
	}
	shown = 0;
	mfn = virt_to_mfn(frame[0]);
	window = vmap(&mfn, 1);
	return window != NULL;
}

static void look(void *arg)
{
	struct look *l = arg;

	if (window[0] != l->want)
		__atomic_fetch_or(&l->wrong, 1UL << this_cpu()->id, __ATOMIC_ACQ_REL);
}

static bool all_see(struct stress *s, const char *how)
{
	struct look l = { .want = frame[shown][0] };

	smp_call(~0UL, look, &l);
	if (l.wrong != 0)
		return stress_fail(s, "after %s vCPUs %lx saw the old frame", how, l.wrong);
	return true;
}

static long show(unsigned int i, unsigned long flags)
{
	shown = i;
	return HYPERVISOR_update_va_mapping(window, (virt_to_mfn(frame[i]) << PAGE_SHIFT) | PTE_RAM |
					    PTE_NX, flags);
}

static long ext(unsigned int cmd, uint64_t *mask)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = (unsigned long)window };

	if (mask != NULL)
		set_xen_guest_handle(op.arg2.vcpumask, mask);
	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static bool tlb_round(struct stress *s, unsigned int w)
{
	static const struct {
		const char *how;
		unsigned int cmd;
	} ways[] = {
		{ "update_va_mapping", 0 },
		{ "INVLPG_ALL", MMUEXT_INVLPG_ALL },
		{ "INVLPG_MULTI", MMUEXT_INVLPG_MULTI },
		{ "TLB_FLUSH_ALL", MMUEXT_TLB_FLUSH_ALL },
		{ "TLB_FLUSH_MULTI", MMUEXT_TLB_FLUSH_MULTI },
	};
	unsigned int way = s->operations % ARRAY_SIZE(ways);
	uint64_t mask = cpus_possible;
	bool multi = ways[way].cmd == MMUEXT_INVLPG_MULTI || ways[way].cmd == MMUEXT_TLB_FLUSH_MULTI;
	long rc;

	if (!all_see(s, "nothing"))
		return false;
	rc = show(!shown, way == 0 ? UVMF_INVLPG | UVMF_ALL : 0);
	if (rc == 0 && way != 0)
		rc = ext(ways[way].cmd, multi ? &mask : NULL);
	if (rc != 0)
		return stress_fail(s, "%s: %ld", ways[way].how, rc);
	return all_see(s, ways[way].how);
}

static bool tlb_end(struct stress *s)
{
	vunmap((void *)(uintptr_t)window, 1);
	return true;
}

struct stress stress_tlb = {
	.name = "tlb", .workers = 1, .begin = tlb_begin, .round = tlb_round, .end = tlb_end,
};
