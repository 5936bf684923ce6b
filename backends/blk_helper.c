/* SPDX-License-Identifier: MIT */
/*
 * qemu-nbd for an image of another format than raw.
 *
 * Three processes hang on each other.  The helper has a listening socket from us and serves one client;
 * the socket's name is gone before it runs, so that nobody else becomes one.  Its keeper has the lock on the
 * image and the other end of `lifetime'.  When that closes, because the disk goes or because the
 * backend died however it did, the keeper ends the helper, which writes out what it holds, and the
 * lock goes last.  When the keeper is killed the kernel ends the helper.
 *
 * --cache=writeback hands each flush of the guest down to fdatasync(); with direct-io-safe it is
 * --cache=none, the same with O_DIRECT.  The format is always given: probing would let a guest
 * that writes a raw image choose what files of the host it is made of.
 */
#include "config.h"
#include "backends/blk_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <paravane/rundir.h>

#define START_MS	8000
#define END_MS		10000	/* to write out what it holds */
#define LISTEN_FD	3	/* where socket activation looks */
#define KEEP_FDS	3

struct helper {
	const struct blk_spec *spec;
	const char *qemu_format;
	int lock;		/* the image, locked */
	int listener;
	int report[2];		/* the helper's stderr; hangs up with it */
	int lifetime[2];	/* ours, the keeper's */
};

static const char *qemu_name(const char *format)
{
	static const char *const names[][2] = {
		{ "qcow2", "qcow2" }, { "qcow", "qcow" }, { "vhd", "vpc" }, { "vhdx", "vhdx" },
		{ "vmdk", "vmdk" }, { "vdi", "vdi" }, { "qed", "qed" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i][0], format))
			return names[i][1];
	return NULL;
}

static int lock_image(const struct blk_spec *spec, struct blk_opened *o)
{
	int fd = open(spec->params, (spec->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc = 0;

	if (fd < 0 || fstat(fd, &st)) {
		rc = -errno;
		snprintf(o->why, sizeof(o->why), "cannot open %.160s%s: %s", spec->params,
			 spec->readonly ? "" : " for writing", strerror(-rc));
	} else if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		rc = -ENOTBLK;
		snprintf(o->why, sizeof(o->why), "%.200s is neither a file nor a block device", spec->params);
	} else if (flock(fd, (spec->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) && errno == EWOULDBLOCK) {
		rc = -EAGAIN;
		snprintf(o->why, sizeof(o->why), "%.160s is in use by another domain%s", spec->params,
			 spec->readonly ? " that may write it" : "");
	}
	if (!rc)
		return fd;
	if (fd >= 0)
		close(fd);
	return rc;
}

/* A socket that listens, and one connected to it; no name is left.  0 or -errno. */
static int private_pair(int *listener, int *client)
{
	char dir[512], at[64];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int dirfd, rc = pvn_runpath(dir, sizeof(dir), "disk.XXXXXX");

	*listener = *client = -1;
	if (rc)
		return rc;
	if (!mkdtemp(dir))
		return -errno;
	/* Through /proc: the run directory's path may be longer than a socket's may. */
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(at, sizeof(at), "/proc/self/fd/%d/s", dirfd);
	memcpy(addr.sun_path, at, strlen(at));
	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (dirfd < 0 || *listener < 0 || *client < 0 ||
	    bind(*listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(*listener, 1) ||
	    connect(*client, (struct sockaddr *)&addr, sizeof(addr)))
		rc = -errno;
	unlinkat(dirfd, "s", 0);
	rmdir(dir);
	if (dirfd >= 0)
		close(dirfd);
	return rc;
}

/* Keep fds[i] as 3 + i, close the rest. */
static void keep_fds(int *fds, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)	/* out of the way of the targets */
		fds[i] = fcntl(fds[i], F_DUPFD, 64);
	for (i = 0; i < nr; i++)
		fds[i] = dup2(fds[i], (int)(3 + i));
	close_range(3 + nr, ~0u, 0);
}

/* In the child: become qemu-nbd. */
static void __attribute__((noreturn)) helper_exec(const struct helper *h)
{
	int fds[] = { h->listener }, direct = -1;
	const char *cache = "--cache=writeback", *argv[16];
	char pid[16];
	sigset_t none;
	int n = 0;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(h->report[1], 2);
	if (h->spec->direct_io_safe)
		direct = open(h->spec->params, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (direct >= 0)
		cache = "--cache=none";
	keep_fds(fds, 1);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	argv[n++] = "qemu-nbd";
	argv[n++] = "-f";
	argv[n++] = h->qemu_format;
	argv[n++] = cache;
	argv[n++] = h->spec->discard ? "--discard=unmap" : "--discard=ignore";
	if (h->spec->readonly)
		argv[n++] = "--read-only";
	argv[n++] = "--";
	argv[n++] = h->spec->params;
	argv[n] = NULL;
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	if (errno == ENOENT)
		dprintf(2, "qemu-nbd: it is not installed (Debian package qemu-utils)\n");
	else
		dprintf(2, "qemu-nbd: %s\n", strerror(errno));
	_exit(127);
}

/* Wait until the helper has ended, at most so long. */
static bool ended(int report, int ms)
{
	struct pollfd p = { .fd = report, .events = POLLIN };
	char drop[512];

	while (poll(&p, 1, ms) > 0)
		if (read(report, drop, sizeof(drop)) <= 0)
			return true;
	return false;
}

/* In the child: see to the helper until it ends, or has to. */
static void __attribute__((noreturn)) keeper(const struct helper *h)
{
	struct pollfd p[2];
	pid_t pid;
	int fds[KEEP_FDS];

	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_NAME, "blk-keeper");
	pid = fork();
	if (!pid)
		helper_exec(h);
	fds[0] = h->lifetime[1];
	fds[1] = h->report[0];
	fds[2] = h->lock;
	keep_fds(fds, KEEP_FDS);
	p[0] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = fds[1] };	/* hangs up with the helper; whoever starts it reads it */
	while (pid > 0 && poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (pid > 0 && !p[1].revents) {
		kill(pid, SIGTERM);
		if (!ended(fds[1], END_MS))
			kill(pid, SIGKILL);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	_exit(0);
}

/* What the helper said when it gave up: its last line, without its name. */
static void helper_why(const struct helper *h, struct blk_opened *o)
{
	char text[1024], *line, *next;
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1 && (n = read(h->report[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = 0;
	while (len && text[len - 1] == '\n')
		text[--len] = 0;
	for (line = text; (next = strchr(line, '\n')); line = next + 1)
		;
	/* It names itself and the image first, which we have named. */
	next = strstr(line, "': ");
	if (next)
		line = next + 3;
	else if (!strncmp(line, "qemu-nbd: ", 10))
		line += 10;
	snprintf(o->why, sizeof(o->why), "qemu-nbd cannot serve %.90s as %s: %.100s", h->spec->params,
		 h->spec->format, len ? line : "it did not say why");
}

/* The server speaks first.  0: it does; or -errno. */
static int helper_speaks(const struct helper *h, struct blk_opened *o)
{
	struct pollfd p = { .fd = o->sock, .events = POLLIN };
	char byte;
	int n;

	do
		n = poll(&p, 1, START_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		snprintf(o->why, sizeof(o->why), "qemu-nbd for %.150s does not answer", h->spec->params);
		return -ETIMEDOUT;
	}
	if (recv(o->sock, &byte, 1, MSG_PEEK) == 1)
		return 0;
	helper_why(h, o);
	return -EIO;
}

static int helper_start(struct helper *h, struct blk_opened *o)
{
	pid_t pid;
	int rc = private_pair(&h->listener, &o->sock);

	if (rc || pipe2(h->report, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, h->lifetime)) {
		rc = rc ? rc : -errno;
		snprintf(o->why, sizeof(o->why), "cannot start qemu-nbd: %s", strerror(-rc));
		return rc;
	}
	o->lifetime = h->lifetime[0];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		keeper(h);
	close(h->report[1]);
	close(h->listener);
	h->report[1] = h->listener = -1;
	return helper_speaks(h, o);
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

int blk_helper_open(const struct blk_spec *spec, struct blk_opened *o)
{
	struct helper h = { .spec = spec, .qemu_format = qemu_name(spec->format), .listener = -1,
			    .report = { -1, -1 }, .lifetime = { -1, -1 } };
	int rc;

	if (!h.qemu_format) {
		snprintf(o->why, sizeof(o->why), "format %s is not served", spec->format);
		return -EINVAL;
	}
	h.lock = lock_image(spec, o);
	if (h.lock < 0)
		return h.lock;
	rc = helper_start(&h, o);
	if (rc)
		blk_place_close(o);
	else
		snprintf(o->target, sizeof(o->target), "%s", spec->params);
	close_one(h.listener);
	close_one(h.report[0]);
	close_one(h.report[1]);
	close_one(h.lifetime[1]);
	close_one(h.lock);
	return rc;
}
