/* SPDX-License-Identifier: MIT */
/* User address spaces: making, forking (copy on write), and taking down. */
#include <pv/mm_internal.h>
#include <pv/errno.h>
#include <pv/user_mm.h>

struct mm *mm_create(void)
{
	struct mm *mm = kzalloc(sizeof(*mm));

	if (mm == NULL)
		return NULL;
	mm->refs = 1;
	mutex_init(&mm->lock);
	list_init(&mm->vmas);
	if (user_table_make(mm) == 0)
		return mm;
	kfree(mm);
	return NULL;
}

void mm_get(struct mm *mm)
{
	__atomic_fetch_add(&mm->refs, 1, __ATOMIC_RELAXED);
}

void mm_put(struct mm *mm)
{
	struct vma *v, *next;

	if (__atomic_sub_fetch(&mm->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	user_table_free(mm);
	list_for_each_safe(v, next, &mm->vmas, link)
		vma_free(mm, v);
	kfree(mm);
}

struct mm *mm_fork(struct mm *mm)
{
	struct mm *child = mm_create();
	int rc;

	if (child == NULL)
		return NULL;
	mutex_lock(&mm->lock);
	child->brk_start = mm->brk_start;
	child->brk = mm->brk;
	rc = vma_copy_all(child, mm);
	if (rc == 0)
		rc = user_table_fork(child, mm);
	mutex_unlock(&mm->lock);
	if (rc == 0)
		return child;
	mm_put(child);
	return NULL;
}
