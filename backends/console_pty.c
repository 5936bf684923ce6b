/* SPDX-License-Identifier: MIT */
/* A raw pseudo-terminal for a console; only the user who runs the daemon (and root) may open it. */
#include "config.h"
#include "backends/console_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int slave_open(struct console_pty *p)
{
	struct termios tio;

	if (grantpt(p->master) || unlockpt(p->master) ||
	    ptsname_r(p->master, p->path, sizeof(p->path)))
		return -errno;
	p->slave = open(p->path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (p->slave < 0 || fchmod(p->slave, 0600) || tcgetattr(p->slave, &tio))
		return -errno;
	cfmakeraw(&tio);
	return tcsetattr(p->slave, TCSANOW, &tio) ? -errno : 0;
}

int console_pty_open(struct console_pty *p)
{
	int rc;

	p->slave = -1;
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	rc = p->master < 0 ? -errno : slave_open(p);
	if (rc)
		console_pty_close(p);
	return rc;
}

void console_pty_close(struct console_pty *p)
{
	if (p->slave >= 0)
		close(p->slave);
	if (p->master >= 0)
		close(p->master);
	p->slave = p->master = -1;
}

bool console_pty_drained(const struct console_pty *p)
{
	int waiting;

	return ioctl(p->slave, FIONREAD, &waiting) || waiting == 0;
}
