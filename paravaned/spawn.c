/* SPDX-License-Identifier: MIT */
/*
 * The processes of a domain are made here: a fork into new namespaces, or into those of its first
 * vCPU, the descriptors put where the image expects them, everything else closed, the sandbox
 * entered, the image executed.
 *
 * The child runs between fork and exec in a copy of the daemon: only system calls, no locks, no
 * allocation.  It executes the image only when told to, once it is recorded (orphans.c): a daemon
 * that is killed leaves no process that the next one does not find.
 */
#include "config.h"
#include "paravaned/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libs/util/find.h"
#include "libs/util/log.h"
#include "paravaned/orphans.h"

#ifndef MFD_EXEC
#define MFD_EXEC	0x0010U
#endif

/* The image's descriptor while it is executed: the first one behind those the domain keeps. */
#define IMAGE_FD	PVN_NR_FDS
/* And the end of a pipe that says go, or, at its end, that the daemon is no more. */
#define GO_FD		(IMAGE_FD + 1)
#define NR_FDS		(GO_FD + 1)

static int open_read_only(int fd)
{
	char path[40];
	int ro;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	return ro < 0 ? -errno : ro;
}

/*
 * A copy that everybody may execute, of an image that only root may: built or unpacked under a
 * strict umask.  The domain's user is not root.
 */
static int image_copy(const char *path, off_t size)
{
	int in = open(path, O_RDONLY | O_CLOEXEC), fd;
	off_t at = 0;

	if (in < 0)
		return -errno;
	fd = memfd_create("paravane-hv", MFD_CLOEXEC | MFD_EXEC);
	/* Kernels before 6.3 do not know the second flag, and need none. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("paravane-hv", MFD_CLOEXEC);
	while (fd >= 0 && at < size)
		if (sendfile(fd, in, &at, (size_t)(size - at)) <= 0)
			break;
	if (fd < 0 || at < size || fchmod(fd, 0555) != 0) {
		int rc = -errno;

		close(in);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	close(in);
	/* Executing needs a descriptor that is not open for writing. */
	in = open_read_only(fd);
	close(fd);
	return in;
}

/* Tests put a program of their own in the place of the image. */
static int image_open(void)
{
	const char *env = getenv("PARAVANE_HV_IMAGE");
	char path[PATH_MAX];
	struct stat st;
	int fd, rc;

	if (!env) {
		rc = pvn_find_program(path, sizeof(path), "paravane-hv");
		if (rc)
			return rc;
		env = path;
	}
	if (geteuid() == 0 && stat(env, &st) == 0 && !(st.st_mode & S_IXOTH))
		return image_copy(env, st.st_size);
	fd = open(env, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The child's last words, as a request like any other. */
static void __attribute__((noreturn)) child_fail(const char *what, int err)
{
	struct pvn_request r;

	memset(&r, 0, PVN_REQUEST_HEAD);
	r.op = PVN_REQ_CRASH;
	r.len = (uint32_t)snprintf((char *)r.data, sizeof(r.data), "before the image ran: %s: %s", what,
				   strerror(err));
	if (write(PVN_FD_MACHINE, &r, PVN_REQUEST_HEAD + r.len) < 0)
		_exit(126);
	_exit(127);
}

/* Descriptor i of `want` becomes number i; all others are closed.  0 or -errno. */
static int arrange_fds(const int want[NR_FDS])
{
	int high[NR_FDS], i;

	/* Out of the way first, so that none is overwritten before its turn. */
	for (i = PVN_FD_MEM; i < NR_FDS; i++) {
		high[i] = fcntl(want[i], F_DUPFD_CLOEXEC, NR_FDS);
		if (high[i] < 0)
			return -errno;
	}
	for (i = PVN_FD_MEM; i < NR_FDS; i++)
		if (dup3(high[i], i, i >= IMAGE_FD ? O_CLOEXEC : 0) < 0)
			return -errno;
	if (syscall(SYS_close_range, 0, PVN_FD_MEM - 1, 0) != 0 ||
	    syscall(SYS_close_range, NR_FDS, ~0U, 0) != 0)
		return -errno;
	return 0;
}

static void signals_reset(void)
{
	sigset_t none;

	/* Handlers went with CLONE_CLEAR_SIGHAND, what is ignored would stay ignored. */
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) child(const struct spawn *s, const int want[NR_FDS])
{
	char name[24], vcpu[12];
	char *argv[] = { name, vcpu, NULL }, *envp[] = { NULL };
	const char *what = "descriptors";
	char go;
	int rc = arrange_fds(want);

	snprintf(name, sizeof(name), "paravane-d%u", s->domid);
	snprintf(vcpu, sizeof(vcpu), "%u", s->vcpu);
	if (rc)
		child_fail(what, -rc);
	signals_reset();
	rc = sandbox_enter(s, &what);
	if (rc)
		child_fail(what, -rc);
	if (read(GO_FD, &go, 1) != 1)
		_exit(125);
	syscall(SYS_execveat, IMAGE_FD, "", argv, envp, AT_EMPTY_PATH);
	child_fail("exec of paravane-hv", errno);
}

static long clone_into(struct spawn *s, const int want[NR_FDS], uint64_t flags, uint64_t exit_signal)
{
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | flags,
				   .pidfd = (uint64_t)(uintptr_t)&s->pidfd,
				   .exit_signal = exit_signal };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	/* In the child nothing but GO_FD is left of the pipe. */
	if (pid == 0)
		child(s, want);
	if (pid < 0)
		return -errno;
	s->pid = (pid_t)pid;
	return 0;
}

/* What a helper found out. */
struct joined {
	pid_t pid;
	int pidfd, rc;
};

/*
 * In a process of its own, which shares our descriptors: it enters the namespaces, from where there
 * is no way back, and makes a sibling of itself there.
 */
static void __attribute__((noreturn)) join(struct spawn *s, const int want[NR_FDS], int out)
{
	struct joined j = { 0 };

	if (sandbox_clone_flags() && setns(s->join_pidfd, (int)sandbox_clone_flags()) != 0)
		j.rc = -errno;
	else
		j.rc = (int)clone_into(s, want, CLONE_PARENT, 0);
	j.pid = s->pid;
	j.pidfd = s->pidfd;
	if (write(out, &j, sizeof(j)) != sizeof(j))
		_exit(1);
	_exit(0);
}

/* 0 or -errno, s->pid and s->pidfd filled in. */
static int clone_joined(struct spawn *s, const int want[NR_FDS])
{
	struct clone_args args = { .flags = CLONE_FILES | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	struct joined j = { .rc = -EIO };
	int out[2];
	long pid;

	if (pipe2(out, O_CLOEXEC) != 0)
		return -errno;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		join(s, want, out[1]);
	if (pid < 0) {
		j.rc = -errno;
	} else {
		while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		if (read(out[0], &j, sizeof(j)) != sizeof(j))
			j.rc = -EIO;
	}
	close(out[0]);
	close(out[1]);
	s->pid = j.pid;
	s->pidfd = j.pidfd;
	return j.rc;
}

static int clone_child(struct spawn *s, const int want[NR_FDS])
{
	if (s->join_pidfd >= 0)
		return clone_joined(s, want);
	return (int)clone_into(s, want, sandbox_clone_flags(), SIGCHLD);
}

static void child_give_up(struct spawn *s)
{
	siginfo_t si;

	syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
	waitid(P_PID, (id_t)s->pid, &si, WEXITED);
	close(s->pidfd);
}

int spawn_vcpu(struct spawn *s)
{
	int want[NR_FDS], go[2], i, rc;

	want[PVN_FD_MEM] = s->mem_fd;
	want[PVN_FD_SHARED] = s->shared_fd;
	want[PVN_FD_MACHINE] = s->request_fd;
	for (i = 0; i < PVN_MAX_LINKS; i++)
		want[PVN_FD_DOORBELL + i] = s->doorbell[i];
	want[PVN_FD_MAPPER] = s->mapper_fd;
	want[PVN_FD_MAPPER_PAGE] = s->mapper_page_fd;
	want[PVN_FD_PRIVATE] = s->private_fd;
	want[IMAGE_FD] = image_open();
	if (want[IMAGE_FD] < 0)
		return want[IMAGE_FD];
	if (pipe2(go, O_CLOEXEC) != 0) {
		rc = -errno;
		close(want[IMAGE_FD]);
		return rc;
	}
	want[GO_FD] = go[0];
	rc = clone_child(s, want);
	if (!rc) {
		rc = orphans_record(s->pid, s->domid);
		/* We hold the reading end, too: this cannot raise SIGPIPE. */
		if (!rc && write(go[1], "", 1) != 1)
			rc = -errno;
		if (rc)
			child_give_up(s);
	}
	close(want[IMAGE_FD]);
	close(go[0]);
	close(go[1]);
	return rc;
}
