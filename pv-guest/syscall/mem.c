/* SPDX-License-Identifier: MIT */
/* Memory: mmap, munmap, mprotect, brk. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/string.h>
#include <pv/syscall.h>

#include "calls.h"

#define MAP_SHARED		1U
#define MAP_PRIVATE		2U
#define MAP_TYPE		15U
#define MAP_FIXED		0x10U
#define MAP_ANONYMOUS		0x20U
#define MAP_FIXED_NOREPLACE	0x100000U
#define PROT_ALL		(PROT_READ | PROT_WRITE | PROT_EXEC)
#define MADV_DONTNEED		4U

struct mapping {
	uint64_t addr, bytes, offset;
	uint32_t prot, flags;
	struct filemap *file;
	struct shm *shm;
};

/* mm->lock held. The address, or -errno; backing is the region's afterwards. */
static long place(struct mm *mm, struct mapping *m)
{
	uint64_t at = m->addr;
	struct vma *v;
	int rc;

	if (m->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if ((at & ~PAGE_MASK) || !user_range_ok(at, m->bytes))
			return at & ~PAGE_MASK ? -EINVAL : -ENOMEM;
		if ((m->flags & MAP_FIXED_NOREPLACE) && !vma_range_free(mm, at, at + m->bytes))
			return -EEXIST;
		rc = vma_unmap(mm, at, at + m->bytes);
		if (rc != 0)
			return rc;
	} else if (at < USER_HIGH || (at & ~PAGE_MASK) || !user_range_ok(at, m->bytes) ||
		   !vma_range_free(mm, at, at + m->bytes)) {
		at = vma_find_space(mm, m->bytes);
		if (at == 0)
			return -ENOMEM;
	}
	v = vma_new(mm, at, at + m->bytes, m->prot, m->shm != NULL ? VMA_SHARED : 0);
	if (v == NULL)
		return -ENOMEM;
	v->file = m->file;
	v->shm = m->shm;
	v->offset = m->offset;
	v->file_end = m->file != NULL ? at + m->bytes : 0;
	return (long)at;
}

static int backing(struct mapping *m, uint64_t fd)
{
	struct ofile *f;
	struct file *file;
	int rc;

	if (m->flags & MAP_ANONYMOUS) {
		if ((m->flags & MAP_TYPE) == MAP_SHARED) {
			m->shm = shm_create(m->bytes >> PAGE_SHIFT);
			return m->shm == NULL ? -ENOMEM : 0;
		}
		return 0;
	}
	f = fd_get(fd);
	if (f == NULL)
		return -EBADF;
	/* Writes to a shared mapping would have to reach the file. */
	if (f->file == NULL || ((m->flags & MAP_TYPE) == MAP_SHARED && (m->prot & PROT_WRITE)))
		return -ENODEV;
	rc = vfs_reopen(f->file, &file);
	return rc != 0 ? rc : filemap_of(file, &m->file);
}

long sys_mmap(const uint64_t *a)
{
	struct mm *mm = current_proc()->mm;
	struct mapping m = { .addr = a[0], .bytes = ROUND_UP(a[1], PAGE_SIZE), .offset = a[5],
			     .prot = (uint32_t)a[2] & PROT_ALL, .flags = (uint32_t)a[3] };
	uint32_t type = m.flags & MAP_TYPE;
	long rc;

	if (a[1] == 0 || (type != MAP_SHARED && type != MAP_PRIVATE) || (a[5] & ~PAGE_MASK))
		return -EINVAL;
	if (a[1] > USER_END)
		return -ENOMEM;
	if (m.flags & MAP_ANONYMOUS)
		m.offset = 0;
	rc = backing(&m, a[4]);
	if (rc != 0)
		return rc;
	mutex_lock(&mm->lock);
	rc = place(mm, &m);
	mutex_unlock(&mm->lock);
	if (rc < 0 && m.file != NULL)
		filemap_put(m.file);
	if (rc < 0 && m.shm != NULL)
		shm_put(m.shm);
	return rc;
}

static int checked_range(const uint64_t *a, uint64_t *end)
{
	uint64_t bytes = ROUND_UP(a[1], PAGE_SIZE);

	if ((a[0] & ~PAGE_MASK) || a[1] > USER_END)
		return -EINVAL;
	if (bytes == 0 || !user_range_ok(a[0], bytes))
		return -EINVAL;
	*end = a[0] + bytes;
	return 0;
}

long sys_munmap(const uint64_t *a)
{
	struct mm *mm = current_proc()->mm;
	uint64_t end;
	long rc = checked_range(a, &end);

	if (rc != 0)
		return rc;
	mutex_lock(&mm->lock);
	rc = vma_unmap(mm, a[0], end);
	mutex_unlock(&mm->lock);
	return rc;
}

long sys_mprotect(const uint64_t *a)
{
	struct mm *mm = current_proc()->mm;
	uint64_t end;
	long rc;

	if (a[1] == 0)
		return a[0] & ~PAGE_MASK ? -EINVAL : 0;
	rc = checked_range(a, &end);
	if (rc != 0)
		return rc == -EINVAL && !(a[0] & ~PAGE_MASK) ? -ENOMEM : rc;
	mutex_lock(&mm->lock);
	rc = vma_protect(mm, a[0], end, (uint32_t)a[2] & PROT_ALL);
	mutex_unlock(&mm->lock);
	return rc;
}

/* Advice: only the one that changes what is read has an effect. */
long sys_madvise(const uint64_t *a)
{
	struct mm *mm = current_proc()->mm;
	uint64_t end;
	long rc;

	if ((uint32_t)a[2] != MADV_DONTNEED || a[1] == 0)
		return 0;
	rc = checked_range(a, &end);
	if (rc != 0)
		return rc;
	mutex_lock(&mm->lock);
	user_unmap_range(mm, a[0], end);
	mutex_unlock(&mm->lock);
	return 0;
}

/* The heap is one region behind the program. On failure the old end is the answer. */
static int brk_to(struct mm *mm, uint64_t want)
{
	uint64_t first = ROUND_UP(mm->brk_start, PAGE_SIZE);
	uint64_t old = ROUND_UP(mm->brk, PAGE_SIZE), end = ROUND_UP(want, PAGE_SIZE);
	struct vma *v;

	if (want < mm->brk_start || !user_range_ok(first, end - first))
		return -ENOMEM;
	if (end < old)
		return vma_unmap(mm, end, old);
	if (end == old)
		return 0;
	if (!vma_range_free(mm, old, end))
		return -ENOMEM;
	v = old > first ? vma_find(mm, old - 1) : NULL;
	if (v != NULL && v->file == NULL && v->shm == NULL &&
	    v->prot == (PROT_READ | PROT_WRITE)) {
		v->end = end;
		return 0;
	}
	return vma_new(mm, old, end, PROT_READ | PROT_WRITE, 0) == NULL ? -ENOMEM : 0;
}

long sys_brk(const uint64_t *a)
{
	struct mm *mm = current_proc()->mm;
	uint64_t end;

	mutex_lock(&mm->lock);
	if (a[0] != 0 && brk_to(mm, a[0]) == 0)
		mm->brk = a[0];
	end = mm->brk;
	mutex_unlock(&mm->lock);
	return (long)end;
}
