/* SPDX-License-Identifier: MIT */
/*
 * How a program becomes a daemon.
 *
 * The lock on the pid file (an open-file-description lock, inherited by the fork and given up by
 * the kernel when the daemon dies) is the truth about "running"; the pid in it is the truth about
 * "ready".  A stale file from a killed daemon therefore means nothing.
 */
#include "config.h"
#include "libs/util/daemon.h"

#include "libs/util/find.h"
#include "libs/util/log.h"
#include <paravane/rundir.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a second starter waits for the first to become ready. */
#define READY_WAIT_MS	10000

static struct {
	const char *name;
	bool foreground;
	int lock_fd;
	int ready_fd;	/* to the parent, -1: none */
	pid_t pid;
} self = { .lock_fd = -1, .ready_fd = -1 };

static int pidfile_open(const char *name, int flags)
{
	char file[NAME_MAX + 1], path[PATH_MAX];
	int n = snprintf(file, sizeof(file), "%s.pid", name), rc, fd;

	if (n < 0 || (size_t)n >= sizeof(file))
		return -ENAMETOOLONG;
	rc = pvn_runpath(path, sizeof(path), file);
	if (rc)
		return rc;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : fd;
}

static int pidfile_lock(int fd, int cmd, struct flock *fl)
{
	*fl = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, cmd, fl) ? -errno : 0;
}

/* The pid in the file, 0: none. */
static pid_t pidfile_read(int fd)
{
	char buf[24];
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return 0;
	buf[n] = 0;
	return (pid_t)strtol(buf, NULL, 10);
}

int pvn_daemon_running(const char *name, pid_t *pid)
{
	int fd = pidfile_open(name, O_RDWR), rc;
	struct flock fl;
	pid_t p;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = pidfile_lock(fd, F_OFD_GETLK, &fl);
	p = pidfile_read(fd);
	close(fd);
	if (rc)
		return rc;
	if (fl.l_type == F_UNLCK)
		return 0;
	if (p <= 0)
		return -EAGAIN;
	if (pid)
		*pid = p;
	return 1;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Somebody else has the lock: wait until it is ready and exit, or take the lock it gave up. */
static int lock_contended(const char *name, int fd)
{
	struct flock fl;
	pid_t pid;
	int ms;

	for (ms = 0; ms < READY_WAIT_MS; ms += 10) {
		if (!pidfile_lock(fd, F_OFD_SETLK, &fl))
			return 0;
		pid = pidfile_read(fd);
		if (pid > 0) {
			fprintf(stderr, "%s: already running (pid %d)\n", name, (int)pid);
			exit(0);
		}
		sleep_ms(10);
	}
	fprintf(stderr, "%s: another one has been starting for %d s\n", name, READY_WAIT_MS / 1000);
	exit(1);
}

static int lock_take(const char *name)
{
	int fd = pidfile_open(name, O_RDWR | O_CREAT), rc;
	struct flock fl;

	if (fd < 0)
		return fd;
	rc = pidfile_lock(fd, F_OFD_SETLK, &fl);
	if (rc == -EAGAIN || rc == -EACCES)
		rc = lock_contended(name, fd);
	if (!rc && ftruncate(fd, 0) != 0)
		rc = -errno;
	if (rc) {
		close(fd);
		return rc;
	}
	self.lock_fd = fd;
	return 0;
}

static int log_start(const char *name, bool foreground)
{
	char file[NAME_MAX + 1], path[PATH_MAX];
	int rc;

	if (foreground)
		return 0;
	rc = pvn_runpath(path, sizeof(path), "log");
	if (rc)
		return rc;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	snprintf(file, sizeof(file), "log/%s.log", name);
	rc = pvn_runpath(path, sizeof(path), file);
	return rc ? rc : pvn_log_open(name, path, 1);
}

/* The parent: its exit status is what the one who typed the command sees. */
static void __attribute__((noreturn)) parent_wait(int fd, pid_t child)
{
	char c;
	ssize_t n;
	int status;

	do
		n = read(fd, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	/* It said why, unless a signal took it. */
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
		fprintf(stderr, "%s: killed by signal %d at start\n", self.name, WTERMSIG(status));
	_exit(1);
}

static int fork_away(void)
{
	int p[2];
	pid_t child;

	if (pipe2(p, O_CLOEXEC) != 0)
		return -errno;
	child = fork();
	if (child < 0) {
		close(p[0]);
		close(p[1]);
		return -errno;
	}
	if (child > 0) {
		close(p[1]);
		parent_wait(p[0], child);
	}
	close(p[0]);
	setsid();
	if (chdir("/") != 0) /* no mount is kept busy, no core goes where xl was typed */
		pvn_log(LOG_WARNING, "chdir /: %s", strerror(errno));
	self.ready_fd = p[1];
	return 0;
}

/* A descriptor or several per domain: the soft limit of 1024 is for who uses select(). */
static void raise_fd_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

int pvn_daemon_start(const char *name, bool foreground)
{
	const char *what = "run directory";
	int rc;

	self.name = name;
	self.foreground = foreground;
	signal(SIGPIPE, SIG_IGN);
	raise_fd_limit();
	rc = pvn_rundir() ? 0 : -errno;
	if (!rc) {
		what = "pid file";
		rc = lock_take(name);
	}
	if (!rc && !foreground) {
		what = "fork";
		rc = fork_away();
	}
	if (!rc) {
		what = "log file";
		rc = log_start(name, foreground);
	}
	if (rc)
		fprintf(stderr, "%s: %s: %s\n", name, what, strerror(-rc));
	return rc;
}

/* A pid that is no more ours must not stand in the file. */
static void pidfile_clear(void)
{
	if (self.pid == getpid() && ftruncate(self.lock_fd, 0) != 0)
		return;
}

static void redirect_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	close(null);
	/* What libc, sanitizers or an assertion have to say belongs into the log. */
	dup2(pvn_log_fd(), STDOUT_FILENO);
	dup2(pvn_log_fd(), STDERR_FILENO);
	pvn_log_quiet();
}

void pvn_daemon_ready(void)
{
	self.pid = getpid();
	if (self.lock_fd >= 0) {
		/* Whoever looks for us would wait for ever at an empty file. */
		if (dprintf(self.lock_fd, "%d\n", (int)self.pid) < 0) {
			fprintf(stderr, "%s: pid file: %s\n", self.name, strerror(errno));
			exit(1);
		}
		atexit(pidfile_clear);
	}
	if (!self.foreground)
		redirect_stdio();
	if (self.ready_fd >= 0) {
		if (write(self.ready_fd, "r", 1) != 1)
			pvn_log(LOG_WARNING, "the starter is gone");
		close(self.ready_fd);
		self.ready_fd = -1;
	}
}

int pvn_daemon_ensure(const char *name)
{
	char path[PATH_MAX];
	int rc, status;
	pid_t pid;

	if (pvn_daemon_running(name, NULL) == 1)
		return 0;
	rc = pvn_find_program(path, sizeof(path), name);
	if (rc)
		return rc;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* "already running" of a race won by another starter is no news to the user. */
		execl(path, name, (char *)NULL);
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
