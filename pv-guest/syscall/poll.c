/* SPDX-License-Identifier: MIT */
/* Waiting for several files: poll and select. All wait on one queue, which is woken for any file. */
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/time.h>

#include "calls.h"

struct wait_queue poll_wq = WAIT_QUEUE_INIT(poll_wq);

struct pollfd_user {
	int32_t fd;
	int16_t events, revents;
};

static uint32_t ready(int32_t fd, uint32_t events)
{
	struct ofile *f = fd_get((uint32_t)fd);
	uint32_t now;

	if (f == NULL)
		return POLLNVAL;
	now = f->ops->poll != NULL ? f->ops->poll(f) : POLLIN | POLLOUT;
	return now & (events | POLLERR | POLLHUP);
}

static long scan(struct pollfd_user *p, uint32_t n)
{
	long count = 0;

	for (uint32_t i = 0; i < n; i++) {
		p[i].revents = 0;
		if (p[i].fd < 0)
			continue;
		p[i].revents = (int16_t)ready(p[i].fd, (uint16_t)p[i].events);
		count += p[i].revents != 0;
	}
	return count;
}

/* deadline 0: for ever. What scan found, 0 after the deadline, -EINTR. */
static long poll_until(struct pollfd_user *p, uint32_t n, uint64_t deadline)
{
	struct waiter w;
	long count;

	for (;;) {
		wait_prepare(&poll_wq, &w);
		count = scan(p, n);
		if (count == 0 && signal_pending())
			count = -EINTR;
		if (count != 0 || (deadline != 0 && now_ns() >= deadline))
			break;
		wait_sleep(deadline);
		wait_finish(&poll_wq, &w);
	}
	wait_finish(&poll_wq, &w);
	return count;
}

static long do_poll(uint64_t ufds, uint32_t n, uint64_t deadline)
{
	struct pollfd_user p[PROC_FILES];
	long rc;

	if (n > PROC_FILES)
		return -EINVAL;
	if (copy_from_user(p, ufds, n * sizeof(p[0])) != 0)
		return -EFAULT;
	rc = poll_until(p, n, deadline);
	if (rc >= 0 && copy_to_user(ufds, p, n * sizeof(p[0])) != 0)
		return -EFAULT;
	return rc;
}

/* 1, not 0, for a time that has come: 0 waits for ever. */
static uint64_t deadline_after(uint64_t ns)
{
	uint64_t end;

	return __builtin_add_overflow(now_ns(), ns, &end) ? 0 : end;
}

static int deadline_from(uint64_t uts, uint64_t fraction_ns, uint64_t *deadline)
{
	int64_t ts[2];
	uint64_t ns;

	*deadline = 0;
	if (uts == 0)
		return 0;
	if (copy_from_user(ts, uts, sizeof(ts)) != 0)
		return -EFAULT;
	if (ts[0] < 0 || ts[1] < 0 || (uint64_t)ts[1] * fraction_ns >= 10 * NSEC_PER_SEC)
		return -EINVAL;
	if (!__builtin_mul_overflow((uint64_t)ts[0], NSEC_PER_SEC, &ns))
		*deadline = deadline_after(ns + (uint64_t)ts[1] * fraction_ns);
	return 0;
}

long sys_poll(const uint64_t *a)
{
	int32_t ms = (int32_t)a[2];

	return do_poll(a[0], (uint32_t)a[1],
		       ms < 0 ? 0 : deadline_after((uint64_t)ms * NSEC_PER_MSEC));
}

/* The mask ppoll and pselect set for as long as they wait. */
static int mask_for_wait(uint64_t umask)
{
	struct proc *p = current_proc();
	uint64_t mask;

	if (umask == 0)
		return 0;
	if (copy_from_user(&mask, umask, sizeof(mask)) != 0)
		return -EFAULT;
	p->saved_blocked = p->blocked;
	p->restore_blocked = true;
	p->blocked = mask;
	return 0;
}

long sys_ppoll(const uint64_t *a)
{
	uint64_t deadline;
	int rc = deadline_from(a[2], 1, &deadline);

	if (rc == 0)
		rc = mask_for_wait(a[3]);
	return rc != 0 ? rc : do_poll(a[0], (uint32_t)a[1], deadline);
}

/* Descriptors are few: a set is one word of the process's. */
static int set_in(uint64_t uset, uint32_t n, uint64_t *set)
{
	*set = 0;
	if (uset != 0 && n != 0 && copy_from_user(set, uset, sizeof(*set)) != 0)
		return -EFAULT;
	if (n < 64)
		*set &= (1UL << n) - 1;
	return 0;
}

static long do_select(const uint64_t *a, uint64_t deadline)
{
	struct pollfd_user p[PROC_FILES];
	uint64_t in[3], out[3] = { 0 };
	uint32_t n = (uint32_t)a[0], used = 0;
	long rc, count = 0;

	for (unsigned int i = 0; i < 3; i++) {
		if (set_in(a[1 + i], n, &in[i]) != 0)
			return -EFAULT;
	}
	for (uint32_t fd = 0; fd < MIN(n, PROC_FILES); fd++) {
		int16_t events = (in[0] >> fd & 1 ? POLLIN : 0) | (in[1] >> fd & 1 ? POLLOUT : 0);

		if (((in[0] | in[1] | in[2]) >> fd & 1) == 0)
			continue;
		if (fd_get(fd) == NULL)
			return -EBADF;
		p[used++] = (struct pollfd_user){ .fd = (int32_t)fd, .events = events };
	}
	rc = poll_until(p, used, deadline);
	for (uint32_t i = 0; rc > 0 && i < used; i++) {
		uint64_t bit = 1UL << p[i].fd;

		if ((p[i].revents & (POLLIN | POLLHUP | POLLERR)) && (in[0] & bit))
			out[0] |= bit, count++;
		if ((p[i].revents & (POLLOUT | POLLERR)) && (in[1] & bit))
			out[1] |= bit, count++;
	}
	for (unsigned int i = 0; rc >= 0 && n != 0 && i < 3; i++) {
		if (a[1 + i] != 0 && copy_to_user(a[1 + i], &out[i], sizeof(out[i])) != 0)
			return -EFAULT;
	}
	return rc < 0 ? rc : count;
}

long sys_select(const uint64_t *a)
{
	uint64_t deadline;
	int rc = deadline_from(a[4], NSEC_PER_USEC, &deadline);

	return rc != 0 ? rc : do_select(a, deadline);
}

long sys_pselect6(const uint64_t *a)
{
	uint64_t deadline, mask[2] = { 0 };
	int rc = deadline_from(a[4], 1, &deadline);

	if (rc == 0 && a[5] != 0 && copy_from_user(mask, a[5], sizeof(mask)) != 0)
		rc = -EFAULT;
	if (rc == 0)
		rc = mask_for_wait(mask[0]);
	return rc != 0 ? rc : do_select(a, deadline);
}
