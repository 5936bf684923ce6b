/* SPDX-License-Identifier: MIT */
/*
 * Moving data: read, write and their forms. The file is given the page of user memory itself, in
 * the direct map and held while the transfer may sleep, so nothing is copied twice.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/syscall.h>

#include "calls.h"

#define IOV_MAX		1024U
#define IO_MAX		0x7ffff000UL

struct iovec_user {
	uint64_t base, len;
};

/* pos: where in a file, instead of at its own position. */
static int64_t part(struct ofile *f, char *at, size_t n, bool write, const uint64_t *pos)
{
	if (pos != NULL)
		return write ? vfs_pwrite(f->file, at, n, *pos) : vfs_pread(f->file, at, n, *pos);
	if (write)
		return f->ops->write != NULL ? f->ops->write(f, at, n) : -EINVAL;
	return f->ops->read != NULL ? f->ops->read(f, at, n) : -EINVAL;
}

/* Until everything is done, a short transfer, or an error, which counts only if nothing was done. */
static long transfer(struct ofile *f, uint64_t user, uint64_t n, bool write, uint64_t *pos)
{
	struct mm *mm = current_proc()->mm;
	uint64_t done = 0;

	n = MIN(n, IO_MAX);
	if (n != 0 && !user_range_ok(user, n))
		return -EFAULT;
	if (n == 0)
		return part(f, NULL, 0, write, pos);
	while (done < n) {
		uint64_t off = (user + done) & (PAGE_SIZE - 1);
		size_t len = MIN(n - done, PAGE_SIZE - off);
		char *page = user_page_pin(mm, user + done, write ? MM_READ : MM_WRITE);
		int64_t r;

		if (page == NULL)
			return done > 0 ? (long)done : -EFAULT;
		r = part(f, page + off, len, write, pos);
		user_page_put(page);
		if (r < 0)
			return done > 0 ? (long)done : r;
		done += r;
		if (pos != NULL)
			*pos += r;
		if ((size_t)r < len || signal_pending())
			break;
		/* What has no end of its own is not waited for twice. */
		if (!write && f->file == NULL && f->ops->poll != NULL && !(f->ops->poll(f) & POLLIN))
			break;
	}
	return (long)done;
}

static bool may(const struct ofile *f, bool write)
{
	uint32_t mode = f->flags & O_ACCMODE;

	return write ? mode != 0 : mode != 1;
}

static long io(uint64_t fd, uint64_t user, uint64_t n, bool write)
{
	struct ofile *f = fd_get(fd);

	if (f == NULL || !may(f, write))
		return -EBADF;
	return transfer(f, user, n, write, NULL);
}

long sys_read(const uint64_t *a)
{
	return io(a[0], a[1], a[2], false);
}

long sys_write(const uint64_t *a)
{
	return io(a[0], a[1], a[2], true);
}

static long io_vector(const uint64_t *a, bool write)
{
	struct ofile *f = fd_get(a[0]);
	struct iovec_user v;
	long done = 0;

	if (f == NULL || !may(f, write))
		return -EBADF;
	if ((uint32_t)a[2] > IOV_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < (uint32_t)a[2]; i++) {
		long r;

		if (copy_from_user(&v, a[1] + i * sizeof(v), sizeof(v)) != 0)
			return done > 0 ? done : -EFAULT;
		if (v.len == 0)
			continue;
		r = transfer(f, v.base, v.len, write, NULL);
		if (r < 0)
			return done > 0 ? done : r;
		done += r;
		if ((uint64_t)r < v.len)
			break;
	}
	return done;
}

long sys_readv(const uint64_t *a)
{
	return io_vector(a, false);
}

long sys_writev(const uint64_t *a)
{
	return io_vector(a, true);
}

/* At a position: only files have one. */
static long io_at(const uint64_t *a, bool write)
{
	struct ofile *f = fd_get(a[0]);
	uint64_t pos = a[3];

	if (f == NULL || !may(f, write))
		return -EBADF;
	if (f->file == NULL)
		return -ESPIPE;
	if ((int64_t)a[3] < 0)
		return -EINVAL;
	return transfer(f, a[1], a[2], write, &pos);
}

long sys_pread64(const uint64_t *a)
{
	return io_at(a, false);
}

long sys_pwrite64(const uint64_t *a)
{
	return io_at(a, true);
}

static long copy_file(struct ofile *out, struct ofile *in, uint64_t n)
{
	char *buf = kmalloc(PAGE_SIZE);
	long done = 0;

	if (buf == NULL)
		return -ENOMEM;
	while ((uint64_t)done < n && !signal_pending()) {
		int64_t got = in->ops->read(in, buf, MIN(n - done, PAGE_SIZE)), put = 0;

		if (got > 0)
			put = out->ops->write(out, buf, got);
		if (got <= 0 || put < 0) {
			if (done == 0)
				done = got < 0 ? got : put;
			break;
		}
		done += put;
		if (put < got) {
			vfs_lseek(in->file, put - got, VFS_SEEK_CUR);
			break;
		}
	}
	kfree(buf);
	return done;
}

/* Without a position of its own: what cat and cp use. */
long sys_sendfile(const uint64_t *a)
{
	struct ofile *out = fd_get(a[0]), *in = fd_get(a[1]);

	if (out == NULL || in == NULL || !may(out, true) || !may(in, false))
		return -EBADF;
	if (in->file == NULL || a[2] != 0 || out->ops->write == NULL || in->ops->read == NULL)
		return -EINVAL;
	return copy_file(out, in, MIN(a[3], IO_MAX));
}

long sys_lseek(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);
	int64_t r;

	if (f == NULL)
		return -EBADF;
	if (f->file == NULL)
		return -ESPIPE;
	if (a[2] > VFS_SEEK_END)
		return -EINVAL;
	mutex_lock(&f->lock);
	r = vfs_lseek(f->file, (int64_t)a[1], (enum vfs_whence)a[2]);
	mutex_unlock(&f->lock);
	return r;
}

long sys_ioctl(const uint64_t *a)
{
	struct ofile *f = fd_get(a[0]);

	if (f == NULL)
		return -EBADF;
	return f->ops->ioctl != NULL ? f->ops->ioctl(f, (uint32_t)a[1], a[2]) : -ENOTTY;
}
