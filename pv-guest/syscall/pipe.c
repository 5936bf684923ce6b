/* SPDX-License-Identifier: MIT */
/*
 * Pipes: a ring of 64 KiB between two ends. A reader waits while it is empty and somebody could
 * write, a writer while it is full and somebody could read; up to PIPE_BUF bytes go in one piece.
 */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>

#include "calls.h"

#define PIPE_BYTES	65536U
#define PIPE_ATOMIC	4096U

struct pipe {
	struct mutex lock;		/* everything but the queue */
	uint32_t readers, writers;	/* open ends */
	uint32_t head, used;
	struct wait_queue wq;
	char data[PIPE_BYTES];
};

static struct pipe *pipe_of(struct ofile *f)
{
	return f->priv;
}

static void changed(struct pipe *p)
{
	wake_up(&p->wq);
	wake_up(&poll_wq);
}

static size_t ring_out(struct pipe *p, char *to, size_t n)
{
	n = MIN(n, (size_t)p->used);
	for (size_t done = 0; done < n;) {
		size_t len = MIN(n - done, (size_t)(PIPE_BYTES - p->head));

		memcpy(to + done, p->data + p->head, len);
		p->head = (p->head + len) % PIPE_BYTES;
		done += len;
	}
	p->used -= n;
	return n;
}

static size_t ring_in(struct pipe *p, const char *from, size_t n)
{
	n = MIN(n, (size_t)(PIPE_BYTES - p->used));
	for (size_t done = 0; done < n;) {
		uint32_t tail = (p->head + p->used) % PIPE_BYTES;
		size_t len = MIN(n - done, (size_t)(PIPE_BYTES - tail));

		memcpy(p->data + tail, from + done, len);
		p->used += len;
		done += len;
	}
	return n;
}

static int64_t pipe_read(struct ofile *f, void *buf, size_t n)
{
	struct pipe *p = pipe_of(f);
	int64_t got;
	int rc;

	for (;;) {
		mutex_lock(&p->lock);
		got = ring_out(p, buf, n);
		if (got == 0 && n != 0 && p->writers != 0)
			got = -EAGAIN;
		mutex_unlock(&p->lock);
		if (got > 0)
			changed(p);
		if (got != -EAGAIN || (f->flags & O_NONBLOCK))
			return got;
		rc = wait_event_signal(&p->wq, p->used != 0 || p->writers == 0);
		if (rc != 0)
			return rc;
	}
}

static int64_t write_some(struct pipe *p, const char *from, size_t n, size_t whole)
{
	int64_t put;

	mutex_lock(&p->lock);
	if (p->readers == 0)
		put = -EPIPE;
	else if (PIPE_BYTES - p->used < whole || p->used == PIPE_BYTES)
		put = -EAGAIN;
	else
		put = ring_in(p, from, n);
	mutex_unlock(&p->lock);
	if (put > 0)
		changed(p);
	return put;
}

static int64_t pipe_write(struct ofile *f, const void *buf, size_t n)
{
	struct pipe *p = pipe_of(f);
	size_t whole = n <= PIPE_ATOMIC ? n : 1;
	size_t done = 0;

	while (done < n) {
		int64_t put = write_some(p, (const char *)buf + done, n - done, whole);

		if (put == -EPIPE)
			signal_send(current_proc(), SIGPIPE);
		if (put == -EAGAIN && !(f->flags & O_NONBLOCK))
			put = wait_event_signal(&p->wq, p->readers == 0 ||
						PIPE_BYTES - p->used >= whole);
		if (put < 0)
			return done > 0 ? (int64_t)done : put;
		done += put;
	}
	return done;
}

static uint32_t pipe_poll(struct ofile *f)
{
	struct pipe *p = pipe_of(f);

	if ((f->flags & O_ACCMODE) == 0)
		return (p->used != 0 ? POLLIN : 0) | (p->writers == 0 ? POLLHUP : 0);
	return (PIPE_BYTES - p->used >= PIPE_ATOMIC ? POLLOUT : 0) | (p->readers == 0 ? POLLERR : 0);
}

static int pipe_stat(struct ofile *f, struct vfs_stat *st)
{
	*st = (struct vfs_stat){ .mode = VFS_IFIFO | 0600, .nlink = 1, .blksize = PAGE_SIZE,
				 .ino = (uintptr_t)f->priv >> 4 };
	return 0;
}

static void pipe_release(struct ofile *f)
{
	struct pipe *p = pipe_of(f);
	bool last;

	mutex_lock(&p->lock);
	if ((f->flags & O_ACCMODE) == 0)
		p->readers--;
	else
		p->writers--;
	last = p->readers == 0 && p->writers == 0;
	mutex_unlock(&p->lock);
	if (last)
		kfree(p);
	else
		changed(p);
}

static const struct ofile_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.stat = pipe_stat,
	.release = pipe_release,
};

static struct ofile *pipe_end(struct pipe *p, uint32_t flags)
{
	struct ofile *f = ofile_new(&pipe_ops, flags);

	if (f == NULL)
		return NULL;
	f->priv = p;
	if ((flags & O_ACCMODE) == 0)
		p->readers++;
	else
		p->writers++;
	return f;
}

static long make_pipe(uint64_t to, uint32_t flags)
{
	struct pipe *p = kmalloc(sizeof(*p));
	struct ofile *in, *out;
	int32_t fd[2];
	long rc;

	if (p == NULL)
		return -ENOMEM;
	memset(p, 0, offsetof(struct pipe, data));
	mutex_init(&p->lock);
	wait_queue_init(&p->wq);
	in = pipe_end(p, flags & O_NONBLOCK);
	out = in == NULL ? NULL : pipe_end(p, 1 | (flags & O_NONBLOCK));
	if (out == NULL) {
		if (in != NULL)
			ofile_put(in);
		else
			kfree(p);
		return -ENOMEM;
	}
	fd[0] = fd_install(in, 0, flags & O_CLOEXEC);
	if (fd[0] < 0) {
		ofile_put(out);
		return fd[0];
	}
	fd[1] = fd_install(out, 0, flags & O_CLOEXEC);
	rc = fd[1] < 0 ? fd[1] : copy_to_user(to, fd, sizeof(fd));
	if (rc != 0) {
		fd_close(current_proc(), fd[0]);
		if (fd[1] >= 0)
			fd_close(current_proc(), fd[1]);
	}
	return rc;
}

long sys_pipe(const uint64_t *a)
{
	return make_pipe(a[0], 0);
}

long sys_pipe2(const uint64_t *a)
{
	if (a[1] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	return make_pipe(a[0], (uint32_t)a[1]);
}
