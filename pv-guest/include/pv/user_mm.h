/* SPDX-License-Identifier: MIT */
/*
 * User address spaces. Each has an L4 of its own that maps user memory only; the kernel runs on
 * its own tables and reaches user memory through its direct map, after a walk of the tables. So
 * a user pointer is never dereferenced, and there is no fault to recover from.
 *
 * User entries are global in the TLB under Xen, so no user address may be one of the kernel's:
 * the kernel keeps [VIRT_BASE, USER_HIGH) for itself.
 */
#ifndef PV_USER_MM_H
#define PV_USER_MM_H

#include <pv/list.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <pv/types.h>
#include <xen/xen.h>

#define USER_LOW_START	0x10000UL
#define USER_LOW_END	VIRT_BASE		/* programs linked at a fixed address */
#define USER_HIGH	0x10000000000UL		/* 1 TiB: everything else */
#define USER_END	0x7ffffffff000UL
#define USER_PIE_BASE	(USER_HIGH + 0x400000UL)
/* The stack ends in the middle of what one L1 table maps; mmap goes upwards from there. */
#define USER_STACK_TOP	(USER_HIGH + 0x40100000UL)
#define USER_STACK_MAX	0x800000UL
#define USER_MMAP_BASE	(USER_STACK_TOP + PAGE_SIZE)

#define PROT_READ	1U
#define PROT_WRITE	2U
#define PROT_EXEC	4U

#define VMA_SHARED	1U
#define VMAS_MAX	1024U

/* Pages several address spaces see and write: anonymous shared memory. */
struct shm {
	uint32_t refs;
	uint64_t nr_pages;
	void *pages[];
};

struct filemap;
struct file;

struct vma {
	struct list_head link;	/* by address */
	uint64_t start, end;
	uint32_t prot, flags;
	struct filemap *file;	/* contents; NULL = zeroes */
	struct shm *shm;
	uint64_t offset;	/* in either, of start */
	uint64_t file_end;	/* no contents from this address on: zeroes */
};

/* What a table update collects before the hypercall. */
#define MMU_BATCH	64U
struct mmu_batch {
	unsigned int n;
	struct mmu_update req[MMU_BATCH];
};

struct mm {
	uint32_t refs;
	struct mutex lock;		/* everything below */
	struct list_head vmas;
	unsigned int nr_vmas;
	uint64_t *l4;
	uint64_t brk_start, brk;
	uint64_t pages;			/* present */
	uint64_t tables;
	struct cpu *cpu;		/* the only one whose TLB may be believed; guarded by sched_lock */
	struct mmu_batch batch;
};

enum mm_access { MM_READ, MM_WRITE, MM_EXEC };

/* mm.c: address spaces. */
struct mm *mm_create(void);
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);	/* the last one takes it down */
struct mm *mm_fork(struct mm *mm);	/* NULL: no memory */

/* vma.c: regions; lock held. */
struct vma *vma_find(struct mm *mm, uint64_t addr);	/* the one addr is in, or NULL */
struct vma *vma_new(struct mm *mm, uint64_t start, uint64_t end, uint32_t prot, uint32_t flags);
void vma_free(struct mm *mm, struct vma *v);
bool vma_range_free(struct mm *mm, uint64_t start, uint64_t end);
uint64_t vma_find_space(struct mm *mm, uint64_t bytes);	/* 0: none */
int vma_unmap(struct mm *mm, uint64_t start, uint64_t end);
int vma_protect(struct mm *mm, uint64_t start, uint64_t end, uint32_t prot);
int vma_copy_all(struct mm *to, struct mm *from);
bool user_range_ok(uint64_t start, uint64_t bytes);

/* user_table.c: page tables; lock held. */
int user_table_make(struct mm *mm);
void user_table_free(struct mm *mm);
/* The L1 entry of addr, read-only; NULL if its tables are missing. */
const uint64_t *user_pte(struct mm *mm, uint64_t addr);
/* Makes the tables. NULL: no memory. */
const uint64_t *user_pte_make(struct mm *mm, uint64_t addr);
void user_pte_set(struct mm *mm, const uint64_t *pte, uint64_t val);	/* batched */
int mmu_batch_flush(struct mm *mm);
void user_unmap_range(struct mm *mm, uint64_t start, uint64_t end);
void user_protect_range(struct mm *mm, uint64_t start, uint64_t end, uint32_t prot);
int user_table_fork(struct mm *child, struct mm *parent);
/* Of this mm, on this vCPU: no other one believes its TLB. */
void user_flush_page(uint64_t addr);
void user_flush_all(void);

/* fault.c. 0, -EFAULT (no such memory or not so), -ENOMEM, -EIO. */
int mm_fault(struct mm *mm, uint64_t addr, enum mm_access access);

/* usercopy.c: of the current process. 0 or -EFAULT. */
int copy_from_user(void *dst, uint64_t src, size_t n);
int copy_to_user(uint64_t dst, const void *src, size_t n);
int mm_copy_to(struct mm *mm, uint64_t dst, const void *src, size_t n);
int clear_user(uint64_t dst, size_t n);
/* Length without the NUL, -EFAULT, -ENAMETOOLONG. */
long string_from_user(char *dst, uint64_t src, size_t size);
/* The page of addr (faulted in as need be) with a reference, by its direct-map address; NULL. */
void *user_page_pin(struct mm *mm, uint64_t addr, enum mm_access access);

/* user_page.c: pages with a reference count. alloc leaves the kernel its reserve. */
bool user_page_room(void);	/* more than the reserve is free */
void *user_page_alloc(void);
void user_page_get(void *page);
void user_page_put(void *page);
uint32_t user_page_refs(const void *page);

/* pt_pool.c: pages that may become page tables: nothing maps them writable. */
void *pt_page_get(const void *from);	/* a copy of from, or zeroes for NULL */
void pt_page_put(void *page);	/* hooked in nowhere any more */

/* filemap.c: contents of files in memory, shared by who maps them. */
int filemap_open(const char *path, struct filemap **out);
int filemap_of(struct file *file, struct filemap **out);	/* takes over file */
void filemap_get(struct filemap *m);
void filemap_put(struct filemap *m);
uint64_t filemap_size(const struct filemap *m);
int64_t filemap_read(struct filemap *m, void *buf, size_t n, uint64_t pos);
/* The page at index with a reference; NULL: no memory, or *err = -EIO. */
void *filemap_page(struct filemap *m, uint64_t index, int *err);
void *filemap_cached(struct filemap *m, uint64_t index);

struct shm *shm_create(uint64_t pages);
void shm_put(struct shm *s);
void *shm_page(struct shm *s, uint64_t index);

#endif
