/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's lock, RUNDIR/xl.lock: names are unique because only one xl at a time looks for a
 * name and takes it.  The kernel drops it with the process.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "toolstack/lib/toolstack.h"

int toolstack_lock(struct toolstack *t)
{
	char path[PATH_MAX];
	int fd = -1, ret = pvn_runpath(path, sizeof(path), "xl.lock");

	if (!ret) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ret = fd < 0 ? -errno : 0;
	}
	while (!ret && flock(fd, LOCK_EX))
		if (errno != EINTR)
			ret = -errno;
	if (!ret)
		return fd;
	if (fd >= 0)
		close(fd);
	return ts_fail(t, ret, "%s: cannot be locked: %s", path, strerror(-ret));
}

void toolstack_unlock(int fd)
{
	if (fd < 0)
		return;
	/* Said aloud: a forked monitor may have inherited the lock's open file. */
	flock(fd, LOCK_UN);
	close(fd);
}
