/* SPDX-License-Identifier: MIT */
/*
 * Our grant table, version 1. Free references form a list through an array beside the table,
 * which grows by one frame (512 references) at a time. The entries are shared with whoever we
 * grant to: only flag bits are read back from them.
 */
#include <pv/boot.h>
#include <pv/cpu.h>
#include <pv/errno.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/thread.h>

#define MAX_FRAMES		32U
#define PER_FRAME		(PAGE_SIZE / sizeof(grant_entry_v1_t))
#define RESERVED_ENTRIES	((grant_ref_t)GNTTAB_NR_RESERVED_ENTRIES)
#define NO_REF			0

static grant_entry_v1_t *frames[MAX_FRAMES];
static uint16_t free_next[MAX_FRAMES * PER_FRAME];
static uint16_t free_head = NO_REF;	/* 0 is reserved, so it ends the list */
static unsigned int nr_frames;
static spinlock_t grant_lock = SPINLOCK_INIT;

static grant_entry_v1_t *entry(grant_ref_t ref)
{
	BUG_ON(ref >= nr_frames * PER_FRAME);
	return &frames[ref / PER_FRAME][ref % PER_FRAME];
}

/* One frame more: the hypervisor names it, we map it. Lock held. */
static int grow(void)
{
	xen_pfn_t list[MAX_FRAMES];
	mfn_t mfn;
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = nr_frames + 1 };
	grant_ref_t first = nr_frames * PER_FRAME;

	if (nr_frames == MAX_FRAMES)
		return -ENOSPC;
	set_xen_guest_handle(setup.frame_list, list);
	if (HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &setup, 1) != 0 ||
	    setup.status != GNTST_okay)
		return -ENOSPC;
	mfn = list[nr_frames];
	frames[nr_frames] = vmap(&mfn, 1);
	if (frames[nr_frames] == NULL)
		return -ENOMEM;
	nr_frames++;
	for (grant_ref_t r = nr_frames * PER_FRAME; r-- > MAX(first, RESERVED_ENTRIES);) {
		free_next[r] = free_head;
		free_head = r;
	}
	return 0;
}

void grant_init(void)
{
	unsigned long flags = spin_lock_irqsave(&grant_lock);
	int rc = grow();

	spin_unlock_irqrestore(&grant_lock, flags);
	if (rc != 0)
		printk("grant table: %d, no devices\n", rc);
}

int grant_alloc(grant_ref_t *ref)
{
	unsigned long flags = spin_lock_irqsave(&grant_lock);
	int rc = free_head == NO_REF ? grow() : 0;

	if (rc == 0) {
		*ref = free_head;
		free_head = free_next[free_head];
	}
	spin_unlock_irqrestore(&grant_lock, flags);
	return rc;
}

void grant_free(grant_ref_t ref)
{
	unsigned long flags = spin_lock_irqsave(&grant_lock);

	free_next[ref] = free_head;
	free_head = ref;
	spin_unlock_irqrestore(&grant_lock, flags);
}

/* The flags make the entry live, so they come last. */
void grant_set(grant_ref_t ref, domid_t domid, mfn_t mfn, bool readonly)
{
	volatile grant_entry_v1_t *e = entry(ref);

	e->frame = mfn;
	e->domid = domid;
	wmb();
	e->flags = GTF_permit_access | (readonly ? GTF_readonly : 0);
}

bool grant_revoke(grant_ref_t ref)
{
	grant_entry_v1_t *e = entry(ref);
	uint16_t flags = __atomic_load_n(&e->flags, __ATOMIC_RELAXED);

	do {
		if (flags & (GTF_reading | GTF_writing))
			return false;
	} while (!__atomic_compare_exchange_n(&e->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return true;
}

int grant_access(domid_t domid, mfn_t mfn, bool readonly, grant_ref_t *ref)
{
	int rc = grant_alloc(ref);

	if (rc == 0)
		grant_set(*ref, domid, mfn, readonly);
	return rc;
}

bool grant_end_access(grant_ref_t ref)
{
	if (!grant_revoke(ref))
		return false;
	grant_free(ref);
	return true;
}
