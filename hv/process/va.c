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

#define WALK_TRIES	16
#define RUN_FLAGS	(_PAGE_PRESENT | _PAGE_RW | _PAGE_NX)

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
		platform_flush_all();
}

void platform_flush_page(uint64_t va)
{
	platform_flush_range(va, 1);
}

void platform_flush_all(void)
{
	sys_munmap(0, PVN_GUEST_END);
}

/* A walk that fills the cache tells the tables which region they serve (tlb.c). */
static void note_hints(uint64_t va, const struct walk *w)
{
	int level;

	for (level = 1; level <= 4; level++) {
		uint64_t base = level < 3 ? va >> (PAGE_SHIFT + 9 * level) << (9 * (level - 1)) : 0;
		uint32_t hint = (uint32_t)base + 1, *p;

		const struct page_info *pg = mfn_page(w->table_mfn[level]);

		if (!pg)
			return;
		p = page_va_hint(w->table_mfn[level]);
		if (pg->type != PGT_l1 + level - 1) /* through a linear map: not at its own level */
			*p = VA_HINT_MANY;
		else if (*p == VA_HINT_NONE)
			*p = hint;
		else if (*p != hint)
			*p = VA_HINT_MANY;
	}
}

/* Walk, with the hints noted before the tables were read: pairs with tlb_stale_entry's.  0 or -EFAULT. */
static int walk_and_note(uint64_t va, struct walk *w)
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

static long map_run(uint64_t va, uint64_t mfn, uint64_t pages, int prot)
{
	uint64_t i = mfn - this_domain.mfn_base;
	int fd = PVN_FD_SHARED;
	uint64_t off = PVN_HEAP_OFFSET + (i << PAGE_SHIFT);

	if (i >= PVN_HEAP_FRAMES) {
		fd = PVN_FD_MEM;
		off = (i - PVN_HEAP_FRAMES) << PAGE_SHIFT;
	}
	return sys_mmap(va, pages << PAGE_SHIFT, prot, MAP_SHARED | MAP_FIXED, fd, off);
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

int platform_map(uint64_t va, const char **why)
{
	struct walk w;
	unsigned int slot = (va >> PAGE_SHIFT) & 511, i;
	uint64_t *l1, base;
	int prot = PROT_READ;
	struct run r;
	long rc;

	*why = "page tables";
	if (va >= PVN_GUEST_END || walk_and_note(va, &w))
		return -XEN_EFAULT;
	if (!mfn_ptr(PTE_MFN(w.pte)))
		return map_foreign(va & PAGE_MASK, &w, why);
	l1 = mfn_ptr(w.table_mfn[1]);
	r = find_run(l1, slot, w.pte);
	if (w.flags & _PAGE_RW)
		prot |= PROT_WRITE;
	if (!(w.flags & _PAGE_NX))
		prot |= PROT_EXEC;
	base = (va & PAGE_MASK) - ((uint64_t)(slot - r.first) << PAGE_SHIFT);
	for (i = 0; i < 2; i++) {
		rc = map_run(base, PTE_MFN(w.pte) - (slot - r.first), r.last - r.first + 1, prot);
		if (rc == (long)base)
			break;
		platform_flush_all(); /* too many mappings: start over */
	}
	if (rc != (long)base) {
		*why = va < 0x10000 ? "the host's vm.mmap_min_addr forbids this address; "
				      "run as root or use the vm platform" :
				      "the host refused the mapping";
		return -XEN_EFAULT;
	}
	/* As the hardware's walker would, for all that can now be reached without it. */
	for (i = r.first; i <= r.last; i++)
		set_used(&l1[i], _PAGE_ACCESSED | (prot & PROT_WRITE ? _PAGE_DIRTY : 0));
	return 0;
}
