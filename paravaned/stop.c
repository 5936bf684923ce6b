/* SPDX-License-Identifier: MIT */
/*
 * `paravaned --stop`: ask the running machine to end.  The other daemons end by themselves when
 * it is gone; this waits until all have.
 */
#include "config.h"
#include "paravaned/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <paravane/machine.h>
#include <paravane/rundir.h>
#include "libs/util/daemon.h"

#define WAIT_MS		10000
#define STEP_MS		5
/* A daemon that has not noticed by then that the machine is gone is told. */
#define GRACE_MS	500

static int connect_machine(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int rc = pvn_runpath(sa.sun_path, sizeof(sa.sun_path), "paravaned.sock"), fd;

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/* One message and its reply: what the reply says, or -errno. */
static int call(int fd, uint32_t op, const void *body, uint32_t len)
{
	struct {
		struct pvn_msg head;
		uint8_t body[64];
	} m = { .head = { .op = op, .seq = op, .len = len } };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	memcpy(m.body, body, len);
	if (send(fd, &m, sizeof(m.head) + len, MSG_NOSIGNAL) < 0)
		return -errno;
	if (poll(&p, 1, WAIT_MS) != 1)
		return -ETIMEDOUT;
	n = recv(fd, &m, sizeof(m), 0);
	if (n < (ssize_t)sizeof(m.head))
		return n < 0 ? -errno : -ECONNRESET;
	return m.head.ret;
}

static void wait_for_end(const char *name)
{
	struct timespec ts = { 0, STEP_MS * 1000000L };
	pid_t pid;
	int ms;

	for (ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (pvn_daemon_running(name, &pid) != 1)
			return;
		if (ms == GRACE_MS)
			kill(pid, SIGTERM);
		nanosleep(&ts, NULL);
	}
	fprintf(stderr, "paravaned: %s has not ended yet\n", name);
}

/* Versions agree on nothing but the pid file and SIGTERM, which destroys the domains. */
static int stop_other_version(bool force)
{
	pid_t pid;

	if (pvn_daemon_running("paravaned", &pid) != 1) {
		fprintf(stderr, "paravaned: the one that serves is of another version, and not to be found\n");
		return -ESRCH;
	}
	if (!force) {
		fprintf(stderr, "paravaned: the one that runs (pid %d) is of another version; --stop --force "
			"ends it, and destroys its domains if there are any\n", (int)pid);
		return -EPROTONOSUPPORT;
	}
	return kill(pid, SIGTERM) != 0 ? -errno : 0;
}

int stop_machine(bool force)
{
	static const char *const daemons[] = { "paravane-netback", "paravane-9pfsd", "paravane-blkback", "xenconsoled", "xenstored", "paravaned" };
	struct pvn_msg_hello hello = { .version = PVN_PROTOCOL_VERSION, .pid = (uint32_t)getpid() };
	struct pvn_msg_domain stop = { .arg = force };
	int fd = connect_machine(), rc;
	size_t i;

	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		fprintf(stderr, "paravaned: not running\n");
		return 0;
	}
	rc = fd;
	if (fd >= 0) {
		rc = call(fd, PVN_MSG_HELLO, &hello, sizeof(hello));
		if (!rc)
			rc = call(fd, PVN_MSG_STOP, &stop, sizeof(stop));
		close(fd);
	}
	if (rc == -EBUSY)
		fprintf(stderr, "paravaned: domains are running; --stop --force destroys them\n");
	else if (rc == -EPROTONOSUPPORT)
		rc = stop_other_version(force);
	else if (rc)
		fprintf(stderr, "paravaned: cannot stop: %s\n", strerror(-rc));
	if (rc)
		return 1;
	for (i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		wait_for_end(daemons[i]);
	return 0;
}
