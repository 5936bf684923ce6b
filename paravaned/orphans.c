/* SPDX-License-Identifier: MIT */
/*
 * The domain processes that a paravaned which was killed has left behind.
 *
 * Nobody can serve them: their ports, frames and reservations were known to the dead daemon alone,
 * and the store and their backends ended with it.  So each process is recorded in the run
 * directory from before it executes the image until it is reaped, and the next paravaned ends what
 * it finds recorded.  A record is "DOMID START", START being the process's start time in ticks since
 * boot, in a file named after the pid: a process that has that number by chance has another start time.
 */
#include "config.h"
#include "paravaned/orphans.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "libs/util/log.h"
#include "libs/util/loop.h"
#include "paravaned/console_ring.h"
#include "paravaned/process.h"

#define DIRECTORY	"processes"
/* Memory by the gigabyte takes a while to unmap; longer than this nobody's start waits for it. */
#define WAIT_NS		2000000000ULL

static int record_path(char *buf, size_t size, pid_t pid)
{
	char name[40];

	snprintf(name, sizeof(name), DIRECTORY "/%d", (int)pid);
	return pvn_runpath(buf, size, name);
}

int orphans_record(pid_t pid, unsigned int domid)
{
	char path[PATH_MAX], line[64];
	int rc = record_path(path, sizeof(path), pid), fd, len;

	if (rc)
		return rc;
	len = snprintf(line, sizeof(line), "%u %llu\n", domid, (unsigned long long)process_start_ticks(pid));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, line, (size_t)len) != len)
		rc = errno ? -errno : -EIO;
	close(fd);
	if (rc)
		unlink(path);
	return rc;
}

void orphans_forget(pid_t pid)
{
	char path[PATH_MAX];

	if (!record_path(path, sizeof(path), pid))
		unlink(path);
}

/* The process of that record, still what it was then?  A pidfd, or -1: it is gone. */
static int orphan_open(int dir, pid_t pid, unsigned int *domid)
{
	char name[16], line[64] = "", want[24];
	unsigned long long start;
	ssize_t n = -1;
	int fd, pidfd;

	snprintf(name, sizeof(name), "%d", (int)pid);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	if (n <= 0 || sscanf(line, "%u %llu", domid, &start) != 2 || !start)
		return -1;
	/* Held first, then looked at: what is looked at is what will be signalled. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -1;
	snprintf(want, sizeof(want), "paravane-d%u", *domid);
	if (process_start_ticks(pid) == start && process_is_called(pid, want))
		return pidfd;
	close(pidfd);
	return -1;
}

static void wait_for_end(int pidfd, uint64_t deadline)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	uint64_t now = pvn_now_ns();

	poll(&p, 1, now < deadline ? (int)((deadline - now) / 1000000) : 0);
}

/* Adds " dN" to the list as long as there is room; those cut off are in the count. */
static void list_add(char *list, size_t size, unsigned int domid)
{
	size_t len = strlen(list);

	if (size - len > sizeof(" d65535 ..."))
		snprintf(list + len, size - len, " d%u", domid);
	else if (!strstr(list, "..."))
		snprintf(list + len, size - len, " ...");
}

static unsigned int end_all(DIR *dir, char *list, size_t size)
{
	uint64_t deadline = pvn_now_ns() + WAIT_NS;
	unsigned int n = 0, domid;
	struct dirent *e;

	while ((e = readdir(dir))) {
		pid_t pid = atoi(e->d_name);
		int pidfd;

		if (pid <= 0)
			continue;
		pidfd = orphan_open(dirfd(dir), pid, &domid);
		if (pidfd >= 0) {
			if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0) {
				wait_for_end(pidfd, deadline);
				list_add(list, size, domid);
				n++;
			} else if (errno != ESRCH) {
				pvn_log(LOG_ERR, "d%u: cannot end pid %d, left by a former paravaned: %m",
					domid, (int)pid);
			}
			close(pidfd);
		}
		unlinkat(dirfd(dir), e->d_name, 0);
	}
	return n;
}

int orphans_end(void)
{
	char path[PATH_MAX], list[96] = "";
	unsigned int n;
	DIR *dir;
	int rc = pvn_runpath(path, sizeof(path), DIRECTORY);

	if (rc)
		return rc;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	dir = opendir(path);
	if (!dir)
		return -errno;
	n = end_all(dir, list, sizeof(list));
	closedir(dir);
	if (n)
		machine_log("ended %u domain%s (%s) that a former paravaned left when it was killed: "
			    "their store and their backends are gone, too", n, n == 1 ? "" : "s", list + 1);
	return 0;
}
