/* SPDX-License-Identifier: MIT */
/*
 * The regions of a user address space: a list by address, few enough to be searched. A region's
 * end and protection change by splitting it; neighbours that could be one are only merged where
 * brk and mmap grow.
 *
 * Lock: mm->lock.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/user_mm.h>

bool user_range_ok(uint64_t start, uint64_t bytes)
{
	uint64_t end;

	if (__builtin_add_overflow(start, bytes, &end))
		return false;
	if (start >= USER_HIGH)
		return end <= USER_END;
	return start >= USER_LOW_START && end <= USER_LOW_END;
}

struct vma *vma_find(struct mm *mm, uint64_t addr)
{
	struct vma *v;

	list_for_each(v, &mm->vmas, link) {
		if (addr < v->start)
			return NULL;
		if (addr < v->end)
			return v;
	}
	return NULL;
}

bool vma_range_free(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v;

	list_for_each(v, &mm->vmas, link) {
		if (v->start < end && start < v->end)
			return false;
	}
	return true;
}

static void vma_insert(struct mm *mm, struct vma *v)
{
	struct vma *pos;

	list_for_each(pos, &mm->vmas, link) {
		if (pos->start >= v->end)
			break;
	}
	list_add_tail(&v->link, &pos->link);
	mm->nr_vmas++;
}

/* The range must be free. */
struct vma *vma_new(struct mm *mm, uint64_t start, uint64_t end, uint32_t prot, uint32_t flags)
{
	struct vma *v;

	if (mm->nr_vmas >= VMAS_MAX)
		return NULL;
	v = kzalloc(sizeof(*v));
	if (v == NULL)
		return NULL;
	v->start = start;
	v->end = end;
	v->prot = prot;
	v->flags = flags;
	vma_insert(mm, v);
	return v;
}

void vma_free(struct mm *mm, struct vma *v)
{
	list_del(&v->link);
	mm->nr_vmas--;
	if (v->file != NULL)
		filemap_put(v->file);
	if (v->shm != NULL)
		shm_put(v->shm);
	kfree(v);
}

static void share_backing(struct vma *v)
{
	if (v->file != NULL)
		filemap_get(v->file);
	if (v->shm != NULL)
		__atomic_fetch_add(&v->shm->refs, 1, __ATOMIC_RELAXED);
}

uint64_t vma_find_space(struct mm *mm, uint64_t bytes)
{
	uint64_t at = USER_MMAP_BASE;
	struct vma *v;

	list_for_each(v, &mm->vmas, link) {
		if (v->end <= at)
			continue;
		if (v->start >= at && v->start - at >= bytes)
			break;
		at = v->end;
	}
	return bytes <= USER_END - at ? at : 0;
}

/* Cuts v at addr; the upper part is a region of its own. */
static int vma_split(struct mm *mm, struct vma *v, uint64_t addr)
{
	struct vma *upper;

	if (mm->nr_vmas >= VMAS_MAX)
		return -ENOMEM;
	upper = kzalloc(sizeof(*upper));
	if (upper == NULL)
		return -ENOMEM;
	*upper = *v;
	upper->start = addr;
	upper->offset = v->offset + (addr - v->start);
	share_backing(upper);
	v->end = addr;
	vma_insert(mm, upper);
	return 0;
}

/* No region crosses start or end afterwards. */
static int split_at_ends(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find(mm, start);
	int rc = 0;

	if (v != NULL && v->start < start)
		rc = vma_split(mm, v, start);
	if (rc != 0)
		return rc;
	v = vma_find(mm, end - 1);
	if (v != NULL && v->end > end)
		rc = vma_split(mm, v, end);
	return rc;
}

int vma_unmap(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v, *next;
	int rc;

	if (vma_range_free(mm, start, end))
		return 0;
	rc = split_at_ends(mm, start, end);
	if (rc != 0)
		return rc;
	list_for_each_safe(v, next, &mm->vmas, link) {
		if (v->start < start || v->start >= end)
			continue;
		user_unmap_range(mm, v->start, v->end);
		vma_free(mm, v);
	}
	return 0;
}

/* -ENOMEM where something in the range is not mapped; what lies before it is changed then. */
int vma_protect(struct mm *mm, uint64_t start, uint64_t end, uint32_t prot)
{
	int rc = split_at_ends(mm, start, end);
	struct vma *v;
	uint64_t at = start;

	if (rc != 0)
		return rc;
	list_for_each(v, &mm->vmas, link) {
		if (v->start < start)
			continue;
		if (v->start != at || at >= end)
			break;
		v->prot = prot;
		user_protect_range(mm, v->start, v->end, prot);
		at = v->end;
	}
	return at < end ? -ENOMEM : 0;
}

/* For fork: the same regions with the same backing. */
int vma_copy_all(struct mm *to, struct mm *from)
{
	struct vma *v;

	list_for_each(v, &from->vmas, link) {
		struct vma *copy = kzalloc(sizeof(*copy));

		if (copy == NULL)
			return -ENOMEM;
		*copy = *v;
		share_backing(copy);
		list_add_tail(&copy->link, &to->vmas);
		to->nr_vmas++;
	}
	return 0;
}
