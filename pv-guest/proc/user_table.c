/* SPDX-License-Identifier: MIT */
/*
 * The page tables of user address spaces. Tables are read where they lie, read-only in the direct
 * map, and written by batches of mmu_update. An L4 is pinned once and never unpinned: when its
 * process ends it is emptied and waits for the next one, so that a vCPU whose user base still
 * names it does no harm. Tables below stay until the process ends.
 *
 * mm->lock is held, except where an mm is made or taken down by its only owner.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/hypercall.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/user_mm.h>

#define USER_L4_SLOTS	256U

static uint32_t l4_head = PFN_NONE;	/* by pages[].next */
static spinlock_t l4_lock = SPINLOCK_INIT;

static unsigned int slot_of(uint64_t addr, unsigned int level)
{
	return (addr >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

int mmu_batch_flush(struct mm *mm)
{
	struct mmu_batch *b = &mm->batch;
	long rc;

	if (b->n == 0)
		return 0;
	rc = HYPERVISOR_mmu_update(b->req, b->n, NULL, DOMID_SELF);
	if (rc != 0)
		printk("mm: mmu_update of %u entries: %ld\n", b->n, rc);
	b->n = 0;
	return (int)rc;
}

void user_pte_set(struct mm *mm, const uint64_t *pte, uint64_t val)
{
	struct mmu_batch *b = &mm->batch;
	struct mmu_update *r = &b->req[b->n++];
	unsigned long in_page = (unsigned long)pte & (PAGE_SIZE - 1);

	r->ptr = (virt_to_mfn((const char *)pte - in_page) << PAGE_SHIFT) + in_page;
	r->ptr |= MMU_NORMAL_PT_UPDATE;
	r->val = val;
	if (b->n == MMU_BATCH)
		mmu_batch_flush(mm);
}

static void *l4_take(void)
{
	unsigned long flags = spin_lock_irqsave(&l4_lock);
	void *l4 = NULL;

	if (l4_head != PFN_NONE) {
		l4 = pfn_to_virt(l4_head);
		l4_head = pages[l4_head].next;
	}
	spin_unlock_irqrestore(&l4_lock, flags);
	return l4;
}

int user_table_make(struct mm *mm)
{
	struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE };

	mm->l4 = l4_take();
	if (mm->l4 != NULL)
		return 0;
	mm->l4 = pt_page_get(NULL);
	if (mm->l4 == NULL)
		return -ENOMEM;
	pin.arg1.mfn = virt_to_mfn(mm->l4);
	if (HYPERVISOR_mmuext_op(&pin, 1, NULL, DOMID_SELF) == 0)
		return 0;
	pt_page_put(mm->l4);
	mm->l4 = NULL;
	return -ENOMEM;
}

/* The tree below an entry that is not in use any more: pages and tables go back. */
static void tree_free(uint64_t entry, unsigned int level)
{
	uint64_t *table = table_entry_page(entry);

	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		if (!(table[i] & PTE_HELD))
			continue;
		if (level == 1)
			user_page_put(table_entry_page(table[i]));
		else
			tree_free(table[i], level - 1);
	}
	pt_page_put(table);
}

/* The last put of a batch may wait for the vCPU's next table update: one that changes nothing makes
 * sure that the tables are plain pages again before another vCPU can take them. */
static void flush_and_settle(struct mm *mm)
{
	user_pte_set(mm, &mm->l4[0], 0);
	BUG_ON(mmu_batch_flush(mm) != 0);
}

/* Clearing an entry of the L4 makes the hypervisor let go of everything below. */
void user_table_free(struct mm *mm)
{
	uint64_t old[USER_L4_SLOTS / 32];
	unsigned int n = 0;
	unsigned long flags;

	if (mm->l4 == NULL)
		return;
	for (unsigned int i = 0; i < USER_L4_SLOTS; i++) {
		if (!(mm->l4[i] & PTE_P))
			continue;
		old[n++] = mm->l4[i];
		user_pte_set(mm, &mm->l4[i], 0);
		if (n == ARRAY_SIZE(old)) {
			flush_and_settle(mm);
			while (n > 0)
				tree_free(old[--n], 3);
		}
	}
	if (n > 0)
		flush_and_settle(mm);
	while (n > 0)
		tree_free(old[--n], 3);
	flags = spin_lock_irqsave(&l4_lock);
	pages[virt_to_pfn(mm->l4)].next = l4_head;
	l4_head = virt_to_pfn(mm->l4);
	spin_unlock_irqrestore(&l4_lock, flags);
	mm->l4 = NULL;
}

/* Skips what has no tables: *next is the first address behind the hole. */
static const uint64_t *walk(struct mm *mm, uint64_t addr, uint64_t *next)
{
	const uint64_t *table = mm->l4;

	for (unsigned int level = 4; level > 1; level--) {
		uint64_t e = table[slot_of(addr, level)];
		uint64_t span = 1UL << (PAGE_SHIFT + 9 * (level - 1));

		if (!(e & PTE_P)) {
			*next = (addr | (span - 1)) + 1;
			return NULL;
		}
		table = table_entry_page(e);
	}
	return &table[slot_of(addr, 1)];
}

const uint64_t *user_pte(struct mm *mm, uint64_t addr)
{
	uint64_t next;

	return walk(mm, addr, &next);
}

/* The table at level (1..3) above addr, made if need be, after which the batch is empty. */
static const uint64_t *table_at(struct mm *mm, uint64_t addr, unsigned int level)
{
	const uint64_t *table = mm->l4;

	for (unsigned int l = 4; l > level; l--) {
		const uint64_t *e = &table[slot_of(addr, l)];
		void *fresh;

		if (*e & PTE_P) {
			table = table_entry_page(*e);
			continue;
		}
		fresh = pt_page_get(NULL);
		if (fresh == NULL)
			return NULL;
		user_pte_set(mm, e, (virt_to_mfn(fresh) << PAGE_SHIFT) | PTE_TABLE);
		if (mmu_batch_flush(mm) != 0) {
			pt_page_put(fresh);
			return NULL;
		}
		mm->tables++;
		table = fresh;
	}
	return table;
}

const uint64_t *user_pte_make(struct mm *mm, uint64_t addr)
{
	const uint64_t *l1 = table_at(mm, addr, 1);

	return l1 == NULL ? NULL : &l1[slot_of(addr, 1)];
}

void user_flush_page(uint64_t addr)
{
	struct mmuext_op op = { .cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = addr };

	HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

void user_flush_all(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };

	HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* Pages are let go only after their entries are gone and the TLB has forgotten them. */
void user_unmap_range(struct mm *mm, uint64_t start, uint64_t end)
{
	void *drop[MMU_BATCH - 1];
	unsigned int n = 0;

	for (uint64_t a = start; a < end || n > 0;) {
		uint64_t next = a + PAGE_SIZE;
		const uint64_t *pte = a < end ? walk(mm, a, &next) : NULL;

		if (pte != NULL && (*pte & PTE_HELD)) {
			drop[n++] = table_entry_page(*pte);
			user_pte_set(mm, pte, 0);
			mm->pages--;
		}
		a = next;
		if (n == ARRAY_SIZE(drop) || (a >= end && n > 0)) {
			BUG_ON(mmu_batch_flush(mm) != 0);
			user_flush_all();
			while (n > 0)
				user_page_put(drop[--n]);
		}
	}
}

/* Takes away what prot forbids; what it allows comes by faults, which know of copy-on-write. */
void user_protect_range(struct mm *mm, uint64_t start, uint64_t end, uint32_t prot)
{
	for (uint64_t a = start, next; a < end; a = next) {
		const uint64_t *pte;
		uint64_t e;

		next = a + PAGE_SIZE;
		pte = walk(mm, a, &next);
		if (pte == NULL || !(*pte & PTE_HELD))
			continue;
		e = *pte;
		if (prot == 0)
			e = (e & ~PTE_P) | PTE_NONE;
		if (!(prot & PROT_WRITE))
			e &= ~PTE_RW;
		e = prot & PROT_EXEC ? e & ~PTE_NX : e | PTE_NX;
		if (e != *pte)
			user_pte_set(mm, pte, e);
	}
	BUG_ON(mmu_batch_flush(mm) != 0);
	user_flush_all();
}

/* All private writable pages become read-only in the parent; each page gets one more holder. */
static void l1_share(struct mm *parent, const uint64_t *l1)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t e = l1[i];

		if (!(e & PTE_HELD))
			continue;
		user_page_get(table_entry_page(e));
		if ((e & PTE_RW) && !(e & PTE_SHARED))
			user_pte_set(parent, &l1[i], e & ~PTE_RW);
	}
	BUG_ON(mmu_batch_flush(parent) != 0);
}

static void l1_unshare(const uint64_t *l1)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		if (l1[i] & PTE_HELD)
			user_page_put(table_entry_page(l1[i]));
	}
}

static int l1_fork(struct mm *child, struct mm *parent, const uint64_t *l1, uint64_t addr)
{
	const uint64_t *l2 = table_at(child, addr, 2);
	void *copy;
	int rc;

	if (l2 == NULL)
		return -ENOMEM;
	l1_share(parent, l1);
	copy = pt_page_get(l1);
	if (copy == NULL) {
		l1_unshare(l1);
		return -ENOMEM;
	}
	user_pte_set(child, &l2[slot_of(addr, 2)], (virt_to_mfn(copy) << PAGE_SHIFT) | PTE_TABLE);
	rc = mmu_batch_flush(child);
	if (rc != 0) {
		l1_unshare(l1);
		pt_page_put(copy);
		return -ENOMEM;
	}
	child->tables++;
	return 0;
}

int user_table_fork(struct mm *child, struct mm *parent)
{
	uint64_t next, span = 1UL << (PAGE_SHIFT + 9);
	int rc = 0;

	for (uint64_t a = 0; a < USER_END && rc == 0; a = next) {
		const uint64_t *pte;

		next = a + span;
		pte = walk(parent, a, &next);
		if (pte != NULL)
			rc = l1_fork(child, parent, pte - slot_of(a, 1), a);
	}
	user_flush_all();
	child->pages = parent->pages;
	return rc;
}
