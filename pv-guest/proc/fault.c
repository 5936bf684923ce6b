/* SPDX-License-Identifier: MIT */
/*
 * Page faults of user memory: zeroes on demand, contents of files, copies of what fork shared.
 * Also called for the kernel's own copies, so a process cannot tell who touched first.
 *
 * A page of a file is mapped as it is only for reading, and only in private regions or read-only
 * ones; a writer gets a copy. An entry that is read-only in a writable private region is such
 * a page or one shared by fork: the last holder of an anonymous one just gets it writable.
 */
#include <pv/errno.h>
#include <pv/mm_internal.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/user_mm.h>

#define AROUND_PAGES	16UL	/* of a file, mapped with the one asked for if they are in memory */
#define ANON_AROUND	16UL

static uint64_t entry_for(const struct vma *v, const void *page, bool writable)
{
	uint64_t e = (virt_to_mfn(page) << PAGE_SHIFT) | PTE_P | PTE_US | PTE_A | PTE_D;

	if (writable)
		e |= PTE_RW;
	if (!(v->prot & PROT_EXEC))
		e |= PTE_NX;
	if (v->flags & VMA_SHARED)
		e |= PTE_SHARED;
	return e;
}

static uint64_t file_index(const struct vma *v, uint64_t addr)
{
	return (v->offset + (addr - v->start)) >> PAGE_SHIFT;
}

/* Neighbours of addr that are in memory, in the same table and region. */
static void map_around(struct mm *mm, struct vma *v, uint64_t addr, const uint64_t *pte)
{
	uint64_t first = addr & ~(AROUND_PAGES * PAGE_SIZE - 1);

	for (uint64_t a = first; a < first + AROUND_PAGES * PAGE_SIZE; a += PAGE_SIZE) {
		const uint64_t *p = pte + ((int64_t)(a - addr) >> PAGE_SHIFT);
		void *page;

		if (a == addr || a < v->start || a >= v->end || a + PAGE_SIZE > v->file_end ||
		    (*p & PTE_HELD))
			continue;
		page = filemap_cached(v->file, file_index(v, a));
		if (page == NULL)
			continue;
		user_pte_set(mm, p, entry_for(v, page, false));
		mm->pages++;
	}
}

static void *private_copy(const void *from)
{
	void *page = user_page_alloc();

	if (page != NULL && from != NULL)
		memcpy(page, from, PAGE_SIZE);
	else if (page != NULL)
		memset(page, 0, PAGE_SIZE);
	return page;
}

/* A page of the file, or a copy of it where it is to be written or ends inside the page. */
static int fault_file(struct mm *mm, struct vma *v, uint64_t addr, const uint64_t *pte, bool write)
{
	bool partial = addr + PAGE_SIZE > v->file_end;
	int err = -ENOMEM;
	void *page = filemap_page(v->file, file_index(v, addr), &err), *copy;

	if (page == NULL)
		return err;
	if (!write && !partial) {
		user_pte_set(mm, pte, entry_for(v, page, false));
		mm->pages++;
		map_around(mm, v, addr, pte);
		return 0;
	}
	copy = private_copy(page);
	user_page_put(page);
	if (copy == NULL)
		return -ENOMEM;
	if (partial)
		memset((char *)copy + (v->file_end - addr), 0, addr + PAGE_SIZE - v->file_end);
	user_pte_set(mm, pte, entry_for(v, copy, v->prot & PROT_WRITE));
	mm->pages++;
	return 0;
}

/* Who wrote one page of fresh memory likely writes the next ones: some come along, if memory is
 * plenty and the page before was touched already. */
static void anon_around(struct mm *mm, struct vma *v, uint64_t addr, const uint64_t *pte)
{
	uint64_t end = (addr | (ANON_AROUND * PAGE_SIZE - 1)) + 1;

	if (addr == v->start || ((unsigned long)pte & (PAGE_SIZE - 1)) == 0 || !(pte[-1] & PTE_P))
		return;
	for (uint64_t a = addr + PAGE_SIZE; a < MIN(end, v->end); a += PAGE_SIZE) {
		const uint64_t *p = pte + ((a - addr) >> PAGE_SHIFT);
		void *page;

		if (*p & PTE_HELD)
			break;
		page = private_copy(NULL);
		if (page == NULL)
			break;
		user_pte_set(mm, p, entry_for(v, page, true));
		mm->pages++;
	}
}

static int fault_anon(struct mm *mm, struct vma *v, uint64_t addr, const uint64_t *pte)
{
	void *page;

	if (v->shm != NULL) {
		page = shm_page(v->shm, (v->offset + (addr - v->start)) >> PAGE_SHIFT);
	} else {
		page = private_copy(NULL);
	}
	if (page == NULL)
		return -ENOMEM;
	user_pte_set(mm, pte, entry_for(v, page, v->prot & PROT_WRITE));
	mm->pages++;
	if (v->shm == NULL && (v->prot & PROT_WRITE))
		anon_around(mm, v, addr, pte);
	return 0;
}

/* A write to a present, read-only entry of a writable region. */
static int fault_write(struct mm *mm, struct vma *v, uint64_t addr, const uint64_t *pte)
{
	void *page = table_entry_page(*pte), *copy;

	if (v->shm != NULL || user_page_refs(page) == 1) {
		user_pte_set(mm, pte, entry_for(v, page, true));
		return 0;
	}
	copy = private_copy(page);
	if (copy == NULL)
		return -ENOMEM;
	user_pte_set(mm, pte, entry_for(v, copy, true));
	if (mmu_batch_flush(mm) != 0) {
		user_page_put(copy);
		return -ENOMEM;
	}
	user_flush_page(addr);
	user_page_put(page);
	return 0;
}

/* Its region was PROT_NONE for a while. A write faults once more. */
static uint64_t readable_again(const struct vma *v, uint64_t e)
{
	e = (e & ~(PTE_NONE | PTE_RW)) | PTE_P;
	return v->prot & PROT_EXEC ? e & ~PTE_NX : e | PTE_NX;
}

static uint32_t prot_for(enum mm_access access)
{
	return access == MM_WRITE ? PROT_WRITE : access == MM_EXEC ? PROT_EXEC : PROT_READ;
}

/* mm->lock held. */
static int fault_locked(struct mm *mm, uint64_t addr, enum mm_access access)
{
	struct vma *v = vma_find(mm, addr);
	const uint64_t *pte;
	uint32_t want = prot_for(access);
	int rc;

	/* What can be written or run can be read. */
	if (v == NULL || v->prot == 0 || (access != MM_READ && !(v->prot & want)))
		return -EFAULT;
	addr &= PAGE_MASK;
	pte = user_pte_make(mm, addr);
	if (pte == NULL)
		return -ENOMEM;
	if (*pte & PTE_NONE)
		rc = (user_pte_set(mm, pte, readable_again(v, *pte)), 0);
	else if (!(*pte & PTE_P))
		rc = v->file != NULL && addr < v->file_end ?
			fault_file(mm, v, addr, pte, access == MM_WRITE) :
			fault_anon(mm, v, addr, pte);
	else if (access == MM_WRITE && !(*pte & PTE_RW))
		rc = fault_write(mm, v, addr, pte);
	else if (access == MM_EXEC && (*pte & PTE_NX))
		rc = (user_pte_set(mm, pte, *pte & ~PTE_NX), 0);
	else
		return 0;	/* somebody was faster, or the TLB is old */
	if (mmu_batch_flush(mm) != 0)
		return -ENOMEM;
	return rc;
}

int mm_fault(struct mm *mm, uint64_t addr, enum mm_access access)
{
	int rc;

	if (!user_range_ok(addr, 1))
		return -EFAULT;
	mutex_lock(&mm->lock);
	rc = fault_locked(mm, addr, access);
	mutex_unlock(&mm->lock);
	return rc;
}

void *user_page_pin(struct mm *mm, uint64_t addr, enum mm_access access)
{
	const uint64_t *pte;
	void *page = NULL;

	if (!user_range_ok(addr, 1))
		return NULL;
	mutex_lock(&mm->lock);
	/* Twice at most: readable again, then writable. */
	for (int tries = 0; tries < 3; tries++) {
		pte = user_pte(mm, addr);
		if (pte != NULL && (*pte & PTE_P) && (access != MM_WRITE || (*pte & PTE_RW)))
			break;
		pte = NULL;
		if (fault_locked(mm, addr, access) != 0)
			break;
	}
	if (pte != NULL) {
		page = table_entry_page(*pte);
		user_page_get(page);
	}
	mutex_unlock(&mm->lock);
	return page;
}
