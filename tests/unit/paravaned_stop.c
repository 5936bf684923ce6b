/* SPDX-License-Identifier: MIT */
/*
 * `paravaned --stop` when the one that runs is of another version, played here: it knows the
 * pid file and the socket, and refuses the greeting.  What would break: a user whom xl sends to --stop and
 * --stop to nowhere.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <paravane/machine.h>
#include "libs/util/daemon.h"

static char rundir[64];
static pid_t pid;

static void refuse(int fd)
{
	struct pvn_msg head;
	char buf[PVN_MSG_MAX];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n >= (ssize_t)sizeof(head)) {
		memcpy(&head, buf, sizeof(head));
		head.len = 0;
		head.ret = -EPROTONOSUPPORT;
		send(fd, &head, sizeof(head), MSG_NOSIGNAL);
	}
	close(fd);
}

static void __attribute__((noreturn)) other_version(int ready)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/paravaned.sock", rundir);
	if (pvn_daemon_start("paravaned", true) || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 5))
		_exit(1);
	pvn_daemon_ready();
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		refuse(accept(fd, NULL, NULL));
}

static void setup(void)
{
	int ready[2];
	char c;

	snprintf(rundir, sizeof(rundir), "/tmp/pvn-unit.XXXXXX");
	cr_assert(mkdtemp(rundir));
	setenv("PARAVANE_RUNDIR", rundir, 1);
	cr_assert(pipe(ready) == 0);
	pid = fork();
	if (pid == 0)
		other_version(ready[1]);
	close(ready[1]);
	cr_assert(read(ready[0], &c, 1) == 1);
}

static void teardown(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", rundir);
	cr_assert(system(cmd) == 0);
}

TestSuite(paravaned_stop, .init = setup, .fini = teardown);

/* Its exit status; what it says goes to out. */
static int stop(const char *options, char *out, size_t size)
{
	const char *build = getenv("BUILD");
	char cmd[4200];
	FILE *f;
	size_t n;
	int status;

	snprintf(cmd, sizeof(cmd), "%s/paravaned/paravaned --stop %s 2>&1", build ? build : ".", options);
	f = popen(cmd, "r");
	cr_assert(f);
	n = fread(out, 1, size - 1, f);
	out[n] = 0;
	status = pclose(f);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(paravaned_stop, another_version_is_named_and_ended_by_force)
{
	char out[1000], want[32];
	int status;

	cr_assert(stop("", out, sizeof(out)) == 1);
	snprintf(want, sizeof(want), "(pid %d)", (int)pid);
	cr_assert(strstr(out, want) && strstr(out, "--stop --force"), "%s", out);
	cr_assert(kill(pid, 0) == 0, "it must live on");
	cr_assert(stop("--force", out, sizeof(out)) == 0, "%s", out);
	cr_assert(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	cr_assert(pvn_daemon_running("paravaned", NULL) == 0);
}
