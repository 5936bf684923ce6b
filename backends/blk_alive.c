/* SPDX-License-Identifier: MIT */
/*
 * Has the I/O of backends that were killed come to its end?
 *
 * The kernel ends a process before the transfers that it had under way: a write of the last backend could
 * still reach the disk after ours of the same sectors, and a read could still fill a page that
 * the domain uses for something else by then.  So each backend has a file of its own, locked, that is
 * registered with its io_uring: the kernel lets go of registered files when the last request of
 * the ring has ended, and with the file goes the lock.
 *
 * The files of others are opened when we start, for later the sandbox lets us try locks and nothing
 * else.  Those that nobody has locked are removed then, too: that of a backend lies around until the next.
 */
#include "config.h"
#include "backends/blk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PREFIX		"alive."
#define MAX_OTHERS	64	/* killed one after the other, and the disk does not come to an end with any */

struct blk_alive {
	int fd;
	unsigned int nr;
	int others[MAX_OTHERS];	/* files that were locked when we looked last */
};

static bool try_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static int other_look(struct blk_alive *a, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!try_lock(fd) && errno == EWOULDBLOCK) {
		if (a->nr == MAX_OTHERS) {
			close(fd);
			return -EBUSY;
		}
		a->others[a->nr++] = fd;
		return 0;
	}
	unlinkat(dir, name, 0);
	close(fd);
	return 0;
}

static int others_look(struct blk_alive *a, int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!rc && (e = readdir(d)))
		if (!strncmp(e->d_name, PREFIX, strlen(PREFIX)))
			rc = other_look(a, dir, e->d_name);
	closedir(d);
	return rc;
}

/* By the first number that is free: a process id may be that of an earlier one. */
static int own_make(struct blk_alive *a, int dir)
{
	char name[32];
	unsigned int i;

	for (i = 0; a->fd < 0 && i <= MAX_OTHERS; i++) {
		snprintf(name, sizeof(name), PREFIX "%u", i);
		a->fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (a->fd < 0 && errno != EEXIST)
			return -errno;
	}
	if (a->fd < 0)
		return -EBUSY;
	return try_lock(a->fd) ? 0 : -errno;
}

int blk_alive_open(struct blkback *bb, int dir)
{
	struct blk_alive *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return -ENOMEM;
	a->fd = -1;
	bb->alive = a;
	rc = others_look(a, dir);
	if (!rc)
		rc = own_make(a, dir);
	if (rc)
		blk_alive_close(bb);
	return rc;
}

int blk_alive_fd(const struct blkback *bb)
{
	return bb->alive ? bb->alive->fd : -1;
}

bool blk_alive_others(struct blkback *bb)
{
	struct blk_alive *a = bb->alive;

	while (a && a->nr && try_lock(a->others[a->nr - 1]))
		close(a->others[--a->nr]);
	return a && a->nr;
}

void blk_alive_close(struct blkback *bb)
{
	struct blk_alive *a = bb->alive;

	if (!a)
		return;
	while (a->nr)
		close(a->others[--a->nr]);
	if (a->fd >= 0)
		close(a->fd);
	free(a);
	bb->alive = NULL;
}
