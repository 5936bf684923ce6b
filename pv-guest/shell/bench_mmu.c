/* SPDX-License-Identifier: MIT */
/*
 * Command: bench mmu. The primitives of page tables as a kernel uses them, in a window of its own:
 *   mmu.pte_update_batched_ns  an entry of a batch that maps PAGES pages, or of one that unmaps
 *                              them again after use and flushes
 *   mmu.fault_ns               the first touch of a page that the tables have and the host has not
 *   mmu.switch_ns              other tables (MMUEXT_NEW_BASEPTR), and the first touch of a page that
 *                              they map to another frame than the ones before
 * bench/primitives.c does on the host what these cannot do without.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/string.h>
#include <pv/thread.h>
#include <pv/time.h>

#include "bench.h"

#define WINDOW		0x20000000000UL	/* a slot of the L4 that nothing else uses */
#define PAGES		128U
#define ROUNDS		31U

static char *frames[PAGES];
static struct mmu_update batch[PAGES];
static uint64_t l1_maddr;

static void *table_page(void)
{
	return page_alloc(0);
}

static int window_make(unsigned long va)
{
	int rc = table_make(va, 1, table_page);

	if (rc == 0)
		l1_maddr = virt_to_mfn(table_lookup(va, 1)) << PAGE_SHIFT;
	return rc;
}

/* From the last frame to the first: no two neighbours can be mapped as one. */
static int update_all(bool present)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		batch[i].ptr = (l1_maddr + i * sizeof(uint64_t)) | MMU_NORMAL_PT_UPDATE;
		batch[i].val = present ? (virt_to_mfn(frames[PAGES - 1 - i]) << PAGE_SHIFT) | PTE_RAM | PTE_NX : 0;
	}
	return (int)HYPERVISOR_mmu_update(batch, PAGES, NULL, DOMID_SELF);
}

static void flush_all(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };

	HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static uint64_t median_per(uint64_t *v, unsigned int per)
{
	bench_sort(v, ROUNDS);
	return v[ROUNDS / 2] * 1000 / per;
}

static int bench_updates(void)
{
	static uint64_t update[ROUNDS], fault[ROUNDS];

	for (unsigned int r = 0; r < ROUNDS; r++) {
		uint64_t t = now_ns();
		int rc = update_all(true);

		update[r] = now_ns() - t;
		if (rc != 0)
			return rc;
		t = now_ns();
		for (unsigned int i = 0; i < PAGES; i++)
			((volatile char *)WINDOW)[i * PAGE_SIZE] = 1;
		fault[r] = now_ns() - t;
		t = now_ns();
		rc = update_all(false);
		flush_all();
		update[r] += now_ns() - t;
		if (rc != 0)
			return rc;
	}
	bench_report("mmu.pte_update_batched_ns", median_per(update, 2 * PAGES));
	bench_report("mmu.fault_ns", median_per(fault, PAGES));
	return 0;
}

static int ext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return (int)HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* A page that the tables made below name and nothing maps writable. */
static uint64_t *table_like(const uint64_t *from)
{
	uint64_t *t = page_alloc(0);

	if (t == NULL)
		return NULL;
	memset(t, 0, PAGE_SIZE);
	if (from != NULL)
		memcpy(t, from, PAGE_SIZE);
	return t;
}

static int make_read_only(const void *page)
{
	return (int)HYPERVISOR_update_va_mapping(page, (virt_to_mfn(page) << PAGE_SHIFT) | PTE_RO | PTE_NX,
						 UVMF_INVLPG);
}

/* Tables like the kernel's own, but for the window: there one page, another frame. */
static int second_l4(mfn_t *l4_mfn)
{
	const uint64_t *own = table_lookup(WINDOW, 4);
	uint64_t *t[4] = { table_like(NULL), table_like(NULL), table_like(NULL), table_like(own) };
	uint64_t below = (virt_to_mfn(frames[1]) << PAGE_SHIFT) | PTE_RAM | PTE_NX;

	for (unsigned int level = 0; level < 4; level++) {
		unsigned int slot = (WINDOW >> (PAGE_SHIFT + 9 * level)) & (TABLE_ENTRIES - 1);

		if (t[level] == NULL)
			return -ENOMEM;
		t[level][slot] = below;
		if (level == 3)	/* the hypervisor fills these itself */
			memset(&t[level][256], 0, 16 * sizeof(uint64_t));
		if (make_read_only(t[level]) != 0)
			return -EINVAL;
		below = (virt_to_mfn(t[level]) << PAGE_SHIFT) | PTE_TABLE;
	}
	*l4_mfn = virt_to_mfn(t[3]);
	return ext(MMUEXT_PIN_L4_TABLE, *l4_mfn);
}

static int bench_switches(void)
{
	static uint64_t v[ROUNDS];
	mfn_t own = virt_to_mfn((void *)start_info->pt_base), other;
	int rc = update_all(true);

	if (rc == 0)
		rc = second_l4(&other);
	for (unsigned int r = 0; r < ROUNDS && rc == 0; r++) {
		unsigned long flags = irq_save();
		uint64_t t = now_ns();

		for (unsigned int i = 0; i < PAGES && rc == 0; i++) {
			rc = ext(MMUEXT_NEW_BASEPTR, i % 2 ? own : other);
			*(volatile char *)WINDOW = (char)i;
		}
		v[r] = now_ns() - t;
		irq_restore(flags);
	}
	if (rc == 0 && (frames[1][0] != PAGES - 2 || frames[PAGES - 1][0] != PAGES - 1)) {
		eprintf("bench: a switch of tables was none\n");
		return -EINVAL;
	}
	if (rc == 0)
		bench_report("mmu.switch_ns", median_per(v, PAGES));
	return rc;
}

static int cmd_bench_mmu(int argc, char **argv)
{
	int rc = window_make(WINDOW);

	for (unsigned int i = 0; i < PAGES && rc == 0; i++) {
		frames[i] = page_alloc_zeroed();
		if (frames[i] == NULL)
			rc = -ENOMEM;
	}
	if (rc == 0)
		rc = bench_updates();
	if (rc == 0)
		rc = bench_switches();
	if (rc != 0)
		eprintf("bench: mmu: %d\n", rc);
	return rc != 0; /* the tables stay: the domain was made for this */
}
SHELL_COMMAND("bench-mmu", cmd_bench_mmu, "- page-table updates, demand mapping, switches of tables");
