/* SPDX-License-Identifier: MIT */
/*
 * A terminal on a domain's console, whose pty console_pty.c has opened.  Called by `xl console' and
 * `xl create -c'.  What the guest prints goes to the terminal as it is: that is what a console is.
 */
#include "config.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "toolstack/lib/console.h"

static struct termios saved_terminal;

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
