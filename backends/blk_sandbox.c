/* SPDX-License-Identifier: MIT */
/*
 * The filter.  Rows name a call, and where an argument matters what it must be.
 *
 * One call is neither allowed nor refused: connect(), which libxenstore makes when the store was
 * restarted.  The opener is asked (seccomp's user notification), and puts a connection to the store in
 * the socket's place without ever looking at the address, which the caller could change under its eyes.
 */
#include "config.h"
#include "backends/blk_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <paravane/shared.h>

#include "libs/util/log.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41
#endif

/* Whatever the arguments: they reach what is open, our own memory, or the time. */
static const int free_calls[] = {
	/* data */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(preadv), SCMP_SYS(pwritev), SCMP_SYS(preadv2), SCMP_SYS(pwritev2),
	SCMP_SYS(fdatasync), SCMP_SYS(fsync), SCMP_SYS(fallocate), SCMP_SYS(ftruncate), SCMP_SYS(lseek),
	SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(flock),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
	/* sockets, waiting */
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(timerfd_settime), SCMP_SYS(memfd_create),
	SCMP_SYS(pipe2), SCMP_SYS(dup3),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(mincore), SCMP_SYS(mremap),
	/* threads, signals, time */
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(geteuid),
	SCMP_SYS(getuid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo),
};

struct rule {
	int call;
	struct scmp_arg_cmp arg;
};

#define EQ(n, value)		{ .arg = (n), .op = SCMP_CMP_EQ, .datum_a = (value) }
#define NONE_OF(n, bits)	{ .arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = 0 }
#define ALL_OF(n, bits)		{ .arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = (bits) }

static const struct rule rules[] = {
	{ SCMP_SYS(mmap), NONE_OF(2, PROT_EXEC) },
	{ SCMP_SYS(mprotect), NONE_OF(2, PROT_EXEC) },
	{ SCMP_SYS(clone), ALL_OF(0, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND) },
	{ SCMP_SYS(socket), EQ(0, AF_UNIX) },		/* of no use but for connect() */
	{ SCMP_SYS(fcntl), EQ(1, F_GETFL) }, { SCMP_SYS(fcntl), EQ(1, F_SETFL) },
	{ SCMP_SYS(fcntl), EQ(1, F_GETFD) }, { SCMP_SYS(fcntl), EQ(1, F_SETFD) },
	{ SCMP_SYS(fcntl), EQ(1, F_ADD_SEALS) }, { SCMP_SYS(fcntl), EQ(1, F_DUPFD_CLOEXEC) },
	{ SCMP_SYS(ioctl), EQ(1, BLKGETSIZE64) }, { SCMP_SYS(ioctl), EQ(1, BLKSSZGET) },
	{ SCMP_SYS(ioctl), EQ(1, BLKPBSZGET) }, { SCMP_SYS(ioctl), EQ(1, BLKDISCARD) },
	{ SCMP_SYS(ioctl), EQ(1, BLKZEROOUT) }, { SCMP_SYS(ioctl), EQ(1, FIONREAD) },
	{ SCMP_SYS(ioctl), EQ(1, FIONBIO) },
	{ SCMP_SYS(prctl), EQ(0, PR_SET_NAME) }, { SCMP_SYS(prctl), EQ(0, PR_GET_NAME) },
	{ SCMP_SYS(prctl), EQ(0, PR_SET_VMA) },
	{ SCMP_SYS(pidfd_send_signal), EQ(1, PVN_KICK_SIGNAL) },
};

static int filter_rules(scmp_filter_ctx ctx, bool notify)
{
	const struct scmp_arg_cmp ourselves = EQ(0, (scmp_datum_t)getpid());
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(free_calls) / sizeof(free_calls[0]); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, free_calls[i], 0);
	for (i = 0; !rc && i < sizeof(rules) / sizeof(rules[0]); i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rules[i].call, 1, &rules[i].arg);
	/* abort() and raise() signal ourselves. */
	if (!rc)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &ourselves);
	/* Its flags are behind a pointer: glibc then takes clone(), whose flags are not. */
	if (!rc)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!rc)
		rc = seccomp_rule_add(ctx, notify ? SCMP_ACT_NOTIFY : SCMP_ACT_ALLOW, SCMP_SYS(connect), 0);
	return rc;
}

static int filter_load(bool notify, int *fd)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	*fd = -1;
	if (!ctx)
		return -ENOMEM;
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!rc)	/* by a tree: transfers come first in time, but not in the list */
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!rc)
		rc = filter_rules(ctx, notify);
	if (!rc)
		rc = seccomp_load(ctx);
	if (!rc && notify) {
		*fd = seccomp_notify_fd(ctx);
		rc = *fd < 0 ? *fd : 0;
	}
	seccomp_release(ctx);
	return rc;
}

int blk_sandbox_enter(int *notify)
{
	int rc = filter_load(true, notify);

	if (rc) {
		pvn_log(LOG_NOTICE, "sandbox: nobody can be asked about connect() (%s), so it is allowed",
			strerror(-rc));
		rc = filter_load(false, notify);
	}
	return rc;
}

static int connect_path(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

void blk_sandbox_answer(int notify, const char *path)
{
	struct seccomp_notif req = { 0 };
	struct seccomp_notif_resp resp = { 0 };
	struct seccomp_notif_addfd add = { 0 };
	int fd;

	if (ioctl(notify, SECCOMP_IOCTL_NOTIF_RECV, &req))
		return;
	fd = connect_path(path);
	resp.id = add.id = req.id;
	resp.error = fd < 0 ? fd : 0;
	if (fd >= 0) {
		add.flags = SECCOMP_ADDFD_FLAG_SETFD;
		add.srcfd = (uint32_t)fd;
		add.newfd = (uint32_t)req.data.args[0];
		add.newfd_flags = O_CLOEXEC;
		if (ioctl(notify, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0)
			resp.error = -EPERM;
		close(fd);
	}
	ioctl(notify, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}
