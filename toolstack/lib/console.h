/* SPDX-License-Identifier: MIT */
/* A terminal on a domain's console. */
#ifndef PARAVANE_CONSOLE_H
#define PARAVANE_CONSOLE_H

#include "toolstack/lib/toolstack.h"

#define CONSOLE_ESCAPE	0x1d	/* Ctrl-] */

/* Open the domain's console pty, waiting for xenconsoled to make it.  A descriptor or -errno. */
int console_open(struct toolstack *t, uint32_t domid);

/* Copy between it and the standard streams until the escape key, or the console goes away.
 * Returns 0 or -errno. */
int console_attach(int pty, char escape);

#endif
