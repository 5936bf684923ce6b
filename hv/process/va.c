/* SPDX-License-Identifier: MIT */
/*
 * Process platform: the host's mappings as the TLB of the guest's page tables.
 *
 * Filled on fault, a whole run of alike neighbours at a time (the host allows some
 * 65,000 mappings per process, and a fault costs 2 us where a neighbour is free);
 * dropped on flush.  The guest's tables stay the truth: a mapping that is missing is
 * only slow, and one that is stale is so until the flush the guest owes, as on hardware.
 */
#include <linux/mman.h>
#include <hv/mm.h>
#include <hv/platform.h>
#include <hv/process/process.h>
#include <hv/process/sys.h>
#include <hv/process/user.h>

#define WALK_TRIES	16
#define RUN_FLAGS	(_PAGE_PRESENT | _PAGE_RW | _PAGE_NX | _PAGE_GUEST_KERNEL)

uint64_t platform_va_end(void)
{
	return PVN_GUEST_END;
}

void platform_flush_range(uint64_t va, uint64_t pages)
{
	uint64_t bytes = pages << PAGE_SHIFT;

	if (va >= PVN_GUEST_END)
		return;
	if (bytes > PVN_GUEST_END - va)
		bytes = PVN_GUEST_END - va;
	if (sys_munmap(va, bytes)) /* no mapping left to split the run with: drop them all */
		platform_new_tables();
}

void platform_flush_user(uint64_t va, uint64_t pages, uint64_t l4_mfn)
{
	if (va >= PVN_GUEST_END)
		return;
	user_flush_range(va, pages, l4_mfn);
	user_flush_commit();
}

void platform_flush_page(uint64_t va)
{
	platform_flush_range(va, 1);
	platform_flush_user(va, 1, 0);
}

void platform_new_tables(void)
{
	sys_munmap(0, PVN_GUEST_END);
}

void platform_table_gone(uint64_t mfn)
{
	user_table_gone(mfn);
	user_flush_commit();
}

/* One more region, one more L4 of user mode: more than one is many. */
static uint64_t hint_with(uint64_t old, uint64_t region, uint64_t of)
{
	uint64_t l4 = of & VA_HINT_L4_MANY, old_l4 = old & VA_HINT_L4_MANY, old_region = old & VA_HINT_MANY;

	if (old_region && old_region != region)
		region = VA_HINT_MANY;
	if (old_l4 && l4 && old_l4 != l4)
		l4 = VA_HINT_L4_MANY;
	return (old & (VA_HINT_KERNEL | VA_HINT_USER)) | (of & ~VA_HINT_L4_MANY) | (l4 ? l4 : old_l4) | region;
}

/* A walk that fills the cache tells the tables which region they serve, and whom (tlb.c). */
static void note_hints(uint64_t va, const struct walk *w)
{
	uint64_t of = vcpu.in_user ? VA_HINT_USER | VA_HINT_L4(w->table_mfn[4]) : VA_HINT_KERNEL;
	int level;

	for (level = 1; level <= 4; level++) {
		uint64_t base = level < 4 ? va >> (PAGE_SHIFT + 9 * level) << (9 * (level - 1)) : 0;
		uint64_t region = base + 1, old, new, *p;
		const struct page_info *pg = mfn_page(w->table_mfn[level]);

		if (!pg)
			return;
		if (pg->type != PGT_l1 + level - 1) /* through a linear map: not at its own level */
			region = VA_HINT_MANY;
		p = page_va_hint(w->table_mfn[level]);
		old = READ_ONCE(*p);
		do
			new = hint_with(old, region, of);
		while (new != old &&
		       !__atomic_compare_exchange_n(p, &old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	}
}

/* Walk, with the hints noted before the tables were read: pairs with tlb_stale_entry's.  0 or -EFAULT. */
int walk_and_note(uint64_t va, struct walk *w)
{
	struct walk before = { 0 };
	int i, rc;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < WALK_TRIES; i++) {
		rc = guest_walk(va, w);
		if (rc || !memcmp(&before, w, sizeof(before)))
			return rc;
		note_hints(va, w);
		smp_mb();
		before = *w;
	}
	return 0; /* somebody writes there all the time, and owes a flush */
}

struct run {
	unsigned int first, last;	/* slots of one L1 table */
};

/* Neighbours that one mmap can map: same rights, consecutive frames, same object. */
static struct run find_run(const uint64_t *l1, unsigned int slot, uint64_t e)
{
	struct run r = { slot, slot };
	uint64_t mfn = PTE_MFN(e), flags = e & RUN_FLAGS;

	while (r.first > 0 && PTE_MFN(l1[r.first - 1]) == mfn - (slot - r.first) - 1 &&
	       (l1[r.first - 1] & RUN_FLAGS) == flags &&
	       mfn - (slot - r.first) != this_domain.ram_mfn)
		r.first--;
	while (r.last < 511 && PTE_MFN(l1[r.last + 1]) == mfn + (r.last - slot) + 1 &&
	       (l1[r.last + 1] & RUN_FLAGS) == flags &&
	       mfn + (r.last - slot) + 1 != this_domain.ram_mfn)
		r.last++;
	return r;
}

int map_run_find(uint64_t va, const struct walk *w, struct map_run *m)
{
	unsigned int slot = (va >> PAGE_SHIFT) & 511;
	uint64_t *l1 = mfn_ptr(w->table_mfn[1]), i;
	struct run r;

	if (!mfn_ptr(PTE_MFN(w->pte)))
		return -1;
	r = find_run(l1, slot, w->pte);
	i = PTE_MFN(w->pte) - (slot - r.first) - this_domain.mfn_base;
	m->va = (va & PAGE_MASK) - ((uint64_t)(slot - r.first) << PAGE_SHIFT);
	m->pages = r.last - r.first + 1;
	m->fd = i < PVN_HEAP_FRAMES ? PVN_FD_SHARED : PVN_FD_MEM;
	m->off = i < PVN_HEAP_FRAMES ? PVN_HEAP_OFFSET + (i << PAGE_SHIFT) : (i - PVN_HEAP_FRAMES) << PAGE_SHIFT;
	m->prot = PROT_READ | (w->flags & _PAGE_RW ? PROT_WRITE : 0) | (w->flags & _PAGE_NX ? 0 : PROT_EXEC);
	m->first_entry = l1 + r.first;
	return 0;
}

/* A frame of another domain, mapped by a grant: only the machine can reach it. */
static int map_foreign(uint64_t va, const struct walk *w, const char **why)
{
	static struct pvn_request q;
	static struct pvn_reply r;

	q.op = PVN_REQ_FOREIGN_MAP;
	q.a[0] = va;
	q.a[1] = PTE_MFN(w->pte);
	q.a[2] = PROT_READ | (w->flags & _PAGE_RW ? PROT_WRITE : 0) | (w->flags & _PAGE_NX ? 0 : PROT_EXEC);
	q.len = 0;
	if (!machine_call(&q, &r))
		return 0;
	*why = "the frame is not the domain's, and no grant maps it";
	return -XEN_EFAULT;
}

/* Another vCPU may change the entry: then it is not the one that was mapped. */
static void set_used(uint64_t *entry, uint64_t bits)
{
	uint64_t e = READ_ONCE(*entry);

	if (header.nr_vcpus == 1)
		*entry = e | bits;
	else if ((e & bits) != bits && (e & _PAGE_PRESENT))
		__atomic_compare_exchange_n(entry, &e, e | bits, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* As the hardware's walker would, for all that can now be reached without it. */
void map_run_used(const struct map_run *m)
{
	uint64_t i;

	for (i = 0; i < m->pages; i++)
		set_used(&m->first_entry[i], _PAGE_ACCESSED | (m->prot & PROT_WRITE ? _PAGE_DIRTY : 0));
}

int platform_map(uint64_t va, const char **why)
{
	struct map_run m;
	struct walk w;
	long rc = 0;
	int i;

	*why = "page tables";
	if (va >= PVN_GUEST_END || walk_and_note(va, &w))
		return -XEN_EFAULT;
	if (map_run_find(va, &w, &m))
		return map_foreign(va & PAGE_MASK, &w, why);
	for (i = 0; i < 2; i++) {
		rc = sys_mmap(m.va, m.pages << PAGE_SHIFT, m.prot, MAP_SHARED | MAP_FIXED, m.fd, m.off);
		if (rc == (long)m.va)
			break;
		platform_new_tables(); /* too many mappings: start over */
	}
	if (rc != (long)m.va) {
		*why = va < 0x10000 ? "the host's vm.mmap_min_addr forbids this address; "
				      "run as root or use the vm platform" :
				      "the host refused the mapping";
		return -XEN_EFAULT;
	}
	map_run_used(&m);
	return 0;
}
