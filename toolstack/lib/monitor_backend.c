/* SPDX-License-Identifier: MIT */
/*
 * Bringing the block backend back: the monitor of a domain with a disk sees it die and starts it again.
 *
 * Which of several monitors does so is decided by the lock on the pid file.  A backend that was stopped
 * (SIGTERM) has emptied its pid file and stays stopped; one that was killed has not.  One that dies
 * again and again is started less and less often.
 */
#include "config.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "libs/util/daemon.h"
#include "libs/util/log.h"
#include "toolstack/lib/monitor.h"

#define BACKEND		"paravane-blkback"
#define LOOK_MS		2000	/* for one that was not there when we looked */
#define DISK_LOOK_MS	10000	/* for a first disk, which may be attached at any time */
#define PAUSE_MAX_MS	30000
#define PAUSE_MIN_MS	50
#define HEALTHY_MS	200	/* a life that long is no beginning that failed */

struct backend_watch {
	pid_t pid;		/* of the backend that fd is of */
	int fd;			/* -1: none */
	int sentinel;		/* hangs up when the store does; -1: none */
	uint64_t started_ms;	/* by us */
	unsigned int pause_ms;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool has_disk(struct toolstack *t, uint32_t domid)
{
	char path[64];
	unsigned int n = 0;
	char **disks;

	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%u", domid);
	disks = xs_directory(t->xs, XBT_NULL, path, &n);
	free(disks);
	return disks && n;
}

/* Did it end without having been asked to? */
static bool was_killed(void)
{
	char path[PATH_BYTES];
	struct stat st;

	return !pvn_runpath(path, sizeof(path), BACKEND ".pid") && !stat(path, &st) && st.st_size > 0;
}

static void bring_back(struct backend_watch *w)
{
	if (now_ms() - w->started_ms >= HEALTHY_MS)
		w->pause_ms = 0;
	else
		w->pause_ms = w->pause_ms ? w->pause_ms * 2 : PAUSE_MIN_MS;
	if (w->pause_ms > PAUSE_MAX_MS)
		w->pause_ms = PAUSE_MAX_MS;
	if (w->pause_ms)
		usleep(w->pause_ms * 1000);
	pvn_log(LOG_WARNING, BACKEND " has died; starting it again");
	if (pvn_daemon_ensure(BACKEND))
		pvn_log(LOG_ERR, BACKEND " could not be started again; its log is %s/log/" BACKEND ".log",
			pvn_rundir());
	w->started_ms = now_ms();
}

/* Have a descriptor of the backend that runs, if one does. */
static void follow(struct backend_watch *w)
{
	pid_t pid = 0;

	if (pvn_daemon_running(BACKEND, &pid) != 1 || pid <= 0)
		return;
	w->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	w->pid = pid;
}

static void look(struct toolstack *t, uint32_t domid, struct backend_watch *w)
{
	if (w->fd < 0)
		follow(w);
	if (w->fd >= 0 || pvn_daemon_running(BACKEND, NULL) != 0 || !was_killed() || !has_disk(t, domid))
		return;
	bring_back(w);
	follow(w);
}

struct backend_watch *backend_watch_new(void)
{
	struct backend_watch *w = calloc(1, sizeof(*w));

	if (w)
		w->fd = w->sentinel = -1;
	return w;
}

void backend_watch_free(struct backend_watch *w)
{
	if (w && w->fd >= 0)
		close(w->fd);
	if (w && w->sentinel >= 0)
		close(w->sentinel);
	free(w);
}

/*
 * The descriptor of libxenstore says when there is an event, not that there will be none any more.  So
 * another connection is held, on which nothing is ever said.
 */
static int sentinel_open(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (pvn_store_path(addr.sun_path, sizeof(addr.sun_path)))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A backend is looked for only where there is a disk. */
void backend_watch_wait(struct toolstack *t, uint32_t domid, struct backend_watch *w)
{
	struct pollfd p[3] = { { .fd = xs_fileno(t->xs), .events = POLLIN }, { .events = POLLIN },
			       { .events = POLLIN } };

	if (w && w->sentinel < 0)
		w->sentinel = sentinel_open();
	while (w && w->sentinel >= 0) {
		bool disk = has_disk(t, domid);

		if (disk)
			look(t, domid, w);
		p[1].fd = w->fd;
		p[2].fd = w->sentinel;
		p[0].revents = p[1].revents = p[2].revents = 0;
		poll(p, 3, w->fd >= 0 ? -1 : disk ? LOOK_MS : DISK_LOOK_MS);
		if (p[1].revents) {
			close(w->fd);
			w->fd = -1;
		}
		if (p[2].revents) {
			close(w->sentinel);
			w->sentinel = -1;
		}
		if (p[0].revents || p[2].revents)
			return;
	}
}
