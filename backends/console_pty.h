/* SPDX-License-Identifier: MIT */
/* The pseudo-terminal at which a console can be attached to. */
#ifndef PVN_BACKENDS_CONSOLE_PTY_H
#define PVN_BACKENDS_CONSOLE_PTY_H

#include <stdbool.h>

struct console_pty {
	int master;		/* nonblocking */
	int slave;		/* held open: the terminal keeps its raw mode and never hangs up */
	char path[64];		/* of the slave, 0600 */
};

int console_pty_open(struct console_pty *p);	/* 0 or -errno */
void console_pty_close(struct console_pty *p);	/* who is attached sees the end */

/* Has whoever is attached read all that was written? */
bool console_pty_drained(const struct console_pty *p);

#endif
