/* SPDX-License-Identifier: MIT */
/*
 * Where things are, the log, and how daemons start: the starter's exit status is the daemon's
 * readiness, a second one finds the first, a killed one leaves nothing that counts.
 */
#include "config.h"
#include "libs/util/daemon.h"
#include "libs/util/find.h"
#include "libs/util/log.h"
#include <paravane/rundir.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/pvn-util.XXXXXX";

static void up(void)
{
	cr_assert(mkdtemp(dir));
	setenv("PARAVANE_RUNDIR", dir, 1);
}

static void down(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	cr_assert_eq(system(cmd), 0);
}

TestSuite(libs_util, .init = up, .fini = down);

static size_t slurp(const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, buf, size - 1);
	buf[n < 0 ? 0 : n] = 0;
	close(fd);
	return (size_t)n;
}

Test(libs_util, rundir_is_made_and_checked)
{
	char sub[64], path[PATH_MAX], tiny[8];
	struct stat st;

	snprintf(sub, sizeof(sub), "%s/run", dir);
	setenv("PARAVANE_RUNDIR", sub, 1);
	cr_assert_str_eq(pvn_rundir(), sub);
	cr_assert_eq(stat(sub, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	cr_assert_eq(pvn_runpath(path, sizeof(path), "x"), 0);
	cr_assert_str_eq(path + strlen(sub), "/x");
	cr_assert_eq(pvn_runpath(tiny, sizeof(tiny), "x"), -ENAMETOOLONG);
	unsetenv("XENSTORED_PATH");
	cr_assert_eq(pvn_store_setenv(), 0);
	cr_assert_str_eq(getenv("XENSTORED_PATH") + strlen(sub), "/xenstored/socket");
	setenv("XENSTORED_PATH", "/elsewhere", 1);
	cr_assert_eq(pvn_store_setenv(), 0);
	cr_assert_str_eq(getenv("XENSTORED_PATH") + strlen(sub), "/xenstored/socket", "of this machine");
}

Test(libs_util, rundir_that_is_a_file)
{
	char sub[64];

	snprintf(sub, sizeof(sub), "%s/file", dir);
	close(open(sub, O_CREAT | O_WRONLY, 0600));
	setenv("PARAVANE_RUNDIR", sub, 1);
	cr_assert_null(pvn_rundir());
	cr_assert_eq(errno, ENOTDIR);
}

/* As an ordinary user: a directory somebody else made is not trusted. */
Test(libs_util, rundir_of_somebody_else)
{
	int status;
	pid_t child;

	if (geteuid() != 0)
		cr_skip_test("only root can make a directory of somebody else's");
	cr_assert_eq(chmod(dir, 0755), 0);
	child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		_exit(pvn_rundir() == NULL && errno == EPERM ? 0 : 1);
	}
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
}

Test(libs_util, programs_are_found_in_the_build_tree)
{
	char path[PATH_MAX], tiny[4];
	size_t n;

	cr_assert_eq(pvn_find_program(path, sizeof(path), "paravaned"), 0);
	n = strlen(path);
	cr_assert_str_eq(path + n - strlen("/paravaned/paravaned"), "/paravaned/paravaned");
	cr_assert_eq(pvn_find_program(path, sizeof(path), "no-such-program"), -ENOENT);
	cr_assert_eq(pvn_find_program(tiny, sizeof(tiny), "paravaned"), -ENAMETOOLONG);
}

Test(libs_util, log_lines_are_clean)
{
	char path[PATH_MAX], buf[4096];

	snprintf(path, sizeof(path), "%s/t.log", dir);
	cr_assert_eq(pvn_log_open("t", path, 0), 0);
	pvn_log(LOG_INFO, "a guest said %s", "\033[31mred\n2020 fake line");
	pvn_log(LOG_DEBUG, "not shown");
	pvn_log(LOG_ERR, "%s\n", "ends in one newline");
	pvn_log(LOG_ERR, "%4000d", 7);
	slurp("t.log", buf, sizeof(buf));
	cr_assert(strstr(buf, "info: a guest said ?[31mred?2020 fake line\n"));
	cr_assert_not(strstr(buf, "not shown"));
	cr_assert(strstr(buf, "error: ends in one newline\n2"));
	cr_assert_eq(buf[strlen(buf) - 1], '\n');
}

Test(libs_util, log_is_rotated)
{
	char path[PATH_MAX], buf[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/t.log", dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	cr_assert_eq(ftruncate(fd, 8 << 20), 0);
	cr_assert_eq(pvn_log_open("t", path, 0), 0);
	pvn_log(LOG_INFO, "one");
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_lt(st.st_size, 200);
	cr_assert_gt(slurp("t.log.1", buf, sizeof(buf)), 0);
	close(fd);
}

/* What a daemon's main does; fail: it cannot start. */
static int daemon_main(bool fail)
{
	if (pvn_daemon_start("testd", false))
		return 1;
	if (fail) {
		pvn_log(LOG_ERR, "there is no cheese");
		return 1;
	}
	pvn_daemon_ready();
	/* Not for ever, should the test fail to end it. */
	alarm(60);
	pause();
	return 0;
}

/* Run it as its starter does, with stderr into a file: the exit status. */
static int start(bool fail, char *err, size_t size)
{
	char path[PATH_MAX];
	int status;
	pid_t child;

	snprintf(path, sizeof(path), "%s/err", dir);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

		dup2(fd, 2);
		exit(daemon_main(fail));
	}
	waitpid(child, &status, 0);
	slurp("err", err, size);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A sanitizer may have a word to say behind it. */
static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static void wait_gone(void)
{
	int i;

	for (i = 0; i < 2000 && pvn_daemon_running("testd", NULL) == 1; i++)
		usleep(5000);
}

Test(libs_util, a_daemon_starts_once)
{
	char err[512], file[64];
	pid_t pid = 0;

	cr_assert_eq(pvn_daemon_running("testd", NULL), 0);
	cr_assert_eq(start(false, err, sizeof(err)), 0);
	cr_assert_str_empty(err);
	cr_assert_eq(pvn_daemon_running("testd", &pid), 1);
	slurp("testd.pid", file, sizeof(file));
	cr_assert_eq(atoi(file), pid);
	cr_assert_eq(start(false, err, sizeof(err)), 0, "a second start is no failure");
	cr_assert(strstr(err, "already running (pid "), "%s", err);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	wait_gone();
	cr_assert_eq(pvn_daemon_running("testd", NULL), 0, "a stale file means nothing");
	cr_assert_eq(start(false, err, sizeof(err)), 0);
	cr_assert_eq(pvn_daemon_running("testd", &pid), 1);
	kill(pid, SIGKILL);
	wait_gone();
}

Test(libs_util, a_failing_start_is_told)
{
	char err[512], log[512];

	cr_assert_eq(start(true, err, sizeof(err)), 1);
	cr_assert(begins(err, "testd: there is no cheese\n"), "%s", err);
	slurp("log/testd.log", log, sizeof(log));
	cr_assert(strstr(log, "error: there is no cheese\n"));
	cr_assert_eq(pvn_daemon_running("testd", NULL), 0);
}

Test(libs_util, no_place_for_the_pid_file)
{
	char err[512], path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/testd.pid", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(start(false, err, sizeof(err)), 1);
	cr_assert(begins(err, "testd: pid file: Is a directory\n"), "%s", err);
}

Test(libs_util, ensure_of_what_is_not_there)
{
	cr_assert_eq(pvn_daemon_ensure("no-such-daemon"), -ENOENT);
}
