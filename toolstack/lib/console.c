/* SPDX-License-Identifier: MIT */
/*
 * A terminal on a domain's console: xenconsoled has a pty for each domain and names its end in
 * /local/domain/N/console/tty, which guests can read but not write.  Called by `xl console' and
 * `xl create -c'.  What the guest prints goes to the terminal as it is: that is what a console is.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <paravane/rundir.h>
#include "toolstack/lib/console.h"

#define TTY_WAIT_MS	5000

static struct termios saved_terminal;

/* Wait for the console's tty node to have a value, to be freed.  NULL: time is over. */
static char *wait_tty(struct toolstack *t, uint32_t domid)
{
	char *tty = NULL, **event;
	struct pollfd p = {.events = POLLIN};
	struct timespec start, now;
	char path[PATH_BYTES];
	long left = TTY_WAIT_MS;

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
	tty = store_read(t, "%s", path);
	if ((tty && tty[0]) || !xs_watch(t->xs, path, "tty"))
		return tty;
	clock_gettime(CLOCK_MONOTONIC, &start);
	p.fd = xs_fileno(t->xs);
	while (!(tty && tty[0]) && left > 0) {
		free(tty);
		if (poll(&p, 1, left) > 0 && (event = xs_check_watch(t->xs)))
			free(event);
		tty = store_read(t, "%s", path);
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = TTY_WAIT_MS - (now.tv_sec - start.tv_sec) * 1000 -
		       (now.tv_nsec - start.tv_nsec) / 1000000;
	}
	xs_unwatch(t->xs, path, "tty");
	return tty;
}

int console_open(struct toolstack *t, uint32_t domid)
{
	char *tty = wait_tty(t, domid);
	struct termios raw;
	int fd;

	if (!tty || !tty[0]) {
		free(tty);
		return ts_fail(t, -ENOENT, "%u: the domain has no console terminal; the console "
			       "daemon's log is %s/log/xenconsoled.log", domid, pvn_rundir());
	}
	fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		ts_fail(t, fd = -errno, "%u: cannot open the console %s: %s", domid, tty,
			strerror(errno));
	else if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	free(tty);
	return fd;
}

static void restore_terminal(void)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_terminal);
}

static void restore_and_die(int sig)
{
	restore_terminal();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* The user's terminal into raw mode, for the time of the session. */
static bool terminal_raw(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved_terminal))
		return false;
	raw = saved_terminal;
	cfmakeraw(&raw);
	signal(SIGTERM, restore_and_die);
	signal(SIGHUP, restore_and_die);
	return !tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
}

static int write_all(int fd, const char *buf, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	ssize_t n;

	for (; len; buf += n, len -= n) {
		n = write(fd, buf, len);
		if (n < 0 && errno == EAGAIN)
			poll(&p, 1, -1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return 0;
}

/* From the keyboard.  1: go on; 0: detach; -errno. */
static int from_user(int pty, char escape, struct pollfd *in)
{
	char buf[512], *esc;
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	int ret;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	if (n == 0) {
		/* End of a script: what the guest answers is still to be shown. */
		in->fd = -1;
		return 1;
	}
	esc = memchr(buf, escape, n);
	ret = write_all(pty, buf, esc ? esc - buf : n);
	if (ret)
		return ret == -EIO ? 0 : ret;
	return !esc;
}

/* From the guest.  1: go on; 0: the console is gone; -errno. */
static int from_guest(int pty)
{
	char buf[4096];
	ssize_t n = read(pty, buf, sizeof(buf));
	int ret;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n <= 0)
		return 0;
	ret = write_all(STDOUT_FILENO, buf, n);
	return ret ? ret : 1;
}

int console_attach(int pty, char escape)
{
	bool raw = terminal_raw();
	struct pollfd p[2] = {{.fd = pty, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	int ret = 1;

	while (ret > 0) {
		if (poll(p, 2, -1) < 0) {
			ret = errno == EINTR ? 1 : -errno;
			continue;
		}
		if (p[0].revents)
			ret = from_guest(pty);
		if (ret > 0 && p[1].fd >= 0 && p[1].revents)
			ret = from_user(pty, escape, &p[1]);
	}
	if (raw)
		restore_terminal();
	return ret;
}
