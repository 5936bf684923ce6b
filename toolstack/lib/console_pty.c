/* SPDX-License-Identifier: MIT */
/*
 * Finding a domain's console: xenconsoled has a pty for each domain and names its end in
 * /local/domain/N/console/tty, which guests can read but not write.
 *
 * A daemon that was killed leaves its nodes behind, and the kernel gives its terminals' numbers to
 * others.  So a terminal counts only if the xenconsoled that runs now has it open, too.
 */
#include "config.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "libs/util/daemon.h"
#include "toolstack/lib/console.h"

#define TTY_WAIT_MS	5000

/* Has the console daemon the terminal open as other than its standard streams? */
static bool daemon_holds(const struct stat *tty)
{
	struct dirent *e;
	struct stat st;
	bool found = false;
	char path[64];
	pid_t pid;
	DIR *d;

	if (pvn_daemon_running("xenconsoled", &pid) != 1)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d)))
		found = atoi(e->d_name) > STDERR_FILENO && !fstatat(dirfd(d), e->d_name, &st, 0) &&
			st.st_dev == tty->st_dev && st.st_ino == tty->st_ino;
	if (d)
		closedir(d);
	return found;
}

/* Open what the node names if it is a console.  A descriptor, -ENOENT: not yet, or -errno. */
static int open_tty(struct toolstack *t, const char *dir)
{
	char *tty = store_read(t, "%s/tty", dir);
	struct stat st;
	int fd;

	if (!tty || !tty[0]) {
		free(tty);
		return -ENOENT;
	}
	fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	free(tty);
	if (fd < 0)
		return -errno;
	/* Asked while we have it open: its number cannot pass to another now. */
	if (!fstat(fd, &st) && S_ISCHR(st.st_mode) && daemon_holds(&st) && !fcntl(fd, F_SETFL, 0))
		return fd;
	close(fd);
	return -ENOENT;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until the console has a terminal. */
static int wait_tty(struct toolstack *t, const char *dir)
{
	struct pollfd p = {.events = POLLIN};
	long end = now_ms() + TTY_WAIT_MS, now;
	int fd = open_tty(t, dir);
	char **event;

	if (fd >= 0 || !xs_watch(t->xs, dir, "tty"))
		return fd;
	p.fd = xs_fileno(t->xs);
	while ((fd = open_tty(t, dir)) < 0 && (now = now_ms()) < end)
		if (poll(&p, 1, end - now) > 0 && (event = xs_check_watch(t->xs)))
			free(event);
	xs_unwatch(t->xs, dir, "tty");
	return fd;
}

int console_open(struct toolstack *t, uint32_t domid)
{
	char dir[PATH_BYTES];
	struct termios raw;
	int fd;

	snprintf(dir, sizeof(dir), "/local/domain/%u/console", domid);
	fd = wait_tty(t, dir);
	if (fd == -ENOENT)
		return ts_fail(t, fd, "%u: the domain has no console terminal; the console daemon's "
			       "log is %s/log/xenconsoled.log", domid, pvn_rundir());
	if (fd < 0)
		return ts_fail(t, fd, "%u: cannot open the console's terminal: %s", domid,
			       strerror(-fd));
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}
