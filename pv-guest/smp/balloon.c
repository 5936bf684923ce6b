/* SPDX-License-Identifier: MIT */
/*
 * The balloon: memory/target in the store says how much memory the toolstack wants us to have (xl
 * mem-set). Pages beyond it leave the direct map and go back to the hypervisor; the p2m has
 * holes where they were, which are filled when more is allowed. We began with what the builder gave,
 * and never have more.
 *
 * One thread moves the size; the stress command does too, under the same lock.
 */
#include <pv/balloon.h>
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/shell.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/user_mm.h>
#include <pv/xenbus.h>

#define BATCH		64U
#define RETRY_NS	NSEC_PER_SEC

static struct mutex balloon_lock = MUTEX_INIT(balloon_lock);
static struct wait_queue target_wq = WAIT_QUEUE_INIT(target_wq);
static uint64_t out_pages;		/* given back */
static uint64_t target_pages;		/* 0: no wish yet */
static uint32_t holes = PFN_NONE;	/* pfns without a frame, by pages[].next */

uint64_t balloon_out(void)
{
	return __atomic_load_n(&out_pages, __ATOMIC_RELAXED);
}

static int map_page(uint64_t pfn, uint64_t entry)
{
	return (int)HYPERVISOR_update_va_mapping(pfn_to_virt(pfn), entry, UVMF_INVLPG | UVMF_ALL);
}

/* n <= BATCH free pages back to the hypervisor; how many went. */
static unsigned int give(unsigned int n)
{
	xen_pfn_t mfns[BATCH];
	struct xen_memory_reservation r = { .domid = DOMID_SELF };
	unsigned int got = 0;
	long done;

	while (got < n) {
		void *page = user_page_room() ? page_alloc(0) : NULL;
		uint64_t pfn;

		if (page == NULL)
			break;
		pfn = virt_to_pfn(page);
		mfns[got] = pfn_to_mfn(pfn);
		if (map_page(pfn, 0) != 0) {
			page_free(page, 0);
			break;
		}
		p2m[pfn] = INVALID_MFN;
		pages[pfn].next = holes;
		holes = (uint32_t)pfn;
		got++;
	}
	if (got == 0)
		return 0;
	set_xen_guest_handle(r.extent_start, mfns);
	r.nr_extents = got;
	done = HYPERVISOR_memory_op(XENMEM_decrease_reservation, &r);
	BUG_ON(done != (long)got);
	out_pages += got;
	return got;
}

/* n <= BATCH pages more; how many came. */
static unsigned int take(unsigned int n)
{
	xen_pfn_t list[BATCH];
	struct xen_memory_reservation r = { .domid = DOMID_SELF };
	uint32_t pfn = holes;
	long got;

	n = (unsigned int)MIN((uint64_t)n, out_pages);
	if (n == 0)
		return 0;
	for (unsigned int i = 0; i < n; i++, pfn = pages[pfn].next)
		list[i] = pfn;
	set_xen_guest_handle(r.extent_start, list);
	r.nr_extents = n;
	got = HYPERVISOR_memory_op(XENMEM_populate_physmap, &r);
	for (long i = 0; i < got; i++) {
		pfn = holes;
		holes = pages[pfn].next;
		out_pages--;
		p2m[pfn] = list[i];
		BUG_ON(map_page(pfn, (list[i] << PAGE_SHIFT) | PTE_RAM | PTE_NX) != 0);
		page_free(pfn_to_virt(pfn), 0);
	}
	return got > 0 ? (unsigned int)got : 0;
}

int balloon_set(uint64_t want)
{
	int rc = 0;

	mutex_lock(&balloon_lock);
	while (rc == 0 && max_pfn - out_pages != want) {
		uint64_t now = max_pfn - out_pages;
		unsigned int n = (unsigned int)MIN(now > want ? now - want : want - now,
						   (uint64_t)BATCH);

		if ((now > want ? give(n) : take(n)) == 0)
			rc = now > want ? -EBUSY : -ENOMEM;
	}
	mutex_unlock(&balloon_lock);
	return rc;
}

/* Less than all of it is not to be had at once: it tries again. */
static void balloon_thread(void *arg)
{
	uint64_t done = 0;

	for (;;) {
		uint64_t want = __atomic_load_n(&target_pages, __ATOMIC_ACQUIRE);

		if (want != done && want != 0) {
			if (balloon_set(MIN(want, max_pfn)) == 0)
				done = want;
			else
				sleep_ns(RETRY_NS);
			continue;
		}
		wait_event(&target_wq, __atomic_load_n(&target_pages, __ATOMIC_ACQUIRE) != done);
	}
}

/* In KiB. */
static void target_event(struct xenbus_watch *w, const char *path)
{
	uint64_t kib;

	if (xenbus_read_u64(XS_NO_TX, "memory", "target", &kib) != 0 || kib == 0)
		return;
	__atomic_store_n(&target_pages, kib / 4, __ATOMIC_RELEASE);
	wake_up(&target_wq);
}

static struct xenbus_watch target_watch = { .path = "memory/target", .callback = target_event };

static int balloon_init(void)
{
	if (!xenstore_present())
		return 0;
	target_pages = max_pfn;
	if (thread_create("balloon", balloon_thread, NULL) == NULL)
		return -ENOMEM;
	return xenbus_watch(&target_watch);
}
INITCALL(INIT_LATE, balloon_init);
