/* SPDX-License-Identifier: MIT */
/*
 * Bringing backends back: the monitor of a domain with a disk or a network interface sees the backend
 * die and starts it again; that one takes its devices over.
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

#define LOOK_MS		2000	/* for one that was not there when we looked */
#define DEVICE_LOOK_MS	60000	/* for a first device, which may be attached at any time */
#define PAUSE_MAX_MS	30000
#define PAUSE_MIN_MS	50
#define HEALTHY_MS	200	/* a life that long is no beginning that failed */

/* Those that can take over what another one was killed with. */
static const struct backend {
	const char *daemon, *devices;
} backends[] = {
	{ "paravane-blkback", "vbd" },
	{ "paravane-netback", "vif" },
};

#define NR_BACKENDS	(sizeof(backends) / sizeof(backends[0]))

struct follower {
	int fd;			/* of the backend's process; -1: none */
	uint64_t started_ms;	/* by us */
	uint64_t due_ms;	/* when it is started again; 0: nothing is planned */
	unsigned int pause_ms;
};

struct backend_watch {
	struct follower follower[NR_BACKENDS];
	int sentinel;		/* hangs up when the store does; -1: none */
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool has_device(struct toolstack *t, uint32_t domid, const struct backend *b)
{
	char path[64];
	unsigned int n = 0;
	char **devices;

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", b->devices, domid);
	devices = xs_directory(t->xs, XBT_NULL, path, &n);
	free(devices);
	return devices && n;
}

/* Did it end without having been asked to? */
static bool was_killed(const struct backend *b)
{
	char name[64], path[PATH_BYTES];
	struct stat st;

	snprintf(name, sizeof(name), "%s.pid", b->daemon);
	return !pvn_runpath(path, sizeof(path), name) && !stat(path, &st) && st.st_size > 0;
}

/* Have a descriptor of the backend that runs, if one does. */
static void follow(const struct backend *b, struct follower *f)
{
	pid_t pid = 0;

	if (f->fd < 0 && pvn_daemon_running(b->daemon, &pid) == 1 && pid > 0)
		f->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (f->fd >= 0)
		f->due_ms = 0;
}

static void plan(struct follower *f, uint64_t now)
{
	if (now - f->started_ms >= HEALTHY_MS)
		f->pause_ms = 0;
	else
		f->pause_ms = f->pause_ms ? f->pause_ms * 2 : PAUSE_MIN_MS;
	if (f->pause_ms > PAUSE_MAX_MS)
		f->pause_ms = PAUSE_MAX_MS;
	f->due_ms = now + f->pause_ms;
}

static void start(const struct backend *b, struct follower *f)
{
	pvn_log(LOG_WARNING, "%s has died; starting it again", b->daemon);
	if (pvn_daemon_ensure(b->daemon))
		pvn_log(LOG_ERR, "%s could not be started again; its log is %s/log/%s.log", b->daemon, pvn_rundir(),
			b->daemon);
	f->started_ms = now_ms();
	f->due_ms = 0;
	follow(b, f);
}

/* In how many ms to look again; -1: when its descriptor says so. */
static int look(struct toolstack *t, uint32_t domid, const struct backend *b, struct follower *f)
{
	uint64_t now;

	if (!has_device(t, domid, b))
		return DEVICE_LOOK_MS;
	follow(b, f);
	if (f->fd < 0 && (pvn_daemon_running(b->daemon, NULL) != 0 || !was_killed(b)))
		return LOOK_MS;
	now = now_ms();
	if (f->fd < 0 && !f->due_ms)
		plan(f, now);
	if (f->fd < 0 && now < f->due_ms)
		return (int)(f->due_ms - now);
	if (f->fd < 0)
		start(b, f);
	return f->fd >= 0 ? -1 : LOOK_MS;
}

struct backend_watch *backend_watch_new(void)
{
	struct backend_watch *w = calloc(1, sizeof(*w));
	unsigned int i;

	if (!w)
		return NULL;
	w->sentinel = -1;
	for (i = 0; i < NR_BACKENDS; i++)
		w->follower[i].fd = -1;
	return w;
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void backend_watch_free(struct backend_watch *w)
{
	unsigned int i;

	for (i = 0; w && i < NR_BACKENDS; i++)
		drop(&w->follower[i].fd);
	if (w)
		drop(&w->sentinel);
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

/* The shorter of two waits; -1 is for ever. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* A backend is looked for only where there is a device for it. */
void backend_watch_wait(struct toolstack *t, uint32_t domid, struct backend_watch *w)
{
	struct pollfd p[2 + NR_BACKENDS] = { { .fd = xs_fileno(t->xs), .events = POLLIN } };
	unsigned int i;
	int wait;

	if (w && w->sentinel < 0)
		w->sentinel = sentinel_open();
	while (w && w->sentinel >= 0) {
		p[1] = (struct pollfd){ .fd = w->sentinel, .events = POLLIN };
		for (wait = -1, i = 0; i < NR_BACKENDS; i++) {
			wait = sooner(wait, look(t, domid, &backends[i], &w->follower[i]));
			p[2 + i] = (struct pollfd){ .fd = w->follower[i].fd, .events = POLLIN };
		}
		p[0].revents = 0;
		poll(p, 2 + NR_BACKENDS, wait);
		for (i = 0; i < NR_BACKENDS; i++)
			if (p[2 + i].revents)
				drop(&w->follower[i].fd);
		if (p[1].revents)
			drop(&w->sentinel);
		if (p[0].revents || w->sentinel < 0)
			return;
	}
}
