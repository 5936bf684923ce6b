/* SPDX-License-Identifier: MIT */
/* Descriptors: a process's table of open files, dup and its like, fcntl. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/syscall.h>

#include "calls.h"

#define F_DUPFD		0
#define F_GETFD		1
#define F_SETFD		2
#define F_GETFL		3
#define F_SETFL		4
#define F_DUPFD_CLOEXEC	1030
#define SETFL_MASK	(O_APPEND | O_NONBLOCK)

struct ofile *ofile_new(const struct ofile_ops *ops, uint32_t flags)
{
	struct ofile *f = kzalloc(sizeof(*f));

	if (f == NULL)
		return NULL;
	f->ops = ops;
	f->refs = 1;
	f->flags = flags;
	mutex_init(&f->lock);
	return f;
}

void ofile_get(struct ofile *f)
{
	__atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
}

void ofile_put(struct ofile *f)
{
	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	if (f->ops->release != NULL)
		f->ops->release(f);
	kfree(f->path);
	kfree(f);
}

struct ofile *fd_get(uint64_t fd)
{
	return (uint32_t)fd < PROC_FILES ? current_proc()->files[(uint32_t)fd] : NULL;
}

int fd_install(struct ofile *f, unsigned int from, bool cloexec)
{
	struct proc *p = current_proc();

	for (unsigned int i = from; i < PROC_FILES; i++) {
		if (p->files[i] != NULL)
			continue;
		p->files[i] = f;
		p->cloexec = (p->cloexec & ~(1UL << i)) | (uint64_t)cloexec << i;
		return (int)i;
	}
	ofile_put(f);
	return -EMFILE;
}

int fd_close(struct proc *p, uint64_t fd)
{
	struct ofile *f;

	if ((uint32_t)fd >= PROC_FILES || p->files[(uint32_t)fd] == NULL)
		return -EBADF;
	f = p->files[(uint32_t)fd];
	p->files[(uint32_t)fd] = NULL;
	p->cloexec &= ~(1UL << (uint32_t)fd);
	ofile_put(f);
	return 0;
}

long sys_close(const uint64_t *a)
{
	return fd_close(current_proc(), a[0]);
}

static long dup_from(uint64_t fd, uint64_t from, bool cloexec)
{
	struct ofile *f = fd_get(fd);

	if (f == NULL)
		return -EBADF;
	if (from >= PROC_FILES)
		return -EINVAL;
	ofile_get(f);
	return fd_install(f, (unsigned int)from, cloexec);
}

long sys_dup(const uint64_t *a)
{
	return dup_from(a[0], 0, false);
}

static long dup_to(uint64_t fd, uint64_t to, bool cloexec)
{
	struct ofile *f = fd_get(fd);
	struct proc *p = current_proc();

	if (f == NULL || (uint32_t)to >= PROC_FILES)
		return -EBADF;
	ofile_get(f);
	fd_close(p, to);
	p->files[(uint32_t)to] = f;
	p->cloexec |= (uint64_t)cloexec << (uint32_t)to;
	return (long)(uint32_t)to;
}

long sys_dup2(const uint64_t *a)
{
	if ((uint32_t)a[0] == (uint32_t)a[1])
		return fd_get(a[0]) != NULL ? (long)(uint32_t)a[1] : -EBADF;
	return dup_to(a[0], a[1], false);
}

long sys_dup3(const uint64_t *a)
{
	if ((uint32_t)a[0] == (uint32_t)a[1] || (a[2] & ~(uint64_t)O_CLOEXEC))
		return -EINVAL;
	return dup_to(a[0], a[1], a[2] & O_CLOEXEC);
}

long sys_fcntl(const uint64_t *a)
{
	struct proc *p = current_proc();
	struct ofile *f = fd_get(a[0]);
	uint32_t fd = (uint32_t)a[0];

	if (f == NULL)
		return -EBADF;
	switch (a[1]) {
	case F_DUPFD:
		return dup_from(a[0], a[2], false);
	case F_DUPFD_CLOEXEC:
		return dup_from(a[0], a[2], true);
	case F_GETFD:
		return (long)(p->cloexec >> fd & 1);
	case F_SETFD:
		p->cloexec = (p->cloexec & ~(1UL << fd)) | (a[2] & 1) << fd;
		return 0;
	case F_GETFL:
		return (long)f->flags;
	case F_SETFL:
		f->flags = (f->flags & ~SETFL_MASK) | ((uint32_t)a[2] & SETFL_MASK);
		if (f->file != NULL)
			vfs_set_append(f->file, f->flags & O_APPEND);
		return 0;
	}
	return -EINVAL;
}
