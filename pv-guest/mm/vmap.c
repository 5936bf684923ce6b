/* SPDX-License-Identifier: MIT */
/*
 * A window in the second 512 GiB for frames that are not in the direct map: grant frames,
 * and whatever else the machine gives. Address space is handed out by a bitmap.
 */
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/thread.h>

#define VMAP_BASE	0x8000000000UL
#define VMAP_PAGES	4096U

static uint64_t bitmap[VMAP_PAGES / 64];
static spinlock_t vmap_lock = SPINLOCK_INIT;

static bool taken(unsigned int i)
{
	return bitmap[i / 64] >> (i % 64) & 1;
}

static void mark(unsigned int first, unsigned int n, bool used)
{
	for (unsigned int i = first; i < first + n; i++) {
		if (used)
			bitmap[i / 64] |= 1ULL << (i % 64);
		else
			bitmap[i / 64] &= ~(1ULL << (i % 64));
	}
}

/* First fit, with a free page after each window as a guard. */
static long find(unsigned int n)
{
	unsigned int run = 0;

	for (unsigned int i = 0; i < VMAP_PAGES; i++) {
		run = taken(i) ? 0 : run + 1;
		if (run == n + 1)
			return i - n;
	}
	return -1;
}

static void *table_page(void)
{
	return page_alloc(0);
}

static void unmap(unsigned long va, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		HYPERVISOR_update_va_mapping(va + i * PAGE_SIZE, 0, UVMF_INVLPG | UVMF_ALL);
}

static int map(unsigned long va, const mfn_t *mfns, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		long rc = table_make(va + i * PAGE_SIZE, 1, table_page);

		if (rc == 0)
			rc = HYPERVISOR_update_va_mapping(va + i * PAGE_SIZE,
							  (mfns[i] << PAGE_SHIFT) | PTE_RAM | PTE_NX,
							  UVMF_INVLPG);
		if (rc != 0) {
			unmap(va, i);
			return (int)rc;
		}
	}
	return 0;
}

void *vmap(const mfn_t *mfns, unsigned int n)
{
	unsigned long flags = spin_lock_irqsave(&vmap_lock);
	long first = n == 0 ? -1 : find(n);
	unsigned long va = VMAP_BASE + first * PAGE_SIZE;
	int rc = -ENOMEM;

	if (first >= 0)
		rc = map(va, mfns, n);
	if (rc == 0)
		mark(first, n, true);
	spin_unlock_irqrestore(&vmap_lock, flags);
	if (rc != 0)
		printk("mm: cannot map %u frames: %d\n", n, rc);
	return rc == 0 ? (void *)va : NULL;
}

void vunmap(void *va, unsigned int n)
{
	unsigned long flags = spin_lock_irqsave(&vmap_lock);

	unmap((unsigned long)va, n);
	mark(((unsigned long)va - VMAP_BASE) >> PAGE_SHIFT, n, false);
	spin_unlock_irqrestore(&vmap_lock, flags);
}
